"""Notices what others have written: the command line beside a running daemon, and sister nodes. A quarter of a second
is the promise; the relay, where there is one, only makes it sooner.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import structlog

from alarmd.errors import NotDurable
from alarmd.organisation.model import Organisation
from alarmd.ports import Clock, Committed, Head, Logged, Reading, Store

log = structlog.get_logger()

EVERY = timedelta(milliseconds=200)
AT_ONCE = 1000


class Follower:
    """`tell` gets every logged event once and in order, ours and theirs; `elsewhere` is called when others have
    written; `changed` when organisation or access did. `organisation` is the one that holds, as far as is known here.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.head = Head(0, 0, 0)
        self.began: list[Callable[[Head], None]] = []
        self._begun = False
        self.organisation: Organisation | None = None
        self.tell: list[Callable[[Sequence[Logged]], None]] = []
        self.elsewhere: list[Callable[[], None]] = []
        self.changed: list[Callable[[Head], None]] = []
        self._store = store
        self._clock = clock
        self._position = 0
        self._wake = asyncio.Event()

    async def begin(self) -> None:
        """Where the log stands now; what is older is not news."""
        head = await self._store.read(lambda r: r.head())
        self._position = head.position
        self._begun = True
        for began in self.began:
            began(head)
        await self._change(head)

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
        head = await self._store.read(lambda r: r.head())
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

    async def _change(self, head: Head) -> None:
        """Another organisation or other keys hold now."""
        if head.organisation and head.organisation != self.head.organisation:
            self.organisation = await self._store.read(partial(_organisation, version=head.organisation))
        self.head = head
        for changed in self.changed:
            changed(head)

    def _tell(self, logged: Sequence[Logged]) -> None:
        self._position = logged[-1].position
        for tell in self.tell:
            tell(logged)


def _events(reading: Reading, after: int) -> tuple[Logged, ...]:
    return reading.events(after, AT_ONCE)


def _organisation(reading: Reading, version: int) -> Organisation:
    return reading.organisation(version)
