"""Lights while the broker is away: they take no room from people, are bounded themselves, and each press is answered
when it is back. Real dispatcher, outbox and store, virtual time.
"""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from alarmd.alarm.effects import Feedback, from_plain
from alarmd.alarm.incoming import Action, Answered, Pressed
from alarmd.alarm.model import Device, Person
from alarmd.dispatch import lanes, outbox
from alarmd.organisation.model import Joining
from tests.support.loop import Loop, World
from tests.support.organisations import office

OLA = Person("ola", "Ola Fjord", "console")


def pressed(device: str = "desk-3", ref: str | None = None) -> Pressed:
    return Pressed(Device(device), device=device, ref=ref)


async def opened(loop: Loop, device: str, ref: str | None = None) -> str:
    taken = await loop.submit(pressed(device, ref))
    assert taken.alarm is not None
    return taken.alarm.id


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    world.lamp.on = False
    return world


async def test_lights_that_wait_for_a_broker_take_no_room_from_people(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "HELD", 5)
    monkeypatch.setattr(outbox, "AT_ONCE", 2)
    async with world.life() as loop:
        for n in range(20):
            await loop.submit(pressed("desk-3", f"r{n}"))
        await loop.submit(pressed("room-2"))
        await loop.clock.advance(0.1)
        assert len(world.wires["sms"].told) == 7, "all of both alarms"


async def test_a_light_that_waits_is_not_lined_up_twice(world: World) -> None:
    async with world.life() as loop:
        await loop.submit(pressed("desk-3", "r"))
        again = await loop.submit(pressed("desk-3", "r"))
        assert again.signal is not None
        assert again.light is not None
        for _ in range(10):
            loop.outbox.show(again.signal.alarm, again.light)
        assert loop.outbox._lanes is not None
        assert len(loop.outbox._lanes._waiting["desk-3"]) == 1, "beside the first, on which the broker is tried"
        world.lamp.on = True
        await loop.clock.advance(2)
        assert world.lamp.shown == [("desk-3", "raised", "r")] * 2


async def test_of_lights_that_wait_one_is_held_for_each_press_that_has_a_ref_and_one_for_the_others(
    world: World,
) -> None:
    async with world.life() as loop:
        (alarm,) = {await opened(loop, "desk-3", f"r{n}") for n in range(3)}
        for _ in range(100):
            await loop.submit(pressed("desk-3"))
            await loop.clock.advance(0.1)
        for action in (Action.ACKNOWLEDGE, Action.DECLINE, Action.EN_ROUTE):
            await loop.submit(Answered(alarm, action, OLA))
        await loop.clock.advance(2)
        assert loop.outbox.depth <= 4
        assert len(stored_lights(world)) <= 4, "the others are done in the store, too"
        world.lamp.on = True
        await loop.clock.advance(2)
        answered = [ref for _, _, ref in world.lamp.shown]
        assert answered == ["r0", "r1", "r2", None], "each that was accepted, in their order"
        assert {state for _, state, _ in world.lamp.shown} == {"en_route"}
        assert not stored_lights(world)


async def test_of_lights_that_wait_those_of_each_alarm_are_shown(world: World) -> None:
    world.apply(office(joining=Joining(same_device=False)))
    async with world.life() as loop:
        alarms = [await opened(loop, "desk-3") for _ in range(2)]
        await loop.submit(Answered(alarms[1], Action.CANCEL, OLA, reason="by mistake", roles=("guard",)))
        await loop.submit(Answered(alarms[0], Action.EN_ROUTE, OLA))
        world.lamp.on = True
        await loop.clock.advance(2)
        assert [state for _, state, _ in world.lamp.shown] == ["en_route", "cancelled", "en_route", "en_route"]


async def test_more_lights_than_may_wait_are_left_in_the_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "HELD", 5)
    monkeypatch.setattr(outbox, "AT_ONCE", 3)
    async with world.life() as loop:
        for n in range(20):
            await loop.submit(pressed("desk-3", f"r{n}"))
            await loop.clock.advance(1)
        assert lights_held(loop) == 5
        assert len(stored_lights(world)) == 20
        await loop.submit(pressed("room-2"))
        assert "ola" in world.wires["sms"].told, "people are told all the same"
        await loop.clock.advance(30)
        assert lights_held(loop) == 5
        world.lamp.on = True
        await loop.clock.advance(10)
        assert {f"r{n}" for n in range(20)} <= {ref for _, _, ref in world.lamp.shown}
        assert not stored_lights(world)


def lights_held(loop: Loop) -> int:
    assert loop.outbox._lanes is not None
    return loop.outbox._lanes.depth


def stored_lights(world: World) -> list[Feedback]:
    """Those that are still to be shown."""
    with world.database("shell") as shell, shell.snapshot() as reading:
        bodies = [json.loads(row.body) for row in reading._ask(text("SELECT body FROM effects"))]
    effects = [from_plain(body) for body in bodies]
    return [effect for effect in effects if isinstance(effect, Feedback)]
