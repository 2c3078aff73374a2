"""What happened to an alarm, in the past tense. PURE. The append-only log, the feed and the timeline hold these and
nothing else.

An event's `data` is JSON of the shape that its constructor below documents: it is written once, hashed, stored and
sent as it is. `state` is the alarm's state after it. `next` in data is the chain's clock: the next undone step
{"at","step","round"}, `at` null while it stands still.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from alarmd.alarm.model import SYSTEM, Attempt, By, Device, NextStep, Notification, Person, Signal, State
from alarmd.alarm.times import moment, stamp
from alarmd.alarm.values import quick

Json = Mapping[str, Any]
LATE = timedelta(seconds=1)
"""Whatever is done so long after its time is told to be late."""


class EventKind(StrEnum):
    """The kinds of the contract; more may be added, none changes its meaning."""

    RAISED = "raised"
    JOINED = "joined"
    UPGRADED = "upgraded"
    STEP_DUE = "step_due"
    NOTIFIED = "notified"
    RECEIPT = "receipt"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    DECLINED = "declined"
    LAPSED = "lapsed"
    ESCALATED = "escalated"
    ATTENDED = "attended"
    NOTED = "noted"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why alarmd did something. Log, timeline and tests read these; the screens have a sentence for each in three
    languages."""

    STEP_IS_DUE = "step_is_due"
    NEW_ROUND = "new_round"
    LAST_STEP_AGAIN = "last_step_again"
    NOBODY_REACHED = "nobody_reached"
    KEPT_INSIDE = "kept_inside"
    ASKED_FOR_MORE = "asked_for_more"
    PRESSED_AGAIN = "pressed_again"
    NOT_ARRIVED = "not_arrived"
    TOO_FEW_THERE = "too_few_there"
    NEEDS_HELP = "needs_help"
    NOT_ACCEPTED = "not_accepted"
    NOT_DELIVERED = "not_delivered"
    ATTEMPT_FAILED = "attempt_failed"
    TRY_AGAIN = "try_again"
    EVERY_WAY_FAILED = "every_way_failed"
    NOT_TOLD_YET = "not_told_yet"
    UPGRADED = "upgraded"
    DURESS_PIN = "duress_pin"
    ENDED = "ended"


TO_WHO_COMES = frozenset({Reason.UPGRADED, Reason.DURESS_PIN})
"""Why those are told who are coming: however many they are, they must know into what they come."""
KINDS = {kind.value: kind for kind in EventKind}
STATES = {state.value: state for state in State}


@quick
@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `data` as its constructor in this file says."""

    kind: EventKind
    at: datetime
    by: By
    state: State
    data: Json


def wire(event: Event, alarm: str, site: str | None) -> dict[str, Any]:
    """The event as log and feed hold it, without its position."""
    return {
        "alarm": alarm,
        "kind": event.kind.value,
        "at": stamp(event.at),
        "by": by_wire(event.by),
        "state": event.state.value,
        "site": site,
        "data": event.data,
    }


def from_wire(body: Json) -> Event:
    """The event of a stored body. Raises KeyError or ValueError where the log was tampered with."""
    kind, state = KINDS[body["kind"]], STATES[body["state"]]
    return Event(kind, moment(body["at"]), by_from_wire(body["by"]), state, body["data"])


def by_wire(by: By) -> dict[str, str]:
    """Who did it, as the contract writes it."""
    match by:
        case Person():
            return {"person": by.person, "name": by.name, "channel": by.channel}
        case Device():
            return {"device": by.device}
        case _:
            return {"system": "alarmd"}


def by_from_wire(by: Mapping[str, str]) -> By:
    """What `by_wire` wrote."""
    if "person" in by:
        return Person(by["person"], by["name"], by["channel"])
    return Device(by["device"]) if "device" in by else SYSTEM


def signal_data(signal: Signal, *, drill: bool, sounds: bool, next: NextStep | None) -> dict[str, Any]:
    """Data of raised, joined and upgraded. `sounds` is false for a press within the settling time. Joined has a
    `reason` too, where the press has set the clock going again."""
    return {
        "signal": signal.id,
        "ref": signal.ref,
        "device": signal.device,
        "zone": signal.zone,
        "kind": signal.kind.value,
        "note": signal.note,
        "pressed_at": signal.pressed_at,
        "fault": signal.fault,
        "drill": drill,
        "sounds": sounds,
        "next": next_wire(next),
    }


def pin_data(reason: str | None) -> dict[str, Any]:
    """Data of cancelled by PIN. Whoever reads this must not be able to tell an honest PIN by it."""
    return {"reason": reason, "pin": True}


def coercion_data(reason: str | None, over_for: Sequence[str]) -> dict[str, Any]:
    """Added to data of upgraded by a duress PIN, which is no exercise. `over_for`: to whom it is said to be over."""
    return {**pin_data(reason), "over_for": list(over_for), "drill": False}


def step_data(
    at: NextStep, reason: Reason, tell: Sequence[str], next: NextStep | None, late: timedelta
) -> dict[str, Any]:
    """Data of step_due: which step of which round, why now, whom it tells, and what comes next; after its time by a
    second or more, which only a store that was away or a machine that stood still explains, by how many.
    """
    told = {"step": at.step, "round": at.round, "reason": reason.value, "tell": list(tell), "next": next_wire(next)}
    return told | {"late": round(late.total_seconds(), 1)} if late >= LATE else told


def notified_data(notification: Notification, reason: Reason, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Data of notified: attempts that begin now. The same notification again: further contacts, or another try."""
    return {
        "notification": notification.id,
        "person": notification.person,
        "step": notification.step,
        "round": notification.round,
        "purpose": notification.purpose.value,
        "reason": reason.value,
        "fall_back": notification.fall_back,
        "attempts": [
            {"id": a.id, "channel": a.channel, "contact": a.contact, "tried": a.tried, "state": a.state.value}
            for a in attempts
        ],
    }


def receipt_data(notification: Notification, attempt: Attempt) -> dict[str, Any]:
    """Data of receipt: what provider or person said of an attempt. `attempt` is as it stands after."""
    return {
        "notification": notification.id,
        "attempt": attempt.id,
        "person": notification.person,
        "channel": attempt.channel,
        "state": attempt.state.value,
        "why": attempt.why,
        "provider": attempt.provider,
    }


def responder_data(person: str, *, counts: bool, arrive_by: datetime | None, next: NextStep | None) -> dict[str, Any]:
    """Data of acknowledged, en_route, arrived and declined. Declined has a `reason` too, where it leaves too few who
    are there, or where he has pressed himself."""
    return {"person": person, "counts": counts, "arrive_by": arrive_by and stamp(arrive_by), "next": next_wire(next)}


def next_wire(next: NextStep | None) -> dict[str, Any] | None:
    """The chain's clock as the feed shows it; null once the alarm is over."""
    if next is None:
        return None
    return {"at": stamp(next.at) if next.at else None, "step": next.step, "round": next.round}


def next_from_wire(next: Json | None) -> NextStep | None:
    """What `next_wire` wrote."""
    return NextStep(next["step"], next["round"], moment(next["at"]) if next["at"] else None) if next else None
