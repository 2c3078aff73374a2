"""Somebody on the presser's side cancels by PIN. PURE. Called by `decide`.

Either PIN gives the alarm a veil (`alarm/veil.py`), and behind it both look the same in everything: state, lights,
all-clear. With the honest one the alarm is over. With the duress PIN it goes on as `duress`, and only those hear of it
who see through the veil.
"""

from alarmd.alarm.events import EventKind, coercion_data, pin_data
from alarmd.alarm.incoming import Answered, Pin
from alarmd.alarm.model import Kind, Person, Signal, State
from alarmd.alarm.veil import Veil
from alarmd.escalation.answering import close
from alarmd.escalation.draft import Draft, Refusal
from alarmd.escalation.plan import all_clear, awaiting
from alarmd.escalation.pressing import upgrade
from alarmd.escalation.veil import is_behind


def cancel(draft: Draft, answered: Answered) -> Refusal | None:
    """By the PIN that was typed; an alarm that is over, or that was cancelled by PIN before, is not cancelled again."""
    if draft.alarm.state.ended or draft.alarm.veil is not None:
        return Refusal.ENDED
    if answered.pin is Pin.DURESS:
        _go_on(draft, answered)
    else:
        close(draft, EventKind.CANCELLED, answered.by, pin_data(answered.reason), State.CANCELLED)
    return None


def _go_on(draft: Draft, answered: Answered) -> None:
    """Those behind the veil hear what they would hear of an honest cancel, the others that it was none. A drill is
    one no longer."""
    before, chain = draft.alarm, draft.chain
    over_for = _behind(draft, answered.by)
    zone = next((s.zone for s in reversed(before.signals) if s.zone), None)
    signal = Signal(draft.ids(), draft.now, Kind.DURESS, answered.by, zone=zone)
    upgrade(draft, signal, coercion_data(answered.reason, over_for))
    concerned = awaiting(before, answered.by)
    all_clear(draft, chain, [p for p in concerned if is_behind(draft.alarm.veil, draft.organisation, p)])


def _behind(draft: Draft, by: Person) -> list[str]:
    """Who was told, or has answered, and may not know more."""
    alarm = draft.alarm
    veil = Veil(alarm.pressers | {by.person})
    answered = (*(r.person for r in alarm.responders), *alarm.overdue)
    known = dict.fromkeys((*(n.person for n in alarm.notifications), *answered))
    return [id for id in known if is_behind(veil, draft.organisation, id)]
