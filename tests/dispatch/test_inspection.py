"""The daily look: what is lacking becomes a technical alarm at nine, and is gone when it is mended. The clock of these
tests starts on 1 March 2027, at a minute to nine in Oslo.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarmd.alarm.incoming import Action, Answered, Outcome
from alarmd.alarm.model import Person as By
from alarmd.dispatch.inspection import Inspection
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import NotDurable
from alarmd.organisation.model import Absence, Organisation, Rotation, Schedule
from alarmd.ports import Reading
from tests.support.loop import Loop, World
from tests.support.organisations import office
from tests.support.virtual import VirtualClock

MARCH = datetime(2027, 3, 1)  # noqa: DTZ001 - local to the organisation, as in its file
DAY = timedelta(days=1)
WORKING = {"sms", "voice"}
HOLE = "schedule_has_a_hole:duty"


def away(start: datetime, end: datetime) -> Organisation:
    """Ola alone has the duty, and is absent in this span."""
    people = office().people
    ola = replace(people["ola"], absent=(Absence(start, end),))
    duty = Schedule("duty", (Rotation(("ola",), MARCH - 30 * DAY, DAY),))
    return office(schedules={"duty": duty}, people={**people, "ola": ola})


HOLED = away(MARCH + 20 * DAY, MARCH + 21 * DAY)
WHOLE = away(MARCH - 9 * DAY, MARCH - 8 * DAY)


async def tomorrow(loop: Loop) -> None:
    """A night in which nothing happens, up to a second past nine."""
    loop.clock._now += DAY - timedelta(seconds=2)
    await loop.clock.advance(2)


def causes(reading: Reading) -> list[tuple[str, str]]:
    found = [json.loads(each) for each in reading.summaries(open=None, site=None, limit=100)]
    return sorted((each["cause"], each["state"]) for each in found)


@asynccontextmanager
async def watched(world: World, working: set[str] = WORKING) -> AsyncIterator[Loop]:
    async with world.life() as loop, Supervisor() as supervisor:
        inspection = Inspection(loop.store, loop.clock, loop.follower, loop.health, working)
        loop.follower.changed.append(inspection.changed)
        supervisor.forever("inspection", inspection.run())
        await loop.clock.settle()
        yield loop


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "alarmd.db", VirtualClock(datetime(2027, 3, 1, 7, 59, tzinfo=UTC)))


async def test_what_is_lacking_is_told_at_nine_once_and_gone_when_it_is_mended(world: World) -> None:
    world.apply(HOLED)
    async with watched(world) as loop:
        await loop.clock.advance(59)
        assert await loop.store.read(causes) == [], "apply has told it; the start of a daemon tells nothing"
        await loop.clock.advance(2)
        assert await loop.store.read(causes) == [(HOLE, "raised")]
        (fault,) = loop.health.banner()
        assert fault["text"] == (
            "schedules.duty: nobody is on call from 2027-03-21T00:00 to 2027-03-22T00:00; add a rotation or an override"
        )
        await tomorrow(loop)
        assert await loop.store.read(causes) == [(HOLE, "raised")], "one open alarm for each cause"
        world.apply(WHOLE)
        await loop.clock.advance(2)
        assert await loop.store.read(causes) == [(HOLE, "resolved")]
        assert loop.health.banner() == ()
        await tomorrow(loop)
        assert await loop.store.read(causes) == [(HOLE, "resolved")]


async def test_a_new_life_mends_what_a_former_one_has_found(world: World) -> None:
    world.apply(HOLED)
    async with watched(world) as loop:
        await loop.clock.advance(61)
    world.apply(WHOLE)
    async with watched(world) as loop:
        await loop.clock.advance(2)
        assert await loop.store.read(causes) == [(HOLE, "resolved")]


async def test_who_resolves_it_without_mending_is_told_again_the_next_day(world: World) -> None:
    world.apply(HOLED)
    async with watched(world) as loop:
        await loop.clock.advance(61)
        (alarm,) = [json.loads(each)["id"] for each in await loop.store.read(opened)]
        by = By("eva", "Eva", "console")
        resolved = Answered(alarm, Action.RESOLVE, by, outcome=Outcome.MISTAKE, reason="later")
        assert (await loop.submit(resolved)).decision.refusal is None
        assert await loop.store.read(causes) == [(HOLE, "resolved")]
        await tomorrow(loop)
        assert await loop.store.read(causes) == [(HOLE, "raised"), (HOLE, "resolved")]


async def test_a_way_that_this_node_has_not_is_no_way(world: World) -> None:
    world.apply(WHOLE)
    async with watched(world, {"webhook"}) as loop:
        await loop.clock.advance(61)
        found = [cause for cause, _ in await loop.store.read(causes)]
        assert "person_without_contact:ola" in found
        texts = [each["text"] for each in loop.health.banner()]
        assert not [text for text in texts if "+47" in text]


async def test_without_an_organisation_it_waits_for_one(world: World) -> None:
    async with watched(world) as loop:
        await loop.clock.advance(61)
        world.apply(HOLED)
        await tomorrow(loop)
        assert await loop.store.read(causes) == [(HOLE, "raised")]


async def test_a_store_that_is_away_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply(HOLED)
    async with watched(world) as loop:
        asked = 0

        async def nothing(*_: object) -> None:
            nonlocal asked
            asked += 1
            raise NotDurable("away")

        with monkeypatch.context() as broken:
            broken.setattr(loop.store, "read", nothing)
            await loop.clock.advance(61)
            assert asked
        await loop.clock.advance(61)
        assert await loop.store.read(causes) == [(HOLE, "raised")]


async def test_other_faults_are_left_alone(world: World) -> None:
    world.apply(WHOLE)
    async with watched(world) as loop:
        loop.health.found("battery:desk-3", "flat")
        await loop.clock.advance(61)
        assert await loop.store.read(causes) == [("battery:desk-3", "raised")]


def opened(reading: Reading) -> tuple[str, ...]:
    return reading.summaries(open=True, site=None, limit=10)
