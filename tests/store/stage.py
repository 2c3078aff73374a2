"""A node on a database, for the store's exam: takes what comes in as the daemon does, with a clock that stands."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import text

from alarmd.alarm.effects import Tell
from alarmd.alarm.incoming import Action, Answered, FaultFound, Incoming, Outcome, Pressed, Reported
from alarmd.alarm.model import Alarm, AttemptState, Device, Person
from alarmd.clock import new_id
from alarmd.dispatch.take import Taken, Taker
from alarmd.organisation.model import Organisation
from alarmd.ports import Registry
from alarmd.store import Database, open_database
from tests.support.organisations import office

T = TypeVar("T")
OFFICE = office(externals={})
BEGAN = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@dataclass
class Stage:
    """`reopen` is the restart of its process."""

    url: str
    node: str = "one"
    daemon: bool = False
    now: datetime = BEGAN
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = open_database(self.url, node=self.node, daemon=self.daemon)

    def reopen(self) -> None:
        self.database.close()
        self.database = open_database(self.url, node=self.node, daemon=self.daemon)

    def apply(self, office: Organisation = OFFICE) -> int:
        with self.database.transaction() as unit:
            return unit.add_organisation(office, by="test", now=self.now, why=None)

    def taker(self) -> Taker:
        return Taker(self.node, new_id)

    def within(self, work: Callable[[Registry], T]) -> T:
        """One transaction."""
        with self.database.transaction() as unit:
            return work(unit)

    def by_hand(self, statement: str) -> int:
        """Behind alarmd's back; how many rows were changed."""
        with stage(self.url, "by hand") as other, other.database._backend.writer.begin() as connection:
            return connection.execute(text(statement)).rowcount

    def take(self, *incoming: Incoming) -> list[Taken]:
        """All of these in one transaction."""
        with self.database.transaction() as unit:
            return [self.taker().take(unit, each, self.now) for each in incoming]

    def press(self, device: str = "desk-3", ref: str | None = None) -> Taken:
        return self.take(pressed(device, ref))[0]

    def does(self, alarm: str, action: Action, person: str = "ola", **more: object) -> Taken:
        by = Person(person, person.capitalize(), "console")
        return self.take(Answered(alarm, action, by, **more))[0]  # type: ignore[arg-type]  # fields of Answered

    def live_through(self) -> list[str]:
        """A whole morning: presses with and without ref, joins, an upgrade, receipts, answers, a fault; some of it
        ends.
        """
        first = self.press("desk-3", "a-1")
        self.now += timedelta(seconds=2)
        self.take(pressed("desk-3", "a-2"), pressed("desk-4", "b-1"), pressed("under-desk-2", "silent-1"))
        fault = self.take(FaultFound("smtp", "the mail server is away"))[0]
        assert first.alarm is not None
        assert fault.alarm is not None
        self.tell_all()
        self.does(first.alarm.id, Action.ARRIVED, outcome=None)
        self.now += timedelta(seconds=5)
        self.does(first.alarm.id, Action.RESOLVE, outcome=Outcome.REAL)
        with self.database.snapshot() as reading:
            events = reading.events(0, 1000)
        return list(dict.fromkeys(event.alarm for event in events))

    def tell_all(self) -> None:
        """Perform what waits: every telling is accepted but the last, which fails."""
        self.now += timedelta(seconds=40)
        with self.database.transaction() as unit:
            due = unit.claim(self.node, self.now, 1000)
        tells = [(one.alarm, one.effect) for one in due if isinstance(one.effect, Tell)]
        for n, (alarm, tell) in enumerate(tells, 1):
            state = AttemptState.ACCEPTED if n < len(tells) else AttemptState.FAILED
            self.take(
                Reported(alarm, tell.attempt, state, "why" if n == len(tells) else None, f"SM{n}", effect=tell.id)
            )

    def alarm(self, id: str) -> Alarm:
        with self.database.snapshot() as reading:
            found = reading.alarm(id)
        assert found is not None
        return found

    def position(self) -> int:
        with self.database.snapshot() as reading:
            return reading.head().position


@contextmanager
def stage(url: str, node: str = "one", *, daemon: bool = False) -> Iterator[Stage]:
    """A stage that is closed afterwards."""
    made = Stage(url, node, daemon)
    try:
        yield made
    finally:
        made.database.close()


def pressed(device: str = "desk-3", ref: str | None = None) -> Pressed:
    return Pressed(Device(device), device=device, ref=ref)


def hammer(url: str, node: str, presses: int) -> None:
    """A process of its own that presses, one transaction each; every third time the ref that all share."""
    with stage(url, f"{node}-{os.getpid()}") as own:
        for n in range(presses):
            own.press("desk-3", f"shared-{n}" if n % 3 == 0 else f"{node}-{n}")
