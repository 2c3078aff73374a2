"""A button has one light, and it is its newest live alarm's: nothing shows anything over it."""

from dataclasses import replace
from pathlib import Path

import pytest

from alarmd.alarm.incoming import Action, Answered, Pin, Pressed
from alarmd.alarm.model import Device, Kind, Person
from alarmd.organisation.model import Joining, Organisation
from tests.support.loop import Lamp, Loop, World
from tests.support.organisations import office

OLA, EVA = Person("ola", "Ola", "console"), Person("eva", "Eva", "console")
REAL = Pressed(Device("desk-3"), device="desk-3", ref="real")
APART = office(joining=Joining(same_device=False))
"""Every press opens an alarm of its own."""
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


def moved(organisation: Organisation, device: str, zone: str) -> Organisation:
    known = organisation.devices[device]
    return replace(organisation, devices={**organisation.devices, device: replace(known, zone=zone)})


async def test_an_exercise_shows_nothing_over_a_live_alarm_that_began_before_the_button_was_moved(world: World) -> None:
    async with world.life() as loop:
        real = await opened(loop, REAL)
        await says(loop, real, Action.EN_ROUTE)
        world.apply(moved(office(), "desk-3", "fjordvik/backoffice"))
        less = await opened(loop, replace(REAL, ref="t-1", kind=Kind.TEST))
        assert (await loop.alarm(less)).first.zone != (await loop.alarm(real)).first.zone
        assert world.lamp.shown[-1] == ("desk-3", "en_route", "t-1")


@pytest.mark.parametrize("ref", ["r-1", None], ids=["with refs", "without"])
async def test_after_the_newest_alarm_of_a_button_the_one_before_it_has_the_light(
    world: World, ref: str | None
) -> None:
    world.apply(APART)
    async with world.life() as loop:
        first, second = await opened(loop, replace(REAL, ref=ref)), await opened(loop, replace(REAL, ref=ref and "r-2"))
        await says(loop, second, Action.EN_ROUTE)
        await says(loop, first, Action.ARRIVED)
        assert states(world.lamp) == ["raised", "raised", "en_route", "en_route"]
        await says(loop, second, Action.CANCEL, EVA, "by mistake")
        assert states(world.lamp)[4:] == ["cancelled", "arrived"], "never over while somebody comes"
        await says(loop, first, Action.RESOLVE, OLA)
        assert states(world.lamp)[6:] == ["resolved"]
        assert [shown_ref for _, _, shown_ref in world.lamp.shown[-2:]] == [ref, ref]


async def test_an_older_alarm_of_which_nobody_takes_care_any_more_does_not_light_over_a_newer(world: World) -> None:
    world.apply(APART)
    async with world.life() as loop:
        first, second = await opened(loop, REAL), await opened(loop, replace(REAL, ref="r-2"))
        await says(loop, first, Action.ACKNOWLEDGE, OLA)
        await says(loop, second, Action.EN_ROUTE, EVA)
        await says(loop, first, Action.DECLINE, OLA)
        assert states(world.lamp)[-2:] == ["en_route", "en_route"]


async def test_what_its_presser_has_cancelled_under_duress_shows_nothing_over_his_next_alarm(world: World) -> None:
    async with world.life() as loop:
        forced = await opened(loop, REAL)
        await loop.submit(Answered(forced, Action.CANCEL, Person("kari", "Kari", "phone"), pin=Pin.DURESS))
        await loop.clock.advance(1)
        await opened(loop, replace(REAL, ref="r-2"))
        assert states(world.lamp) == ["raised", "cancelled", "raised"]
        again = await loop.submit(REAL)
        assert again.light is not None
        loop.outbox.show(forced, again.light)
        await loop.clock.settle()
        assert world.lamp.shown[-1] == ("desk-3", "raised", "real")


async def test_a_ref_that_comes_again_is_answered_by_whichever_alarm_has_the_light(world: World) -> None:
    world.apply(APART)
    async with world.life() as loop:
        await opened(loop, replace(REAL, ref="r-1"))
        newest = await opened(loop, replace(REAL, ref="r-2"))
        await says(loop, newest, Action.EN_ROUTE)
        again = await loop.submit(replace(REAL, ref="r-1"))
        assert again.repeated
        assert again.alarm is not None
        assert again.light is not None
        loop.outbox.show(again.alarm.id, again.light)
        await loop.clock.settle()
        assert world.lamp.shown[-1] == ("desk-3", "en_route", "r-1")


async def test_a_silent_alarm_changes_nothing_of_what_its_button_shows_of_another(world: World) -> None:
    world.apply(APART)
    async with world.life() as loop:
        loud = await opened(loop, REAL)
        await says(loop, loud, Action.EN_ROUTE)
        silent = await opened(loop, replace(REAL, ref="s-1", kind=Kind.DURESS))
        assert world.lamp.shown[-1] == ("desk-3", "en_route", "s-1")
        await says(loop, silent, Action.ARRIVED)
        await says(loop, silent, Action.RESOLVE)
        assert set(states(world.lamp)[1:]) == {"en_route"}
        await opened(loop, replace(REAL, ref="s-2", kind=Kind.DURESS))
        await says(loop, loud, Action.CANCEL, EVA, "by mistake")
        assert states(world.lamp)[-1] == "cancelled"


async def test_a_broker_that_goes_away_between_an_end_and_what_follows_is_shown_both_again(world: World) -> None:
    world.apply(APART)
    lamp = world.lamp
    async with world.life() as loop:
        await opened(loop, REAL)
        second = await opened(loop, replace(REAL, ref="r-2"))
        lamp.off_after = len(lamp.shown) + 1
        await says(loop, second, Action.CANCEL, EVA, "by mistake")
        assert states(lamp)[2:] == ["cancelled"]
        lamp.off_after = None
        await loop.clock.advance(1)
        assert states(lamp)[3:] == ["cancelled", "raised"]


@pytest.mark.parametrize("pin", [*Pin])
async def test_a_drill_cancelled_by_pin_shows_nothing_over_a_live_alarm_whichever_pin_it_was(
    world: World, pin: Pin
) -> None:
    async with world.life() as loop:
        await opened(loop, replace(REAL, ref=None))
        less = await opened(loop, replace(EXERCISES[0], ref="drill"))
        await loop.submit(Answered(less, Action.CANCEL, EVA, pin=pin))
        assert world.lamp.shown[-1][1] == "raised"
