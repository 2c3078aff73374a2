"""What a recipient of the organisation sees of an alarm that was cancelled by PIN. PURE. Asked by `decide` and by the
ways out, so that nobody is told more than he sees."""

from alarmd.alarm.model import Alarm
from alarmd.alarm.veil import Veil
from alarmd.organisation.model import Organisation, Person, Recipient


def hides(veil: Veil, recipient: Recipient) -> bool:
    """Is he behind it? A receiver outside the organisation never is."""
    return isinstance(recipient, Person) and veil.hides_from(recipient.id, recipient.roles)


def seen_by(alarm: Alarm, recipient: Recipient) -> Alarm:
    """The alarm as he sees it."""
    return alarm.face if alarm.face and alarm.veil and hides(alarm.veil, recipient) else alarm


def hidden_from(alarm: Alarm, organisation: Organisation, id: str) -> bool:
    """Is he behind the alarm's veil? Who is not in this organisation has no role in it."""
    recipient = organisation.recipient(id)
    return (alarm.seen_by(id) if recipient is None else seen_by(alarm, recipient)) is not alarm
