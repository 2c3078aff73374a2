"""What the one who pressed is shown. PURE. A silent alarm shows only `received` and `idle`, whatever happens: nothing
at the presser's place may tell the threat that help is coming (README, promise 5). Of several alarms at one button the
newest live one has its light.
"""

from collections.abc import Iterable

from alarmd.alarm.model import Alarm, ResponderState, State
from alarmd.organisation.model import Organisation, TellPresser

IDLE, RECEIVED = "idle", "received"
FURTHEST = (ResponderState.ARRIVED, ResponderState.EN_ROUTE, ResponderState.ACKNOWLEDGED)

Held = tuple[Alarm, Organisation]
"""An alarm, and the version of the organisation with which it began."""


def shown(alarm: Alarm, organisation: Organisation) -> str:
    """The feedback state of this alarm at its devices, following the furthest of those who come to help: the
    word of whoever pressed brings nobody. Behind a veil that of its face, whatever happens."""
    alarm = alarm.face or alarm
    if _discreet(alarm, organisation):
        return IDLE if alarm.state.ended else RECEIVED
    if alarm.state.ended:
        return alarm.state.value
    states = {r.state for r in alarm.responders if r.person not in alarm.pressers}
    furthest = next((s.value for s in FURTHEST if s in states), None)
    return furthest or State.RAISED.value


def devices(alarm: Alarm) -> dict[str, str | None]:
    """The devices that pressed in this alarm, each with the ref of its last signal."""
    return {device: s.ref for (device, _), s in alarm.presses.last.items() if device is not None}


def lit(own: Held, live: Iterable[Held]) -> tuple[Held, ...]:
    """Whose states a device shows, one after the other, where `own` has something to be shown there; the last stays.
    `live`: the live alarms that are open at the device, the newest first.

    The newest has the light, and answers for every other; when it ends, that is shown before how the next one stands.
    One that may tell nothing gives way to one that tells how far help is, and takes nothing over from it: as if it were
    not there."""
    holder = _holder(live)
    if holder is None:
        return (own,)
    alarm = own[0].face or own[0]
    if alarm.live and not _discreet(alarm, own[1]):
        if _discreet(*holder):
            return (own,)
        if alarm.state.ended and alarm.opened_at >= holder[0].opened_at:
            return (own, holder)
    return (holder,)


def _holder(live: Iterable[Held]) -> Held | None:
    newest: Held | None = None
    for each in live:
        if not _discreet(*each):
            return each
        newest = newest or each
    return newest


def _discreet(alarm: Alarm, organisation: Organisation) -> bool:
    """Does it show nothing but that it is there?"""
    return alarm.silent or organisation.chains[alarm.chain].tell_presser is not TellPresser.YES
