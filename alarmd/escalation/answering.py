"""A person answers: acknowledge, on my way, arrived, cannot; close, note, more people now. PURE. Called by `decide`.

Saying the same again changes nothing and is no error: a guard who presses twice must not be told that he was wrong.
Only where somebody has pressed again since, it says that he is coming all the same, and the clock stands once more.
Being there implies being on the way implies having answered, so those who skip a word are taken at the last one.
"""

from collections.abc import Collection
from typing import assert_never

from alarmd.alarm.events import EventKind, Json, Reason, next_wire, responder_data
from alarmd.alarm.incoming import Action, Answered, Outcome
from alarmd.alarm.joining import helps
from alarmd.alarm.model import SYSTEM, Alarm, NextStep, Person, Responder, ResponderState, State
from alarmd.alarm.values import replace
from alarmd.escalation.draft import Draft, Refusal
from alarmd.escalation.plan import advance, all_clear, awaiting, do_now, look_for_lost, resumed, standing
from alarmd.escalation.veil import is_behind
from alarmd.organisation.model import Chain, Organisation


def answer(draft: Draft, answered: Answered) -> Refusal | None:
    """Do what the person asks, or say why not; a refusal has changed nothing. Who sees an alarm as over, or not at
    all, cannot answer it."""
    seen = _as_seen(draft, answered)
    if seen is None or (seen.state.ended and answered.action is not Action.NOTE):
        return Refusal.ENDED
    match answered.action:
        case Action.ACKNOWLEDGE | Action.EN_ROUTE | Action.ARRIVED:
            _come(draft, answered.action, answered.by)
        case Action.DECLINE:
            _decline(draft, answered.by)
        case Action.NOTE:
            draft.happens(EventKind.NOTED, answered.by, {"text": answered.text})
        case Action.ESCALATE:
            _more(draft, answered.by)
        case Action.RESOLVE | Action.CANCEL:
            return _end(draft, answered)
        case _:
            assert_never(answered.action)
    return None


def counted(person: str, pressers: Collection[str], chain: Chain, organisation: Organisation) -> bool:
    """Is he one of those whose answer the chain waits for? Never who pressed: nobody saves himself, and a word that is
    forced out of him must not end the search for help."""
    if person in pressers:
        return False
    known = organisation.people.get(person)
    wanted = chain.acknowledge.by_roles
    return not wanted or (known is not None and not wanted.isdisjoint(known.roles))


def call_off(draft: Draft, by: Person, *, silent: bool) -> None:
    """He has pressed himself since: he is in need, and nobody may wait for him here. Of a silent press nothing is
    shown; but that he is here holds for its time, as the word of one who is on his way does."""
    if not helps(draft.alarm, by):
        return
    if not silent:
        _leave(draft, by, Reason.NEEDS_HELP)
        return
    alarm, known = draft.alarm, _responder(draft, by)
    if known.counts and known.arrive_by is None:
        arrive_by = draft.now + draft.chain.acknowledge.arrive_within
        data = responder_data(by.person, counts=True, arrive_by=arrive_by, next=alarm.next)
        draft.happens(EventKind(known.state), by, data)


def attend(draft: Draft) -> None:
    """Enough are there: the alarm is attended."""
    if draft.alarm.state is State.ACKNOWLEDGED and draft.alarm.arrived >= draft.alarm.needed:
        draft.happens(EventKind.ATTENDED, SYSTEM, {}, State.ATTENDED)


def close(draft: Draft, kind: EventKind, by: Person, data: Json, state: State) -> None:
    """The alarm ends: calls that ring are stopped, and everyone who was told or is coming hears of it. Of an
    alarm that was said before to be over, only those who knew better."""
    before = draft.alarm
    draft.happens(kind, by, data, state)
    draft.end_calls(before, by)
    draft.show(before)
    all_clear(
        draft, draft.chain, [p for p in awaiting(before, by) if not is_behind(before.veil, draft.organisation, p)]
    )


def _as_seen(draft: Draft, answered: Answered) -> Alarm | None:
    """By whom it is: somebody in it or outside the organisation."""
    person = answered.by.person
    return draft.alarm if person in draft.organisation.externals else draft.alarm.seen_by(person, answered.roles)


def _come(draft: Draft, action: Action, by: Person) -> None:
    before = draft.alarm
    known = before.responder(by.person)
    if known is None or not known.coming:
        _acknowledge(draft, by)
    if action is Action.EN_ROUTE and _state(draft, by) is ResponderState.ACKNOWLEDGED:
        _responds(draft, EventKind.EN_ROUTE, by)
    said = _responder(draft, by)
    if action is Action.ARRIVED and (not said.there or said.arrive_by is not None):
        _responds(draft, EventKind.ARRIVED, by)
        attend(draft)
    if not draft.events and before.asks and before.enough and _responder(draft, by).counts:
        _responds(draft, EventKind(_state(draft, by)), by)
    draft.end_calls(before, by)
    draft.show(before)


def _acknowledge(draft: Draft, by: Person) -> None:
    """From now on his word holds for so long; with enough of them the chain's clock stands."""
    alarm, rule = draft.alarm, draft.chain.acknowledge
    counts = counted(by.person, draft.alarm.pressers, draft.chain, draft.organisation)
    clock = _halted(alarm, alarm.coming + 1) if counts else alarm.next
    arrive_by = draft.now + rule.arrive_within if counts else None
    state = State.ACKNOWLEDGED if counts and alarm.state is State.RAISED else alarm.state
    draft.happens(
        EventKind.ACKNOWLEDGED, by, responder_data(by.person, counts=counts, arrive_by=arrive_by, next=clock), state
    )
    look_for_lost(draft)


def _responds(draft: Draft, kind: EventKind, by: Person) -> None:
    """The time he promised is kept; being there needs none."""
    alarm, known = draft.alarm, _responder(draft, by)
    arrive_by = None if kind is EventKind.ARRIVED else known.arrive_by
    clock = _halted(alarm, alarm.coming) if known.counts else alarm.next
    draft.happens(kind, by, responder_data(by.person, counts=known.counts, arrive_by=arrive_by, next=clock))


def _halted(alarm: Alarm, coming: int) -> NextStep | None:
    """The clock by the word of somebody who counts: with enough of them it stands."""
    return replace(alarm.next, at=None) if alarm.next and coming >= alarm.needed else alarm.next


def _decline(draft: Draft, by: Person) -> None:
    """He cannot, or leaves. If he was coming and too few are left, the next undone step is due at once; if he was there
    and too few are left there, the alarm is attended no longer."""
    before = draft.alarm
    known = before.responder(by.person)
    asked = any(n.person == by.person and not n.settled for n in before.notifications)
    if known is None or known.coming or asked:
        _leave(draft, by)


def _leave(draft: Draft, by: Person, reason: Reason | None = None) -> None:
    before = draft.alarm
    left = [r for r in before.responders if r.counts and r.coming and r.person != by.person]
    counts = counted(by.person, draft.alarm.pressers, draft.chain, draft.organisation)
    clock = resumed(draft, left)
    state = standing(before, left, before.needed)
    data = responder_data(by.person, counts=counts, arrive_by=None, next=clock)
    if reason is None and before.state is State.ATTENDED and state is not State.ATTENDED:
        reason = Reason.TOO_FEW_THERE
    if reason is not None:
        data |= {"reason": reason.value}
    draft.happens(EventKind.DECLINED, by, data, state)
    advance(draft)
    look_for_lost(draft)
    draft.end_calls(before, by)
    draft.show(before)


def _more(draft: Draft, by: Person) -> None:
    """The next step now, whoever is coming already."""
    clock = draft.alarm.next
    assert clock is not None  # of an alarm that is not over
    data = {"reason": Reason.ASKED_FOR_MORE.value, "step": clock.step, "next": next_wire(clock)}
    draft.happens(EventKind.ESCALATED, by, data)
    do_now(draft, clock, Reason.ASKED_FOR_MORE)


def _end(draft: Draft, answered: Answered) -> Refusal | None:
    """Resolving wants an arrival or a reason, cancelling a reason: an alarm is not ended with one careless click. Who
    pressed was there before, and his word spares nobody the reason."""
    resolves = answered.action is Action.RESOLVE
    if not answered.reason and not (resolves and draft.alarm.arrived):
        return Refusal.NEEDS_REASON
    if resolves:
        data = {"outcome": (answered.outcome or Outcome.REAL).value, "reason": answered.reason}
        close(draft, EventKind.RESOLVED, answered.by, data, State.RESOLVED)
    else:
        close(draft, EventKind.CANCELLED, answered.by, {"reason": answered.reason}, State.CANCELLED)
    return None


def _responder(draft: Draft, by: Person) -> Responder:
    return next(r for r in draft.alarm.responders if r.person == by.person)


def _state(draft: Draft, by: Person) -> ResponderState:
    return _responder(draft, by).state
