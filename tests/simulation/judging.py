"""What is judged while the world runs: every decision that a node takes, and when each change was durable."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from alarmd.alarm.incoming import DeadlinePassed, Incoming
from alarmd.alarm.model import State
from alarmd.dispatch.take import Taken, Taker
from alarmd.escalation.decide import Decidable, Situation, decide
from alarmd.escalation.draft import Decision, Ids
from alarmd.escalation.pressing import Opening
from alarmd.ports import Unit


@dataclass(frozen=True)
class Commit:
    """From this second on the log was durable to this length."""

    at: float
    position: int


@dataclass
class Court:
    """One for a world."""

    findings: list[str] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    """The alarms on which the transaction that runs has decided."""

    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def taker(self, node: str, room: Callable[[], bool]) -> Taker:
        """A real taker whose decisions are looked at."""
        return WatchedTaker(node, lambda: f"i{next(self._ids):06d}", room, court=self)

    def decide(self, incoming: Decidable, situation: Situation | Opening, now: datetime, ids: Ids) -> Decision:
        """The real decision, made twice: the same inputs must give the same."""
        given: list[str] = []

        def fresh() -> str:
            given.append(ids())
            return given[-1]

        decision = decide(incoming, situation, now, fresh)
        if decide(incoming, situation, now, iter(given).__next__) != decision:
            self.findings.append(f"{incoming} was decided in two ways at {now}")
        return decision

    def see(self, incoming: Incoming, now: datetime, taken: Taken) -> None:
        """A decision. It may yet be undone by the disk; it must be right all the same."""
        decision = taken.decision
        alarm = decision.alarm
        if alarm is not None:
            self.touched.add(alarm.id)
        self.touched.update(each.alarm.id for each in taken.also if each.alarm is not None)
        if alarm is None or not (decision.events or isinstance(incoming, DeadlinePassed)):
            return
        if isinstance(incoming, DeadlinePassed) and decision.due is not None and decision.due <= now:
            self.findings.append(f"{alarm.id}: a deadline was met and is still there ({decision.due})")
        if alarm.state in (State.RAISED, State.ACKNOWLEDGED) and decision.due is None:
            self.findings.append(f"{alarm.id}: is {alarm.state} and has no deadline")


@dataclass(frozen=True, slots=True)
class WatchedTaker(Taker):
    """Tells the court."""

    court: Court = field(kw_only=True)

    def take(self, unit: Unit, incoming: Incoming, now: datetime) -> Taken:
        taken = Taker.take(self, unit, incoming, now)
        self.court.see(incoming, now, taken)
        return taken
