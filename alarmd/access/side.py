"""On which side of an alarm a caller stands: where it was pressed, and so may cancel it by PIN; behind the veil that an
alarm has since, and so may not see what became of it. PURE. Asked by every door.
"""

from alarmd.access.model import Caller
from alarmd.alarm.model import Alarm
from alarmd.alarm.veil import Veil
from alarmd.organisation.model import Person


def stands_there(caller: Caller, alarm: Alarm, whose: Person) -> bool:
    """May this person cancel it by his PIN, which this caller hands in? By a key for buttons, of which one pressed,
    whoever belongs to the site; else whoever pressed himself, and whoever has his own place where a button pressed: its
    zone or, as one of the whole site, its site."""
    buttons = {device for device, _ in alarm.presses.last if device is not None}
    if caller.scope is not None and caller.person is None:
        return bool(buttons if caller.device is None else buttons & {caller.device}) and whose.belongs_to(alarm.site)
    if whose.id in alarm.pressers or caller.device in buttons:
        return True
    zones = {signal.zone for signal in alarm.signals if signal.device is not None}
    return whose.at is not None and whose.at in {*zones, *(zone.partition("/")[0] for zone in zones if zone)}


def hides(caller: Caller, veil: Veil) -> bool:
    """Is he behind it? A key without a person is a program of those who guard: from it nothing is hidden."""
    return caller.person is not None and veil.hides_from(caller.person, caller.roles)


def as_seen(caller: Caller, alarm: Alarm) -> Alarm | None:
    """The alarm as this caller sees it, None: not at all."""
    return alarm.seen_by(caller.person, caller.roles)
