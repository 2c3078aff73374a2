"""Calendars for tests of the loop: the port, answering as a test says, and a node that looks at them under virtual
time. The clock starts on 1 March 2027, at ten in Oslo.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alarmd.dispatch.inspection import Inspection
from alarmd.dispatch.rosters import EVERY, Rosters
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import Unreadable
from alarmd.escalation.schedule import on_call
from alarmd.organisation.model import Organisation, Person, Roster, Schedule, Target, TargetKind
from alarmd.organisation.roster import Entry, Said, read_from, span
from alarmd.ports import Reading
from tests.support.loop import Loop, World
from tests.support.organisations import answered_by, office, step, team

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
URL = "https://example.org/duty.ics?key=s3cret"
HOURLY = (EVERY,) * 4


def entries(*texts: str, days: int = 400, since: datetime = NOW - DAY) -> tuple[Entry, ...]:
    """Each has the duty for so many days."""
    return tuple(Entry(since, since + days * DAY, text) for text in texts)


@dataclass
class Shelves:
    """The port, as a test says. `answer` may raise."""

    answer: Callable[[], tuple[Entry, ...]]
    asked: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None
    same: Said | None = None

    async def read(self, roster: Roster, zone: str, wanted: tuple[datetime, datetime]) -> Said:
        assert zone == "Europe/Oslo"
        self.asked.append(roster.url or roster.file)
        if self.hold:
            await self.hold.wait()
        return self.same or Said(self.answer(), wanted[1], {})

    def says(self, *found: Entry) -> None:
        self.answer = lambda: found

    def fails(self, words: str = "example.org cannot be reached") -> None:
        def raising() -> tuple[Entry, ...]:
            raise Unreadable(words)

        self.answer = raising


def organisation(
    *known: Entry, ids: tuple[str, ...] = ("duty",), people: dict[str, Person] | None = None, alone: bool = False
) -> Organisation:
    """Whoever has the duty is told; the guards where nobody has, unless it stands `alone`."""
    everybody = people or dict(office().people)
    roster = read_from(Roster(url=URL), Said(known, span(NOW)[1], {}), everybody, NOW)
    schedules = {id: Schedule(id, (), calendar=roster) for id in ids}
    otherwise = () if alone else (team("guards"),)
    chain = step(0, Target(TargetKind.ON_CALL, "duty"), otherwise=otherwise)
    return answered_by(chain, schedules=schedules, people=everybody)


@asynccontextmanager
async def watched(world: World, shelves: Shelves) -> AsyncIterator[Loop]:
    async with world.life() as loop, Supervisor() as supervisor:
        inspection = Inspection(loop.store, loop.clock, loop.follower, loop.health, {"sms"})
        rosters = Rosters(loop.store, loop.clock, loop.follower, loop.health, shelves, supervisor.spawn)
        rosters.stored.append(inspection.unseen)
        loop.follower.changed += [inspection.changed, rosters.changed]
        supervisor.forever("inspection", inspection.run())
        supervisor.forever("rosters", rosters.run())
        await loop.clock.settle()
        yield loop


async def later(loop: Loop, *spans: timedelta) -> None:
    """Each span in which nothing else happens, and then what is due."""
    for each in spans:
        loop.clock._now += each
        await loop.clock.advance(1)


async def holds(loop: Loop) -> tuple[int, Organisation]:
    def read(reading: Reading) -> tuple[int, Organisation]:
        version = reading.head().organisation
        return version, reading.organisation(version)

    return await loop.store.read(read)


async def on_duty(loop: Loop) -> tuple[str, ...]:
    _, found = await holds(loop)
    return on_call(found.schedules["duty"], "Europe/Oslo", loop.clock.now())


def causes(reading: Reading) -> list[tuple[str, str]]:
    found = [json.loads(each) for each in reading.summaries(open=None, site=None, limit=100)]
    return sorted((each["cause"], each["state"]) for each in found)
