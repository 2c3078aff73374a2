"""What cannot be decided, by a bug of ours, is said aloud and holds up nothing else."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alarmd.alarm.incoming import DeadlinePassed, FaultFound, FaultGone, Incoming, Performed, Pressed, Reported
from alarmd.alarm.model import Device, Kind, Person
from alarmd.dispatch import deadlines
from alarmd.dispatch.take import Taken, Taker
from alarmd.errors import Undecidable
from alarmd.ports import Unit
from tests.support.loop import Loop, World

OLA = Person("ola", "Ola Fjord", "console")


def pressed(device: str = "desk-3") -> Pressed:
    return Pressed(Device(device), device=device)


async def alarm_of(loop: Loop, press: Pressed) -> str:
    taken = await loop.submit(press)
    assert taken.signal is not None
    return taken.signal.alarm


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    return world


async def causes(loop: Loop) -> list[str]:
    return [alarm.cause for alarm in await loop.store.read(lambda r: r.open_alarms(at_most=99)) if alarm.cause]


@pytest.mark.parametrize("undone", [False, True])
async def test_whose_outcome_cannot_be_decided_is_told_once_and_it_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch, undone: bool
) -> None:
    take = Taker.take

    def broken(taker: Taker, unit: Unit, incoming: Incoming, now: datetime) -> Taken:
        assert not isinstance(incoming, Reported), "a bug"
        assert not (undone and isinstance(incoming, Performed)), "nor can be stored that it is done"
        return take(taker, unit, incoming, now)

    async with world.life() as loop:
        well = await alarm_of(loop, pressed())
        await world.clock.advance(1)
        monkeypatch.setattr(Taker, "take", broken)
        sick = await alarm_of(loop, pressed("room-2"))
        await world.clock.advance(17)
        assert world.wires["sms"].told.count("ola") == 2, "of each alarm once, not every six seconds"
        assert world.wires["voice"].told.count("ola") == 1, "his other contact, as where no provider answers"
        assert f"undecidable:{sick}" in await causes(loop)
        assert f"undecidable:{well}" not in await causes(loop)


async def test_a_press_that_cannot_be_decided_is_said_with_its_place_and_nothing_of_the_bug(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Taken:
        raise KeyError("secret inner thing")

    async with world.life() as loop:
        monkeypatch.setattr(Taker, "_press", broken)
        for press in (pressed("desk-3"), Pressed(OLA, zone="fjordvik/reception", kind=Kind.DURESS)):
            with pytest.raises(Undecidable) as said:
                await loop.submit(press)
            assert "secret" not in str(said.value)
        await world.clock.advance(1)
        assert sorted(await causes(loop)) == ["undecidable:desk-3", "undecidable:fjordvik/reception"]
        told = "".join(one.body for one in loop.heard)
        assert "a press at desk-3, of which nobody is told," in told
        assert "secret" not in told
        assert "duress" not in told


@pytest.mark.parametrize("fault", [FaultFound("mqtt", "away"), FaultGone("mqtt", "back"), Performed("e-1")])
async def test_what_else_cannot_be_decided_is_said_unless_it_is_what_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Incoming
) -> None:
    take, tries = Taker.take, 0

    def broken(taker: Taker, unit: Unit, incoming: Incoming, now: datetime) -> Taken:
        nonlocal tries
        tries += incoming == fault
        assert incoming != fault, "a bug"
        return take(taker, unit, incoming, now)

    async with world.life() as loop:
        monkeypatch.setattr(Taker, "take", broken)
        answer = loop.dispatcher.hand_in(fault)
        await world.clock.advance(60)
        assert isinstance(answer.exception(), Undecidable)
        said = {FaultFound: [], FaultGone: ["undecidable:mqtt"], Performed: ["undecidable:performed"]}
        assert await causes(loop) == said[type(fault)]
        assert tries == 1


async def test_alarms_that_cannot_be_decided_hide_no_other_from_the_sweep_and_are_asked_for_no_more_often(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "AT_ONCE", 2)
    take, asked = Taker.take, 0
    async with world.life() as loop:
        alarms = []
        for device in ("desk-3", "room-2", "under-desk-2"):
            alarms.append(await alarm_of(loop, pressed(device)))
            await world.clock.advance(1)
        by_due = await loop.store.transact(lambda unit: unit.overdue(world.clock.now() + timedelta(hours=1), 9))
        assert sorted(by_due) == sorted(alarms)
    sick, well = by_due[:2], by_due[2]

    def broken(taker: Taker, unit: Unit, incoming: Incoming, now: datetime) -> Taken:
        assert not (isinstance(incoming, DeadlinePassed) and incoming.alarm in sick), "a bug"
        return take(taker, unit, incoming, now)

    def counted(unit: Unit, now: datetime, limit: int) -> tuple[tuple[str, ...], datetime | None]:
        nonlocal asked
        asked += 1
        return due(unit, now, limit)

    monkeypatch.setattr(Taker, "take", broken)
    due = deadlines._due
    async with world.life() as loop:
        await world.clock.advance(100)
        assert {note.step for note in (await loop.alarm(well)).notifications} > {1}
        monkeypatch.setattr(deadlines, "_due", counted)
        await world.clock.advance(10)
        assert asked <= 15, "once a second, and a little after a step of its own"
