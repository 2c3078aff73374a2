"""What a recipient of the organisation sees of an alarm that was cancelled by PIN. PURE. Asked by `decide` and by the
ways out, so that nobody is told more than he sees."""

from alarmd.alarm.model import Alarm
from alarmd.alarm.veil import Veil
from alarmd.organisation.model import Organisation, Person, Recipient


def hides(veil: Veil, recipient: Recipient) -> bool:
    """Is he behind it? A receiver outside the organisation never is."""
    return isinstance(recipient, Person) and veil.hides_from(recipient.id, recipient.roles)


def seen_by(alarm: Alarm, recipient: Recipient) -> Alarm:
    """The alarm as he sees it, who was told of it."""
    return alarm.face if alarm.face and alarm.veil and hides(alarm.veil, recipient) else alarm


def is_behind(veil: Veil | None, organisation: Organisation, id: str) -> bool:
    """The same of whoever has this id. Who is not in this organisation has no role in it."""
    if veil is None:
        return False
    recipient = organisation.recipient(id)
    return veil.hides_from(id, ()) if recipient is None else hides(veil, recipient)
