"""What is to be done in the world, in the imperative. PURE. Decided with the events, committed with them, performed
afterwards by the outbox; an effect that no outcome has followed is performed again after a crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alarmd.alarm.model import Alarm, Kind, Notification, Purpose
from alarmd.alarm.times import moment, stamp
from alarmd.alarm.values import quick

LINKED, DURESS, FIRST, LIVE, LATER, BACKGROUND = range(6)
"""Priorities, the most urgent first: a helper who needs help himself, a duress, the first round of a live alarm, other
live matters, all-clears, then drills and technical matters."""


@quick
@dataclass(frozen=True, slots=True)
class Tell:
    """Perform one attempt. `not_before`: a second try waits until then."""

    id: str
    attempt: str
    person: str
    contact: int
    channel: str
    purpose: Purpose
    priority: int
    not_before: datetime | None = None


@quick
@dataclass(frozen=True, slots=True)
class Feedback:
    """Show a state at a device, and whose signal this answers."""

    id: str
    device: str
    state: str
    ref: str | None
    priority: int = LIVE


@dataclass(frozen=True, slots=True)
class EndCall:
    """Stop a call that rings; `provider` is the provider's id of it."""

    id: str
    attempt: str
    channel: str
    provider: str
    priority: int = LIVE


@dataclass(frozen=True, slots=True)
class ReportFault:
    """Raise a technical alarm for this cause unless one is open."""

    id: str
    cause: str
    text: str
    priority: int = BACKGROUND


Effect = Tell | Feedback | EndCall | ReportFault

TYPES: Mapping[str, type[Effect]] = {
    "tell": Tell,
    "feedback": Feedback,
    "end_call": EndCall,
    "report_fault": ReportFault,
}
NAMES = {type_: name for name, type_ in TYPES.items()}


def priority(alarm: Alarm, notification: Notification) -> int:
    """First signals overtake repeats, live alarms overtake drills and technical ones, duress overtakes all but a helper
    who needs help himself."""
    whole = urgency(alarm)
    if whole != BACKGROUND and notification.purpose is Purpose.ALL_CLEAR:
        return LATER
    return FIRST if whole == LIVE and notification.round == 1 else whole


def urgency(alarm: Alarm) -> int:
    """The priority of whatever is done for this alarm, unless more is known of it."""
    if not alarm.live:
        return BACKGROUND
    if alarm.linked is not None:
        return LINKED
    return DURESS if alarm.kind is Kind.DURESS else LIVE


def plain(effect: Effect) -> dict[str, Any]:
    """JSON-able; `from_plain` takes it back."""
    body = {name: getattr(effect, name) for name in effect.__slots__}
    if isinstance(effect, Tell) and effect.not_before:
        body["not_before"] = stamp(effect.not_before)
    return {"type": NAMES[type(effect)], **body}


def from_plain(body: Mapping[str, Any]) -> Effect:
    """The effect of a stored body. Raises KeyError, TypeError or ValueError where that was tampered with."""
    fields = {key: value for key, value in body.items() if key != "type"}
    if body["type"] == "tell":
        fields["purpose"] = Purpose(fields["purpose"])
        fields["not_before"] = fields["not_before"] and moment(fields["not_before"])
    return TYPES[body["type"]](**fields)
