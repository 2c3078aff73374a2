"""A round of calendars: beside others who change the organisation, with many of them, with everything going wrong."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from alarmd.dispatch import rosters as rosters_module
from alarmd.dispatch.roster_news import Looked, News, news_of
from alarmd.dispatch.rosters import AT_ONCE, EVERY, SOON, Rosters
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import NotDurable
from alarmd.organisation.model import Person, Roster, Schedule
from alarmd.organisation.roster import Entry, Said, span
from alarmd.ports import Reading, Registry
from tests.support.loop import World
from tests.support.organisations import office
from tests.support.rosters import (
    DAY,
    HOURLY,
    NOW,
    Shelves,
    entries,
    holds,
    later,
    on_duty,
    organisation,
    watched,
)
from tests.support.virtual import VirtualClock


@pytest.fixture
def shelves() -> Shelves:
    return Shelves(lambda: entries("ola"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "alarmd.db", VirtualClock(NOW))


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
            if not applied and "store_news" in repr(work):
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


async def test_many_are_looked_at_a_few_at_a_time_and_what_is_new_is_one_version(
    world: World, shelves: Shelves
) -> None:
    ids = tuple(f"duty-{number:02}" if number else "duty" for number in range(20))
    world.apply(organisation(*entries("ola"), ids=ids))
    shelves.says(*entries("per"))
    shelves.hold = asyncio.Event()
    async with watched(world, shelves) as loop:
        await later(loop, SOON)
        assert len(shelves.asked) == AT_ONCE
        shelves.hold.set()
        await loop.clock.advance(1)
        assert len(shelves.asked) == 20
        version, found = await holds(loop)
        assert version == 2
        assert {each.calendar.shifts[0].person for each in found.schedules.values() if each.calendar} == {"per"}
    with world.database("shell") as database, database.transaction() as unit:
        (row,) = unit._link.rows(text('select "by" from audit where position = 2'))
    assert row[0].startswith("calendar:duty")
    assert row[0].endswith(" and 15 more")


async def test_what_harms_is_told_apart_from_what_does_not(world: World, shelves: Shelves) -> None:
    """One calendar of three would leave a chain alone, and another has lost everything: the third is taken."""
    known = organisation(*entries("ola"), ids=("duty", "empty", "fine"), alone=True)
    rosters = {
        id: replace(each, calendar=replace(each.calendar or Roster(), url=f"https://example.org/{id}"))
        for id, each in known.schedules.items()
    }
    world.apply(replace(known, schedules=rosters))
    said = {
        "duty": entries("per", days=300, since=NOW + 40 * DAY),
        "empty": (),
        "fine": entries("siv"),
    }
    shelves.answer = lambda: said[shelves.asked[-1].rpartition("/")[2]]
    async with watched(world, shelves) as loop:
        await later(loop, SOON, *HOURLY)
        assert {each["cause"] for each in loop.health.banner()} == {"calendar:duty", "calendar:empty"}
        version, found = await holds(loop)
        assert version == 2
        assert {id: each.calendar.shifts[0].person for id, each in found.schedules.items() if each.calendar} == {
            "duty": "ola",
            "empty": "ola",
            "fine": "siv",
        }


async def test_what_says_the_same_is_not_looked_through_again(
    world: World, shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for an organisation that is another one by now: the same text may mean somebody else."""
    shelves.same = Said(entries("ola", "nina"), span(NOW)[1], {})
    world.apply(organisation(*shelves.same.entries))
    looked: list[int] = []

    def counted(reading: Reading, said: Looked, now: datetime) -> News:
        looked.append(len(said))
        return news_of(reading, said, now)

    monkeypatch.setattr(rosters_module, "news_of", counted)
    async with watched(world, shelves) as loop:
        await later(loop, SOON, *HOURLY)
        assert len(shelves.asked) == 5
        assert looked == [1]
        world.apply(organisation(*entries("ola"), people={**office().people, "nina": Person("nina", "Nina")}))
        await loop.clock.advance(1)
        await later(loop, EVERY)
        assert looked == [1, 1]
        assert await on_duty(loop) == ("nina", "ola")


async def test_a_round_that_breaks_is_not_the_last(
    world: World, shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither when the reader breaks nor when we do: a bug of ours in a calendar must not stop the daemon."""
    world.apply(organisation(*entries("ola")))

    def broken(*_: object, **__: object) -> tuple[Entry, ...]:
        raise RuntimeError("a bug")

    shelves.answer = broken
    async with watched(world, shelves) as loop:
        await later(loop, SOON, EVERY, EVERY)
        (fault,) = loop.health.banner()
        assert "it could not be looked at" in fault["text"]
        shelves.says(*entries("per"))
        with monkeypatch.context() as patch:
            patch.setattr(rosters_module, "news_of", broken)
            await later(loop, EVERY)
        assert await on_duty(loop) == ("ola",)
        await later(loop, EVERY)
        assert await on_duty(loop) == ("per",)
        assert loop.health.banner() == ()


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
