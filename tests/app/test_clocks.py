"""What is said when clocks disagree, and what a node does that finds itself ahead."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarmd.app.clocks import CAUSE, EVERY, Clocked, watch
from alarmd.clock import SystemClock
from alarmd.dispatch.health import Health
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import CannotStart, NotDurable
from tests.support.virtual import VirtualClock

BEGAN = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Machine(SystemClock):
    """A machine whose wall is `wrong` by so much, in a world of virtual time."""

    def __init__(self, world: VirtualClock, wrong: timedelta = timedelta(0)) -> None:
        self.world, self.wrong, self.ticks = world, wrong, itertools.count()
        super().__init__()

    def _wall(self) -> datetime:
        return self.world.now() + self.wrong

    def _steady(self) -> timedelta:
        return self.world.now() - BEGAN

    def _tick(self) -> int:
        return next(self.ticks)

    async def sleep_until(self, when: datetime | None, wake: Any = None) -> None:
        assert when is not None
        await self.world.sleep_until(self.world.now() + (when - self.now()), wake)


class Asked:
    """A store that knows the time, if it is there."""

    alone = False

    def __init__(self, world: VirtualClock) -> None:
        self.world, self.away, self.wrong = world, False, timedelta(0)

    def time(self) -> datetime | None:
        return self.world.now() + self.wrong

    async def read(self, work: Callable[[Any], Any]) -> Any:
        if self.away:
            raise NotDurable("away")
        return work(self)

    transact = read


class Alone(Asked):
    """A file: no clock of its own."""

    def time(self) -> datetime | None:
        return None


def nothing() -> None:
    """Happens."""


async def told(machine: Machine, store: Asked, then: Callable[[], None] = nothing) -> tuple[str, str]:
    """What is said after a while, and, once something has happened, some while later."""
    health = Health(machine.world, "one")
    said = []
    async with Supervisor() as supervisor:
        supervisor.forever("clock watch", watch(machine, store, health))
        for happens in (nothing, then):
            happens()
            await machine.world.advance(2 * EVERY.total_seconds())
            said.append(health.faults[CAUSE].text if CAUSE in health.faults else "")
    return said[0], said[1]


@pytest.fixture
def world() -> VirtualClock:
    return VirtualClock(BEGAN)


async def test_a_machine_that_is_right_says_nothing(world: VirtualClock) -> None:
    assert await told(Machine(world, 400 * timedelta(milliseconds=1)), Asked(world)) == ("", "")


@pytest.mark.parametrize(("wrong", "words"), [(-600 * SECOND, "600.0 s behind"), (0.6 * SECOND, "0.6 s ahead of")])
async def test_half_a_second_off_is_said_until_it_is_mended(world: VirtualClock, wrong: timedelta, words: str) -> None:
    machine = Machine(world, wrong)

    def mended() -> None:
        machine.wrong = timedelta(0)

    first, then = await told(machine, Asked(world), mended)
    assert words in first
    assert "let a time service set it" in first
    assert then == ""


async def test_a_database_whose_clock_was_put_back_is_said(world: VirtualClock) -> None:
    machine, store = Machine(world), Asked(world)

    def put_back() -> None:
        store.wrong = -HOUR

    first, then = await told(machine, store, put_back)
    assert first == ""
    assert "the clock of the database was put back; alarmd goes on 3600 s ahead" in then


async def test_alone_it_is_the_machines_clock_that_counts(world: VirtualClock) -> None:
    machine = Machine(world)

    def put_back() -> None:
        machine.wrong = -HOUR

    first, then = await told(machine, Alone(world), put_back)
    assert first == ""
    assert "the clock of this machine was put back; alarmd goes on 3600 s ahead" in then


async def test_a_node_that_could_not_ask_at_its_start_and_is_ahead_begins_anew(world: VirtualClock) -> None:
    machine, store = Machine(world, HOUR), Asked(world)
    store.away = True

    def back() -> None:
        store.away = False

    with pytest.raises(CannotStart, match="3600 s ahead of the database's"):
        await told(machine, store, back)


async def test_one_that_is_behind_goes_on_by_the_databases_when_it_is_there(world: VirtualClock) -> None:
    machine, store = Machine(world, -HOUR), Asked(world)
    store.away = True

    def back() -> None:
        store.away = False

    first, then = await told(machine, store, back)
    assert first == ""
    assert "3600.0 s behind the database's" in then
    assert abs(machine.now() - world.now()) < SECOND


async def test_nothing_is_written_before_the_clock_was_asked(world: VirtualClock) -> None:
    """By a clock that is wrong it would take from its sisters what they are doing."""
    machine, store = Machine(world, -HOUR), Asked(world)
    store.away = True
    clocked = Clocked(store, machine)
    health = Health(world, "one")
    async with Supervisor() as supervisor:
        supervisor.forever("clock watch", watch(machine, clocked, health))
        await world.advance(0.1)
        with pytest.raises(NotDurable, match="clock has not been asked yet"):
            await clocked.transact(lambda _: "written")
        store.away = False
        await world.advance(1)
        assert await clocked.transact(lambda _: "written") == "written", "it is asked again every second"


async def test_alone_everything_is_written_at_once(world: VirtualClock) -> None:
    store = Alone(world)
    store.alone = True
    assert await Clocked(store, Machine(world)).transact(lambda _: "written") == "written"
