"""Alarms that somebody has cancelled by PIN: what those see who are there, and that under duress it is no end. Written
anew from docs/contract.md.
"""

from collections.abc import Iterator
from itertools import pairwise

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, Kind, Person, Purpose, State
from tests.simulation.record import Record, Told

SIGNALS = (EventKind.RAISED, EventKind.JOINED, EventKind.UPGRADED)
CLOSE = frozenset({"guard", "manager", "admin"})
"""Who may close alarms sees how they stand."""


def taken_back(told: Told) -> bool:
    """Has somebody cancelled it by PIN with this event?"""
    return told.event.kind in (EventKind.CANCELLED, EventKind.UPGRADED) and "pin" in told.event.data


def taking_back_of(tale: list[Told]) -> int | None:
    """The number of the event by which it was cancelled by PIN."""
    return next((number for number, told in enumerate(tale) if taken_back(told)), None)


def there(tale: list[Told], number: int) -> frozenset[str]:
    """Who has pressed before this event, and whose PIN it was."""
    by = [t.event.by for t in tale[: number + 1] if t.event.kind in SIGNALS or t is tale[number]]
    return frozenset(each.person for each in by if isinstance(each, Person))


def behind(seen: Record, tale: list[Told], number: int) -> frozenset[str]:
    """Whoever may not know, with the event of this number, that the alarm goes on."""
    began = taking_back_of(tale[: number + 1])
    if began is None:
        return frozenset()
    organisation, since = seen.organisation(tale[0].alarm), tale[began : number + 1]
    known = {t.event.data["person"] for t in since if t.event.kind is EventKind.NOTIFIED and _of_step(t)}
    known |= {id for id, person in organisation.people.items() if CLOSE & {*person.roles}}
    own = there(tale, began)
    return frozenset(own | {id for id in organisation.people if id not in known})


def _of_step(told: Told) -> bool:
    return bool(told.event.data["purpose"] == Purpose.STEP.value)


def taking_back_looks_like_an_end(seen: Record) -> Iterator[str]:
    """From then on nothing happens to it for those who are there: not to what is listed, nor to a light."""
    for id, tale in seen.tales.items():
        for before, told in pairwise(tale):
            if taken_back(told):
                yield from (f"{id}: {what}" for what in _ended(before.alarm, told, told.alarm.face))
            elif told.alarm.face != before.alarm.face:
                yield f"{id}: {told.event.kind} at {told.at:.3f} has changed how it looks where it was pressed"


def _ended(before: Alarm, told: Told, face: Alarm | None) -> Iterator[str]:
    if face is None:
        yield "was cancelled by PIN, and does not look so"
        return
    if (face.state, face.next, face.kind) != (State.CANCELLED, None, before.kind):
        yield f"looks like a {face.kind} that is {face.state} after a cancel by PIN"
    kept = (before.signals, before.responders, before.notifications, before.drill, before.version + 1)
    if (face.signals, face.responders, face.notifications, face.drill, face.version) != kept:
        yield "looks otherwise than it was when it was cancelled by PIN"
    if told.event.kind is EventKind.UPGRADED and (told.alarm.kind is not Kind.DURESS or told.alarm.drill):
        yield f"goes on as {told.alarm.kind}{', a drill' * told.alarm.drill}, and is no {Kind.DURESS}"


def nobody_there_is_told(seen: Record) -> Iterator[str]:
    """Who is there is not told that it goes on; and whoever was told before, and may not know, by no further way."""
    for id, tale in seen.tales.items():
        began = taking_back_of(tale)
        if began is None:
            continue
        never, not_again = there(tale, began), behind(seen, tale, began)
        earlier = {n.id for n in tale[began].alarm.notifications}
        for told in tale[began + 1 :]:
            data = told.event.data
            if told.event.kind is not EventKind.NOTIFIED or not _of_step(told):
                continue
            if data["person"] in never or (data["person"] in not_again and data["notification"] in earlier):
                yield f"{data['person']} is told at {told.at:.3f} of {id}, which is over for him"


def over_for(seen: Record, tale: list[Told], number: int) -> frozenset[str]:
    """Of whom it is said with a duress PIN that they need not come: who may not know, and is not told by a step at the
    same instant."""
    at = tale[number].event.at
    last = max(n for n, told in enumerate(tale) if told.event.at == at)
    return behind(seen, tale, last)


def faults_are_hidden_too(seen: Record) -> Iterator[str]:
    """What is said of a chain that only alarms have followed which are over for those who are there, they cannot see,
    nor are they told of it; what is said of any other is for all."""
    for id, tale in seen.tales.items():
        raised = tale[0]
        what, _, about = (raised.alarm.cause or "").partition(":")
        if what not in ("exhausted", "nobody"):
            continue
        chain, hidden = about.partition(":")[0], raised.event.data.get("behind")
        followed = [
            earlier
            for other in seen.tales.values()
            if (earlier := [t for t in other if t.position < raised.position])
            and any(t.alarm.chain == chain and t.alarm.kind is not Kind.TECHNICAL for t in earlier)
        ]
        sides = [
            there(earlier, began) if (began := taking_back_of(earlier)) is not None else None for earlier in followed
        ]
        people = None if hidden is None else frozenset(hidden["people"])
        if people not in sides:
            yield f"{id}: {raised.alarm.cause} is said behind a veil of {people}, and should be of {sides}"
        told = {t.event.data["person"] for t in tale if t.event.kind is EventKind.NOTIFIED}
        yield from (f"{id}: {raised.alarm.cause} is told to {who}" for who in sorted(told & (people or set())))
