"""Nobody at a console who can hear an alarm, in virtual time: said where the organisation asks for somebody, when it is
known that there is nobody, and not a moment longer. The clock starts on 1 March 2027, a Monday, at ten in Oslo.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from alarmd.alarm.incoming import FaultFound, FaultGone
from alarmd.dispatch.lookout import BLIND, CAUSE, Lookout
from alarmd.dispatch.presence import KEPT, Presence
from alarmd.dispatch.sisters import Sisters
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import NotDurable
from alarmd.organisation.model import Organisation, Watched, Window
from alarmd.ports import Reading
from tests.support.loop import Loop, World
from tests.support.organisations import office
from tests.support.presences import guard

WITHIN = timedelta(seconds=60)
SAID = (KEPT + WITHIN).total_seconds() + 3
"""Seconds after a start, at most, until it is said: it must have listened, and then have seen nobody."""
WEEKDAYS = frozenset(range(5))


def asking(*roles: str, only: Window | None = None) -> Organisation:
    return office(watched=Watched(frozenset(roles or {"guard"}), only, WITHIN))


@dataclass
class Life:
    loop: Loop
    presence: Presence
    hears: bool = True

    async def watched(self, seconds: float, *people: str, armed: bool = True) -> None:
        """So long these people's consoles answer each beat; without any, nobody's does."""
        for _ in range(round(seconds / 4)):
            for person in people:
                self.presence.here(person, guard(person), armed=armed, visible=True)
            await self.loop.clock.advance(4)

    async def causes(self) -> list[tuple[str, str]]:
        return await self.loop.store.read(causes)


def causes(reading: Reading) -> list[tuple[str, str]]:
    found = [json.loads(each) for each in reading.summaries(open=None, site=None, limit=100)]
    return sorted((each["cause"], each["state"]) for each in found if each["cause"].startswith(CAUSE))


RAISED, RESOLVED = [(CAUSE, "raised")], [(CAUSE, "resolved")]


@asynccontextmanager
async def life(world: World, *, can_know: bool = True) -> AsyncIterator[Life]:
    async with world.life() as loop, Supervisor() as supervisor:
        presence = Presence("one", loop.clock, Sisters(), lambda: made.hears)
        made = Life(loop, presence)
        lookout = Lookout(loop.store, loop.clock, loop.follower, presence, loop.health, can_know=can_know)
        supervisor.forever("presence", presence.run())
        supervisor.forever("lookout", lookout.run())
        await loop.clock.settle()
        yield made


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "alarmd.db")


async def test_nobody_is_said_once_and_gone_when_somebody_is_back(world: World) -> None:
    world.apply(asking())
    async with life(world) as one:
        await one.watched(60, "ola")
        await one.watched(KEPT.total_seconds() + WITHIN.total_seconds() - 8)
        assert await one.causes() == []
        await one.watched(16)
        assert await one.causes() == RAISED
        (fault,) = one.loop.health.banner()
        assert (fault["cause"], fault["text"]) == (
            CAUSE,
            "nobody with the role guard is at a console whose sound is on",
        )
        await one.watched(600)
        assert await one.causes() == RAISED, "one alarm, however long"
        await one.watched(4, "ola")
        assert await one.causes() == RESOLVED
        assert one.loop.health.banner() == ()
        await one.watched(2 * SAID)
        assert await one.causes() == RAISED + RESOLVED, "it is said again"


async def test_a_page_that_is_loaded_anew_in_time_is_nothing(world: World) -> None:
    world.apply(asking())
    async with life(world) as one:
        for _ in range(5):
            await one.watched(20, "ola")
            one.presence.left("ola")
            await one.watched(WITHIN.total_seconds() - 4)
        assert await one.causes() == []


async def test_a_restart_is_nothing_where_somebody_comes_back_in_time(world: World) -> None:
    world.apply(asking())
    async with life(world) as one:
        await one.watched(40, "ola")
    async with life(world) as one:
        await one.watched(SAID - 8)
        await one.watched(40, "ola")
        assert await one.causes() == []


@pytest.mark.parametrize(("person", "armed"), [("ola", False), ("eva", True), ("gone", True)])
async def test_somebody_is_who_is_asked_for_and_can_hear(world: World, person: str, *, armed: bool) -> None:
    world.apply(asking("guard"))
    async with life(world) as one:
        await one.watched(SAID, person, armed=armed)
        assert await one.causes() == RAISED


async def test_any_of_the_roles_is_enough(world: World) -> None:
    world.apply(asking("guard", "manager"))
    async with life(world) as one:
        await one.watched(2 * SAID, "eva")
        assert await one.causes() == []


async def test_an_organisation_that_asks_for_nobody_is_told_nothing(world: World) -> None:
    world.apply()
    async with life(world) as one:
        await one.watched(60, "ola")
        await one.watched(2 * SAID)
        assert await one.causes() == []


async def test_somebody_is_asked_for_in_the_hours_alone(world: World) -> None:
    world.apply(asking(only=Window(WEEKDAYS, time(10, 10), time(10, 20))))
    async with life(world) as one:
        await one.watched(600)
        assert await one.causes() == [], "it is not ten past yet"
        await one.watched(WITHIN.total_seconds() + 8)
        assert await one.causes() == RAISED
        await one.watched(600)
        assert await one.causes() == RESOLVED, "nobody need be there any more"


async def test_while_sisters_cannot_be_heard_nobody_is_missed(world: World) -> None:
    world.apply(asking())
    async with life(world) as one:
        await one.watched(20, "ola")
        one.hears = False
        await one.watched(3 * SAID)
        assert await one.causes() == []
        one.hears = True
        await one.watched(SAID - 12)
        assert await one.causes() == []
        await one.watched(16)
        assert await one.causes() == RAISED
        one.hears = False
        await one.watched(60)
        assert await one.causes() == RAISED, "what was known is not taken back by knowing less"
        await one.watched(4, "ola")
        assert await one.causes() == RESOLVED, "one who is there is enough"


async def test_while_a_sister_says_that_she_cannot_be_heard_nobody_is_missed(world: World) -> None:
    world.apply(asking())
    async with life(world) as one:
        await one.loop.submit(FaultFound("relay:two", "Redis cannot be reached"))
        await one.watched(3 * SAID)
        assert await one.causes() == []
        await one.loop.submit(FaultGone("relay:two", "Redis answers"))
        await one.watched(WITHIN.total_seconds() + 8)
        assert await one.causes() == RAISED


async def test_where_sisters_can_never_be_heard_that_is_said(world: World) -> None:
    world.apply(asking())
    async with life(world, can_know=False) as one:
        one.hears = False
        await one.watched(2 * SAID)
        assert [(each["cause"], each["text"].rpartition(": ")[2]) for each in one.loop.health.banner()] == [
            (BLIND, "set ALARMD_REDIS_URL on every node")
        ]
        world.apply()
        await one.watched(4)
        assert one.loop.health.banner() == ()


async def test_a_store_that_is_away_is_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply(asking())
    async with life(world) as one:
        read = one.loop.store.read

        async def away(_: Any) -> Any:
            raise NotDurable("the disk is gone")

        monkeypatch.setattr(one.loop.store, "read", away)
        await one.watched(SAID + 60)
        monkeypatch.setattr(one.loop.store, "read", read)
        assert CAUSE not in one.loop.health.faults
        await one.watched(WITHIN.total_seconds() + 8)
        assert await one.causes() == RAISED


async def test_a_new_life_ends_what_a_former_one_has_said_and_says_nothing_twice(world: World) -> None:
    world.apply(asking())
    async with life(world) as one:
        await one.watched(SAID)
    async with life(world) as one:
        await one.watched(2 * SAID)
        assert await one.causes() == RAISED
    async with life(world) as one:
        await one.watched(8, "ola")
        assert await one.causes() == RESOLVED
