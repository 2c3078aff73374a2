"""What the inbox promises whatever the broker does; no broker here."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from alarmd.alarm.incoming import Sitting
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import AlarmdError, NotDurable, Superseded, Undecidable
from alarmd.intake.messages import Arrived, Crossing, Inbox
from tests.support.intake import World


class Clock:
    """Time passes as fast as it is waited for."""

    def __init__(self) -> None:
        self.at = datetime(2027, 1, 1, tzinfo=UTC)
        self.waits: list[timedelta] = []

    def now(self) -> datetime:
        return self.at

    async def sleep_until(self, when: datetime | None, wake: asyncio.Event | None = None) -> None:  # noqa: ARG002  # as the Protocol has it
        assert when is not None
        self.waits.append(when - self.at)
        self.at = when


class Wire:
    """One connection: what it brings, and in which order it may be acknowledged."""

    def __init__(self, inbox: Inbox, world: World, supervisor: Supervisor, sitting: Sitting | None = None) -> None:
        self.crossing = Crossing(sitting)
        self.acknowledged: list[str] = []
        self.left: list[str] = []
        self.cleared: list[str] = []
        self._inbox, self._world, self._supervisor = inbox, world, supervisor

    def bring(
        self,
        device: str,
        payload: bytes = b"",
        *,
        retained: bool = False,
        own: bool = False,
        packet: int | None = None,
        again: bool = False,
    ) -> None:
        message = Arrived(f"alarmd/v1/signal/{device}", payload, retained, own, packet, again)
        self._supervisor.spawn("message", self._take(device, message))

    async def _take(self, device: str, message: Arrived) -> None:
        if await self._inbox.take(message, self.crossing, self._clear):
            self.acknowledged.append(device)
        else:
            self.left.append(device)
        self._world.bell.ring()

    async def _clear(self, topic: str) -> None:
        self.cleared.append(topic)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def world() -> World:
    return World()


@pytest.fixture
def inbox(world: World, clock: Clock) -> Inbox:
    return Inbox(world, world, world, clock)


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    async with Supervisor() as supervisor:
        yield supervisor


async def test_nothing_is_acknowledged_before_its_commit(inbox: Inbox, world: World, supervisor: Supervisor) -> None:
    line = Wire(inbox, world, supervisor)
    line.bring("desk-1")
    await world.bell.until(lambda: world.pending)
    assert line.acknowledged == []
    world.gate.set()
    await world.bell.until(lambda: line.acknowledged)


async def test_acknowledgements_leave_in_the_order_of_arrival(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    line = Wire(inbox, world, supervisor)
    line.bring("desk-1")
    line.bring("nobody")
    line.bring("desk-2", b"old", retained=True)
    line.bring("desk-3")
    await world.bell.until(lambda: len(world.pending) == 2 and len(world.reports) == 2)
    assert line.acknowledged == []
    world.gate.set()
    await world.bell.until(lambda: len(line.acknowledged) == 4)
    assert line.acknowledged == ["desk-1", "nobody", "desk-2", "desk-3"]


async def test_one_in_trouble_lets_those_behind_it_go_first(
    inbox: Inbox, world: World, clock: Clock, supervisor: Supervisor
) -> None:
    world.failures = [RuntimeError("a bug")] * 6
    world.gate.set()
    line = Wire(inbox, world, supervisor)
    line.bring("desk-1")
    await world.bell.until(lambda: world.reports)
    line.bring("desk-2")
    await world.bell.until(lambda: len(line.acknowledged) == 2)
    assert {p.device for p in world.taken} == {"desk-1", "desk-2"}
    assert world.reports == [("intake", "a press over MQTT cannot be handled; it is tried again, see the log")]
    assert max(clock.waits) <= timedelta(seconds=5)
    assert sorted(clock.waits) == clock.waits


async def test_a_press_that_comes_again_on_the_next_connection_is_one_press(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    first, second, third = (Wire(inbox, world, supervisor) for _ in range(3))
    first.bring("desk-1")
    first.bring("desk-1")
    await world.bell.until(lambda: len(world.pending) == 2)
    inbox.lost(first.crossing)
    second.bring("desk-1")
    second.bring("desk-1")
    second.bring("desk-1")
    await world.bell.until(lambda: len(world.pending) == 3)
    inbox.lost(second.crossing)
    for _ in range(3):
        third.bring("desk-1")
    third.bring("desk-2")
    await world.bell.until(lambda: len(world.pending) == 4)
    world.gate.set()
    await world.bell.until(lambda: len(third.acknowledged) == 4)
    assert [p.device for p in world.taken] == ["desk-1"] * 3 + ["desk-2"]


async def test_what_was_taken_after_its_connection_was_lost_is_not_taken_for_a_later_press(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    first, second = Wire(inbox, world, supervisor), Wire(inbox, world, supervisor)
    first.bring("desk-1")
    await world.bell.until(lambda: world.pending)
    inbox.lost(first.crossing)
    world.gate.set()
    await world.bell.until(lambda: first.acknowledged)
    second.bring("desk-1")
    await world.bell.until(lambda: second.acknowledged)
    assert len(world.taken) == 2


@pytest.mark.parametrize("failure", [NotDurable("disk full"), Undecidable("a fault of its own")])
async def test_a_failed_commit_is_tried_again_though_the_connection_is_gone(
    inbox: Inbox, world: World, clock: Clock, supervisor: Supervisor, failure: AlarmdError
) -> None:
    world.failures = [failure] * 3
    world.gate.set()
    line = Wire(inbox, world, supervisor)
    line.bring("desk-1", b'{"ref":"r"}')
    inbox.lost(line.crossing)
    await world.bell.until(lambda: world.taken)
    assert world.refs == {"r": 1}
    assert clock.waits == [timedelta(milliseconds=250), timedelta(milliseconds=500), timedelta(seconds=1)]
    assert world.reports == [], "the dispatcher says so, for every door"


async def test_a_retained_press_is_cleared_and_our_own_clearing_is_no_press(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    world.gate.set()
    line = Wire(inbox, world, supervisor)
    line.bring("desk-1", b"{}", retained=True)
    line.bring("desk-1", b"", own=True)
    line.bring("desk-2", b"", retained=True)
    await world.bell.until(lambda: len(line.acknowledged) == 3)
    assert (world.taken, line.cleared) == ([], ["alarmd/v1/signal/desk-1"])
    assert [cause for cause, _ in world.reports] == ["retained:desk-1"]


async def test_invented_names_are_one_fault_pressed_or_retained(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    line = Wire(inbox, world, supervisor)
    for n in range(3):
        line.bring(f"invented-{n}")
    line.bring("x" * 500, b"{}", retained=True)
    await world.bell.until(lambda: len(line.acknowledged) == 4)
    assert {cause for cause, _ in world.reports} == {"unknown_button"}
    assert "'invented-2'" in world.reports[2][1]
    assert len(world.reports[3][1]) < 300
    assert line.cleared == ["alarmd/v1/signal/" + "x" * 500]


async def test_a_foreign_topic_is_let_by(inbox: Inbox, world: World) -> None:
    async def clear(topic: str) -> None:
        raise AssertionError(topic)

    await inbox.take(Arrived("other/topic", b"{}"), Crossing(), clear)
    assert world.taken == []


SAT = Sitting(term=3, session=1)


async def test_a_press_without_a_ref_is_known_by_its_delivery_and_one_with_a_ref_by_that(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    world.gate.set()
    line = Wire(inbox, world, supervisor, SAT)
    line.bring("desk-1", packet=7)
    line.bring("desk-1", packet=8, again=True)
    line.bring("desk-2", packet=9)
    line.bring("desk-1", b'{"note":"x"}', packet=10)
    line.bring("desk-1", b'{"ref":"r"}', packet=11)
    line.bring("desk-1")  # at most once: the broker wants no acknowledgement
    await world.bell.until(lambda: len(line.acknowledged) == 6)
    first, second, elsewhere, noted, with_ref, at_most_once = (p.delivery for p in world.taken)
    assert first
    assert second
    assert elsewhere
    assert noted
    assert (first.term, first.session, first.packet, first.again, first.retried) == (3, 1, 7, False, False)
    assert second.again
    assert first.digest == second.digest
    assert len({first.digest, elsewhere.digest, noted.digest}) == 3
    assert len({d.arrival for d in (first, second, elsewhere, noted)}) == 4
    assert with_ref is at_most_once is None
    assert line.crossing.marks == {d.packet: d.arrival for d in (first, second, elsewhere, noted)}


async def test_while_the_new_session_is_not_stored_a_press_goes_without_its_delivery(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    world.gate.set()
    line = Wire(inbox, world, supervisor)
    line.bring("desk-1", packet=7)
    await world.bell.until(lambda: line.acknowledged)
    assert world.taken[0].delivery is None
    assert line.crossing.marks == {}


async def test_a_press_that_is_tried_again_says_so_and_is_the_same(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    world.failures = [NotDurable("disk full")]
    line = Wire(inbox, world, supervisor, SAT)
    line.bring("desk-1", packet=7)
    await world.bell.until(lambda: world.pending)
    delivery = world.pending[0].delivery
    assert delivery
    assert delivery.retried
    world.gate.set()
    await world.bell.until(lambda: line.acknowledged)
    assert line.crossing.marks == {7: delivery.arrival}


async def test_what_another_node_has_by_now_is_not_acknowledged(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    world.failures = [Superseded("taken by two now")]
    world.gate.set()
    line = Wire(inbox, world, supervisor, SAT)
    line.bring("desk-1", packet=7)
    await world.bell.until(lambda: line.left)
    assert (line.acknowledged, world.taken, line.crossing.marks) == ([], [], {})


async def test_what_came_in_an_earlier_time_on_the_seat_is_taken_anew(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    """The seat was lost and taken again while a commit hung: the old try is refused, and must not speak for the new."""
    line, later = Wire(inbox, world, supervisor, SAT), Wire(inbox, world, supervisor, Sitting(term=5, session=1))
    line.bring("desk-1", packet=7)
    await world.bell.until(lambda: world.pending)
    inbox.lost(line.crossing)
    later.bring("desk-1", packet=7, again=True)
    await world.bell.until(lambda: len(world.pending) == 2)
    assert [p.delivery.term for p in world.pending if p.delivery] == [3, 5]


async def test_a_press_delivered_again_while_it_is_tried_is_marked_by_its_one_try(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    line, later = Wire(inbox, world, supervisor, SAT), Wire(inbox, world, supervisor, SAT)
    line.bring("desk-1", packet=7)
    await world.bell.until(lambda: world.pending)
    inbox.lost(line.crossing)
    later.bring("desk-1", packet=7, again=True)
    world.gate.set()
    await world.bell.until(lambda: later.acknowledged)
    (press,) = world.taken
    assert press.delivery
    assert later.crossing.marks == {7: press.delivery.arrival}


async def test_of_two_alike_each_goes_on_with_the_try_of_its_own_number(
    inbox: Inbox, world: World, supervisor: Supervisor
) -> None:
    line, later = Wire(inbox, world, supervisor, SAT), Wire(inbox, world, supervisor, SAT)
    line.bring("desk-1", packet=7)
    line.bring("desk-1", packet=8)
    await world.bell.until(lambda: len(world.pending) == 2)
    inbox.lost(line.crossing)
    later.bring("desk-1", packet=8, again=True)
    later.bring("desk-1", packet=7, again=True)
    world.gate.set()
    await world.bell.until(lambda: len(later.acknowledged) == 2)
    assert len(world.taken) == 2
    assert later.crossing.marks == {p.delivery.packet: p.delivery.arrival for p in world.taken if p.delivery}
