"""Looks at every calendar that says who is on call, four times an hour: what it says now becomes a version of the
organisation, in the name of that calendar. What cannot be read, or can hardly be meant, changes nothing: what is known
is kept, and after a few tries a technical alarm says so, until it works again.

Every node looks, each at its own minute; whoever finds news first stores it. A version is made of the one that holds
and stored only while that still holds, so several nodes store it once and an administrator's file is never undone.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

import structlog

from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.errors import NotDurable, Unreadable
from alarmd.escalation.readiness import Severity, readiness
from alarmd.organisation.model import Organisation, Roster
from alarmd.organisation.roster import Said, is_lost, read_from, span, to_come
from alarmd.ports import Calendars, Clock, Head, Reading, Registry, Store

log = structlog.get_logger()

EVERY, SOON = timedelta(minutes=15), timedelta(minutes=1)
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
TRIES = 3
"""So many in a row may fail before it is said."""
AT_ONCE = 8


class Rosters:
    """`stored` is told the number of each version that is stored here."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        follower: Follower,
        health: Health,
        calendars: Calendars,
        spawn: Callable[[str, Coroutine[Any, Any, None]], None],
    ) -> None:
        self.stored: list[Callable[[int], None]] = []
        self._store = store
        self._clock = clock
        self._follower = follower
        self._health = health
        self._calendars = calendars
        self._spawn = spawn
        self._wake = asyncio.Event()
        self._due: dict[str, datetime] = {}
        self._failed: dict[str, int] = {}
        self._busy: set[str] = set()

    def changed(self, _head: Head) -> None:
        """What the follower says: there may be other calendars."""
        self._wake.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            now = self._clock.now()
            self._note_which(now)
            for schedule in sorted(self._due, key=self._due.__getitem__):
                if self._due[schedule] <= now and schedule not in self._busy and len(self._busy) < AT_ONCE:
                    self._due[schedule] = self._next(schedule, now)
                    self._busy.add(schedule)
                    self._spawn(f"calendar {schedule}", self._look(schedule))
            waiting = [due for due in self._due.values() if due > now]
            await self._clock.sleep_until(min(waiting, default=None), self._wake)
            self._wake.clear()

    def _note_which(self, now: datetime) -> None:
        """Those of the organisation that holds; each is looked at within a minute, and then at its own times."""
        wanted = _rosters(self._follower.organisation)
        for schedule in self._due.keys() - wanted.keys():
            del self._due[schedule]
            self._failed.pop(schedule, None)
            self._health.gone(f"calendar:{schedule}", "it is read no more")
        for schedule in wanted.keys() - self._due.keys():
            self._due[schedule] = now + SOON * self._share(schedule)

    def _next(self, schedule: str, now: datetime) -> datetime:
        """The same minutes of every hour, other ones for each calendar and node."""
        first = BEGAN + EVERY * self._share(schedule)
        return first + EVERY * ((now - first) // EVERY + 1)

    def _share(self, schedule: str) -> float:
        """From 0 to 1, by names instead of by chance: what is done can be done again."""
        return crc32(f"{self._health.node}/{schedule}".encode()) / 2**32

    async def _look(self, schedule: str) -> None:
        try:
            await self._read(schedule)
        except NotDurable as fault:
            log.warning("what a calendar says could not be stored", schedule=schedule, why=str(fault))
        except Unreadable as fault:
            self._failed[schedule] = self._failed.get(schedule, 0) + 1
            log.warning("calendar not taken", schedule=schedule, why=str(fault), tries=self._failed[schedule])
            if self._failed[schedule] >= TRIES and schedule in self._due:
                words = f"schedules.{schedule}.calendar: {fault}; what was known is kept"
                self._health.found(f"calendar:{schedule}", words)
        else:
            self._failed.pop(schedule, None)
            self._health.gone(f"calendar:{schedule}", "read again")
        finally:
            self._busy.discard(schedule)
            self._wake.set()

    async def _read(self, schedule: str) -> None:
        roster = _rosters(self._follower.organisation).get(schedule)
        if roster is None or self._follower.organisation is None:
            return
        now = self._clock.now()
        said = await self._calendars.read(roster, self._follower.organisation.time_zone, span(now))
        while True:
            # Thirty days of a large organisation take longer than a press may wait: looked through where the store is
            # read, beside the loop.
            version, news = await self._store.read(partial(_news, schedule=schedule, of=roster, said=said, now=now))
            if news is None:
                return
            stored = await self._store.transact(partial(_stored, after=version, news=news, by=schedule, now=now))
            if stored is not None:
                log.info("calendar taken", schedule=schedule, version=stored)
                for told in self.stored:
                    told(stored)
                return


def _rosters(organisation: Organisation | None) -> dict[str, Roster]:
    schedules = organisation.schedules if organisation else {}
    return {key: schedule.calendar for key, schedule in schedules.items() if schedule.calendar}


def _news(reading: Reading, schedule: str, of: Roster, said: Said, now: datetime) -> tuple[int, Organisation | None]:
    """The version that holds, and what it becomes by what the calendar says; None where that is nothing new, or the
    calendar is read no more. Raises Unreadable for what can hardly be meant.
    """
    version = reading.head().organisation
    organisation = reading.organisation(version)
    before = _rosters(organisation).get(schedule)
    if before is None or not before.is_of(of):
        return version, None
    after = read_from(before, said, organisation.people, now, before)
    if after == before:
        return version, None
    if is_lost(before, after, now):
        raise Unreadable(f"says nothing of the time to come, where {len(to_come(before, now))} shifts are known")
    changed = replace(organisation.schedules[schedule], calendar=after)
    news = replace(organisation, schedules={**organisation.schedules, schedule: changed})
    if lost := _unreached(news, now) - _unreached(organisation, now):
        raise Unreadable(f"by what it says now, {', '.join(sorted(lost))} would reach nobody for 30 days")
    return version, news


def _unreached(organisation: Organisation, now: datetime) -> set[str]:
    return {each.path for each in readiness(organisation, now) if each.severity is Severity.BLOCKS}


def _stored(registry: Registry, after: int, news: Organisation, by: str, now: datetime) -> int | None:
    """Its number; None where another version holds by now."""
    if registry.head().organisation != after:
        return None
    return registry.add_organisation(news, by=f"calendar:{by}", now=now, why=None)
