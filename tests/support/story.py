"""A story told to the pure core: presses, answers and time, one alarm's eye view. No loop, no store: `decide` and
`fold` alone."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alarmd.alarm.effects import Effect, Feedback, Tell
from alarmd.alarm.events import Event, EventKind, from_wire, wire
from alarmd.alarm.incoming import (
    Action,
    Answered,
    DeadlinePassed,
    FaultFound,
    FaultGone,
    Outcome,
    Pin,
    Pressed,
    Reported,
)
from alarmd.alarm.lifecycle import fold
from alarmd.alarm.model import Alarm, Attempt, AttemptState, Device, Kind, Person, State
from alarmd.alarm.veil import Veil
from alarmd.escalation.decide import Decidable, Situation, decide
from alarmd.escalation.draft import Decision
from alarmd.escalation.pressing import Opening
from alarmd.organisation.model import Organisation
from tests.support.organisations import office

BEGAN = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@dataclass
class Story:
    """Everything that happened to all alarms of one organisation, in order. `arrives`: every message is delivered at
    once, so that no other contact is tried."""

    organisation: Organisation = field(default_factory=office)
    now: datetime = BEGAN
    arrives: bool = False
    alarms: dict[str, Alarm] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    due: dict[str, datetime | None] = field(default_factory=dict)
    watch: list[Callable[[Decision], None]] = field(default_factory=list)
    last: str = ""
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_id(self) -> str:
        return f"id-{next(self._ids):05d}"

    def press(self, device: str = "desk-3", kind: Kind | None = None, **more: object) -> Alarm:
        pressed = Pressed(Device(device), device=device, kind=kind, **more)  # type: ignore[arg-type]  # fields of Pressed
        return self.happens(pressed)

    def does(self, person: str, action: Action, channel: str = "console", **more: object) -> Decision:
        """A person acts on the alarm that moved last."""
        by = Person(person, self.organisation.people[person].name, channel)
        before = self.alarms[self.last]
        roles = self.organisation.people[person].roles
        answered = Answered(self.last, action, by, roles=roles, **more)  # type: ignore[arg-type]  # fields of Answered
        decision = decide(answered, Situation(before, self.organisation), self.now, self.new_id)
        self.take(decision)
        return decision

    def pin(self, person: str, pin: Pin = Pin.DURESS, reason: str | None = None) -> Decision:
        """Somebody on the presser's side cancels the alarm that moved last."""
        return self.does(person, Action.CANCEL, pin=pin, reason=reason)

    def fault(self, cause: str, site: str | None = None, behind: Veil | None = None) -> Alarm:
        found, opening = (
            FaultFound(cause, f"{cause} is unwell", site),
            Opening(self.organisation, 1, "47", behind=behind),
        )
        return self.take(decide(found, opening, self.now, self.new_id))

    def mended(self, cause: str) -> Alarm:
        return self.happens(FaultGone(cause, f"{cause} is well again"))

    def resolve(self, person: str, reason: str | None = None, outcome: Outcome | None = None) -> Decision:
        return self.does(person, Action.RESOLVE, reason=reason, outcome=outcome)

    def report(self, attempt: str, state: AttemptState, **more: object) -> None:
        reported = Reported(self.last, attempt, state, **more)  # type: ignore[arg-type]  # fields of Reported
        self.happens(reported)

    def happens(self, incoming: Decidable) -> Alarm:
        opening = isinstance(incoming, Pressed | FaultFound)
        open_alarms = tuple(a for a in self.alarms.values() if not a.state.ended)
        situation = (
            Opening(self.organisation, 1, "47", open_alarms, {1: self.organisation})
            if opening
            else Situation(self.alarms[self.last], self.organisation)
        )
        return self.take(decide(incoming, situation, self.now, self.new_id))

    def take(self, decision: Decision) -> Alarm:
        alarm = decision.alarm
        assert alarm is not None
        self.last = alarm.id
        self.alarms[alarm.id] = alarm
        self.events.setdefault(alarm.id, []).extend(decision.events)
        self.effects += decision.effects
        self.due[alarm.id] = decision.due
        for watch in self.watch:
            watch(decision)
        if self.arrives:
            for tell in decision.effects:
                if isinstance(tell, Tell):
                    self.report(tell.attempt, AttemptState.DELIVERED)
        return self.alarms[alarm.id]

    def wait(self, seconds: float) -> None:
        """Time passes; every deadline is met when it comes."""
        until = self.now + timedelta(seconds=seconds)
        while True:
            at, id = min(((d, i) for i, d in self.due.items() if d is not None), default=(None, ""))
            if at is None or at > until:
                break
            self.now, self.last = max(self.now, at), id
            self.happens(DeadlinePassed(id))
            due = self.due[id]
            assert due is None or due > self.now, f"the deadline of {id} has come and is still there"
        self.now = until

    @property
    def alarm(self) -> Alarm:
        return self.alarms[self.last]

    def state(self) -> State:
        return self.alarm.state

    def kinds(self) -> list[EventKind]:
        return [e.kind for e in self.events[self.last]]

    def attempt(self, person: str, channel: str) -> Attempt:
        """The newest try of reaching this person by this channel."""
        attempts = [a for n in self.alarm.notifications if n.person == person for a in n.attempts]
        return next(a for a in reversed(attempts) if a.channel == channel)

    def steps(self) -> list[tuple[float, int, list[str]]]:
        """Every step of the alarm that moved last: seconds since it was raised, which step, whom it told."""
        began = self.alarm.opened_at
        return [
            ((e.at - began).total_seconds(), e.data["step"], e.data.get("tell", []))
            for e in self.events[self.last]
            if e.kind is EventKind.STEP_DUE or e.data.get("reason") in ("nobody_reached", "kept_inside")
        ]

    def told(self, channel: str) -> list[str]:
        """Who was told by this channel so far, in order."""
        return [e.person for e in self.effects if isinstance(e, Tell) and e.channel == channel]

    def shown(self, device: str) -> list[str]:
        return [e.state for e in self.effects if isinstance(e, Feedback) and e.device == device]

    def folded(self, id: str) -> Alarm:
        """The alarm as the stored log tells it, through the wire form."""
        alarm = self.alarms[id]
        return fold(id, alarm.site, [from_wire(wire(e, id, alarm.site)) for e in self.events[id]])
