"""Calendars are looked at again and again: news becomes a version, trouble changes nothing and is said in the end."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from alarmd.dispatch.rosters import EVERY, SOON, TRIES, Rosters
from alarmd.dispatch.supervisor import Supervisor
from tests.support.loop import World
from tests.support.organisations import office
from tests.support.rosters import (
    DAY,
    HOURLY,
    NOW,
    URL,
    Shelves,
    causes,
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


async def test_the_same_minutes_of_every_hour_others_for_each_node(world: World, shelves: Shelves) -> None:
    async with watched(world, shelves) as loop, Supervisor() as supervisor:
        minutes = set()
        for node in ("one", "two", "three"):
            health = replace(loop.health, node=node)
            rosters = Rosters(loop.store, loop.clock, loop.follower, health, shelves, supervisor.spawn)
            found = rosters._next(NOW)
            assert NOW < found <= NOW + EVERY
            assert rosters._next(found) == found + EVERY
            minutes.add(found)
        assert len(minutes) == 3


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
