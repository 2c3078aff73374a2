"""What the one who pressed is shown: that he was heard, then how far help is; of a silent alarm nothing."""

from collections.abc import Collection, Iterator

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, Kind, ResponderState
from alarmd.organisation.model import Organisation, TellPresser
from tests.simulation.record import Record
from tests.simulation.scenario import Trouble
from tests.simulation.surroundings import Shown

SIGNALS = (EventKind.RAISED, EventKind.JOINED, EventKind.UPGRADED)
RACE = 0.05
TRIES = 4.0
"""Seconds that a troubled broker costs: it fails again and again, and is asked once a second."""
FURTHEST = (ResponderState.ARRIVED, ResponderState.EN_ROUTE, ResponderState.ACKNOWLEDGED)


def lights_answer(seen: Record) -> Iterator[str]:
    """Every accepted signal of a device is answered at it, in time, and after its commit; one without a ref by whatever
    holds there.
    """
    shown: dict[tuple[str, str | None], list[Shown]] = {}
    for s in seen.around.shown:
        for ref in {s.ref, None}:
            shown.setdefault((s.device, ref), []).append(s)
        if seen.standing(s.alarm, s.at + 0.0001) is None:
            yield f"{s.alarm}: {s.device} showed {s.state} at {s.at:.3f}, before it was durable"
    for id, tale in seen.tales.items():
        for told in tale:
            data = told.event.data
            if told.event.kind not in SIGNALS or not data["device"]:
                continue
            until = _until(seen, told.at, id)
            answers = shown.get((data["device"], data["ref"]), [])
            at = next((s.at for s in answers if s.at >= told.at), None)
            if until < seen.scenario.ends_at and (at is None or at > until):
                what = f"{data['device']} should have been answered for {data['ref']}"
                yield f"{id}: {what} until {until:.3f}, was at {at}"


def lights_follow(seen: Record) -> Iterator[str]:
    """What a device was shown last of an alarm is how that stands; of an exercise, unless a live alarm had the device
    then, whose its light is."""
    last: dict[tuple[str, str], Shown] = {}
    for s in seen.around.shown:
        last[s.alarm, s.device] = s
    for id, tale in seen.tales.items():
        alarm = tale[-1].alarm
        if _until(seen, tale[-1].at, id) >= seen.scenario.ends_at:
            continue
        for device in {signal.device for signal in alarm.signals if signal.device}:
            found = last.get((id, device))
            right = showing(alarm, seen.organisation(alarm))
            if not alarm.live and _has_live(seen, device, tale[-1].at):
                continue
            if found is not None and found.state != right:
                yield f"{id}: {device} shows {found.state} since {found.at:.3f}, and should show {right}"


def live_goes_first(seen: Record) -> Iterator[str]:
    """No exercise is shown at a device that has a live alarm. One that began in another zone, from which the button has
    been moved since by a new organisation, is not looked for.
    """
    for s in seen.around.shown:
        stood = seen.standing(s.alarm, s.at)
        if stood is None or stood.alarm.live:
            continue
        zones = {signal.zone for signal in stood.alarm.signals}
        if _has_live(seen, s.device, s.at - RACE, s.at, zones):
            yield f"{s.alarm}: {s.device} showed {s.state} of an exercise at {s.at:.3f}, over a live alarm"


def _has_live(
    seen: Record, device: str, since: float, until: float | None = None, zones: Collection[str | None] | None = None
) -> bool:
    """Had it one that was open, to those at the device too, at `since`, and until `until`? `zones`: begun there."""
    for id in seen.tales:
        stood, later = seen.standing(id, since), seen.standing(id, since if until is None else until)
        both = [one.alarm for one in (stood, later) if one is not None]
        open = len(both) == 2 and all(a.live and not a.state.ended and a.veil is None for a in both)
        there = zones is None or (open and both[0].first.zone in zones)
        if open and there and any(signal.device == device for signal in both[0].signals):
            return True
    return False


def silence_is_kept(seen: Record) -> Iterator[str]:
    """Nothing that a silent alarm shows can be told from nothing."""
    for s in seen.around.shown:
        stood = None if s.behind else seen.standing(s.alarm, s.at - RACE)
        looks = None if stood is None else stood.alarm.face or stood.alarm
        if looks is not None and looks.kind is Kind.DURESS and s.state not in ("received", "idle"):
            yield f"{s.alarm}: {s.device} showed {s.state} at {s.at:.3f} for a silent alarm"


def showing(alarm: Alarm, organisation: Organisation) -> str:
    """The state of its lights, written anew from docs/contract.md; after a cancel by PIN that of the cancelled one."""
    alarm = alarm.face or alarm
    told = organisation.chains[alarm.chain].tell_presser is TellPresser.YES
    if alarm.kind is Kind.DURESS or not told:
        return "idle" if alarm.state.ended else "received"
    if alarm.state.ended:
        return alarm.state.value
    said = {r.state for r in alarm.responders}
    return next((state.value for state in FURTHEST if state in said), "raised")


def _until(seen: Record, at: float, alarm: str) -> float:
    """When it must be shown, also where the broker was away."""
    until = seen.in_time(at, alarm, held=True)
    if Trouble.BROKER not in seen.scenario.troubles or at > seen.scenario.calm_at:
        return until
    for window in sorted((w for w in seen.scenario.windows if w.trouble is Trouble.BROKER), key=lambda w: w.start):
        if window.start <= until + TRIES and at < window.end:
            until = seen.in_time(max(until, window.end), alarm, held=True)
    return until + TRIES
