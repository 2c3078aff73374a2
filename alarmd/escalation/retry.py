"""One person at one step: by which contacts first, by which when those fail, and when that is judged. PURE.

As docs/contract.md promises (Steps): all channels in `by` at once; when none of them was accepted within 3 s and
delivered within 15 s, his other contacts in his order, unless `by` is console alone. Delivered is the provider's word;
a call is delivered when it was answered, by whomever.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from alarmd.alarm.model import Alarm, Attempt, AttemptState, Notification, Purpose
from alarmd.organisation.model import CONSOLE, TEXTUAL, Person, Recipient

ACCEPTED_WITHIN = timedelta(seconds=3)
DELIVERED_WITHIN = timedelta(seconds=15)
TRIES = 3
"""How often one contact is tried in all while the provider says that it may be tried again."""

REACHED = frozenset({AttemptState.DELIVERED, AttemptState.ANSWERED, AttemptState.SEEN})
DEAD = frozenset({AttemptState.FAILED, AttemptState.WITHDRAWN})
VAIN = frozenset({AttemptState.FAILED, AttemptState.UNKNOWN})
"""A provider that cannot be asked must not keep others waiting."""
TAKEN = REACHED | {AttemptState.ACCEPTED}


def first_contacts(recipient: Recipient, by: Sequence[str]) -> tuple[int, ...]:
    """Places of the contacts that a step uses at once; all of them when it names no channels. When it names some and
    he has none of those, his other contacts follow at once, the first of them here. Nobody outside has a console, so
    one alone is no way to tell him."""
    every = range(len(recipient.contact))
    chosen = tuple(i for i in every if not by or recipient.contact[i].kind in by)
    if chosen or (tuple(by) == (CONSOLE,) and at_console(recipient, by)):
        return chosen
    return tuple(every)[:1]


def at_console(recipient: Recipient, by: Sequence[str]) -> bool:
    """Does the console show it to him?"""
    return isinstance(recipient, Person) and (not by or CONSOLE in by)


def all_clear_contacts(recipient: Recipient) -> tuple[int, ...]:
    """Places of the contacts that can carry an all-clear, in his order; one is used, the next when it fails."""
    return tuple(i for i, contact in enumerate(recipient.contact) if contact.kind in TEXTUAL)


def other_contact(recipient: Recipient, notification: Notification) -> int | None:
    """The next contact in his order that this notification has not tried."""
    tried = tried_contacts(notification.attempts)
    every = (
        all_clear_contacts(recipient) if notification.purpose is Purpose.ALL_CLEAR else range(len(recipient.contact))
    )
    return next((i for i in every if i not in tried), None)


def tried_contacts(attempts: Iterable[Attempt]) -> set[int | None]:
    """Those by which something left, or may leave yet."""
    return {a.contact for a in attempts if a.state is not AttemptState.WITHDRAWN}


def missed(alarm: Alarm) -> tuple[Notification, ...]:
    """The newest of each whom it has not reached, because it was cut short when enough were coming, by this chain; of
    those who have answered since, none."""
    short = [n for n in _newest(alarm) if n.cut_short and not n.settled and not reached(n)]
    if not short:  # as nearly always, and a chain may go on for days
        return ()
    own = {n.id for n in alarm.notifications[alarm.earlier :]}
    return tuple(n for n in short if n.id in own)


def lost(alarm: Alarm, step: int, round: int) -> tuple[str, ...]:
    """Whom this step of this chain told, when some of them cannot be reached and all others have answered: it brings
    nobody any more. Else nobody."""
    place = (step, round, Purpose.STEP)
    newest = {n.person: n for n in alarm.notifications[alarm.earlier :] if (n.step, n.round, n.purpose) == place}
    answered = {r.person for r in alarm.responders}
    others = [n for person, n in newest.items() if person not in answered]
    return tuple(newest) if any(map(_ways, others)) and all(map(_given_up, others)) else ()


def _given_up(notification: Notification) -> bool:
    """Has every way come to nothing, as far as is known, and is there no other?"""
    return not (notification.cut_short or notification.fall_back) and _ways(notification) <= VAIN


def _ways(notification: Notification) -> set[AttemptState]:
    """What has become of each but the console, of which nobody knows whether it tells him."""
    return {a.state for a in notification.attempts if a.channel != CONSOLE}


def judged_at(notification: Notification) -> datetime | None:
    """When it is judged whether the newest attempts reach him; None when they have, or when there is nothing else to
    try, or when it was cut short, and he is told anew."""
    if (
        notification.cut_short
        or not notification.fall_back
        or notification.purpose is Purpose.ALL_CLEAR
        or reached(notification)
    ):
        return None
    newest = [a for a in notification.attempts if a.begun == notification.since and a.channel != CONSOLE]
    taken = any(a.state in TAKEN for a in newest)
    return notification.since + (DELIVERED_WITHIN if taken else ACCEPTED_WITHIN)


def reached(notification: Notification) -> bool:
    """Has he been told, by the word of a provider or his own? The console's never counts: nobody may be looking."""
    return any(a.state in REACHED for a in notification.attempts if a.channel != CONSOLE)


def all_failed(notification: Notification) -> bool:
    """No attempt but the console's is alive any more: no need to wait for the judgement."""
    return all(a.state in DEAD for a in notification.attempts if a.channel != CONSOLE)


def may_try_again(notification: Notification, attempt: Attempt) -> bool:
    """Is this contact worth another try? Not where one has followed already, when nothing was known of this one."""
    followed = any(a.contact == attempt.contact and a.tried > attempt.tried for a in notification.attempts)
    return attempt.tried + 1 < TRIES and not followed


def due(alarm: Alarm) -> datetime | None:
    """The earliest judgement of any notification that still helps; None when none is awaited."""
    return min((at for n in judged(alarm) if (at := judged_at(n)) is not None), default=None)


def judged(alarm: Alarm) -> tuple[Notification, ...]:
    """Each person's newest notification that still helps. A later step that tells him again takes the place of the
    earlier one: he is not rung twice at once because he missed a text. One by console alone tells him nothing more."""
    return tuple(n for n in _newest(alarm) if alarm.wants(n))


def _newest(alarm: Alarm) -> list[Notification]:
    """Each person's newest notification that is not by console alone."""
    newest: dict[str, Notification] = {}
    for notification in reversed(alarm.notifications):
        if notification.person not in newest and any(a.channel != CONSOLE for a in notification.attempts):
            newest[notification.person] = notification
    return [*reversed(newest.values())]
