"""What the one who pressed is shown: that he was heard, then how far help is; of a silent alarm nothing."""

from collections.abc import Iterator
from itertools import takewhile

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, Kind, ResponderState, State
from alarmd.organisation.model import Organisation, TellPresser
from tests.simulation.record import GRACE, Record, Told, just_after
from tests.simulation.scenario import Trouble
from tests.simulation.surroundings import Shown

SIGNALS = (EventKind.RAISED, EventKind.JOINED, EventKind.UPGRADED)
RACE = 0.05
TRIES = 4.0
"""Seconds that a troubled broker costs: it fails again and again, and is asked once a second."""
ENDS = (State.RESOLVED, State.CANCELLED)
FURTHEST = (ResponderState.ARRIVED, ResponderState.EN_ROUTE, ResponderState.ACKNOWLEDGED)


def lights_answer(seen: Record) -> Iterator[str]:
    """Every accepted signal of a device is answered at it, in time, and after its commit; one without a ref by whatever
    holds there.
    """
    shown: dict[tuple[str, str | None], list[Shown]] = {}
    for s in seen.around.shown:
        for ref in {s.ref, None}:
            shown.setdefault((s.device, ref), []).append(s)
        if seen.standing(s.alarm, just_after(s.at)) is None:
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
    """What a device was shown last of an alarm is how that stands, unless another's was the light then; and what it was
    shown last of all is how the one stands whose the light is.
    """
    last: dict[tuple[str, str], Shown] = {}
    newest: dict[str, Shown] = {}
    for s in seen.around.shown:
        last[s.alarm, s.device] = newest[s.device] = s
    for id, tale in seen.tales.items():
        alarm, since = tale[-1].alarm, _since(seen, tale)
        until = _until(seen, since, id)
        for device in {signal.device for signal in alarm.signals if signal.device}:
            found = last.get((id, device))
            right = showing(alarm, seen.organisation(alarm))
            if until >= seen.scenario.ends_at or _has_rival(seen, alarm, device, since, until):
                continue
            if found is not None and found.state != right:
                yield f"{id}: {device} shows {found.state} since {found.at:.3f}, and should show {right}"
    for device, s in newest.items():
        yield from _stays(seen, device, s)


def _since(seen: Record, tale: list[Told]) -> float:
    """From which second on it has looked as it does at the end, and was pressed no more."""
    right = showing(tale[-1].alarm, seen.organisation(tale[-1].alarm))
    same = takewhile(lambda t: showing(t.alarm, seen.organisation(t.alarm)) == right, reversed(tale))
    last = next((t.at for t in reversed(tale) if t.event.kind in SIGNALS), 0.0)
    return max(last, [t.at for t in same][-1])


def _stays(seen: Record, device: str, s: Shown) -> Iterator[str]:
    """At the end, of several alarms. What may show nothing takes nothing over."""
    there = {id: tale for id, tale in seen.tales.items() if _pressed(tale[-1].alarm, device)}
    if any(_until(seen, _since(seen, tale), id) >= seen.scenario.ends_at for id, tale in there.items()):
        return
    holder = _holder(seen, device, seen.scenario.ends_at)
    if holder is None:
        return
    right = showing(holder, seen.organisation(holder))
    if _tells(seen, holder) and (s.alarm, s.state) != (holder.id, right):
        yield f"{device} shows {s.state} of {s.alarm} since {s.at:.3f}, and should show {right} of {holder.id}"
    if not _tells(seen, holder) and s.state not in (right, *(end.value for end in ENDS)):
        yield f"{device} shows {s.state} of {s.alarm} since {s.at:.3f}, and {holder.id} is open there"


def live_goes_first(seen: Record) -> Iterator[str]:
    """Of several alarms at a device the newest live one is shown, and no exercise; only the end of one that was newer
    is. One that shows nothing gives way to one that shows how far help is, and takes nothing over from it.
    """
    for s in seen.around.shown:
        stood = None if s.behind else seen.standing(s.alarm, s.at)
        if stood is None:
            continue
        times = (s.at - RACE, s.at, just_after(s.at))
        before, holder, then = (_holder(seen, s.device, at, stood.alarm) for at in times)
        if holder is None or {h and h.id for h in (before, then)} != {holder.id} or holder.id == s.alarm:
            continue
        own = stood.alarm.face or stood.alarm
        if own.live and _tells(seen, own):
            over = own.state in ENDS and own.opened_at >= holder.opened_at
            if over or not _tells(seen, holder):
                continue
        yield f"{s.alarm}: {s.device} showed {s.state} at {s.at:.3f}, and {holder.id} is the newest live one there"


def _holder(seen: Record, device: str, at: float, own: Alarm | None = None) -> Alarm | None:
    """The newest that is live and open, to those at the device too, of those that tell if there are any. A press
    without a ref leaves no mark at its device: its alarm is looked for only where an exercise, `own`, is. None: there
    is none, or it cannot be said which it is.
    """
    there = [told.alarm for id in seen.tales if (told := seen.standing(id, at)) and _is_open_at(told.alarm, device)]
    near = {s.zone for s in own.signals} if own is not None and not own.live else set()
    marked = (a.first.zone in near or any(s.device == device and s.ref is not None for s in a.signals) for a in there)
    if not there or not all(marked):
        return None
    return ([alarm for alarm in there if _tells(seen, alarm)] or there)[-1]


def _has_rival(seen: Record, own: Alarm, device: str, since: float, until: float) -> bool:
    """Was another live one open there in this time, whose the light might be?"""
    face = own.face or own
    for id, tale in seen.tales.items():
        within = [t.alarm for t in tale if since <= t.at <= until]
        stood = seen.standing(id, since)
        for alarm in [*within, *([stood.alarm] if stood else [])] if id != own.id else []:
            gives_way = face.live and _tells(seen, face) and not _tells(seen, alarm)
            if _is_open_at(alarm, device) and not gives_way:
                return True
    return False


def _is_open_at(alarm: Alarm, device: str) -> bool:
    return alarm.live and alarm.state not in ENDS and alarm.veil is None and _pressed(alarm, device)


def _pressed(alarm: Alarm, device: str) -> bool:
    return any(signal.device == device for signal in alarm.signals)


def _tells(seen: Record, alarm: Alarm) -> bool:
    """May it show how far help is?"""
    return showing(alarm, seen.organisation(alarm)) not in ("received", "idle")


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
    said = {r.state for r in alarm.responders if r.person not in alarm.pressers}
    return next((state.value for state in FURTHEST if state in said), "raised")


def _until(seen: Record, at: float, alarm: str) -> float:
    """When it must be shown, also where the broker was away."""
    until = seen.in_time(at, alarm, held=True)
    if Trouble.BROKER not in seen.scenario.troubles or at > seen.scenario.calm_at:
        return until
    for window in sorted((w for w in seen.scenario.windows if w.trouble is Trouble.BROKER), key=lambda w: w.start):
        if window.start <= until + TRIES and at < window.end:
            until = seen.in_time(max(until, window.end), alarm, held=True)
    return seen.in_time(until + TRIES - GRACE, alarm, held=True)  # whoever tries may die meanwhile
