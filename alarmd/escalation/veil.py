"""What a recipient of the organisation sees of an alarm that was cancelled by PIN. PURE. Asked by `decide` and by the
ways out, so that nobody is told more than he sees."""

from alarmd.alarm.model import Alarm
from alarmd.organisation.model import Organisation, Person, Recipient


def seen_by(alarm: Alarm, recipient: Recipient) -> Alarm:
    """The alarm as he sees it; a receiver outside the organisation as it is."""
    return alarm.seen_by(recipient.id, recipient.roles) if isinstance(recipient, Person) else alarm


def hidden_from(alarm: Alarm, organisation: Organisation, id: str) -> bool:
    """Is he behind the alarm's veil? Who is not in this organisation has no role in it."""
    recipient = organisation.recipient(id)
    return (alarm.seen_by(id) if recipient is None else seen_by(alarm, recipient)) is not alarm
