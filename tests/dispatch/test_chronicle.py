"""What alarmd decides by itself is told in the log of the process, a sentence each; what people write is not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from alarmd.alarm.incoming import Action, Answered, Pressed
from alarmd.alarm.model import AttemptState, Device, Person
from alarmd.dispatch.chronicle import MOST, chronicle
from alarmd.organisation.model import Repeat
from alarmd.ports import Outcome
from tests.escalation.stories import one
from tests.support.loop import DELIVERED, Loop, World
from tests.support.organisations import answered_by, role, seconds, step, team

EVA = Person("eva", "Eva Fjord", "console")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    chain = (step(0, team("guards")), step(20, team("nobody")), step(60, role("manager")))
    world.apply(answered_by(*chain, repeat=Repeat(3, seconds(30))))
    return world


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    with capture_logs() as captured:
        yield captured


async def pressed(loop: Loop, note: str | None = None) -> str:
    loop.dispatcher.listeners.append(chronicle)
    taken = await loop.submit(Pressed(Device("desk-3"), device="desk-3", note=note))
    assert taken.alarm is not None
    return taken.alarm.id


def said(lines: list[Any], alarm: str) -> list[tuple[str, str]]:
    return [(line["event"], line["reason"]) for line in lines if line.get("alarm") == alarm and "reason" in line]


async def test_each_step_is_told_and_why(world: World, lines: list[Any]) -> None:
    async with world.life() as loop:
        alarm = await pressed(loop)
        await loop.clock.advance(60)
    assert said(lines, alarm) == [
        ("Step 1: notifying ola, per, siv", "step_is_due"),
        ("Step 2: reached nobody", "nobody_reached"),
        ("Step 3: notifying eva", "step_is_due"),
        ("Step 3, round 2: notifying eva (a new round)", "new_round"),
    ]


async def test_another_way_a_lapse_and_a_press_that_sets_the_clock_going_are_told(
    world: World, lines: list[Any]
) -> None:
    world.wires["sms"].answer = lambda _: Outcome(AttemptState.FAILED, "busy")
    async with world.life() as loop:
        alarm = await pressed(loop)
        await loop.submit(Answered(alarm, Action.ACKNOWLEDGE, EVA))
        await loop.clock.advance(2)
        await loop.submit(Pressed(Device("desk-3"), device="desk-3"))
        await loop.submit(Answered(alarm, Action.EN_ROUTE, EVA))
        await loop.clock.advance(300)
    told = said(lines, alarm)
    assert ("Notifying eva (the attempt failed)", "attempt_failed") in told
    assert ("Pressed again: Panic alarm (somebody pressed again, so notifying goes on)", "pressed_again") in told
    assert ("Acknowledgement lapsed: eva did not arrive in time", "not_arrived") in told


async def test_that_every_way_has_failed_and_whom_that_reaches_is_told(world: World, lines: list[Any]) -> None:
    chain = (step(0, one("ola"), otherwise=(one("per"),), by=("sms",)), step(60, one("siv"), by=("sms",)))
    world.apply(answered_by(*chain))
    for wire in world.wires.values():
        wire.answer = lambda message: (
            Outcome(AttemptState.FAILED, "gone") if message.recipient.id != "siv" else DELIVERED
        )
    async with world.life() as loop:
        alarm = await pressed(loop)
        await loop.clock.advance(1)
    told = said(lines, alarm)
    assert ("Notifying per (nobody of the step could be reached)", "every_way_failed") in told
    assert ("Step 1: nobody could be reached, so the next step follows at once", "every_way_failed") in told
    assert told[-1] == ("Step 2: notifying siv", "step_is_due")


async def test_that_a_helper_is_waited_for_no_longer_is_told(world: World, lines: list[Any]) -> None:
    async with world.life() as loop:
        alarm = await pressed(loop)
        await loop.submit(Answered(alarm, Action.EN_ROUTE, EVA))
        await loop.submit(Pressed(EVA, zone="fjordvik/reception"))
        await loop.clock.settle()
    assert ("eva cannot come (needs help, too)", "needs_help") in said(lines, alarm)


async def test_what_people_write_and_say_is_not_told(world: World, lines: list[Any]) -> None:
    async with world.life() as loop:
        alarm = await pressed(loop, note='"reason":"not_arrived" Kari at the door')
        await loop.submit(Answered(alarm, Action.NOTE, EVA, text="Kari is hurt"))
        await loop.submit(Answered(alarm, Action.ESCALATE, EVA))
        await loop.submit(Answered(alarm, Action.RESOLVE, EVA, reason="not_arrived"))
    assert "Kari" not in str(lines)
    assert "Eva Fjord" not in str(lines)
    assert [reason for _, reason in said(lines, alarm)] == ["step_is_due", "nobody_reached", "asked_for_more"]


async def test_a_storm_is_not_told_line_by_line(world: World, lines: list[Any]) -> None:
    async with world.life() as loop:
        loop.dispatcher.listeners.append(chronicle)
        drills = [Pressed(Device("desk-3"), device="desk-3", ref=f"r{n}", drill=True) for n in range(100)]
        answers = [loop.dispatcher.hand_in(drill) for drill in drills]
        await loop.clock.settle()
        assert all(answer.done() for answer in answers)
    told = [line for line in lines if "reason" in line]
    assert len(told) == MOST
    assert sum(line.get("decisions", 0) for line in lines) == 100 - MOST
