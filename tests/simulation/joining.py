"""Which signal opens an alarm and which joins one: a plain second implementation (docs/contract.md, Joining), asked for
each signal at its place in the log. So two buttons pressed at two nodes in one millisecond are judged, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, By, Kind, Person, ResponderState, Signal, State
from alarmd.organisation.model import Joining
from tests.simulation.answers import pressed_silently
from tests.simulation.record import Record, Told

SIGNALS = {EventKind.RAISED: "opens", EventKind.JOINED: "joins", EventKind.UPGRADED: "upgrades"}
NEVER = (Kind.TECHNICAL, Kind.TEST)
RIGHT_THEN = 0.01
"""Seconds about a change of the organisation in which either may have held."""


@dataclass(frozen=True)
class Pressed:
    """A signal and where it came from."""

    kind: Kind
    by: By
    device: str | None
    zone: str | None
    at: datetime
    drill: bool

    def sent(self, signal: Signal) -> bool:
        """Was that one of the same button, or of the same person where there is none?"""
        if self.device is not None or signal.device is not None:
            return self.device == signal.device
        return _person(self.by) == _person(signal.by)


def signals_join_rightly(seen: Record) -> Iterator[str]:
    """Every signal has opened an alarm, or joined or upgraded one, as the rules want it; and sounds unless it was one
    movement of the hand with the last.
    """
    alarms: dict[str, Alarm] = {}
    for id, told in sorted(((id, t) for id, tale in seen.tales.items() for t in tale), key=lambda at: at[1].position):
        changing = any(abs(v.at - told.at) < RIGHT_THEN for v in seen.shell.versions)
        if told.event.kind in SIGNALS and told.event.data["signal"] and not told.event.data.get("pin") and not changing:
            yield from _judge(seen, id, told, [*alarms.values()])
        alarms[id] = told.alarm


def helpers_in_need_are_waited_for_nowhere(seen: Record) -> Iterator[str]:
    """Whoever presses on his way to alarms of others is coming to none of them from that press on; where it is silent,
    that he is there already holds only for so long. Nobody else is taken for one in need.
    """
    alarms: dict[str, Alarm] = {}
    expected: set[tuple[str, str | None, float]] = set()
    done: set[tuple[str, str | None, float]] = set()
    for id, told in sorted(((id, t) for id, tale in seen.tales.items() for t in tale), key=lambda at: at[1].position):
        data, who = told.event.data, _person(told.event.by)
        pressed = told.event.kind in SIGNALS and not data.get("pin") and not data["drill"]
        if pressed and who is not None and told.alarm.kind not in NEVER:
            others = [a for a in alarms.values() if a.id != id and _waits(a) and _person(a.first.by) != who]
            coming = [(a.id, r) for a in others for r in a.responders if _comes(r.person, r.state, who)]
            if told.alarm.kind is Kind.DURESS:
                coming = [
                    (a, r) for a, r in coming if r.state is ResponderState.ARRIVED and r.counts and not r.arrive_by
                ]
            expected |= {(other, who, told.at) for other, _ in coming}
        if pressed_silently(told) or (told.event.kind is EventKind.DECLINED and data.get("reason") == "needs_help"):
            done.add((id, who, told.at))
        alarms[id] = told.alarm
    for id, person, at in sorted(expected - done, key=str):
        yield f"{person} has pressed himself at {at:.3f}, and is waited for at {id}"
    for id, person, at in sorted(done - expected, key=str):
        yield f"{person} is waited for no longer at {id} since {at:.3f}, and is in no need"


def no_two_are_alike(seen: Record) -> Iterator[str]:
    """Of the alarms that are open at one time no two have one answer code, and no two one cause; but one that everybody
    may see opens beside one that is hidden."""
    alarms: dict[str, Alarm] = {}
    for id, told in sorted(((id, t) for id, tale in seen.tales.items() for t in tale), key=lambda at: at[1].position):
        if told.event.kind is EventKind.RAISED:
            others = [alarm for alarm in alarms.values() if not _over(alarm)]
            if any(alarm.code == told.alarm.code for alarm in others):
                yield f"{id} has the code {told.alarm.code} of another alarm that is open"
            same = [alarm for alarm in others if told.alarm.cause and alarm.cause == told.alarm.cause]
            if any(told.alarm.veil is not None or alarm.veil is None for alarm in same):
                yield f"{id} is raised for {told.alarm.cause}, and there is one"
        alarms[id] = told.alarm


def _judge(seen: Record, id: str, told: Told, alarms: list[Alarm]) -> Iterator[str]:
    data, by = told.event.data, told.event.by
    pressed = Pressed(Kind(data["kind"]), by, data["device"], data["zone"], told.event.at, data["drill"])
    rules = seen.shell.organisations[max(v.organisation for v in seen.shell.versions if v.at <= told.at)].joining
    linked = told.alarm.linked if told.event.kind is EventKind.RAISED else None
    right, where = _right(pressed, rules, alarms, linked)
    did = SIGNALS[told.event.kind]
    done = (did, id) if did != "opens" else (did, linked)
    if done != (right, where):
        who = data["device"] or _person(by)
        yield f"{data['ref']} of {who} {done[0]} {done[1]}, and should have been: {right} {where}"
    if did == "joins":
        last = [s.at for alarm in alarms if alarm.id == id for s in alarm.signals if pressed.sent(s)]
        settles = bool(last) and abs(pressed.at - last[-1]) <= rules.settle
        if data["sounds"] == settles:
            yield f"{data['ref']} of {data['device'] or _person(by)} sounds {data['sounds']}, after {last}"


def _right(pressed: Pressed, rules: Joining, alarms: list[Alarm], linked_to: str | None) -> tuple[str, str | None]:
    """What it must do, and with which alarm (of a linked one, the alarm that he was on his way to; of those to which he
    has said so in one instant, the one that it is `linked_to`)."""
    if pressed.drill or pressed.kind in NEVER:
        return "opens", None
    live = [a for a in alarms if _joinable(a)]
    live.sort(key=lambda a: (a.kind.strength, a.opened_at), reverse=True)
    person = _person(pressed.by)
    own = [a for a in live if person is not None and _person(a.first.by) == person]
    near = [a for a in live if a.first.zone == pressed.zone or a in own]
    promised = [(r.at, a.id) for a in live if a not in own for r in a.responders if _comes(r.person, r.state, person)]
    linked = [a for a in own if a.linked is not None]
    if promised and not linked:
        last = [id for at, id in promised if at == max(promised)[0]]
        return "opens", linked_to if linked_to in last else last[0]
    same = linked or [a for a in near if rules.same_device and any(pressed.sent(s) for s in a.signals)]
    if same:
        return ("joins" if _takes(same[0], pressed.kind) else "upgrades"), same[0].id
    for alarm in near if rules.same_zone_within is not None and pressed.zone else ():
        presses = [s.at for s in alarm.signals if s.zone == pressed.zone]
        fresh = rules.same_zone_within is not None and presses and pressed.at - max(presses) <= rules.same_zone_within
        if fresh and _takes(alarm, pressed.kind):
            return "joins", alarm.id
    return "opens", None


def _takes(alarm: Alarm, kind: Kind) -> bool:
    return alarm.kind is kind or (kind is not Kind.DURESS and alarm.kind.strength > kind.strength)


def _joinable(alarm: Alarm) -> bool:
    return _waits(alarm) and alarm.veil is None


def _waits(alarm: Alarm) -> bool:
    """Does it want somebody, whoever may know?"""
    return not _over(alarm) and not alarm.drill and alarm.kind not in NEVER


def _over(alarm: Alarm) -> bool:
    return alarm.state in (State.RESOLVED, State.CANCELLED)


def _comes(who: str, state: ResponderState, person: str | None) -> bool:
    return who == person and state is not ResponderState.DECLINED


def _person(by: By) -> str | None:
    return by.person if isinstance(by, Person) else None
