"""Tells open pages which phones have changed, and whether a button has. Holds names and no messages, so that a storm
costs a page one frame per tenth of a second.

Called by `page_server.py`; `Phones` reports to `Audience.changed`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta

from alarmd.ports import Clock

FRAME = timedelta(milliseconds=100)  # at most one frame in this time


class Audience:
    """All open pages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watches: set[Watch] = set()

    def changed(self, name: str) -> None:
        """A phone's number, or another name that pages know."""
        for watch in self._watches:
            watch.note(name)

    def close(self) -> None:
        """Ends every page's stream, so that a server can stop at once."""
        for watch in self._watches:
            watch.close()

    @contextmanager
    def watching(self) -> Iterator["Watch"]:
        """Within the block no change goes by unseen."""
        watch = Watch()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    async def follow(self, watch: "Watch") -> AsyncIterator[frozenset[str]]:
        """Names of what changed, as it changes; ends at `close`."""
        while names := await watch.take():
            yield names
            await self._clock.sleep_until(self._clock.now() + FRAME)


class Watch:
    """What one page has not yet been told."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._bell = asyncio.Event()
        self._closed = False

    def note(self, name: str) -> None:
        self._names.add(name)
        self._bell.set()

    def close(self) -> None:
        self._closed = True
        self._bell.set()

    async def take(self) -> frozenset[str]:
        """Waits for changes; empty means closed."""
        await self._bell.wait()
        self._bell.clear()
        names, self._names = frozenset(self._names), set()
        return frozenset() if self._closed else names
