"""The loop when more comes in than it can take, and less goes out than it should: everybody gets in, the most urgent
first, and what is held stays bounded. Real dispatcher, outbox and store, virtual time.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from alarmd.alarm.effects import BACKGROUND, DURESS, FIRST, LATER, LINKED, LIVE
from alarmd.alarm.incoming import Action, Answered, DeadlinePassed, FaultFound, Incoming, Performed, Pressed
from alarmd.alarm.model import Device, Kind, Person
from alarmd.dispatch import admission, outbox
from alarmd.dispatch.admission import GROUP, LINGER, SHARE, Admission, Waiting
from alarmd.dispatch.outbox import IN_FLIGHT
from alarmd.escalation.urgency import Urgency
from alarmd.ports import Message, Outcome
from tests.support.loop import Loop, Wire, World
from tests.support.virtual import VirtualClock

OLA = Person("ola", "Ola Fjord", "console")


def pressed(
    device: str = "desk-3", ref: str | None = None, *, kind: Kind | None = None, drill: bool = False
) -> Pressed:
    return Pressed(Device(device), device=device, ref=ref, kind=kind, drill=drill)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    return world


async def all_at_once(loop: Loop, incoming: Sequence[Incoming]) -> None:
    """Handed in before the first of them is committed."""
    answers = [loop.dispatcher.hand_in(one) for one in incoming]
    await loop.clock.settle()
    for answer in answers:
        await answer


async def quiet(loop: Loop) -> None:
    """Until what came in is committed and everything that follows from it at once is done."""
    for _ in range(1000):
        if not loop.dispatcher.depth and not loop.outbox.depth:
            return
        await loop.clock.advance(0.02)
    raise AssertionError(f"{loop.dispatcher.depth} wait still, {loop.outbox.depth} are held")


def signals(loop: Loop) -> list[tuple[str | None, str]]:
    """Device and kind of every signal, in the order of the log."""
    bodies = [json.loads(one.body) for one in loop.heard]
    data = [body["data"] for body in bodies if body["kind"] in ("raised", "joined", "upgraded")]
    return [(one["device"], one["kind"]) for one in data]


# The way in.


async def test_a_duress_goes_before_all_that_waits(world: World) -> None:
    flood = [pressed("desk-3", f"r{n}", drill=True) for n in range(300)]
    flood += [pressed("room-2", f"r{n}") for n in range(300)]
    async with world.life() as loop:
        await all_at_once(loop, [*flood, pressed("under-desk-2")])
        assert signals(loop)[0] == ("under-desk-2", "duress")


async def test_a_button_that_is_stuck_holds_up_nobody(world: World) -> None:
    async with world.life() as loop:
        await all_at_once(loop, [*(pressed("desk-3", f"r{n}") for n in range(600)), pressed("room-2", "r")])
        assert [device for device, _ in signals(loop)][:2] == ["desk-3", "room-2"]
        assert len(signals(loop)) == 601


async def test_the_first_press_for_another_kind_is_no_repeat(world: World) -> None:
    async with world.life() as loop:
        await all_at_once(loop, [*(pressed("desk-3", f"r{n}") for n in range(300)), pressed(kind=Kind.DURESS)])
        assert signals(loop)[0] == ("desk-3", "duress")


async def test_once_it_is_decided_the_next_press_is_a_first_one_again(world: World) -> None:
    async with world.life() as loop:
        await loop.submit(pressed("desk-3", "r0"))
        flood = [pressed("room-2", f"r{n}") for n in range(300)]
        await all_at_once(loop, [*flood, pressed("desk-3", "r1")])
        assert [device for device, _ in signals(loop)][:3] == ["desk-3", "room-2", "desk-3"]


async def test_live_alarms_go_before_drills_and_what_alarmd_says_of_itself(world: World) -> None:
    own = [FaultFound(f"cause-{n}", "unwell") for n in range(300)]
    drills = [pressed("desk-3", f"r{n}", drill=True) for n in range(300)]
    tests = [pressed("desk-3", f"t{n}", kind=Kind.TEST) for n in range(300)]
    async with world.life() as loop:
        await all_at_once(loop, [*own, *drills, *tests, pressed("room-2")])
        assert signals(loop)[0] == ("room-2", "assist")


async def test_who_answers_does_not_stand_behind_repeats(world: World) -> None:
    async with world.life() as loop:
        taken = await loop.submit(pressed("room-2"))
        assert taken.signal is not None
        before = len(loop.heard)
        flood = [pressed("desk-3", f"r{n}") for n in range(600)]
        await all_at_once(loop, [*flood, Answered(taken.signal.alarm, Action.ACKNOWLEDGE, OLA)])
        kinds = [json.loads(one.body)["kind"] for one in loop.heard[before:]]
        assert kinds.index("acknowledged") < kinds.index("joined")


async def test_nobody_is_refused_for_being_one_too_many(world: World) -> None:
    async with world.life() as loop:
        await all_at_once(loop, [pressed("desk-3", f"r{n}") for n in range(5000)])
        assert len(signals(loop)) == 5000
        await quiet(loop)
        assert not loop.dispatcher._waiting._pressing, "nothing is kept of what is decided"


def waiting(incoming: Incoming) -> Waiting:
    return Waiting(incoming, VirtualClock().now(), asyncio.get_running_loop().create_future())


async def test_no_flood_starves_what_is_less_urgent() -> None:
    queue = Admission()
    lanes = (Urgency.DURESS, Urgency.LIVE, Urgency.DUE, Urgency.BACKGROUND, Urgency.OUTCOME)
    for lane in lanes:
        for n in range(1000):
            queue.put(waiting(Performed(f"{lane}-{n}")), lane)
    assert len(queue) == 5000
    group = queue.take(VirtualClock().now() + LINGER)
    found = {lane: sum(w.incoming.effect.startswith(f"{lane}-") for w in group) for lane in lanes}  # type: ignore[union-attr]  # all are Performed
    assert found == {
        Urgency.DURESS: GROUP,
        Urgency.LIVE: SHARE,
        Urgency.DUE: SHARE,
        Urgency.BACKGROUND: SHARE,
        Urgency.OUTCOME: GROUP,
    }


async def test_outcomes_alone_are_in_no_hurry_until_they_are_a_group() -> None:
    queue = Admission()
    for n in range(GROUP):
        assert not queue.hurries
        queue.put(waiting(Performed(f"{n}")), Urgency.OUTCOME)
    assert queue.hurries
    queue.take(VirtualClock().now())
    queue.put(waiting(DeadlinePassed("a")), Urgency.DUE)
    assert queue.hurries


async def test_an_answer_does_not_pay_for_outcomes_until_they_have_waited() -> None:
    now, queue = VirtualClock().now(), Admission()
    queue.put(waiting(Performed("light")), Urgency.OUTCOME)
    for after, wanted in ((timedelta(0), [Answered]), (LINGER, [Answered, Performed])):
        queue.put(waiting(Answered("a", Action.ACKNOWLEDGE, OLA)), Urgency.LIVE)
        assert [type(taken.incoming) for taken in queue.take(now + after)] == wanted


# The way out.


async def test_a_provider_that_hangs_on_drills_has_room_for_an_alarm(world: World) -> None:
    wire = world.wires["sms"] = Hanging()
    async with world.life() as loop:
        await all_at_once(loop, [pressed("desk-3", f"r{n}", drill=True) for n in range(200)])
        assert len(wire.told) == IN_FLIGHT[BACKGROUND]
        await loop.submit(pressed("room-2"))
        assert "room-2" in wire.devices
        wire.let_go()


async def test_a_provider_that_hangs_on_alarms_has_room_for_a_duress(world: World) -> None:
    wire = world.wires["sms"] = Hanging()
    async with world.life() as loop:
        for n in range(100):
            await loop.submit(pressed("desk-3", f"r{n}", kind=Kind.PANIC))
            await loop.submit(Answered((await last(loop)), Action.RESOLVE, OLA, reason="a rehearsal"))
            if len(wire.told) >= IN_FLIGHT[FIRST]:
                break
        assert len(wire.told) == IN_FLIGHT[FIRST]
        await loop.submit(pressed("under-desk-2"))
        assert wire.devices[-1] == "under-desk-2"
        wire.let_go()


async def last(loop: Loop) -> str:
    """The alarm that was raised last."""
    raised = [one for one in loop.heard if '"kind":"raised"' in one.body]
    return raised[-1].alarm


def test_what_is_less_urgent_leaves_more_room() -> None:
    order = [IN_FLIGHT[p] for p in (LINKED, DURESS, FIRST, LIVE, LATER, BACKGROUND)]
    assert order == sorted(set(order), reverse=True)


async def test_of_what_waits_for_a_provider_the_most_urgent_goes_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "IN_FLIGHT", (1,) * 6)
    wire = world.wires["sms"] = Hanging()
    async with world.life() as loop:
        await loop.submit(pressed("desk-3", "drill", drill=True))
        await loop.submit(pressed("room-2"))
        await loop.submit(pressed("under-desk-2"))
        wire.let_go()
        await quiet(loop)
        order = list(dict.fromkeys(wire.devices))
        assert order == ["desk-3", "under-desk-2", "room-2"], "the first was on its way; then by urgency"


async def test_a_helper_who_needs_help_himself_goes_before_everything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "IN_FLIGHT", (1,) * 6)
    wire = world.wires["sms"] = Hanging()
    async with world.life() as loop:
        first = await loop.submit(pressed("desk-3"))
        assert first.alarm is not None
        await loop.submit(Answered(first.alarm.id, Action.EN_ROUTE, OLA))
        await loop.submit(pressed("under-desk-2"))
        own = await loop.submit(Pressed(OLA, zone="fjordvik/reception"))
        assert own.alarm is not None
        assert own.alarm.linked == first.alarm.id
        wire.let_go()
        await quiet(loop)
        assert list(dict.fromkeys(wire.devices)) == ["desk-3", None, "under-desk-2"], "the first was on its way"


async def test_what_is_held_is_bounded_and_all_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "HELD", 20)
    monkeypatch.setattr(outbox, "AT_ONCE", 5)
    wire = world.wires["sms"] = Hanging()
    async with world.life() as loop:
        for n in range(40):
            await loop.submit(pressed("desk-3", f"r{n}", drill=True))
            await loop.clock.advance(0.1)
        most = 20 + 5 + GROUP_OF_ONE
        assert loop.outbox.depth <= most
        await loop.submit(pressed("under-desk-2"))
        assert "under-desk-2" in wire.devices, "a duress is never left waiting in the store"
        wire.let_go()
        await loop.clock.advance(1)
        assert len(wire.alarms) == 41, "what was left in the store has been fetched as room was made"
        await quiet(loop)
        assert not await loop.store.transact(lambda unit: unit.claim("one", loop.clock.now(), 10_000))


async def test_what_was_left_is_fetched_as_soon_as_there_is_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "HELD", 3)
    monkeypatch.setattr(outbox, "AT_ONCE", 5)
    wire = world.wires["sms"] = Hanging()
    async with world.life() as loop:
        for n in range(5):
            await loop.submit(pressed("desk-3", f"r{n}", drill=True))
        assert len(wire.alarms) < 5, "the rest was left in the store"
        wire.let_go()
        for _ in range(9):
            await loop.clock.advance(0.1)
        assert len(wire.alarms) == 5, "and the store was not asked by the second"


GROUP_OF_ONE = 5
"""Effects of one press at most: the last that was taken may go so far beyond."""


async def test_what_one_node_has_no_room_for_a_sister_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "HELD", 3)
    monkeypatch.setattr(outbox, "AT_ONCE", 1)
    wire = world.wires["sms"] = Hanging()
    async with world.life("north") as north:
        for n in range(5):
            await north.submit(pressed("desk-3", f"r{n}", drill=True))
        with world.database("shell") as sister, sister.transaction() as unit:
            assert len(unit.claim("south", world.clock.now(), 1000)) >= 5
        wire.let_go()


class Hanging(Wire):
    """A provider that answers nobody until it is let go; `devices` are those whose alarms it was asked to tell of."""

    def __init__(self) -> None:
        super().__init__(hold=asyncio.Event())
        self.devices: list[str | None] = []
        self.alarms: set[str] = set()

    async def send(self, message: Message) -> Outcome:
        self.devices.append(message.alarm.first.device)
        self.alarms.add(message.alarm.id)
        return await super().send(message)

    def let_go(self) -> None:
        assert self.hold is not None
        self.hold.set()


async def test_what_its_sender_was_told_no_about_is_decided_unless_thousands_of_those_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    for most, wanted in ((4, [0, 2]), (5, [0, 1, 2, 3, 4])):
        monkeypatch.setattr(admission, "GIVEN_UP", most)
        queue = Admission()
        waiting = [Waiting(pressed(f"desk-{n}"), VirtualClock().now(), loop.create_future()) for n in range(5)]
        for each in waiting:
            queue.put(each, Urgency.LIVE)
        for n in (1, 3, 4):
            waiting[n].answer.cancel()
        group = queue.take(VirtualClock().now())
        assert group == [waiting[n] for n in wanted]
        queue.done(group)
        assert not queue._pressing, "who presses now presses first"
