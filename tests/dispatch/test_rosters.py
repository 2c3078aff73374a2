"""Calendars are looked at again and again: news becomes a version, once; trouble changes nothing and is said after a
while. The clock of these tests starts on 1 March 2027, at ten in Oslo.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from alarmd.dispatch.inspection import Inspection
from alarmd.dispatch.rosters import EVERY, SOON, TRIES, Rosters
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import NotDurable, Unreadable
from alarmd.escalation.schedule import on_call
from alarmd.organisation.model import Organisation, Person, Roster, Schedule, Target, TargetKind
from alarmd.organisation.roster import Entry, Said, read_from, span
from alarmd.ports import Reading, Registry
from tests.support.loop import Loop, World
from tests.support.organisations import answered_by, office, step, team
from tests.support.virtual import VirtualClock

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

    async def read(self, roster: Roster, zone: str, wanted: tuple[datetime, datetime]) -> Said:
        assert zone == "Europe/Oslo"
        self.asked.append(roster.url or roster.file)
        if self.hold:
            await self.hold.wait()
        return Said(self.answer(), wanted[1], {})

    def says(self, *found: Entry) -> None:
        self.answer = lambda: found

    def fails(self, words: str = "example.org cannot be reached") -> None:
        def raising() -> tuple[Entry, ...]:
            raise Unreadable(words)

        self.answer = raising


@pytest.fixture
def shelves() -> Shelves:
    return Shelves(lambda: entries("ola"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "alarmd.db", VirtualClock(NOW))


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


async def test_news_becomes_a_version_in_the_name_of_the_calendar(world: World, shelves: Shelves) -> None:
    world.apply(organisation(*entries("ola")))
    async with watched(world, shelves) as loop:
        await later(loop, SOON)
        assert shelves.asked == [URL], "within a minute of the start"
        assert (await holds(loop))[0] == 1, "nothing new is no version"
        shelves.says(*entries("per"))
        await later(loop, EVERY)
        assert shelves.asked == [URL] * 2
        assert (await holds(loop))[0] == 2
        assert await on_duty(loop) == ("per",)
        await later(loop, *HOURLY)
        assert len(shelves.asked) == 6
        assert (await holds(loop))[0] == 2
        assert loop.follower.organisation == (await holds(loop))[1]
    with world.database("shell") as database, database.transaction() as unit:
        rows = unit._link.rows(text('select "by", action from audit order by position'))
    assert [tuple(row) for row in rows] == [("test", "organisation_applied"), ("calendar:duty", "organisation_applied")]


async def test_the_same_minutes_of_every_hour_others_for_each_node_and_calendar(world: World, shelves: Shelves) -> None:
    ids = ("a", "b", "c")
    async with watched(world, shelves) as loop, Supervisor() as supervisor:
        minutes = set()
        for node in ("one", "two"):
            health = replace(loop.health, node=node)
            rosters = Rosters(loop.store, loop.clock, loop.follower, health, shelves, supervisor.spawn)
            found = {id: rosters._next(id, NOW) for id in ids}
            assert all(NOW < at <= NOW + EVERY for at in found.values())
            assert {id: rosters._next(id, found[id]) for id in ids} == {id: found[id] + EVERY for id in ids}
            minutes |= {*found.values()}
        assert len(minutes) == 6


async def test_what_cannot_be_read_changes_nothing_and_is_said_after_three_tries(
    world: World, shelves: Shelves
) -> None:
    world.apply(organisation(*entries("ola")))
    shelves.fails()
    async with watched(world, shelves) as loop:
        await later(loop, SOON)
        for _ in range(TRIES - 2):
            await later(loop, EVERY)
        assert len(shelves.asked) == TRIES - 1
        assert loop.health.banner() == ()
        await later(loop, EVERY)
        (fault,) = loop.health.banner()
        assert fault["cause"] == "calendar:duty"
        assert fault["text"] == "schedules.duty.calendar: example.org cannot be reached; what was known is kept"
        assert await loop.store.read(causes) == [("calendar:duty:one", "raised")]
        assert await on_duty(loop) == ("ola",)
        shelves.says(*entries("ola"))
        await later(loop, EVERY)
        assert loop.health.banner() == ()
        assert await loop.store.read(causes) == [("calendar:duty:one", "resolved")]
        shelves.fails()
        await later(loop, EVERY)
        assert loop.health.banner() == (), "it is counted anew"
        assert (await holds(loop))[0] == 1


async def test_a_new_life_ends_what_a_former_one_has_found(world: World, shelves: Shelves) -> None:
    world.apply(organisation(*entries("ola")))
    shelves.fails()
    async with watched(world, shelves) as loop:
        await later(loop, *HOURLY)
        assert await loop.store.read(causes) == [("calendar:duty:one", "raised")]
    shelves.says(*entries("ola"))
    async with watched(world, shelves) as loop:
        await later(loop, EVERY)
        assert await loop.store.read(causes) == [("calendar:duty:one", "resolved")]


async def test_one_that_has_lost_all_shifts_is_not_believed(world: World, shelves: Shelves) -> None:
    world.apply(organisation(*entries("ola", "per")))
    shelves.says(*entries("ola", days=1))
    async with watched(world, shelves) as loop:
        await later(loop, *HOURLY)
        (fault,) = loop.health.banner()
        words = "says nothing of the time to come, where 2 shifts are known"
        assert words in fault["text"]
        assert await on_duty(loop) == ("ola", "per")
        shelves.says(*entries("siv"))
        await later(loop, EVERY)
        assert await on_duty(loop) == ("siv",), "what says anything is believed again"


async def test_one_by_which_a_chain_would_reach_nobody_is_not_believed(world: World, shelves: Shelves) -> None:
    world.apply(organisation(*entries("ola"), alone=True))
    shelves.says(*entries("per", days=300, since=NOW + 40 * DAY))
    async with watched(world, shelves) as loop:
        await later(loop, *HOURLY)
        (fault,) = loop.health.banner()
        assert "by what it says now, chains.only would reach nobody for 30 days" in fault["text"]
        assert await on_duty(loop) == ("ola",)


async def test_what_it_leaves_lacking_is_told_at_once_for_nobody_has_seen_it(world: World, shelves: Shelves) -> None:
    """As `apply` tells an administrator; the next look of the day is at nine tomorrow."""
    world.apply(organisation(*entries("ola")))
    shelves.says(*entries("ola", days=10))
    async with watched(world, shelves) as loop:
        await later(loop, SOON)
        assert [cause for cause, _ in await loop.store.read(causes)] == [
            "calendar_runs_out:duty",
            "schedule_has_a_hole:duty",
        ]
        shelves.says(*entries("ola"))
        await later(loop, EVERY)
        assert {state for _, state in await loop.store.read(causes)} == {"resolved"}


async def test_two_nodes_find_the_same_news_and_store_it_once(world: World, shelves: Shelves) -> None:
    """Both have read the calendar before either stores it."""
    world.apply(organisation(*entries("ola")))
    shelves.says(*entries("per"))
    shelves.hold = asyncio.Event()
    async with watched(world, shelves) as one, Supervisor() as supervisor:
        other = Rosters(one.store, one.clock, one.follower, replace(one.health, node="two"), shelves, supervisor.spawn)
        one.follower.changed.append(other.changed)
        supervisor.forever("rosters", other.run())
        await one.clock.settle()
        await later(one, SOON)
        assert len(shelves.asked) == 2
        shelves.hold.set()
        await one.clock.advance(2)
        assert (await holds(one))[0] == 2
        assert await on_duty(one) == ("per",)
        await later(one, EVERY, EVERY)
        assert (await holds(one))[0] == 2


async def test_what_somebody_applies_meanwhile_is_not_undone(
    world: World, shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the decision and the commit an administrator adds a person: the calendar's news is made anew of that."""
    world.apply(organisation(*entries("ola")))
    shelves.says(*entries("per", "nina"))
    nina = {**office().people, "nina": Person("nina", "Nina")}
    async with watched(world, shelves) as loop:
        transact = loop.store.transact
        applied = False

        async def late(work: Callable[[Registry], object]) -> object:
            nonlocal applied
            if not applied and "_stored" in repr(work):
                applied = True
                await transact(lambda unit: world._add(unit, organisation(*entries("ola"), people=nina)))
            return await transact(work)

        monkeypatch.setattr(loop.store, "transact", late)
        await later(loop, SOON)
        assert applied
        version, found = await holds(loop)
        assert version == 3
        assert "nina" in found.people
        assert await on_duty(loop) == ("nina", "per")


async def test_one_that_is_read_no_more_is_looked_at_no_more(world: World, shelves: Shelves) -> None:
    world.apply(organisation(*entries("ola")))
    shelves.fails()
    async with watched(world, shelves) as loop:
        await later(loop, *HOURLY)
        assert await loop.store.read(causes) == [("calendar:duty:one", "raised")]
        asked = len(shelves.asked)
        world.apply(office())
        await later(loop, *HOURLY)
        assert await loop.store.read(causes) == [("calendar:duty:one", "resolved")]
        assert len(shelves.asked) == asked
        shelves.says(*entries("per"))
        world.apply(organisation(*entries("ola")))
        await loop.clock.advance(1)
        await later(loop, SOON)
        assert await on_duty(loop) == ("per",), "one that comes in is looked at within a minute"


async def test_one_that_moved_while_it_was_read_is_left_to_the_next_look(world: World, shelves: Shelves) -> None:
    world.apply(organisation(*entries("ola")))
    shelves.says(*entries("per"))
    shelves.hold = asyncio.Event()
    async with watched(world, shelves) as loop:
        await later(loop, SOON)
        moved = organisation(*entries("siv"))
        roster = replace(moved.schedules["duty"].calendar or Roster(), url="https://example.org/other.ics")
        world.apply(replace(moved, schedules={"duty": Schedule("duty", (), calendar=roster)}))
        await loop.clock.advance(1)
        shelves.hold.set()
        await loop.clock.advance(1)
        assert await on_duty(loop) == ("siv",)
        await later(loop, EVERY)
        assert shelves.asked[-1] == "https://example.org/other.ics"


async def test_many_are_looked_at_a_few_at_a_time_and_one_that_hangs_holds_up_no_other(
    world: World, shelves: Shelves
) -> None:
    ids = tuple(f"duty-{number}" if number else "duty" for number in range(20))
    world.apply(organisation(*entries("ola"), ids=ids))
    shelves.hold = asyncio.Event()
    async with watched(world, shelves) as loop:
        await later(loop, EVERY)
        assert len(shelves.asked) == 8
        shelves.hold.set()
        await loop.clock.advance(1)
        assert len(shelves.asked) >= 20


async def test_a_store_that_is_away_is_no_fault_of_the_calendar(
    world: World, shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.apply(organisation(*entries("ola")))
    shelves.says(*entries("per"))
    async with watched(world, shelves) as loop:
        with monkeypatch.context() as broken:

            async def nothing(*_: object) -> None:
                raise NotDurable("away")

            broken.setattr(loop.store, "transact", nothing)
            await later(loop, EVERY, EVERY)
            assert "calendar:duty" not in loop.health.faults
        await later(loop, EVERY)
        assert await on_duty(loop) == ("per",)


async def test_without_an_organisation_it_waits_for_one(world: World, shelves: Shelves) -> None:
    async with watched(world, shelves) as loop:
        await later(loop, EVERY)
        assert shelves.asked == []
        world.apply(organisation(*entries("ola")))
        await loop.clock.advance(1)
        await later(loop, SOON)
        assert shelves.asked == [URL]


async def test_time_alone_makes_one_version_a_month(world: World, shelves: Shelves) -> None:
    world.apply(organisation(*entries("ola")))
    async with watched(world, shelves) as loop:
        await later(loop, EVERY)
        versions = set()
        for _ in range(60):
            await later(loop, DAY)
            versions.add((await holds(loop))[0])
        assert versions == {1, 2, 3}
