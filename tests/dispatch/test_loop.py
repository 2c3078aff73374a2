"""The loop, told as stories: real dispatcher, outbox, deadlines and store, virtual time."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alarmd.alarm.incoming import Action, Answered, Pressed
from alarmd.alarm.model import AttemptState, Device, Kind, Person, State
from alarmd.errors import NotDurable, NotFound, Undecidable
from alarmd.escalation.draft import Decision
from alarmd.organisation.model import Joining, Repeat
from alarmd.ports import Committed, Message, Outcome
from alarmd.store.unit import StoredUnit
from tests.support.loop import DELIVERED, World
from tests.support.organisations import answered_by, office, person, seconds, step, team

OLA = Person("ola", "Ola Fjord", "console")


def pressed(device: str = "desk-3", ref: str | None = None) -> Pressed:
    return Pressed(Device(device), device=device, ref=ref)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    return world


async def test_a_press_becomes_texts_and_a_light(world: World) -> None:
    async with world.life() as loop:
        taken = await loop.submit(pressed(ref="r1"))
        assert sorted(world.wires["sms"].told) == ["kari", "ola", "per", "siv"]
        assert world.lamp.shown == [("desk-3", "raised", "r1")]
        assert taken.signal is not None
        await world.clock.advance(0.01)
        attempts = [
            a for n in (await loop.alarm(taken.signal.alarm)).notifications for a in n.attempts if a.channel == "sms"
        ]
        assert {a.state for a in attempts} == {AttemptState.DELIVERED}
        assert loop.outbox.depth == 0


async def test_the_feed_hears_every_position_once_and_in_order(world: World) -> None:
    async with world.life() as loop:
        for n in range(5):
            await loop.submit(pressed(ref=str(n)))
        positions = [one.position for one in loop.heard]
        assert positions == list(range(1, len(positions) + 1))


async def test_a_step_is_done_when_it_is_due(world: World) -> None:
    async with world.life() as loop:
        await loop.submit(pressed())
        await world.clock.advance(19.9)
        assert world.wires["voice"].told == []
        await world.clock.advance(0.1)
        assert sorted(world.wires["voice"].told) == ["ola", "per", "siv"]


async def test_an_acknowledgement_between_decision_and_call_stops_the_call(world: World) -> None:
    world.wires["sms"].hold = asyncio.Event()
    async with world.life() as loop:
        taken = await loop.submit(pressed())
        assert taken.signal is not None
        await loop.submit(Answered(taken.signal.alarm, Action.ACKNOWLEDGE, OLA))
        await world.clock.advance(120)
        assert world.wires["voice"].told == []
        alarm = await loop.alarm(taken.signal.alarm)
        assert alarm.state is State.ACKNOWLEDGED


async def test_killed_before_the_text_was_sent_it_is_sent_after_the_restart(world: World) -> None:
    world.wires["sms"].hold = asyncio.Event()
    async with world.life() as loop:
        await loop.submit(pressed())
    world.wires["sms"].told.clear()
    world.wires["sms"].hold = None
    world.clock._now += timedelta(seconds=31)
    async with world.life():
        await world.clock.advance(1)
        assert sorted(set(world.wires["sms"].told)) == ["kari", "ola", "per", "siv"]


async def test_a_deadline_that_passed_while_dead_is_met_at_the_start(world: World) -> None:
    async with world.life() as loop:
        await loop.submit(pressed())
        await world.clock.advance(0.01)
    world.clock._now += timedelta(seconds=25)
    async with world.life():
        await world.clock.advance(1)
        assert sorted(world.wires["voice"].told) == ["ola", "per", "siv"]


async def test_what_cannot_be_made_durable_is_told_to_nobody_and_recovers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.life() as loop:
        transact = loop.store.transact

        async def full(_work: object) -> None:
            raise NotDurable("no space left on the disk")

        monkeypatch.setattr(loop.store, "transact", full)
        with pytest.raises(NotDurable):
            await loop.submit(pressed(ref="r1"))
        assert world.wires["sms"].told == []
        assert world.lamp.shown == []
        assert loop.health.faults["store"].text == "no space left on the disk"
        monkeypatch.setattr(loop.store, "transact", transact)
        await world.clock.advance(2)
        assert "store" not in loop.health.faults
        taken = await loop.submit(pressed(ref="r1"))
        assert taken.signal is not None
        causes = [one for one in loop.heard if '"cause":"store:one"' in one.body]
        assert len(causes) == 1, "the full disk is told as one technical alarm once it can be stored"


async def test_a_repeated_ref_is_the_same_signal_and_lights_its_button(world: World) -> None:
    async with world.life() as loop:
        first = await loop.submit(pressed(ref="r1"))
        again = await loop.submit(pressed(ref="r1"))
        assert again.repeated
        assert again.signal == first.signal
        assert again.light is not None
        assert (again.light.device, again.light.state, again.light.ref) == ("desk-3", "raised", "r1")
        assert len(world.wires["sms"].told) == 4


async def test_one_that_is_refused_does_not_fail_those_beside_it(world: World) -> None:
    async with world.life() as loop:
        good, bad = (asyncio.ensure_future(loop.dispatcher.submit(pressed(d))) for d in ("desk-3", "nobody"))
        await world.clock.settle()
        assert (await good).signal is not None
        with pytest.raises(NotFound):
            await bad


async def test_one_on_which_we_have_a_bug_writes_nothing_and_fails_nobody_beside_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.life() as loop:
        write = StoredUnit.write

        def half(unit: StoredUnit, decision: Decision, *, node: str, now: datetime) -> Committed:
            committed = write(unit, decision, node=node, now=now)
            assert decision.alarm is None or decision.alarm.first.device != "desk-4", "a bug, after half was written"
            return committed

        monkeypatch.setattr(StoredUnit, "write", half)
        good, bad = (asyncio.ensure_future(loop.dispatcher.submit(pressed(d))) for d in ("room-2", "desk-4"))
        await world.clock.settle()
        assert (await good).signal is not None
        with pytest.raises(Undecidable):
            await bad
        assert not [one for one in loop.heard if '"device":"desk-4"' in one.body]


async def test_lights_wait_for_the_broker_and_show_how_things_stand_then(world: World) -> None:
    world.lamp.on = False
    async with world.life() as loop:
        taken = await loop.submit(pressed(ref="r1"))
        assert taken.signal is not None
        await loop.submit(Answered(taken.signal.alarm, Action.ACKNOWLEDGE, OLA))
        world.lamp.on = True
        await world.clock.advance(2)
        assert world.lamp.shown == [("desk-3", "acknowledged", "r1")] * 2


async def test_no_light_that_had_to_wait_betrays_an_alarm_that_is_silent_by_then(world: World) -> None:
    world.lamp.on = False
    async with world.life() as loop:
        taken = await loop.submit(pressed(ref="r1"))
        assert taken.signal is not None
        await loop.submit(Answered(taken.signal.alarm, Action.ACKNOWLEDGE, OLA))
        await loop.submit(replace(pressed(ref="r2"), kind=Kind.DURESS))
        world.lamp.on = True
        await world.clock.advance(2)
        assert {state for _, state, _ in world.lamp.shown} == {"received"}
        assert {ref for _, _, ref in world.lamp.shown} == {"r1", "r2"}


async def test_a_way_that_fails_leads_to_the_next_at_once(world: World) -> None:
    world.wires["sms"].answer = lambda _: Outcome(AttemptState.FAILED, "unreachable")
    async with world.life() as loop:
        await loop.submit(pressed())
        await world.clock.advance(0.01)
        assert sorted(world.wires["voice"].told) == ["kari", "ola", "per", "siv"]


async def test_a_channel_that_hangs_leads_to_the_next_after_three_seconds(world: World) -> None:
    world.wires["sms"].hold = asyncio.Event()
    async with world.life() as loop:
        await loop.submit(pressed())
        await world.clock.advance(2.9)
        assert world.wires["voice"].told == []
        await world.clock.advance(0.2)
        assert sorted(world.wires["voice"].told) == ["kari", "ola", "per", "siv"]


async def test_a_press_from_a_shell_is_noticed_within_a_quarter_of_a_second(world: World) -> None:
    async with world.life() as loop:
        with world.database("shell") as database, database.transaction() as unit:
            loop_taker = type(loop.dispatcher._taker)("", loop.dispatcher._taker.ids)
            loop_taker.take(unit, pressed("desk-4"), world.clock.now())
        await world.clock.advance(0.25)
        assert [one.position for one in loop.heard][:1] == [1]
        assert sorted(world.wires["sms"].told) == ["kari", "ola", "per", "siv"]


async def test_a_retry_waits_and_then_goes(world: World) -> None:
    tries = iter([Outcome(AttemptState.FAILED, "busy", again_in=2), Outcome(AttemptState.DELIVERED)] * 9)
    world.wires["sms"].answer = lambda m: next(tries) if m.recipient.id == "kari" else Outcome(AttemptState.DELIVERED)
    async with world.life() as loop:
        await loop.submit(pressed())
        assert world.wires["sms"].told.count("kari") == 1
        await world.clock.advance(2.1)
        assert world.wires["sms"].told.count("kari") == 2


# What went wrong elsewhere (docs/lessons.md).


async def test_thirteen_hundred_people_are_told_at_once(world: World) -> None:
    everybody = {f"p{n}": person(f"p{n}", "guard") for n in range(1300)}
    world.apply(office(people=everybody, teams={"guards": tuple(everybody), "nobody": ()}))
    async with world.life() as loop:
        await loop.submit(pressed("under-desk-2"))
        assert len(world.wires["sms"].told) == 1300, "and no time has passed"


async def test_no_throttle_delays_the_first_message_of_the_thirtieth_alarm(world: World) -> None:
    world.apply(office(joining=Joining(same_device=False, same_zone_within=None)))
    async with world.life() as loop:
        for _ in range(30):
            await loop.submit(pressed())
        assert world.wires["sms"].told.count("ola") == 30


async def test_a_channel_that_breaks_on_one_person_tells_the_others_and_him_another_way(world: World) -> None:
    def breaks(message: Message) -> Outcome:
        if message.recipient.id == "ola":
            raise RuntimeError("a contact that nobody foresaw")
        return DELIVERED

    world.wires["sms"].answer = breaks
    async with world.life() as loop:
        await loop.submit(pressed())
        await world.clock.advance(0.01)
        assert sorted(world.wires["sms"].told) == ["kari", "ola", "per", "siv"]
        assert world.wires["voice"].told == ["ola"]


async def test_a_way_that_nobody_has_set_up_leads_to_the_next_at_once_and_is_said(world: World) -> None:
    del world.wires["sms"]
    async with world.life() as loop:
        taken = await loop.submit(pressed())
        await world.clock.advance(0.01)
        assert sorted(world.wires["voice"].told) == ["kari", "ola", "per", "siv"]
        assert taken.alarm is not None
        attempts = [a for n in (await loop.alarm(taken.alarm.id)).notifications for a in n.attempts]
        assert {a.why for a in attempts if a.channel == "sms"} == {"not_configured"}


async def test_killed_before_the_all_clear_was_sent_it_is_sent_after_the_restart(world: World) -> None:
    async with world.life() as loop:
        taken = await loop.submit(pressed())
        await world.clock.advance(0.01)
        world.wires["sms"].hold = asyncio.Event()
        assert taken.alarm is not None
        await loop.submit(Answered(taken.alarm.id, Action.RESOLVE, OLA, reason="seen to"))
    world.wires["sms"].told.clear()
    world.wires["sms"].hold = None
    async with world.life():
        await world.clock.advance(1)
        assert sorted(world.wires["sms"].told) == ["kari", "ola", "per", "siv"]


async def test_an_answer_is_still_there_after_a_restart(world: World) -> None:
    async with world.life() as loop:
        taken = await loop.submit(pressed())
        assert taken.alarm is not None
        await loop.submit(Answered(taken.alarm.id, Action.ACKNOWLEDGE, OLA))
    async with world.life() as again:
        alarm = await again.alarm(taken.alarm.id)
        assert (alarm.state, [r.person for r in alarm.responders]) == (State.ACKNOWLEDGED, ["ola"])
        await world.clock.advance(200)
        assert world.wires["voice"].told == []


async def test_whoever_was_taken_off_the_list_is_not_told_of_the_next_alarm(world: World) -> None:
    async with world.life() as loop:
        world.apply(office(teams={"guards": ("per",), "nobody": ()}))
        await loop.submit(pressed("under-desk-2"))
        assert world.wires["sms"].told == ["per"]


async def test_a_step_that_reaches_nobody_becomes_one_technical_alarm_beside_its_own(world: World) -> None:
    chain = (step(0, team("guards")), step(20, team("nobody")))
    world.apply(answered_by(*chain, repeat=Repeat(2, seconds(30))))
    async with world.life() as loop:
        taken = await loop.submit(pressed())
        await world.clock.advance(90)
        assert taken.alarm is not None
        found = await loop.store.read(lambda r: r.open_alarms(at_most=10))
        assert [(a.kind, a.cause) for a in found] == [(Kind.PANIC, None), (Kind.TECHNICAL, "nobody:only:2")]
        passed = [one for one in loop.heard if '"reason":"nobody_reached"' in one.body and one.alarm == taken.alarm.id]
        assert len(passed) == 3, "at 20, 50 and 80 seconds"


@pytest.mark.parametrize("kind", [Kind.PANIC, Kind.DURESS])
async def test_a_helper_who_presses_himself_is_waited_for_no_longer_unless_his_press_is_silent(
    world: World, kind: Kind
) -> None:
    async with world.life() as loop:
        first = await loop.submit(pressed())
        assert first.alarm is not None
        await loop.submit(Answered(first.alarm.id, Action.EN_ROUTE, OLA))
        own = await loop.submit(Pressed(OLA, zone="fjordvik/reception", kind=kind))
        assert own.alarm is not None
        said = [one for one in loop.heard if '"reason":"needs_help"' in one.body]
        stands = await loop.alarm(first.alarm.id)
        assert own.alarm.linked == first.alarm.id
        assert [one.alarm for one in said] == ([] if kind is Kind.DURESS else [first.alarm.id])
        assert stands.state is (State.ACKNOWLEDGED if kind is Kind.DURESS else State.RAISED)
        assert [one.position for one in loop.heard] == list(range(1, len(loop.heard) + 1))
