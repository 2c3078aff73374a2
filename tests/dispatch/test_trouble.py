"""The loop when something goes wrong that nobody meant: a crash of a sister, a bug on one alarm, a lost answer, an end
in the middle of a storm.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from alarmd.alarm.effects import EndCall
from alarmd.alarm.incoming import Action, Answered, DeadlinePassed, Pressed
from alarmd.alarm.model import Alarm, AttemptState, Device, Person, State
from alarmd.dispatch import deadlines, outbox
from alarmd.dispatch.admission import LINGER
from alarmd.dispatch.take import Taken, Taker
from alarmd.errors import NotDurable
from alarmd.ports import Due, Outcome, Reading, Registry, Unit
from alarmd.store import Database
from alarmd.store.reading import StoredReading
from tests.support.loop import Loop, Wire, World

OLA = Person("ola", "Ola Fjord", "console")
GUARDS = ["ola", "per", "siv"]


def pressed(device: str = "desk-3", ref: str | None = None) -> Pressed:
    return Pressed(Device(device), device=device, ref=ref)


async def alarm_of(loop: Loop, press: Pressed) -> str:
    taken = await loop.submit(press)
    assert taken.signal is not None
    return taken.signal.alarm


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    return world


async def test_an_end_in_the_middle_of_a_storm_is_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "IN_FLIGHT", (2,) * 6)
    world.wires["sms"].hold = asyncio.Event()
    async with asyncio.timeout(5), world.life() as loop:
        await loop.submit(pressed())
        assert len(world.wires["sms"].told) == 2
    assert len(world.wires["sms"].told) == 2, "nobody is told while everything is being stopped"


async def test_what_a_sister_made_due_earlier_is_done_when_she_is_gone(world: World) -> None:
    async with world.life() as loop:
        alarm = await alarm_of(loop, pressed())
        await loop.submit(Answered(alarm, Action.ACKNOWLEDGE, OLA))
        await world.clock.advance(30)
        with world.database("shell") as sister, sister.transaction() as unit:
            Taker("sister", loop.dispatcher._taker.ids).take(
                unit, Answered(alarm, Action.DECLINE, OLA), world.clock.now()
            )
        before = len((await loop.alarm(alarm)).notifications)
        await world.clock.advance(62)
        assert len((await loop.alarm(alarm)).notifications) > before, (
            "the next step, long before his five minutes are over"
        )


async def test_a_bug_on_one_alarm_silences_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.life() as loop:
        sick, well = await alarm_of(loop, pressed("room-2")), await alarm_of(loop, pressed("desk-3"))
        move = Taker._move

        def broken(taker: Taker, unit: Unit, incoming: DeadlinePassed, alarm: Alarm, *rest: object) -> Taken:
            assert alarm.id != sick, "a bug"
            return move(taker, unit, incoming, alarm, *rest)  # type: ignore[arg-type]  # as it was called

        monkeypatch.setattr(Taker, "_move", broken)
        await world.clock.advance(40)
        assert sorted(world.wires["voice"].told) == GUARDS
        assert (await loop.alarm(well)).next is not None
        assert any(f'"cause":"undecidable:{sick}"' in one.body for one in loop.heard)


async def test_an_alarm_that_cannot_be_read_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = StoredReading.alarm

    def broken(reading: StoredReading, id: str) -> Alarm | None:
        found = alarm(reading, id)
        assert found is None or found.first.device != "room-2", "a row that is damaged"
        return found

    async with world.life() as loop:
        monkeypatch.setattr(StoredReading, "alarm", broken)
        answers = [asyncio.ensure_future(loop.dispatcher.submit(pressed(d))) for d in ("room-2", "desk-3")]
        await world.clock.settle()
        assert all(a.done() for a in answers)
        assert sorted(world.wires["sms"].told) == ["kari", *GUARDS]
        monkeypatch.setattr(StoredReading, "alarm", alarm)
        await world.clock.advance(35)
        assert sorted(world.wires["sms"].told) != ["kari", *GUARDS], "it is tried again when its lease has run out"
        assert loop.outbox.depth == 0


async def test_a_commit_whose_answer_was_lost_tells_people_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.life() as loop:
        transact = loop.store.transact

        async def answer_lost(work: object) -> None:
            monkeypatch.setattr(loop.store, "transact", transact)
            await transact(work)  # type: ignore[arg-type]  # what the dispatcher asked for
            raise NotDurable("the connection was lost during the commit")

        monkeypatch.setattr(loop.store, "transact", answer_lost)
        with pytest.raises(NotDurable):
            await loop.submit(pressed(ref="r1"))
        await world.clock.advance(1.1)
        assert sorted(world.wires["sms"].told) == ["kari", *GUARDS]
        assert (await loop.submit(pressed(ref="r1"))).repeated


@pytest.fixture
def sisters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is one that other nodes share."""
    monkeypatch.setattr(Database, "alone", False)


async def test_alone_a_node_that_stood_still_asks_nobody_whose_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.life() as loop:
        read, stands = loop.store.read, asyncio.Event()

        async def read_later(work: Callable[[Reading], object]) -> object:
            await stands.wait()
            return await read(work)

        async def never(_: object) -> None:
            raise NotDurable("it stands still")

        monkeypatch.setattr(loop.store, "read", read_later)
        await loop.submit(pressed())
        monkeypatch.setattr(loop.store, "transact", never)
        await world.clock.advance(6)
        stands.set()
        await world.clock.settle()
        assert sorted(world.wires["sms"].told) == ["kari", *GUARDS], "nobody can have taken them over"


@pytest.mark.usefixtures("sisters")
async def test_a_node_that_stood_still_leaves_to_its_sister_what_she_has_taken_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.life() as loop:
        read, transact, stands = loop.store.read, loop.store.transact, asyncio.Event()

        async def read_later(work: Callable[[Reading], object]) -> object:
            await stands.wait()
            return await read(work)

        async def never(_: object) -> None:
            raise NotDurable("it stands still")

        monkeypatch.setattr(loop.store, "read", read_later)
        await loop.submit(pressed())
        await world.clock.advance(LINGER.total_seconds())  # that its light is on is stored, too
        monkeypatch.setattr(loop.store, "transact", never)
        await world.clock.advance(6)
        with world.database("shell") as sister, sister.transaction() as unit:
            assert len(unit.claim("sister", world.clock.now(), 100)) == 4
        stands.set()
        await world.clock.settle()
        assert world.wires["sms"].told == [], "the sister tells them"
        monkeypatch.setattr(loop.store, "transact", transact)
        await world.clock.advance(4)
        assert world.wires["sms"].told == []
        await world.clock.advance(2)
        assert sorted(world.wires["sms"].told) == ["kari", *GUARDS], "she is gone, too"


@pytest.mark.usefixtures("sisters")
async def test_a_node_that_stood_still_tells_at_once_what_nobody_has_taken_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.life() as loop:
        read, transact, goes_on = loop.store.read, loop.store.transact, asyncio.Event()
        looks = 0

        async def read_later(work: Callable[[Reading], object]) -> object:
            nonlocal looks
            looks += 1
            await goes_on.wait()
            return await read(work)

        async def never(_: object) -> None:
            raise NotDurable("it stands still")

        monkeypatch.setattr(loop.store, "read", read_later)
        await loop.submit(pressed())
        monkeypatch.setattr(loop.store, "transact", never)
        await world.clock.advance(3.1)
        assert world.wires["sms"].told == []
        monkeypatch.setattr(loop.store, "transact", transact)
        goes_on.set()
        before = looks
        await world.clock.settle()
        assert sorted(world.wires["sms"].told) == ["kari", *GUARDS], "without waiting for the next look"
        assert looks > before, "its lease is nearly over, so it asks for it, and looks at the alarm again"


@pytest.mark.usefixtures("sisters")
async def test_what_a_provider_is_slow_with_is_never_a_sisters(world: World) -> None:
    """Renewed while it lasts; a crash at any instant frees it within a lease."""
    world.wires["sms"].hold = asyncio.Event()
    async with world.life() as loop:
        await loop.submit(pressed())
        assert sorted(world.wires["sms"].told) == ["kari", *GUARDS]
        for _ in range(40):
            await world.clock.advance(0.5)
            with world.database("shell") as sister, sister.transaction() as unit:
                assert unit.claim("sister", world.clock.now() + timedelta(seconds=3), 100) == ()
        with world.database("shell") as sister, sister.transaction() as unit:
            assert len(unit.claim("sister", world.clock.now() + timedelta(seconds=5), 4)) == 4


@pytest.mark.usefixtures("sisters")
async def test_a_lease_that_cannot_be_renewed_any_more_is_not_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.life() as loop:
        read, goes_on = loop.store.read, asyncio.Event()

        async def read_later(work: Callable[[Reading], object]) -> object:
            await goes_on.wait()
            return await read(work)

        async def never(_: object) -> None:
            raise NotDurable("the disk is full")

        monkeypatch.setattr(loop.store, "read", read_later)
        await loop.submit(pressed())
        await world.clock.advance(LINGER.total_seconds())  # that its light is on is stored, too
        monkeypatch.setattr(loop.store, "transact", never)
        await world.clock.advance(6)
        goes_on.set()
        await world.clock.advance(3)
        assert world.wires["sms"].told == [], "it may be a sister's by now"
        monkeypatch.undo()
        await world.clock.advance(2)
        assert sorted(world.wires["sms"].told) == ["kari", *GUARDS]


async def test_what_is_committed_while_a_lost_answer_is_cleared_up_stays_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.wires["sms"].hold = asyncio.Event()
    async with world.life() as loop:
        transact = loop.store.transact
        claimed: list[Due] = []

        async def answer_lost(work: object) -> None:
            monkeypatch.setattr(loop.store, "transact", cleared_up)
            await transact(work)  # type: ignore[arg-type]  # what the dispatcher asked for
            raise NotDurable("the connection was lost during the commit")

        async def cleared_up(work: Callable[[Registry], object]) -> object:
            if not work.__qualname__.startswith("Outbox."):
                return await transact(work)
            monkeypatch.setattr(loop.store, "transact", transact)
            await loop.submit(pressed("room-2"))
            found = await transact(work)
            with world.database("shell") as sister, sister.transaction() as unit:
                claimed.extend(unit.claim("sister", world.clock.now(), 100))
            return found

        monkeypatch.setattr(loop.store, "transact", answer_lost)
        with pytest.raises(NotDurable):
            await loop.submit(pressed("desk-3"))
        await world.clock.advance(1.1)
        assert claimed == [], "a sister would tell people what we are telling them already"
        assert sorted(world.wires["sms"].told) == ["kari", *sorted([*GUARDS, *GUARDS])]


async def test_many_deadlines_at_once_are_few_commits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.life() as loop:
        for n in range(30):
            await loop.submit(Pressed(Device("desk-3"), device="desk-3", drill=True, ref=str(n)))
        await world.clock.advance(1)
        commits = 0
        transact = loop.store.transact

        async def counted(work: object) -> object:
            nonlocal commits
            commits += 1
            return await transact(work)  # type: ignore[arg-type]  # handed on

        monkeypatch.setattr(loop.store, "transact", counted)
        await world.clock.advance(19.005)
        assert len(world.wires["voice"].told) == 90
        assert commits < 60, "two a second are looks; one for each alarm would be many more"


async def test_all_effects_of_a_life_before_are_taken_back_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "AT_ONCE", 3)
    world.wires["sms"].hold = asyncio.Event()
    async with world.life() as loop:
        for device in ("desk-3", "room-2"):
            await loop.submit(pressed(device))
    world.wires["sms"].told.clear()
    world.wires["sms"].hold = None
    async with world.life():
        assert len(world.wires["sms"].told) == 7, "without waiting for the next look"


async def test_a_node_resolves_its_own_faults_alone(world: World) -> None:
    async with world.life("one") as loop:
        loop.health.found("mqtt", "the broker is away")
        await world.clock.settle()
    async with world.life("two") as loop:
        loop.health.gone("mqtt", "subscribed")
        await world.clock.settle()
        assert len(await loop.store.read(lambda r: r.summaries(open=True, site=None, limit=9))) == 1
    async with world.life("one") as loop:
        loop.health.gone("mqtt", "subscribed")
        await world.clock.settle()
        assert not await loop.store.read(lambda r: r.summaries(open=True, site=None, limit=9))


async def test_a_store_that_was_away_at_the_start_makes_no_old_events_news(
    world: World,
) -> None:
    async with world.life() as loop:
        await loop.submit(pressed("desk-4"))
    async with world.life() as loop:
        loop.follower._begun, loop.follower._position = False, 0
        loop.heard.clear()
        await world.clock.advance(0.5)
        assert not loop.heard
        await loop.submit(pressed("desk-3"))
        assert loop.heard


async def test_a_call_that_could_not_be_ended_is_tried_again(world: World) -> None:
    class Stubborn(Wire):
        async def end(self, effect: EndCall) -> bool:
            await super().end(effect)
            return len(self.ended) == 3

    world.wires["voice"] = Stubborn(lambda _: Outcome(AttemptState.ACCEPTED, provider="CA1"))
    async with world.life() as loop:
        alarm = await alarm_of(loop, pressed())
        await world.clock.advance(20.02)
        await loop.submit(Answered(alarm, Action.ACKNOWLEDGE, OLA))
        await world.clock.advance(5)
        assert (await loop.alarm(alarm)).state is State.ACKNOWLEDGED
        assert len(world.wires["voice"].ended) >= 3


def test_the_sweep_is_bounded() -> None:
    assert deadlines.SWEEPS * deadlines.AT_ONCE >= 10_000
    assert timedelta(seconds=1) >= deadlines.SWEEP
