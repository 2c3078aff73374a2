"""The chain's clock: which step is due, whom it tells, and when something must happen next. PURE. Called by `decide`
with a draft.

A step's time is fixed against the one before it, so a late step does not push the later ones back; a new round is
counted from when the last step was really done, so a daemon that was away for an hour does not ring sixty times at
once.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from alarmd.alarm.effects import ReportFault
from alarmd.alarm.events import EventKind, Reason, next_wire, notified_data, step_data
from alarmd.alarm.model import (
    SYSTEM,
    Alarm,
    Attempt,
    AttemptState,
    Kind,
    NextStep,
    Notification,
    Person,
    Purpose,
    Responder,
    ResponderState,
    State,
)
from alarmd.alarm.values import replace
from alarmd.escalation import retry
from alarmd.escalation.draft import Draft
from alarmd.escalation.targets import named_by, people_for
from alarmd.organisation.model import CONSOLE, Chain, Recipient, Step, Target, TargetKind

LEFT = retry.TAKEN | {AttemptState.UNKNOWN, AttemptState.SHOWN}
"""What may have told somebody; of the rest nothing has left yet, or ever will."""
LAST_STEP_EVERY = timedelta(seconds=60)
"""A chain without `repeat` repeats its last step this often: an alarm never goes quiet by itself (README, promise
2)."""


def first(chain: Chain, began: datetime) -> NextStep:
    """The first step of a chain that begins at this instant."""
    return NextStep(1, 1, began + chain.steps[0].after)


def due(alarm: Alarm) -> datetime | None:
    """When this alarm must be looked at again; None only when it is attended, and nobody has pressed since, or over."""
    moments = [retry.due(alarm), alarm.next.at if alarm.next else None, *_promised(alarm).values()]
    return min((at for at in moments if at is not None), default=None)


def lapse(draft: Draft) -> None:
    """Take back the word of everyone whose time is over; too few left, and the next undone step is due at once."""
    before = draft.alarm
    while late := [person for person, until in _promised(draft.alarm).items() if until <= draft.now]:
        alarm = draft.alarm
        left = [r for r in alarm.responders if r.counts and r.coming and r.person not in late]
        data = {"people": late, "reason": Reason.NOT_ARRIVED.value, "next": next_wire(resumed(draft, left))}
        draft.happens(EventKind.LAPSED, SYSTEM, data, standing(alarm, left, alarm.needed))
    draft.show(before)


def _promised(alarm: Alarm) -> dict[str, datetime]:
    """Until when whose word holds: of those who are on their way as long as too few are there, or whose word has
    stopped the clock that a press set going since; and of those who are there and have pressed silently since."""
    if alarm.state not in (State.ACKNOWLEDGED, State.ATTENDED):
        return {}
    waits, held = alarm.state is State.ACKNOWLEDGED, alarm.held_by or frozenset()
    return {
        r.person: r.arrive_by
        for r in alarm.responders
        if r.arrive_by is not None and (waits or r.there or r.person in held)
    }


def standing(before: Alarm, coming: Sequence[Responder], needed: int) -> State:
    """What they make of the alarm who count and are coming or there, where so many are needed."""
    if before.state is State.ATTENDED and sum(r.there for r in coming) >= needed:
        return State.ATTENDED
    return State.ACKNOWLEDGED if coming else State.RAISED


def again(draft: Draft) -> NextStep | None:
    """The clock when somebody presses again. One that stands because enough are coming goes on: the next undone step is
    due at its distance from the one before it, counted from now."""
    clock = draft.alarm.next
    if clock is None or clock.at is not None:
        return clock
    return replace(clock, at=draft.now + _distance(draft.chain, clock))


def resumed(draft: Draft, left: Sequence[Responder]) -> NextStep | None:
    """The clock when one who counted comes no longer and these are left: too few, or none who has answered the last
    press, and the next undone step is due now, whether the clock stood or ran."""
    alarm, clock = draft.alarm, draft.alarm.next
    held = not alarm.held_by or any(r.person in alarm.held_by for r in left)
    if clock is None or (held and len(left) >= min(alarm.needed, alarm.coming)):
        return clock
    return replace(clock, at=min(clock.at or draft.now, draft.now))


def fall_back(draft: Draft) -> None:
    """Try the next contact of everyone whom the newest attempts have not reached in their time."""
    for notification in retry.judged(draft.alarm):
        at = retry.judged_at(notification)
        if at is not None and at <= draft.now:
            taken = at - notification.since == retry.DELIVERED_WITHIN
            try_other(draft, notification, Reason.NOT_DELIVERED if taken else Reason.NOT_ACCEPTED)


def try_other(draft: Draft, notification: Notification, reason: Reason) -> None:
    """His next contact, where there is one to fall back on."""
    recipient = draft.organisation.recipient(notification.person)
    contact = retry.other_contact(recipient, notification) if recipient and notification.fall_back else None
    if recipient is not None and contact is not None:
        notify(draft, recipient, notification, [_attempt(draft, recipient, contact)], reason)


def give_up(draft: Draft, number: int, round: int) -> None:
    """Once this step is lost and too few are coming: those of its `else`; where that has nobody, or is lost too, the
    next step of this round at once. Not where an exercise has kept somebody from being told: he would have been."""
    alarm = draft.alarm
    lost = retry.lost(alarm, number, round) if alarm.asks and not alarm.enough else ()
    step = draft.chain.steps[number - 1] if lost else None
    if step is None or step.by == (CONSOLE,):
        return
    if _stays_inside(alarm) and any(target.kind is TargetKind.EXTERNAL for target in step.notify):
        return
    others = _able(draft, step, step.otherwise, _never(alarm) | {r.person for r in alarm.responders} | {*lost})
    for recipient in _inside(draft, others):
        tell(draft, recipient, step, NextStep(number, round, None), Reason.EVERY_WAY_FAILED)
    if not others:
        _hurry(draft, number, round)


def look_for_lost(draft: Draft) -> None:
    """Somebody has answered: is a step lost by that, with those who cannot be reached? Of each step its last round."""
    rounds = {n.step: n.round for n in draft.alarm.notifications if n.purpose is Purpose.STEP}
    for number, round in rounds.items():
        give_up(draft, number, round)


def _hurry(draft: Draft, lost: int, round: int) -> None:
    """The step behind the one that is lost, unless it is done or the next round's, is due now, and those behind it move
    up by as much: it would have been, had this one been known to reach nobody."""
    clock = draft.alarm.next
    if clock is None or clock.at is None or (clock.step, clock.round) != (lost + 1, round):
        return
    sooner = replace(clock, at=min(clock.at, draft.now))
    data = {"reason": Reason.EVERY_WAY_FAILED.value, "step": lost, "next": next_wire(sooner)}
    draft.happens(EventKind.ESCALATED, SYSTEM, data)
    advance(draft)


def advance(draft: Draft) -> None:
    """Do every step that is due. Ends: a round's last step puts the next one into the future."""
    before = draft.alarm.next
    while (clock := draft.alarm.next) is not None and clock.at is not None and clock.at <= draft.now:
        _do_step(draft, clock, _reason(draft, clock))
    if draft.alarm.next != before:
        make_up(draft)


def make_up(draft: Draft) -> None:
    """With a step that is done, those of earlier steps whose messages were cut short when enough were coming, by the
    ways of their own step."""
    alarm, organisation = draft.alarm, draft.organisation
    without = _never(alarm) | {r.person for r in alarm.responders}
    for missed in retry.missed(alarm):
        step = draft.chain.steps[missed.step - 1]
        kind = TargetKind.EXTERNAL if missed.person in organisation.externals else TargetKind.PERSON
        again = NextStep(missed.step, missed.round, None)
        for recipient in _inside(draft, _able(draft, step, [Target(kind, missed.person)], without)):
            tell(draft, recipient, step, again, Reason.NOT_TOLD_YET)


def do_now(draft: Draft, clock: NextStep, reason: Reason) -> None:
    """This step at once, also while the clock stands; when it reaches nobody, the one after it, of the next round too,
    until one reaches somebody or each was tried."""
    after: NextStep | None = clock
    tried: set[int] = set()
    while after is not None and after.step not in tried:
        if _do_step(draft, replace(after, at=draft.now), reason):
            break
        tried.add(after.step)
        after = draft.alarm.next
    if draft.alarm.asks:
        make_up(draft)


def _do_step(draft: Draft, clock: NextStep, reason: Reason) -> bool:
    """Tell everyone the step means; when that is nobody, say so and move the later steps up. Was there somebody?"""
    step = draft.chain.steps[clock.step - 1]
    meant = _people(draft, step)
    people = _inside(draft, meant)
    after = _following(draft, clock)
    if not people:
        _pass(draft, clock, after, kept=bool(meant))
        return False
    late = draft.now - (clock.at or draft.now)
    draft.happens(EventKind.STEP_DUE, SYSTEM, step_data(clock, reason, [p.id for p in people], after, late))
    for recipient in people:
        tell(draft, recipient, step, clock, reason)
    return True


def tell(draft: Draft, recipient: Recipient, step: Step, clock: NextStep, reason: Reason) -> None:
    """Tell one of them by all the step's channels at once."""
    contacts = retry.first_contacts(recipient, step.by)
    attempts = [_shown(draft)] if retry.at_console(recipient, step.by) else []
    attempts += [_attempt(draft, recipient, contact) for contact in contacts]
    alone = step.by == (CONSOLE,) or len(contacts) == len(recipient.contact)
    new = Notification(draft.ids(), recipient.id, clock.step, clock.round, Purpose.STEP, draft.now, (), not alone)
    notify(draft, recipient, new, attempts, reason)


def notify(
    draft: Draft,
    recipient: Recipient,
    notification: Notification,
    attempts: list[Attempt],
    reason: Reason,
    not_before: datetime | None = None,
) -> None:
    """These attempts begin now (or, for a second try, at `not_before`): the event for the ledger and the effects that
    perform them."""
    tried = retry.tried_contacts((*notification.attempts, *attempts))
    possible = (
        retry.all_clear_contacts(recipient)
        if notification.purpose is Purpose.ALL_CLEAR
        else range(len(recipient.contact))
    )
    more = notification.fall_back and any(i not in tried for i in possible)
    known = replace(notification, fall_back=more)
    draft.happens(EventKind.NOTIFIED, SYSTEM, notified_data(known, reason, attempts))
    for attempt in attempts:
        draft.tell(known, attempt, not_before)


def told(alarm: Alarm) -> tuple[str, ...]:
    """Who was told of it by something that has left, or by the console, in order; nobody who pressed."""
    left = (n.person for n in alarm.notifications if any(a.state in LEFT for a in n.attempts))
    return tuple(dict.fromkeys(person for person in left if person not in alarm.pressers))


def awaiting(alarm: Alarm, by: Person) -> tuple[str, ...]:
    """Who must hear that it is over, in order: who was told and, told or not, who is on his way or there, or is late
    and may come yet. Nobody tells it at the place of who pressed, nor to who ends it and was not told himself."""
    without = {by.person, *alarm.pressers}
    coming = (*(r.person for r in alarm.responders if r.coming), *alarm.overdue)
    return tuple(dict.fromkeys((*told(alarm), *(person for person in coming if person not in without))))


def all_clear(draft: Draft, chain: Chain, people: Iterable[str]) -> None:
    """Tell these that it is over, where the chain wants that: by text, push, mail or webhook, never by call."""
    for person in people if chain.all_clear else ():
        recipient = draft.organisation.recipient(person)
        if recipient is not None and (contacts := retry.all_clear_contacts(recipient)):
            new = Notification(draft.ids(), person, 0, 0, Purpose.ALL_CLEAR, draft.now, (), True)
            notify(draft, recipient, new, [_attempt(draft, recipient, contacts[0])], Reason.ENDED)


def _following(draft: Draft, clock: NextStep) -> NextStep:
    """The step after this one: at its distance, or in a new round."""
    chain, at = draft.chain, clock.at or draft.now
    if clock.step < len(chain.steps):
        after = NextStep(clock.step + 1, clock.round, None)
    else:
        after, at = NextStep(_begins(chain), clock.round + 1, None), max(at, draft.now)
        if chain.repeat is None and clock.round == 1:
            words = f"chain {chain.id} has no repeat: its last step is told again and again"
            _report(draft, f"exhausted:{chain.id}", words)
    return replace(after, at=at + _distance(chain, after)) if draft.alarm.asks else after


def _begins(chain: Chain) -> int:
    """With which step each later round begins."""
    return chain.repeat.start if chain.repeat else len(chain.steps)


def _distance(chain: Chain, clock: NextStep) -> timedelta:
    """How long after the step before it this one comes; of the first, after the beginning."""
    if clock.round > 1 and clock.step == _begins(chain):
        return chain.repeat.every if chain.repeat else LAST_STEP_EVERY
    before = chain.steps[clock.step - 2].after if clock.step > 1 else timedelta()
    return chain.steps[clock.step - 1].after - before


def _pass(draft: Draft, clock: NextStep, after: NextStep, *, kept: bool) -> None:
    """Nobody was meant: the next step of this round is due when this one was, and those behind it move up by as much.
    It is the chain's fault unless those whom it means are excused. What only the
    exercise keeps from being told takes its time, as it will when it matters."""
    step, alarm = draft.chain.steps[clock.step - 1], draft.alarm
    if kept:
        data = {"reason": Reason.KEPT_INSIDE.value, "step": clock.step, "next": next_wire(after)}
        draft.happens(EventKind.ESCALATED, SYSTEM, data)
        return
    if after.round == clock.round and after.at is not None:
        after = replace(after, at=clock.at)
    data = {"reason": Reason.NOBODY_REACHED.value, "step": clock.step, "next": next_wire(after)}
    draft.happens(EventKind.ESCALATED, SYSTEM, data)
    named = named_by((*step.notify, *step.otherwise), draft.organisation, alarm.site, draft.now)
    if named.isdisjoint(_excused(draft)):
        _report(
            draft,
            f"nobody:{draft.alarm.chain}:{clock.step}",
            f"step {clock.step} of chain {draft.alarm.chain} reaches nobody",
        )


def _report(draft: Draft, cause: str, text: str) -> None:
    """A technical alarm, but never because of one."""
    if draft.alarm.kind is not Kind.TECHNICAL:
        draft.effects.append(ReportFault(draft.ids(), cause, text))


def _people(draft: Draft, step: Step) -> list[Recipient]:
    """Those whom the step means, were this no exercise: its targets, else those of its `else`. Never the presser's
    side, nobody who is coming or cannot; those who declined before are asked again only where nobody else is left."""
    alarm = draft.alarm
    never = _never(alarm) | _excused(draft)
    declined = {r.person for r in alarm.responders if r.state is ResponderState.DECLINED}
    for without in (never | declined, never):
        for targets in (step.notify, step.otherwise):
            if people := _able(draft, step, targets, without):
                return people
    return []


def _inside(draft: Draft, people: list[Recipient]) -> list[Recipient]:
    """Those of them whom this alarm may tell."""
    if not _stays_inside(draft.alarm):
        return people
    return [recipient for recipient in people if recipient.id not in draft.organisation.externals]


def _stays_inside(alarm: Alarm) -> bool:
    """No drill and no test leaves the organisation, unless it says so."""
    return (alarm.drill or alarm.kind is Kind.TEST) and not alarm.externals


def _able(draft: Draft, step: Step, targets: Iterable[Target], without: Collection[str]) -> list[Recipient]:
    """Those meant who can be told by this step at all."""
    alarm, organisation = draft.alarm, draft.organisation

    def able(id: str) -> bool:
        recipient = organisation.recipient(id)
        return recipient is not None and id not in without and _can_be_told(recipient, step)

    ids = people_for(targets, organisation, alarm.site, _zone(alarm), draft.now, able)
    return [recipient for id in ids if (recipient := organisation.recipient(id)) is not None]


def _zone(alarm: Alarm) -> str | None:
    """Where help is wanted: whoever pressed may have moved."""
    return next((s.zone for s in reversed(alarm.signals) if s.zone), None)


def _never(alarm: Alarm) -> frozenset[str]:
    """Whom nothing tells: the presser's side."""
    return alarm.pressers | (alarm.veil.people if alarm.veil else frozenset())


def _coming(alarm: Alarm) -> set[str]:
    return {r.person for r in alarm.responders if r.coming}


def _excused(draft: Draft) -> set[str]:
    """Who need not be asked now: who is on his way, has pressed here or elsewhere, or says with this decision that he
    cannot."""
    alarm = draft.alarm
    cannot = (r.person for r in alarm.responders if r.in_need or (not r.coming and r.at == draft.now))
    return {*alarm.pressers, *_coming(alarm), *cannot}


def _can_be_told(recipient: Recipient, step: Step) -> bool:
    return retry.at_console(recipient, step.by) or bool(recipient.contact)


def _reason(draft: Draft, clock: NextStep) -> Reason:
    if clock.round == 1:
        return Reason.STEP_IS_DUE
    return Reason.NEW_ROUND if draft.chain.repeat is not None else Reason.LAST_STEP_AGAIN


def _shown(draft: Draft) -> Attempt:
    """The console: its feed shows every event, so nothing has to be performed, and nothing is known of who looks."""
    return Attempt(draft.ids(), CONSOLE, None, AttemptState.SHOWN, draft.now, draft.now)


def _attempt(draft: Draft, recipient: Recipient, contact: int) -> Attempt:
    return Attempt(draft.ids(), recipient.contact[contact].kind, contact, AttemptState.QUEUED, draft.now, draft.now)
