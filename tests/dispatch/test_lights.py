"""A button has one light, and it is its live alarm's: no exercise shows anything over it."""

from dataclasses import replace
from pathlib import Path

import pytest

from alarmd.alarm.incoming import Action, Answered, Pressed
from alarmd.alarm.model import Device, Kind, Person
from tests.support.loop import Lamp, Loop, World

OLA, EVA = Person("ola", "Ola", "console"), Person("eva", "Eva", "console")
REAL = Pressed(Device("desk-3"), device="desk-3", ref="real")
EXERCISES = [Pressed(EVA, device="desk-3", drill=True), replace(REAL, ref=None, kind=Kind.TEST)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "alarmd.db")
    made.apply()
    return made


async def opened(loop: Loop, pressed: Pressed) -> str:
    taken = await loop.submit(pressed)
    assert taken.alarm is not None
    return taken.alarm.id


async def says(loop: Loop, alarm: str, action: Action, by: Person = OLA, reason: str | None = None) -> None:
    await loop.submit(Answered(alarm, action, by, reason=reason, roles=("guard", "manager")))


def states(lamp: Lamp) -> list[str]:
    return [state for _, state, _ in lamp.shown]


@pytest.mark.parametrize("exercise", EXERCISES, ids=["drill", "test"])
async def test_an_exercise_shows_nothing_over_a_live_alarm(world: World, exercise: Pressed) -> None:
    async with world.life() as loop:
        less = await opened(loop, exercise)
        real = await opened(loop, REAL)
        assert less != real
        await says(loop, less, Action.ARRIVED)
        await says(loop, less, Action.RESOLVE, EVA, "practised")
        assert states(world.lamp)[1:] == ["raised"] * 3, "the drill's own first, then the live alarm's whatever happens"
        assert {ref for _, _, ref in world.lamp.shown[1:]} == {"real"}, "as the button's own press was answered"
        await says(loop, real, Action.EN_ROUTE)
        assert states(world.lamp)[-1] == "en_route"


async def test_an_exercise_begun_under_a_live_alarm_is_answered_by_what_holds(world: World) -> None:
    async with world.life() as loop:
        real = await opened(loop, REAL)
        await says(loop, real, Action.EN_ROUTE)
        await opened(loop, replace(REAL, ref="t-1", kind=Kind.TEST))
        assert world.lamp.shown[-1] == ("desk-3", "en_route", "t-1")
        await loop.submit(replace(REAL, ref="t-1", kind=Kind.TEST))
        assert world.lamp.shown[-1][1] == "en_route"


async def test_an_exercise_lights_its_button_where_nothing_live_is_open(world: World) -> None:
    async with world.life() as loop:
        real = await opened(loop, REAL)
        await says(loop, real, Action.RESOLVE, EVA, "seen to")
        await opened(loop, replace(REAL, device="desk-4", by=Device("desk-4"), ref="other"))
        less = await opened(loop, EXERCISES[0])
        await says(loop, less, Action.ARRIVED)
        assert [light for light in world.lamp.shown if light[0] == "desk-3"][-2:] == [
            ("desk-3", "raised", None),
            ("desk-3", "arrived", None),
        ]
