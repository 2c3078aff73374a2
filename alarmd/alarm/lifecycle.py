"""Applies the table: an alarm and an event give the alarm after it. PURE; knows no chain and no person.

`fold` over the logged events rebuilds exactly the alarm that was decided; `decide` itself moves an alarm only through
`after`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from alarmd.alarm.events import Event, EventKind, Json, next_from_wire
from alarmd.alarm.model import (
    Alarm,
    Attempt,
    AttemptState,
    Kind,
    Notification,
    Purpose,
    Responder,
    ResponderState,
    Signal,
    State,
)
from alarmd.alarm.times import moment
from alarmd.alarm.transitions import TABLE


class Illegal(ValueError):
    """An event that the table does not know in this state: the log was tampered with, or decide has a bug."""


def fold(alarm: str, site: str | None, events: Iterable[Event]) -> Alarm:
    """The alarm that these events, the first of them `raised`, make. Raises Illegal where they tell no possible
    story."""
    story = iter(events)
    first = next(story, None)
    if first is None or first.kind is not EventKind.RAISED:
        raise Illegal(f"alarm {alarm} does not begin with raised")
    current = opened(alarm, site, first)
    for event in story:
        current = after(current, event)
    return current


def opened(alarm: str, site: str | None, event: Event) -> Alarm:
    """The alarm that a `raised` event opens."""
    data = event.data
    return Alarm(
        id=alarm,
        state=State.RAISED,
        kind=Kind(data["kind"]),
        opened_at=event.at,
        changed_at=event.at,
        organisation=data["organisation"],
        chain=data["chain"],
        needed=data["needed"],
        code=data["code"],
        site=site,
        drill=data["drill"],
        cause=data["cause"],
        signals=(_signal(event),),
        next=next_from_wire(data["next"]),
        version=1,
    )


def after(alarm: Alarm, event: Event) -> Alarm:
    """The alarm after one more event. Raises Illegal when the table has no such move."""
    allowed = TABLE.get((alarm.state, event.kind), ())
    if event.state not in allowed:
        raise Illegal(f"alarm {alarm.id}: {event.kind} may not lead from {alarm.state} to {event.state}")
    moved = replace(alarm, state=event.state, changed_at=event.at, version=alarm.version + 1)
    change = CHANGES.get(event.kind)
    return change(moved, event) if change else moved


def _signal(event: Event) -> Signal:
    data = event.data
    return Signal(
        id=data["signal"],
        at=event.at,
        kind=Kind(data["kind"]),
        by=event.by,
        ref=data["ref"],
        device=data["device"],
        zone=data["zone"],
        note=data["note"],
        pressed_at=data["pressed_at"],
        fault=data["fault"],
    )


def _joined(alarm: Alarm, event: Event) -> Alarm:
    return replace(alarm, signals=(*alarm.signals, _signal(event)), next=next_from_wire(event.data["next"]))


def _upgraded(alarm: Alarm, event: Event) -> Alarm:
    data = event.data
    promised = {person: moment(at) for person, at in data["arrive_by"].items()}
    responders = tuple(
        replace(r, counts=r.person in data["counts"], arrive_by=promised.get(r.person)) for r in alarm.responders
    )
    joined = replace(_joined(alarm, event), responders=responders)
    return replace(joined, kind=Kind(data["kind"]), chain=data["chain"], needed=data["needed"])


def _clock(alarm: Alarm, event: Event) -> Alarm:
    return replace(alarm, next=next_from_wire(event.data["next"]))


def _notified(alarm: Alarm, event: Event) -> Alarm:
    data = event.data
    known = next((n for n in alarm.notifications if n.id == data["notification"]), None)
    # Another try of the same contact does not start the time anew in which he must be reached.
    since = known.since if known and all(a["tried"] for a in data["attempts"]) else event.at
    begun = tuple(
        Attempt(a["id"], a["channel"], a["contact"], AttemptState(a["state"]), since, event.at, a["tried"])
        for a in data["attempts"]
    )
    if known is None:
        new = Notification(
            data["notification"],
            data["person"],
            data["step"],
            data["round"],
            Purpose(data["purpose"]),
            event.at,
            begun,
            data["fall_back"],
            beyond=not alarm.asks,
        )
        return replace(alarm, notifications=(*alarm.notifications, new))
    again = replace(known, since=since, attempts=(*known.attempts, *begun), fall_back=data["fall_back"])
    return replace(alarm, notifications=tuple(again if n is known else n for n in alarm.notifications))


def _receipt(alarm: Alarm, event: Event) -> Alarm:
    data = event.data
    return replace(
        alarm, notifications=tuple(_told(n, event) if n.id == data["notification"] else n for n in alarm.notifications)
    )


def _told(notification: Notification, event: Event) -> Notification:
    data = event.data
    return replace(
        notification,
        attempts=tuple(
            replace(a, state=AttemptState(data["state"]), at=event.at, why=data["why"], provider=data["provider"])
            if a.id == data["attempt"]
            else a
            for a in notification.attempts
        ),
    )


def _responded(alarm: Alarm, event: Event) -> Alarm:
    data = event.data
    responder = Responder(
        data["person"],
        ResponderState(event.kind.value),
        event.at,
        data["counts"],
        moment(data["arrive_by"]) if data["arrive_by"] else None,
    )
    others = tuple(responder if r.person == responder.person else r for r in alarm.responders)
    known = alarm.responder(responder.person) is not None
    return replace(
        _clock(alarm, event),
        responders=others if known else (*others, responder),
        notifications=tuple(
            replace(n, answered=True) if n.person == responder.person else n for n in alarm.notifications
        ),
    )


def _lapsed(alarm: Alarm, event: Event) -> Alarm:
    gone = event.data["people"]
    return replace(_clock(alarm, event), responders=tuple(r for r in alarm.responders if r.person not in gone))


def _ended(alarm: Alarm, event: Event) -> Alarm:
    return replace(alarm, next=None, outcome=_outcome(event.data))


def _outcome(data: Json) -> str | None:
    outcome: str | None = data.get("outcome")
    return outcome


CHANGES: dict[EventKind, Callable[[Alarm, Event], Alarm]] = {
    EventKind.JOINED: _joined,
    EventKind.UPGRADED: _upgraded,
    EventKind.STEP_DUE: _clock,
    EventKind.ESCALATED: _clock,
    EventKind.NOTIFIED: _notified,
    EventKind.RECEIPT: _receipt,
    EventKind.ACKNOWLEDGED: _responded,
    EventKind.EN_ROUTE: _responded,
    EventKind.ARRIVED: _responded,
    EventKind.DECLINED: _responded,
    EventKind.LAPSED: _lapsed,
    EventKind.RESOLVED: _ended,
    EventKind.CANCELLED: _ended,
}
