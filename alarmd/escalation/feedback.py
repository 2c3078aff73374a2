"""What the one who pressed is shown. PURE. A silent alarm shows only `received` and `idle`, whatever happens: nothing
at the presser's place may tell the threat that help is coming (README, promise 5).
"""

from alarmd.alarm.model import Alarm, ResponderState, State
from alarmd.organisation.model import Organisation, TellPresser

IDLE, RECEIVED = "idle", "received"
FURTHEST = (ResponderState.ARRIVED, ResponderState.EN_ROUTE, ResponderState.ACKNOWLEDGED)


def shown(alarm: Alarm, organisation: Organisation) -> str:
    """The feedback state of this alarm at its devices, following the furthest responder; behind a veil that of its
    face, whatever happens."""
    alarm = alarm.face or alarm
    if alarm.silent or organisation.chains[alarm.chain].tell_presser is not TellPresser.YES:
        return IDLE if alarm.state.ended else RECEIVED
    if alarm.state.ended:
        return alarm.state.value
    states = {r.state for r in alarm.responders}
    furthest = next((s.value for s in FURTHEST if s in states), None)
    return furthest or State.RAISED.value


def devices(alarm: Alarm) -> dict[str, str | None]:
    """The devices that pressed in this alarm, each with the ref of its last signal."""
    return {device: s.ref for (device, _), s in alarm.presses.last.items() if device is not None}
