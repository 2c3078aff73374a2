"""Notices what others have written: the command line beside a running daemon, and sister nodes. A quarter of a second
is the promise; the relay, where there is one, only makes it sooner.

And notices that the log is not the one it was: a database may come back without its last events, when a standby lacked
them, and others may stand in their places. That is written down once, in the audit log, which makes it another log for
everybody, and whoever follows begins anew.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from alarmd.errors import NotDurable
from alarmd.organisation.model import Organisation
from alarmd.ports import EVENTS_LOST, Clock, Committed, Head, Logged, Reading, Registry, Store

log = structlog.get_logger()

EVERY = timedelta(milliseconds=200)
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class _Seen:
    """One look: the head, which log it is, and the event that stands where the last one was that is known here."""

    head: Head
    era: str
    last: Logged | None


class Follower:
    """`began` is told where the log stands, when that is known and again when it is another log. `tell` gets every
    logged event from there on once and in order, ours and theirs; `elsewhere` is called when others have written;
    `changed` when organisation or access did. `organisation` is the one that holds, as far as is known here; `era`
    says which log it is.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.head = Head(0, 0, 0)
        self.era = ""
        self.began: list[Callable[[Head], None]] = []
        self._begun = False
        self.organisation: Organisation | None = None
        self.tell: list[Callable[[Sequence[Logged]], None]] = []
        self.elsewhere: list[Callable[[], None]] = []
        self.changed: list[Callable[[Head], None]] = []
        self._store = store
        self._clock = clock
        self._position = 0
        self._last: Logged | None = None
        self._wake = asyncio.Event()

    async def begin(self) -> None:
        """Where the log stands now; what is older is not news."""
        seen = await self._store.read(partial(_seen, position=0))
        self._begin(seen)
        await self._change(seen.head)

    def _begin(self, seen: _Seen) -> None:
        self._position, self._last, self.era = seen.head.position, None, seen.era
        self._begun = True
        for began in self.began:
            began(seen.head)

    def offer(self, committed: Sequence[Committed]) -> None:
        """What this node has just committed: told on at once where it follows what is known, else fetched with what
        lies between. Before it is known where the log stands it is no news.
        """
        logged = [one for c in committed for one in c.logged]
        if not logged:
            return
        if self._begun and logged[0].position == self._position + 1:
            self._tell(logged)
        else:
            self._wake.set()

    def hear(self, position: int) -> None:
        """A sister node says how long the log is; 0: news may have been lost, look."""
        if position == 0 or position > self._position:
            self._wake.set()

    async def run(self) -> None:
        """For ever. That the store is away is said once."""
        away = False
        while True:
            try:
                await self._look()
                away = False
            except NotDurable as fault:
                if not away:
                    log.warning("the log cannot be read", why=str(fault))
                away = True
            await self._clock.sleep_until(self._clock.now() + EVERY, self._wake)
            self._wake.clear()

    async def _look(self) -> None:
        if not self._begun:  # the store was away when this node started
            await self.begin()
        head = (await self._see()).head
        if (head.organisation, head.access) != (self.head.organisation, self.head.access):
            await self._change(head)
        self.head = head
        news = False
        while self._position < head.position:
            logged = await self._store.read(partial(_events, after=self._position))
            fresh = [one for one in logged if one.position > self._position]
            if not fresh:
                break
            self._tell(fresh)
            news = True
        if news:
            for elsewhere in self.elsewhere:
                elsewhere()

    async def _see(self) -> _Seen:
        """How it stands, where it is still the log that was followed; else everything begins with what is found."""
        position, last = self._position, self._last
        seen = await self._store.read(partial(_seen, position=position))
        if seen.era == self.era and not _continues(position, last, seen):
            note = {"known": position, "found": seen.head.position}
            log.error("the database has lost events", **note, mend="was a standby promoted that lacked the last ones?")
            await self._store.transact(partial(_part, era=self.era, note=note, now=self._clock.now()))
            seen = await self._store.read(partial(_seen, position=position))
        if seen.era != self.era:
            log.warning("this is another log than before; consoles begin anew", position=seen.head.position)
            self._begin(seen)
            for elsewhere in self.elsewhere:
                elsewhere()
        elif last is None and position == self._position:
            self._last = seen.last
        return seen

    async def _change(self, head: Head) -> None:
        """Another organisation or other keys hold now."""
        if head.organisation and head.organisation != self.head.organisation:
            self.organisation = await self._store.read(partial(_organisation, version=head.organisation))
        self.head = head
        for changed in self.changed:
            changed(head)

    def _tell(self, logged: Sequence[Logged]) -> None:
        self._last = logged[-1]
        self._position = self._last.position
        for tell in self.tell:
            tell(logged)


def _seen(reading: Reading, position: int) -> _Seen:
    head = reading.head()
    last = reading.events(position - 1, 1) if 0 < position <= head.position else ()
    return _Seen(head, reading.era(), last[0] if last else None)


def _continues(position: int, last: Logged | None, seen: _Seen) -> bool:
    """Is this the log that came so far, and no shorter? `last`: None where it is not known what stood there."""
    if last is None or seen.last is None:
        return seen.head.position >= position
    return (last.alarm, last.body) == (seen.last.alarm, seen.last.body)


def _part(registry: Registry, era: str, note: dict[str, Any], now: datetime) -> None:
    """Unless a sister has said so already."""
    if registry.era() == era:
        registry.note(EVENTS_LOST, note, by="alarmd", now=now)


def _events(reading: Reading, after: int) -> tuple[Logged, ...]:
    return reading.events(after, AT_ONCE)


def _organisation(reading: Reading, version: int) -> Organisation:
    return reading.organisation(version)
