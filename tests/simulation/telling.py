"""How each person was told: his ways one after the other, until one has reached him."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise, takewhile

from alarmd.alarm.events import EventKind, Json
from alarmd.alarm.model import Alarm, Notification, Purpose, ResponderState
from alarmd.organisation.model import CONSOLE, Organisation
from tests.simulation.lost import cut_short, rings
from tests.simulation.record import Record, Told

REACHED = {"delivered", "answered", "seen"}
TAKEN = REACHED | {"accepted"}
ACCEPTED, DELIVERED = timedelta(seconds=3), timedelta(seconds=15)
"""So long is waited for a provider to take a message, and for that to reach him."""
PATIENCE = {"not_accepted": ACCEPTED, "not_delivered": DELIVERED}
STEPS = (EventKind.STEP_DUE, EventKind.ESCALATED)
ENDS = (EventKind.RESOLVED, EventKind.CANCELLED)
FAILED = {"failed", "withdrawn"}
ALIVE = REACHED | {"queued", "accepted", "unknown"}
WORD = ({"queued", "shown"}, {"withdrawn"}, {"unknown"}, {"accepted"}, {"failed"}, {"delivered"}, {"answered", "seen"})
"""What is known of an attempt, from little to much."""


def ways_begin(seen: Record) -> Iterator[str]:
    """A step tells each of its people at once by every way that it names and he has; by his first where he has none of
    those, unless it is for the console alone.
    """
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            if told.event.kind is not EventKind.STEP_DUE:
                continue
            following = takewhile(lambda t: t.event.kind is EventKind.NOTIFIED, tale[number + 1 :])
            begun = {
                t.event.data["person"]: [a["channel"] for a in t.event.data["attempts"]]
                for t in following
                if _of_step(t, told)
            }
            organisation = seen.organisation(told.alarm)
            step = organisation.chains[told.alarm.chain].steps[told.event.data["step"] - 1]
            right = {who: first_ways(organisation, who, step.by) for who in told.event.data["tell"]}
            if begun != right:
                yield f"{id}: step {told.event.data['step']} tells by {begun}, and should by {right}"


def _of_step(told: Told, step: Told) -> bool:
    data, of = told.event.data, step.event.data
    first = data["reason"] == of["reason"] and data["purpose"] == Purpose.STEP.value
    return first and (data["step"], data["round"]) == (of["step"], of["round"])


def first_ways(organisation: Organisation, who: str, by: tuple[str, ...]) -> list[str]:
    """By which a step tells him at once that names these."""
    recipient = organisation.recipient(who)
    if recipient is None:  # a stranger is told by no way at all
        return []
    has = [contact.kind for contact in recipient.contact]
    at_console = who in organisation.people and (not by or CONSOLE in by)
    named = [kind for kind in has if not by or kind in by]
    return [*([CONSOLE] if at_console else []), *(named if named or (at_console and by == (CONSOLE,)) else has[:1])]


def ways_follow_each_other(seen: Record) -> Iterator[str]:
    """Another way is one that was not tried yet; another try goes the same way."""
    for id, tale in seen.tales.items():
        for before, told in pairwise(tale):
            data = told.event.data
            if told.event.kind is not EventKind.NOTIFIED:
                continue
            known = next((n for n in before.alarm.notifications if n.id == data["notification"]), None)
            if known is None:
                continue
            tried = {a.contact: a.tried for a in known.attempts if a.state.value != "withdrawn"}
            for attempt in data["attempts"]:
                again = data["reason"] == "try_again"
                fits = (
                    tried.get(attempt["contact"]) == attempt["tried"] - 1 if again else attempt["contact"] not in tried
                )
                if not fits:
                    yield f"{id}: {data['person']} is told by {attempt['channel']}, which was tried ({data['reason']})"


def every_telling_has_its_cause(seen: Record) -> Iterator[str]:
    """Nobody is told but by a step that means him, because a way has failed or brought nothing in its time, or because
    it is over. So nobody is told again because somebody pressed again.
    """
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            if told.event.kind is EventKind.NOTIFIED and not _caused(tale, number):
                data = told.event.data
                yield f"{id}: {data['person']} is told at {told.at:.3f} ({data['reason']}), and nothing has caused it"


def who_comes_is_told_of_an_upgrade(seen: Record) -> Iterator[str]:
    """Whoever is on his way when an alarm becomes stronger is told into what he comes, once, and it is wanted whoever
    else is coming.
    """
    for id, tale in seen.tales.items():
        upgrades = [number for number, told in enumerate(tale) if told.event.kind is EventKind.UPGRADED]
        for number, until in pairwise([*upgrades, len(tale)]):
            alarm, organisation = tale[number].alarm, seen.organisation(tale[number].alarm)
            coming = [r.person for r in alarm.responders if r.state is not ResponderState.DECLINED]
            meant = [who for who in coming if who not in alarm.pressers and organisation.recipient(who)]
            given = [t for t in tale[number:until] if t.event.data.get("reason") in ("upgraded", "duress_pin")]
            told = [t.event.data["person"] for t in given]
            if told != meant or not all(t.alarm.notifications[-1].beyond for t in given):
                yield f"{id}: became stronger at {tale[number].at:.3f}, which {told} are told; {meant} are coming"


def _caused(tale: list[Told], number: int) -> bool:
    told = tale[number]
    data, reason = told.event.data, told.event.data["reason"]
    before = next(t for t in reversed(tale[:number]) if t.event.kind is not EventKind.NOTIFIED)
    beside = [t for t in tale[:number] if t.event.at == told.event.at]
    if reason == "upgraded":
        return any(t.event.kind is EventKind.UPGRADED and not t.event.data.get("pin") for t in beside)
    if reason in ("ended", "duress_pin"):
        left = before.event.kind is EventKind.RECEIPT and before.event.data["person"] == data["person"]
        return (left and reason == "ended") or any(t.event.kind in ENDS or t.event.data.get("pin") for t in beside)
    if reason in ("try_again", "attempt_failed"):
        failed = before.event.data.get("state") in ("failed", "unknown")
        return failed and before.event.data["notification"] == data["notification"]
    if reason == "every_way_failed":
        return _all_lost(tale[number - 1].alarm, data) or _of_else(tale, number)
    if reason == "not_told_yet":
        withdrawn = before.event.data.get("state") == "withdrawn"
        return _missed(tale[number - 1].alarm, data) and (withdrawn or any(t.event.kind in STEPS for t in beside))
    if reason in PATIENCE:
        known = next(n for n in tale[number - 1].alarm.notifications if n.id == data["notification"])
        return told.event.at - known.since >= PATIENCE[reason]
    due = before.event.data
    return before.event.kind is EventKind.STEP_DUE and due["step"] == data["step"] and data["person"] in due["tell"]


def _of_else(tale: list[Told], number: int) -> bool:
    """Is it told beside another of the same `else`?"""
    before, data = tale[number - 1].event, tale[number].event.data
    same = before.kind is EventKind.NOTIFIED and before.data["reason"] == data["reason"]
    return same and (before.data["step"], before.data["round"]) == (data["step"], data["round"])


def _all_lost(alarm: Alarm, data: Json) -> bool:
    """Has every message of the step failed, and are too few coming?"""
    of_step = [n for n in alarm.notifications if (n.step, n.round) == (data["step"], data["round"])]
    ways = {a.state.value for n in of_step if n.purpose is Purpose.STEP for a in n.attempts if a.contact is not None}
    return bool(ways & {"failed", "unknown"}) and alarm.coming < alarm.needed


def _missed(alarm: Alarm, data: Json) -> bool:
    """Has a step meant him, and whatever should have told him was withdrawn, failed, or is a call that was ended?"""
    meant = [n for n in alarm.notifications if n.person == data["person"] and n.purpose is Purpose.STEP]
    ways = {a.state.value for n in meant for a in n.attempts if a.contact is not None}
    of_step = any((n.step, n.round) == (data["step"], data["round"]) for n in meant)
    return of_step and (bool(ways & {"withdrawn", "failed"}) or any(map(rings, meant)))


def every_way_was_tried(seen: Record) -> Iterator[str]:
    """Whoever is still wanted is told another way when nobody has taken his message in three seconds, or it has not
    reached him in fifteen, as long as he has another.
    """
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            if told.event.kind is EventKind.NOTIFIED:
                yield from (f"{id}: {finding}" for finding in _all_ways(seen, tale, number, ACCEPTED, TAKEN))
                yield from (f"{id}: {finding}" for finding in _all_ways(seen, tale, number, DELIVERED, REACHED))


def failing_is_not_waited_for(seen: Record) -> Iterator[str]:
    """When every message to somebody has failed, and none may have come through, he is told another way at once."""
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            data = told.event.data
            if told.event.kind is EventKind.RECEIPT and data["state"] in FAILED:
                yield from (f"{id}: {finding}" for finding in _all_ways(seen, tale, number, timedelta(), ALIVE))


def no_word_is_undone(seen: Record) -> Iterator[str]:
    """Older word that comes late changes nothing of what is known of an attempt."""
    for id, tale in seen.tales.items():
        for before, told in pairwise(tale):
            data = told.event.data
            found = before.alarm.find(data["attempt"]) if told.event.kind is EventKind.RECEIPT else None
            if found is not None and _much(data["state"]) <= _much(found[1].state.value):
                yield f"{id}: {data['attempt']} was {found[1].state}, and is {data['state']} at {told.at:.3f}"


def _much(state: str) -> int:
    return next(number for number, states in enumerate(WORD) if state in states)


def _all_ways(seen: Record, tale: list[Told], number: int, within: timedelta, enough: set[str]) -> Iterator[str]:
    """After this event: by the time that it must be judged, more has happened or nothing need happen."""
    told = tale[number]
    data = told.event.data
    judged = seen.second_of(told.event.at + within, told)
    until = seen.in_time(judged, told.alarm.id, held=True) + (5 if data.get("reason") == "try_again" else 0)
    recipient = seen.organisation(told.alarm).recipient(data["person"])
    steps = seen.organisation(told.alarm).chains[told.alarm.chain].steps
    if until >= seen.scenario.ends_at or recipient is None:
        return
    later = [t for t in tale[number + 1 :] if t.at <= until]
    stood = (later or [told])[-1].alarm
    known = next(n for n in stood.notifications if n.id == data["notification"])
    # A step of the weaker chain with which the alarm began has told him all the same.
    if known.purpose is not Purpose.STEP or known.step > len(steps):
        return
    newest = [n for n in stood.notifications if n.person == recipient.id and n.purpose is Purpose.STEP][-1]
    if known.id in cut_short(tale, number + len(later)):
        return
    tried = {a.contact for a in known.attempts if a.contact is not None}
    if newest is not known or steps[known.step - 1].by == (CONSOLE,) or len(tried) == len(recipient.contact):
        return
    if not tried or any(a.state.value in enough for a in known.attempts if a.contact is not None):
        return
    if any(not _asks(t, known) for t in (told, *later)) or known.since > told.event.at:
        return
    yield f"{recipient.id} was not reached since {told.at:.3f}, and nothing else was tried until {until:.3f}"


def _asks(told: Told, notification: Notification) -> bool:
    now = next(n for n in told.alarm.notifications if n.id == notification.id)
    return told.alarm.wants(now)
