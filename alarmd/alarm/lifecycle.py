"""Applies the table: an alarm and an event give the alarm after it. PURE; knows no chain and no person.

`fold` over the logged events rebuilds exactly the alarm that was decided; `decide` itself moves an alarm only through
`after`. Both go by the same rules, on an alarm that grows: what may be long is touched by them only in place, so that
folding takes a time that grows with the log and not with its square.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from alarmd.alarm.events import TO_WHO_COMES, Event, EventKind, Json, Reason, next_from_wire, pin_data
from alarmd.alarm.model import (
    Alarm,
    Attempt,
    AttemptState,
    Kind,
    Notification,
    Person,
    Purpose,
    Responder,
    ResponderState,
    Signal,
    State,
)
from alarmd.alarm.times import moment
from alarmd.alarm.transitions import TABLE
from alarmd.alarm.values import replace
from alarmd.alarm.veil import Veil, veil_from_wire


class Illegal(ValueError):
    """An event that the table does not know in this state: the log was tampered with, or decide has a bug."""


def fold(alarm: str, site: str | None, events: Iterable[Event]) -> Alarm:
    """The alarm that these events, the first of them `raised`, make. Raises Illegal where they tell no possible
    story."""
    story = iter(events)
    first = next(story, None)
    if first is None or first.kind is not EventKind.RAISED:
        raise Illegal(f"alarm {alarm} does not begin with raised")
    growing = Growing(opened(alarm, site, first))
    for event in story:
        growing.apply(event)
    return growing.grown()


def opened(alarm: str, site: str | None, event: Event) -> Alarm:
    """The alarm that a `raised` event opens."""
    data = event.data
    behind = data.get("behind")
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
        externals=data.get("externals", False),
        cause=data["cause"],
        linked=data.get("linked"),
        signals=(_signal(event),),
        next=next_from_wire(data["next"]),
        version=1,
        veil=veil_from_wire(behind) if behind else None,
    )


def after(alarm: Alarm, event: Event) -> Alarm:
    """The alarm after one more event. Raises Illegal when the table has no such move."""
    growing = Growing(alarm)
    growing.apply(event)
    return growing.grown()


@dataclass(slots=True)
class Growing:
    """Mutable only while events are applied. `alarm` is right but for its signals and notifications: what joined since
    stands in `joined`, and once a rule has asked for it, every notification in the ledger, by its id.
    """

    alarm: Alarm
    joined: list[Signal] = field(default_factory=list)
    _ledger: dict[str, Notification] | None = None
    _waiting: dict[str, list[str]] | None = None

    def apply(self, event: Event) -> None:
        """One more event. Raises Illegal when the table has no such move."""
        alarm = self.alarm
        allowed = TABLE.get((alarm.state, event.kind), ())
        if event.state not in allowed:
            raise Illegal(f"alarm {alarm.id}: {event.kind} may not lead from {alarm.state} to {event.state}")
        change = CHANGES.get(event.kind)
        fields = change(self, event) if change else {}
        self.alarm = replace(alarm, state=event.state, changed_at=event.at, version=alarm.version + 1, **fields)

    def grown(self) -> Alarm:
        """The alarm as it stands."""
        alarm = self.alarm
        if self.joined:
            presses = alarm.presses.and_then(self.joined)
            alarm = replace(alarm, signals=presses.signals, presses=presses)
        return alarm if self._ledger is None else replace(alarm, notifications=tuple(self._ledger.values()))

    def ledger(self) -> dict[str, Notification]:
        """Every notification by its id, in order; to be changed in place."""
        if self._ledger is None:
            self._ledger = {n.id: n for n in self.alarm.notifications}
        return self._ledger

    def told(self, notification: Notification) -> None:
        """A new one."""
        self.ledger()[notification.id] = notification
        if self._waiting is not None:
            self._waiting.setdefault(notification.person, []).append(notification.id)

    def answered(self, person: str) -> None:
        """He need not be reached any more by what he was told so far."""
        for id in self._unsettled().pop(person, ()):
            self._settle(id)

    def goes_on(self) -> None:
        """A press sets the clock going while enough are coming; what does not help then rests until too few are."""
        ledger = self.ledger()
        for id in chain.from_iterable(self._unsettled().values()):
            if not self.alarm.goes_on_with(ledger[id]):
                ledger[id] = replace(ledger[id], rests=True)

    def stands(self) -> None:
        """Enough are coming, and the clock stops: so do calls that ring."""
        ledger = self.ledger()
        for id in chain.from_iterable(self._unsettled().values()):
            known = ledger[id]
            if known.rings and not known.beyond and self.alarm.goes_on_with(known):
                ledger[id] = replace(known, cut_short=True)

    def lacks(self) -> None:
        """Too few are coming: whatever rested helps again."""
        ledger = self.ledger()
        for id in chain.from_iterable(self._unsettled().values()):
            if ledger[id].rests:
                ledger[id] = replace(ledger[id], rests=False)

    def _settle(self, id: str) -> None:
        ledger = self.ledger()
        ledger[id] = replace(ledger[id], settled=True)

    def _unsettled(self) -> dict[str, list[str]]:
        if self._waiting is None:
            self._waiting = {}
            for n in self.ledger().values():
                if not n.settled:
                    self._waiting.setdefault(n.person, []).append(n.id)
        return self._waiting


Fields = dict[str, Any]
"""Fields of an alarm that an event changes."""


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
        drill=data["drill"],
    )


def _joined(growing: Growing, event: Event) -> Fields:
    growing.joined.append(_signal(event))
    clock = next_from_wire(event.data["next"])
    held: Fields = {}
    if not growing.alarm.asks and clock is not None and clock.at is not None:
        growing.goes_on()
        held = {"held_by": frozenset()}
    return {"next": clock, **held, **_pressing(growing.alarm, event)}


def _pressing(alarm: Alarm, joined: Event) -> Fields:
    """Who has answered and presses himself counts no longer."""
    by = joined.by
    if not isinstance(by, Person) or alarm.responder(by.person) is None:
        return {}
    responders = (replace(r, counts=False, arrive_by=None) if r.person == by.person else r for r in alarm.responders)
    return {"responders": tuple(responders)}


def _upgraded(growing: Growing, event: Event) -> Fields:
    """Who could not come to something weaker is asked anew, unless he is in need himself."""
    data = event.data
    over_for = data.get("over_for", ())
    promised = {person: moment(at) for person, at in data["arrive_by"].items()}
    responders = tuple(
        replace(r, counts=r.person in data["counts"], arrive_by=promised.get(r.person))
        for r in growing.alarm.responders
        if r.person not in over_for and (r.coming or r.in_need)
    )
    stronger = {"kind": Kind(data["kind"]), "chain": data["chain"], "needed": data["needed"], "drill": data["drill"]}
    veiled = _veiled(growing, faced(event)) | {"coerced": True} if by_pin(event) else {}
    for person in over_for:
        growing.answered(person)
    if _coming(responders) < data["needed"]:
        growing.lacks()
    growing.joined.append(_signal(event))
    anew = {"earlier": len(growing.ledger()), "held_by": None, "responders": responders}
    return {**_clock(growing, event), **stronger, **veiled, **anew}


def by_pin(event: Event) -> bool:
    """Is this somebody's cancel by PIN: as it seems, or under duress?"""
    return event.kind in (EventKind.CANCELLED, EventKind.UPGRADED) and bool(event.data.get("pin"))


def faced(event: Event) -> Event:
    """What those behind the veil are given in place of a cancel by PIN: under duress, too, the honest one."""
    return replace(event, kind=EventKind.CANCELLED, state=State.CANCELLED, data=pin_data(event.data["reason"]))


def _veiled(growing: Growing, cancelled: Event) -> Fields:
    """The alarm gets its veil; its face is the alarm as this event leaves it."""
    alarm, by = growing.grown(), cancelled.by
    face = replace(alarm, state=cancelled.state, changed_at=cancelled.at, version=alarm.version + 1, next=None)
    return {"veil": Veil(alarm.pressers | ({by.person} if isinstance(by, Person) else set())), "face": face}


def _clock(_: Growing, event: Event) -> Fields:
    return {"next": next_from_wire(event.data["next"])}


def _notified(growing: Growing, event: Event) -> Fields:
    data = event.data
    known = growing.ledger().get(data["notification"])
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
            beyond=data.get("reason") in TO_WHO_COMES or not growing.alarm.asks,
        )
        growing.told(new)
    else:
        again = replace(known, since=since, attempts=(*known.attempts, *begun), fall_back=data["fall_back"])
        growing.ledger()[known.id] = again
    return _knowing(growing.alarm, data) if known is None else {}


def _knowing(alarm: Alarm, notified: Json) -> Fields:
    """Whom a step tells behind a veil, he sees through it from now on."""
    if alarm.veil is None or notified["purpose"] != Purpose.STEP:
        return {}
    return {"veil": replace(alarm.veil, told=alarm.veil.told | {notified["person"]})}


def _receipt(growing: Growing, event: Event) -> Fields:
    ledger, id = growing.ledger(), event.data["notification"]
    if id in ledger:
        ledger[id] = _told(ledger[id], event, helps=growing.alarm.goes_on_with(ledger[id]))
    return {}


def _told(notification: Notification, event: Event, *, helps: bool) -> Notification:
    data = event.data
    known = replace(
        notification,
        attempts=tuple(
            replace(a, state=AttemptState(data["state"]), at=event.at, why=data["why"], provider=data["provider"])
            if a.id == data["attempt"]
            else a
            for a in notification.attempts
        ),
    )
    in_vain = not helps and (data["state"] == AttemptState.FAILED or known.rings)
    ended = known.purpose is Purpose.STEP and (in_vain or data["state"] == AttemptState.WITHDRAWN)
    return replace(known, cut_short=True) if ended else known


def _responded(growing: Growing, event: Event) -> Fields:
    data = event.data
    responder = Responder(
        data["person"],
        ResponderState(event.kind.value),
        event.at,
        data["counts"],
        moment(data["arrive_by"]) if data["arrive_by"] else None,
        in_need=data.get("reason") == Reason.NEEDS_HELP,
    )
    before = growing.alarm.responders
    known = growing.alarm.responder(responder.person) is not None
    others = tuple(responder if r.person == responder.person else r for r in before)
    growing.answered(responder.person)
    anew: Fields = {"overdue": tuple(p for p in growing.alarm.overdue if p != responder.person)}
    silently = responder.there and responder.arrive_by is not None  # has he pressed elsewhere: no word of his
    if growing.alarm.held_by is not None and responder.counts and responder.coming and not silently:
        anew["held_by"] = growing.alarm.held_by | {responder.person}
    return {**_answered(growing, event, others if known else (*others, responder)), **anew}


def _answered(growing: Growing, event: Event, responders: tuple[Responder, ...]) -> Fields:
    """So many are coming now."""
    alarm, clock = growing.alarm, next_from_wire(event.data["next"])
    if _coming(responders) < alarm.needed:
        growing.lacks()
    if alarm.asks and (clock is None or clock.at is None):
        growing.stands()
    held = alarm.held_by and alarm.held_by & {r.person for r in responders if r.counts and r.coming}
    return {"next": clock, "held_by": held, "responders": responders}


def _coming(responders: Iterable[Responder]) -> int:
    return sum(r.counts and r.coming for r in responders)


def _lapsed(growing: Growing, event: Event) -> Fields:
    alarm, gone = growing.alarm, event.data["people"]
    responders = tuple(r for r in alarm.responders if r.person not in gone)
    return {**_answered(growing, event, responders), "overdue": (*alarm.overdue, *gone)}


def _resolved(_: Growing, event: Event) -> Fields:
    return {"next": None, "outcome": event.data["outcome"]}


def _cancelled(growing: Growing, event: Event) -> Fields:
    return {"next": None, **(_veiled(growing, event) if by_pin(event) else {})}


CHANGES: dict[EventKind, Callable[[Growing, Event], Fields]] = {
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
    EventKind.RESOLVED: _resolved,
    EventKind.CANCELLED: _cancelled,
}
