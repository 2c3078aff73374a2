"""A node that ends finishes what it has begun and hands over the rest; a sister is there in time."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from alarmd.alarm.effects import Tell
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import AttemptState, Device
from alarmd.clock import new_id
from alarmd.dispatch import outbox
from alarmd.dispatch.deadlines import GRACE
from alarmd.dispatch.take import Taker
from alarmd.errors import NotDurable
from alarmd.ports import Outcome
from alarmd.store.unit import StoredUnit
from tests.support.loop import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    return world


def pressed(device: str = "desk-3") -> Pressed:
    return Pressed(Device(device), device=device)


def free(world: World) -> list[str]:
    """Whom a sister would tell by text who looks now."""
    with world.database("shell") as database, database.transaction() as unit:
        claimed = [due.effect for due in unit.claim("sister", world.clock.now(), 100)]
    return sorted(effect.person for effect in claimed if isinstance(effect, Tell) and effect.channel == "sms")


async def test_closed_it_finishes_what_is_under_way_and_hands_over_the_rest_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "IN_FLIGHT", (1,) * 6)
    sms = world.wires["sms"]
    sms.hold = asyncio.Event()
    async with world.life() as loop:
        taken = await loop.submit(pressed())
        assert taken.alarm is not None
        (first,) = sms.told
        assert free(world) == []
        loop.outbox.close()
        await world.clock.settle()
        assert sorted([*free(world), first]) == ["kari", "ola", "per", "siv"]
        sms.hold.set()
        until = world.clock.now() + timedelta(seconds=3)
        finished, _ = await asyncio.gather(loop.outbox.settle(until), world.clock.advance(0.1))
        assert finished
        assert sms.told == [first], "nothing is begun any more"
        told = next(n for n in (await loop.alarm(taken.alarm.id)).notifications if n.person == first)
        assert {a.channel: a.state for a in told.attempts}["sms"] is AttemptState.DELIVERED


async def test_what_is_pressed_while_it_ends_is_a_sisters_to_tell(world: World) -> None:
    async with world.life() as loop:
        loop.outbox.close()
        assert not loop.outbox.has_room
        await loop.submit(pressed())
        await world.clock.advance(0.1)
        assert world.wires["sms"].told == []
        assert free(world) == ["kari", "ola", "per", "siv"]


async def test_what_waits_for_its_time_does_not_keep_a_node_from_ending(world: World) -> None:
    """Another try in two seconds is a sister's; this node's loop goes on turning until it has ended."""
    world.wires["sms"].answer = lambda _: Outcome(AttemptState.FAILED, "busy", again_in=2)
    async with world.life() as loop:
        await loop.submit(pressed())
        await world.clock.advance(0.1)
        assert free(world) == []
        loop.outbox.close()
        await world.clock.advance(5)
        assert free(world) == ["kari", "ola", "per", "siv"]
        assert loop.outbox.depth == 0


async def test_a_lease_that_came_while_it_closed_is_handed_over_too(world: World) -> None:
    """The group that was being committed when it was told to end is leased to it still."""
    async with world.life() as loop:
        loop.dispatcher._taker = Taker("one", new_id)
        loop.outbox.close()
        await loop.submit(pressed())
        await world.clock.advance(0.1)
        assert world.wires["sms"].told == []
        assert free(world) == ["kari", "ola", "per", "siv"]


async def test_a_store_that_is_away_is_asked_again_to_take_it_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise NotDurable("away")

    async with world.life() as loop:
        with monkeypatch.context() as broken:
            broken.setattr(StoredUnit, "give_back", away)
            loop.dispatcher._taker = Taker("one", new_id)
            loop.outbox.close()
            await loop.submit(pressed())
            await world.clock.settle()
            assert free(world) == []
        await world.clock.advance(1)
        assert free(world) == ["kari", "ola", "per", "siv"]


async def test_what_hangs_is_left_behind(world: World) -> None:
    world.wires["sms"].hold = asyncio.Event()
    async with world.life() as loop:
        await loop.submit(pressed())
        loop.outbox.close()
        until = world.clock.now() + timedelta(seconds=3)
        left, _ = await asyncio.gather(loop.outbox.settle(until), world.clock.advance(3))
        assert not left


async def test_before_it_closes_what_waits_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "IN_FLIGHT", (1,) * 6)
    world.wires["sms"].hold = asyncio.Event()
    async with world.life() as loop:
        await loop.submit(pressed())
        quiet = asyncio.ensure_future(loop.outbox.settle(world.clock.now() + timedelta(seconds=3)))
        await world.clock.advance(1)
        assert not quiet.done()
        world.wires["sms"].hold.set()
        await world.clock.advance(1)
        assert await quiet
        assert len(world.wires["sms"].told) == 4


async def test_a_step_of_a_node_that_is_gone_is_a_moment_late_at_most(world: World) -> None:
    """Neither its own sweep nor a wake-up tells this node: it looks when the step is due."""
    async with world.life() as loop:
        await world.clock.advance(0.5)
        gone = Taker("gone", new_id)
        with world.database("shell") as database, database.transaction() as unit:
            taken = gone.take(unit, pressed(), world.clock.now())
        assert taken.committed is not None
        assert taken.committed.due is not None
        wait = (taken.committed.due - world.clock.now() + GRACE).total_seconds()
        await world.clock.advance(wait - 0.01)
        assert world.wires["voice"].told == []
        await world.clock.advance(0.02)
        assert sorted(world.wires["voice"].told) == ["kari", "ola", "per", "siv"], "the text was not accepted"
        assert loop.outbox.depth == 0
