"""Looks at every calendar that says who is on call, four times an hour: what they say now becomes a version of the
organisation, in the name of those that have changed. What cannot be read, or can hardly be meant, changes nothing: what
is known is kept, and after a few tries a technical alarm says so, until it works again.

Every node looks, each at minutes of its own; whoever finds news first stores it, all of one round as one version. That
is made of the version that holds, and stored only while it still holds, so several nodes store it once and an
administrator's file is never undone.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

import structlog

from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.dispatch.roster_news import Faults, Looked, news_of, rosters_of, store_news
from alarmd.errors import NotDurable, Unreadable
from alarmd.organisation.model import Roster
from alarmd.organisation.roster import Said, span
from alarmd.ports import Calendars, Clock, Head, Store

log = structlog.get_logger()

EVERY, SOON = timedelta(minutes=15), timedelta(minutes=1)
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
TRIES = 3
"""So many in a row may fail before it is said."""
AT_ONCE = 8

Spawn = Callable[[str, Coroutine[Any, Any, None]], None]


class Rosters:
    """`stored` is told the number of each version that is stored here."""

    def __init__(
        self, store: Store, clock: Clock, follower: Follower, health: Health, calendars: Calendars, spawn: Spawn
    ) -> None:
        self.stored: list[Callable[[int], None]] = []
        self._store = store
        self._clock = clock
        self._follower = follower
        self._health = health
        self._calendars = calendars
        self._spawn = spawn
        self._wake = asyncio.Event()
        self._watched: set[str] = set()
        self._failed: dict[str, int] = {}
        self._taken: dict[str, Said] = {}
        self._share = crc32(health.node.encode()) / 2**32
        """From 0 to 1, by the name instead of by chance: what is done can be done again."""

    def changed(self, _head: Head) -> None:
        """What the follower says: there may be other calendars, and other people whom they mean."""
        self._taken = {}
        self._wake.set()

    async def run(self) -> None:
        """For ever."""
        due = self._next(self._clock.now())
        while True:
            now = self._clock.now()
            if self._note_which():
                due = min(due, now + SOON * self._share)
            if now >= due:
                over = asyncio.Event()
                self._spawn("calendars", self._guarded(now, over))
                await over.wait()
                due = self._next(now)
                continue
            await self._clock.sleep_until(due, self._wake)
            self._wake.clear()

    def _next(self, now: datetime) -> datetime:
        """The same minutes of every hour."""
        first = BEGAN + EVERY * self._share
        return first + EVERY * ((now - first) // EVERY + 1)

    def _note_which(self) -> bool:
        """Those of the organisation that holds; is there a new one."""
        wanted = rosters_of(self._follower.organisation).keys()
        for schedule in self._watched - wanted:
            self._failed.pop(schedule, None)
            self._health.gone(f"calendar:{schedule}", "it is read no more")
        new = wanted - self._watched
        self._watched = {*wanted}
        return bool(new)

    async def _guarded(self, now: datetime, over: asyncio.Event) -> None:
        """Whatever goes wrong in a round, there will be another one."""
        try:
            await self._round(now)
        finally:
            over.set()

    async def _round(self, now: datetime) -> None:
        organisation = self._follower.organisation
        rosters, taken = rosters_of(organisation), self._taken
        if organisation is None or not rosters:
            return
        look = _Look(self._calendars, organisation.time_zone, now, [*rosters.items()])
        await look.at_all(self._spawn)
        news = {key: (rosters[key], said) for key, said in look.said.items() if taken.get(key) is not said}
        try:
            faults = look.faults | await self._take(news, now)
        except NotDurable as fault:
            log.warning("what calendars say could not be stored", why=str(fault))
            return
        taken |= {key: said for key, said in look.said.items() if key not in faults}
        for schedule in rosters:
            self._judge(schedule, faults.get(schedule))

    async def _take(self, said: Looked, now: datetime) -> Faults:
        """Store what is new in it; what of it can hardly be meant. Raises NotDurable."""
        while said:
            # Thirty days of a large organisation take longer than a press may wait: looked through where the store is
            # read, beside the loop and before anything is locked.
            news = await self._store.read(partial(news_of, said=said, now=now))
            if not news.of:
                return news.faults
            stored = await self._store.transact(partial(store_news, news=news, now=now))
            if stored is not None:
                log.info("calendars taken", schedules=news.of, version=stored)
                for told in self.stored:
                    told(stored)
                return news.faults
        return {}

    def _judge(self, schedule: str, fault: str | None) -> None:
        if fault is None:
            self._failed.pop(schedule, None)
            self._health.gone(f"calendar:{schedule}", "read again")
            return
        self._failed[schedule] = self._failed.get(schedule, 0) + 1
        log.warning("calendar not taken", schedule=schedule, why=fault, tries=self._failed[schedule])
        if self._failed[schedule] >= TRIES:
            self._health.found(
                f"calendar:{schedule}", f"schedules.{schedule}.calendar: {fault}; what was known is kept"
            )


@dataclass(slots=True)
class _Look:
    """One round: what each calendar says, or why that is not known."""

    calendars: Calendars
    zone: str
    now: datetime
    left: list[tuple[str, Roster]]
    said: dict[str, Said] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)
    _working: int = 0
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def at_all(self, spawn: Spawn) -> None:
        """Return when nothing more is to be expected."""
        self._working = min(AT_ONCE, len(self.left))
        for _ in range(self._working):
            spawn("calendar", self._some())
        await self._over.wait()

    async def _some(self) -> None:
        try:
            while self.left:
                schedule, roster = self.left.pop()
                self.faults[schedule] = "it could not be looked at"
                try:
                    self.said[schedule] = await self.calendars.read(roster, self.zone, span(self.now))
                    del self.faults[schedule]
                except Unreadable as fault:
                    self.faults[schedule] = str(fault)
        finally:
            self._working -= 1
            if not self._working:
                self._over.set()
