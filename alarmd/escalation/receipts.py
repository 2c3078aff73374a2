"""An attempt has an outcome, or a provider says what became of it. PURE. Called by `decide`.

Receipts come late, twice, out of order and contradict each other: a state only ever moves up. A failure leads to the
same contact again where the provider says so, else at once to the next contact, without waiting for the judgement.
"""

from datetime import timedelta

from alarmd.alarm.effects import Tell
from alarmd.alarm.events import EventKind, Reason, receipt_data
from alarmd.alarm.incoming import Reported
from alarmd.alarm.model import SYSTEM, Alarm, Attempt, AttemptState
from alarmd.alarm.values import replace
from alarmd.escalation import retry
from alarmd.escalation.draft import Draft
from alarmd.escalation.plan import give_up, make_up, notify, try_other

RANK = {
    AttemptState.QUEUED: 0,
    AttemptState.SHOWN: 0,
    AttemptState.WITHDRAWN: 1,
    AttemptState.UNKNOWN: 2,
    AttemptState.ACCEPTED: 3,
    AttemptState.FAILED: 4,
    AttemptState.DELIVERED: 5,
    AttemptState.ANSWERED: 6,
    AttemptState.SEEN: 6,
}
"""What was withdrawn may have left before a crash: any other word of it is stronger."""


def still_wanted(alarm: Alarm, tell: Tell) -> bool:
    """The look just before a provider is called: does this still help anybody? Once enough are coming or it is over,
    only the all-clear leaves; and an attempt that already has an outcome is not made twice."""
    found = alarm.find(tell.attempt)
    return found is not None and found[1].state is AttemptState.QUEUED and alarm.wants(found[0])


def receive(draft: Draft, reported: Reported) -> None:
    """What became of an attempt, and what follows from it; word older than what is known changes nothing."""
    found = draft.alarm.find(reported.attempt)
    if found is None or RANK[reported.state] <= RANK[found[1].state]:
        return
    notification, attempt = found
    told = replace(attempt, state=reported.state, why=reported.why, provider=reported.provider or attempt.provider)
    draft.happens(EventKind.RECEIPT, SYSTEM, receipt_data(notification, told))
    if not draft.alarm.wants(notification):
        # A call that the provider took only after an answer had made it pointless must not go on ringing.
        draft.end_call(told)
    elif reported.state is AttemptState.WITHDRAWN and draft.alarm.asks:
        make_up(draft)  # by an answer that was taken back before this was known
    if reported.state in (AttemptState.FAILED, AttemptState.UNKNOWN):
        _go_on(draft, reported)


def _go_on(draft: Draft, reported: Reported) -> None:
    """The same contact again, or the next one; nothing when nobody needs to be told any more."""
    found = draft.alarm.find(reported.attempt)
    assert found is not None
    notification, attempt = found
    recipient = draft.organisation.recipient(notification.person)
    if recipient is None or retry.reached(notification) or not draft.alarm.wants(notification):
        return
    if notification.cut_short:  # he is told anew
        return
    if reported.again_in is not None and retry.may_try_again(notification, attempt):
        again = Attempt(
            draft.ids(), attempt.channel, attempt.contact, AttemptState.QUEUED, draft.now, draft.now, attempt.tried + 1
        )
        notify(
            draft, recipient, notification, [again], Reason.TRY_AGAIN, draft.now + timedelta(seconds=reported.again_in)
        )
        return
    if retry.all_failed(notification):
        try_other(draft, notification, Reason.ATTEMPT_FAILED)
    give_up(draft, notification.step, notification.round)
