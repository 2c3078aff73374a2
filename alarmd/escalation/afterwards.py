"""It is over for somebody, and word comes that something had left for him: he hears that it is over, too. PURE. Called
by `decide`.

At the end the all-clear goes to whom something is known to have told (`plan.told`). What was in the air then is dropped
just before it leaves or has left already; only its outcome says which.
"""

from alarmd.alarm.model import Alarm, Kind, Notification, Purpose
from alarmd.escalation.draft import Draft
from alarmd.escalation.plan import LEFT, all_clear
from alarmd.escalation.veil import seen_by


def tell_after_all(draft: Draft, attempt: str) -> None:
    """The all-clear to whom this attempt was made, where it is over for him and he had none since. Nobody comes to what
    alarmd says of itself."""
    found = draft.alarm.find(attempt)
    if found is None or found[1].state not in LEFT or found[0].purpose is Purpose.ALL_CLEAR:
        return
    recipient = draft.organisation.recipient(found[0].person)
    seen = seen_by(draft.alarm, recipient) if recipient is not None else None
    if seen is None or not seen.state.ended or seen.kind is Kind.TECHNICAL or found[0].person in seen.pressers:
        return
    if not _cleared(draft.alarm, found[0]):
        all_clear(draft, draft.organisation.chains[seen.chain], [found[0].person])


def _cleared(alarm: Alarm, notification: Notification) -> bool:
    """Was he told since that it is over?"""
    since = alarm.notifications[alarm.notifications.index(notification) :]
    return any(n.person == notification.person and n.purpose is Purpose.ALL_CLEAR for n in since)
