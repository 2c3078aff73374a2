"""A decision in the making: the alarm as it moves, the events and effects so far. PURE. Used only by the parts of
`decide`.

Everything of one decision happens at one instant, `now`, and gets its ids from `ids`, so the same inputs give the
same decision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from alarmd.alarm.effects import Effect, EndCall, Feedback, Tell, priority, urgency
from alarmd.alarm.events import Event, EventKind
from alarmd.alarm.lifecycle import after, opened
from alarmd.alarm.model import SYSTEM, VOICE, Alarm, Attempt, By, Notification, Person, State
from alarmd.alarm.values import quick
from alarmd.escalation.feedback import devices, shown
from alarmd.organisation.model import Chain, Organisation

Ids = Callable[[], str]


class Refusal(StrEnum):
    """Why nothing was done; the door that asked turns it into its own words (HTTP 409, 422; a text back)."""

    ENDED = "ended"
    NEEDS_REASON = "needs_reason"


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one incoming thing. `alarm` is as it stands after, None when none was concerned; `due` its
    next deadline; `done` ids of effects that need no more performing."""

    alarm: Alarm | None
    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    due: datetime | None = None
    refusal: Refusal | None = None
    done: tuple[str, ...] = ()


@dataclass(slots=True)
class Draft:
    """Mutable only while one decision is made."""

    organisation: Organisation
    now: datetime
    ids: Ids
    alarm: Alarm
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    @classmethod
    def opening(cls, organisation: Organisation, ids: Ids, site: str | None, event: Event) -> "Draft":
        return cls(organisation, event.at, ids, opened(ids(), site, event), [event])

    @property
    def chain(self) -> Chain:
        return self.organisation.chains[self.alarm.chain]

    def happens(self, kind: EventKind, by: By, data: Mapping[str, Any], state: State | None = None) -> None:
        """One more event; without `state` the alarm stays where it is."""
        event = Event(kind, self.now, by, state or self.alarm.state, data)
        self.alarm = after(self.alarm, event)
        self.events.append(event)

    def tell(self, notification: Notification, attempt: Attempt, not_before: datetime | None = None) -> None:
        """Perform this attempt; the console needs no performing, its feed shows every event."""
        if attempt.contact is None:
            return
        self.effects.append(
            Tell(
                self.ids(),
                attempt.id,
                notification.person,
                attempt.contact,
                attempt.channel,
                notification.purpose,
                priority(self.alarm, notification),
                not_before,
            )
        )

    def end_calls(self, before: Alarm, by: By = SYSTEM) -> None:
        """Stop every call that still rings for what has become pointless since; not the one by which he speaks."""
        wanted = {n.id for n in before.notifications if before.wants(n)}
        speaking = by.person if isinstance(by, Person) and by.channel == VOICE else None
        for notification in self.alarm.notifications:
            pointless = notification.id in wanted and not self.alarm.wants(notification)
            if pointless and notification.person != speaking:
                for attempt in notification.attempts:
                    self.end_call(attempt)

    def end_call(self, attempt: Attempt) -> None:
        """Stop it if it is a call that rings."""
        if attempt.rings and attempt.provider is not None:
            end = EndCall(self.ids(), attempt.id, attempt.channel, attempt.provider, urgency(self.alarm))
            self.effects.append(end)

    def show(self, before: Alarm | None = None) -> None:
        """Tell the devices what they show now, when that is something else than before."""
        now = shown(self.alarm, self.organisation)
        if before is not None and shown(before, self.organisation) == now:
            return
        for device, ref in devices(self.alarm).items():
            self.light(device, now, ref)

    def light(self, device: str, state: str, ref: str | None) -> None:
        """Show this at a device."""
        self.effects.append(Feedback(self.ids(), device, state, ref, urgency(self.alarm)))
