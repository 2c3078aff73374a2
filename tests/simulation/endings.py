"""What comes after the end of an alarm: the all-clear to everyone who was told or is coming, and nothing else."""

from collections.abc import Iterator
from itertools import pairwise

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, AttemptState, By, Kind, Person, Purpose, ResponderState, System
from alarmd.organisation.model import TEXTUAL
from tests.simulation.record import Record, Told
from tests.simulation.veils import behind, over_for, taken_back

AFTER = (EventKind.NOTIFIED, EventKind.RECEIPT, EventKind.NOTED)
ENDS = (EventKind.RESOLVED, EventKind.CANCELLED)
WORDS = (EventKind.ACKNOWLEDGED, EventKind.EN_ROUTE, EventKind.ARRIVED, EventKind.DECLINED)
IN_VAIN = (AttemptState.QUEUED, AttemptState.FAILED, AttemptState.WITHDRAWN)


def nothing_follows_the_end(seen: Record) -> Iterator[str]:
    """After the end nobody is told anything but the all-clear."""
    for id, tale in seen.tales.items():
        ended = False
        for told in tale:
            kind, data = told.event.kind, told.event.data
            wrong = kind not in AFTER or (kind is EventKind.NOTIFIED and data["purpose"] != Purpose.ALL_CLEAR.value)
            if ended and wrong:
                yield f"{id}: {kind} at {told.at:.3f}, after its end"
            ended = ended or kind in ENDS
    for sent in seen.around.sent:
        tale = seen.tales[sent.alarm]
        ends = next((told.at for told in tale if told.event.kind in ENDS or taken_back(told)), None)
        if sent.purpose is Purpose.ALL_CLEAR and (ends is None or sent.at < ends):
            yield f"{sent.person} was told at {sent.at:.3f} that {sent.alarm} is over"


def ends_have_a_reason(seen: Record) -> Iterator[str]:
    """Nobody ends an alarm with one careless click: resolving wants somebody who is there or a reason, cancelling a
    reason or a PIN.
    """
    for id, tale in seen.tales.items():
        for before, told in pairwise(tale):
            data = told.event.data
            if told.event.kind not in ENDS or isinstance(told.event.by, System) or data["reason"] or data.get("pin"):
                continue
            there = any(r.counts and r.state is ResponderState.ARRIVED for r in before.alarm.responders)
            if told.event.kind is EventKind.CANCELLED or not there:
                yield f"{id}: is {told.event.kind} at {told.at:.3f} without a reason"


def all_clear_was_given(seen: Record) -> Iterator[str]:
    """Everyone who was told or is coming, and can be written to, is told that it is over, once: by a duress PIN
    those alone who may not know that it goes on, and at its real end the others; of whom it is known only later that
    something had left, then.
    """
    for id, tale in seen.tales.items():
        ends = [number for number, told in enumerate(tale) if told.event.kind in ENDS or taken_back(told)]
        for end, until in pairwise([*ends, len(tale)]):
            before = tale[end - 1].alarm if end else tale[end].alarm
            meant = _concerned(seen, tale[: end or 1], tale[end].event.by) if _is_clear(seen, before, tale[end]) else []
            if tale[end].event.kind is EventKind.UPGRADED:
                meant = [person for person in meant if person in over_for(seen, tale, end)]
            elif before.veil is not None:
                meant = [person for person in meant if person not in behind(seen, tale, end)]
            for number in range(end + 1, until):
                meant += [who for who in _left_late(seen, tale, number) if who not in meant]
            first = [t for t in tale[end:until] if t.event.kind is EventKind.NOTIFIED]
            given = [told.event.data["person"] for told in first if told.event.data["reason"] == "ended"]
            if given != meant:
                yield f"{id}: the all-clear went to {given}, and should have gone to {meant}"


def _left_late(seen: Record, tale: list[Told], number: int) -> list[str]:
    """Whom this receipt says to have been told of what is over for him, and nobody has told him that."""
    told, data = tale[number], tale[number].event.data
    if told.event.kind is not EventKind.RECEIPT or AttemptState(data["state"]) in IN_VAIN:
        return []
    who, ledger = data["person"], [n for n in told.alarm.notifications if n.person == data["person"]]
    ledger = ledger[[n.id for n in ledger].index(data["notification"]) :]
    looks = told.alarm.face if told.alarm.face and who in behind(seen, tale, number) else told.alarm
    pressed = {s.by.person for s in looks.signals if isinstance(s.by, Person) and not s.drill}
    known = seen.organisation(told.alarm).recipient(who)
    if known is None or who in pressed or not looks.state.ended or looks.kind is Kind.TECHNICAL:
        return []
    clear = seen.organisation(told.alarm).chains[looks.chain].all_clear
    unknowing = all(n.purpose is Purpose.STEP for n in ledger)
    return [who] if clear and unknowing and any(c.kind in TEXTUAL for c in known.contact) else []


def _is_clear(seen: Record, before: Alarm, end: Told) -> bool:
    """What mends by itself makes nobody come, and needs no all-clear."""
    chain = seen.organisation(before).chains[before.chain]
    return chain.all_clear and not isinstance(end.event.by, System)


def _concerned(seen: Record, tale: list[Told], by: By) -> list[str]:
    """Whoever was told and whoever is running, or late: not who ends it, nor who is in danger himself."""
    alarm, late = tale[-1].alarm, dict[str, None]()
    for told in tale:
        late |= dict.fromkeys(told.event.data["people"] if told.event.kind is EventKind.LAPSED else ())
        if told.event.kind in WORDS:
            late.pop(told.event.data["person"], None)
    pressed = {s.by.person for s in alarm.signals if isinstance(s.by, Person) and not s.drill}
    left = [n.person for n in alarm.notifications if any(a.state not in IN_VAIN for a in n.attempts)]
    reached = dict.fromkeys(who for who in left if who not in pressed)
    organisation = seen.organisation(alarm)
    running = [r.person for r in alarm.responders if r.state is not ResponderState.DECLINED] + [*late]
    ends = by.person if isinstance(by, Person) else None
    reached |= dict.fromkeys(person for person in running if person != ends and person not in pressed)
    known = [r for person in reached if (r := organisation.recipient(person)) is not None]
    return [r.id for r in known if any(contact.kind in TEXTUAL for contact in r.contact)]
