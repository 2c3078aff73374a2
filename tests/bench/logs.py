"""A log that has grown for years: alarms that were told, answered and closed, written through the store as the daemon
would.
"""

from collections.abc import Iterator
from contextlib import closing

from alarmd.alarm.effects import Tell
from alarmd.alarm.incoming import Action, Answered, Incoming, Outcome, Performed, Pressed, Reported
from alarmd.alarm.model import AttemptState, Device, Person
from alarmd.clock import SystemClock, new_id
from alarmd.dispatch.take import Taken, Taker
from alarmd.store import open_database
from tests.bench.systems import DEVICES

GUARD = Person("guard", "Guard", "api")
GROUP = 200
EVENTS = 7
"""Of each alarm."""


def filled(url: str, held: int, alarms: int) -> None:
    """So many alarms, of which it holds some already; all of them over."""
    clock, taker = SystemClock(), Taker("bench", new_id)
    with closing(open_database(url, node="bench")) as database:
        for first in range(held, alarms, GROUP):
            with database.transaction() as unit:
                for number in range(first, min(first + GROUP, alarms)):
                    name = f"dev-{number % DEVICES}"
                    pressed = Pressed(Device(name), device=name, ref=f"L{number:07}")
                    for following in _told_and_closed(taker.take(unit, pressed, clock.now())):
                        taken = taker.take(unit, following, clock.now())
                        for due in taken.committed.effects if taken.committed else ():
                            taker.take(unit, Performed(due.effect.id), clock.now())


def closed(url: str) -> None:
    """No alarm is open any more."""
    clock, taker = SystemClock(), Taker("bench", new_id)
    with closing(open_database(url, node="bench")) as database, database.transaction() as unit:
        for alarm in unit.open_alarms(at_most=10_000):
            for following in _over(alarm.id):
                taker.take(unit, following, clock.now())


def _told_and_closed(taken: Taken) -> Iterator[Incoming]:
    assert taken.alarm is not None
    assert taken.committed is not None
    for due in taken.committed.effects:
        effect = due.effect
        if isinstance(effect, Tell):
            yield Reported(due.alarm, effect.attempt, AttemptState.DELIVERED, effect=effect.id)
        else:
            yield Performed(effect.id)
    yield from _over(taken.alarm.id)


def _over(alarm: str) -> Iterator[Incoming]:
    yield Answered(alarm, Action.ARRIVED, GUARD)
    yield Answered(alarm, Action.RESOLVE, GUARD, outcome=Outcome.REAL)
