"""Tells open pages which phones have changed. Holds numbers and no messages, so that a storm costs a page one frame per
tenth of a second.

Called by `page_server.py`; `Phones` reports to `Audience.changed`.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from alarmd.ports import Clock

FRAME = timedelta(milliseconds=100)  # at most one frame in this time


class Audience:
    """All open pages."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watches: set[Watch] = set()

    def changed(self, number: str) -> None:
        for watch in self._watches:
            watch.note(number)

    def close(self) -> None:
        """Ends every page's stream, so that a server can stop at once."""
        for watch in self._watches:
            watch.close()

    async def follow(self) -> AsyncIterator[frozenset[str]]:
        """Numbers of phones that changed, as they change; ends at `close`."""
        watch = Watch()
        self._watches.add(watch)
        try:
            while numbers := await watch.take():
                yield numbers
                await self._clock.sleep_until(self._clock.now() + FRAME)
        finally:
            self._watches.discard(watch)


class Watch:
    """What one page has not yet been told."""

    def __init__(self) -> None:
        self._numbers: set[str] = set()
        self._bell = asyncio.Event()
        self._closed = False

    def note(self, number: str) -> None:
        self._numbers.add(number)
        self._bell.set()

    def close(self) -> None:
        self._closed = True
        self._bell.set()

    async def take(self) -> frozenset[str]:
        """Waits for changes; empty means closed."""
        await self._bell.wait()
        self._bell.clear()
        numbers, self._numbers = frozenset(self._numbers), set()
        return frozenset() if self._closed else numbers
