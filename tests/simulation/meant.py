"""Whom a step tells, read from the organisation by a plain second implementation (docs/contract.md, Targets): its
targets in their order, none twice, without those who must not, need not or cannot be told.
"""

from collections.abc import Callable, Collection, Iterable
from math import dist, inf

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, ResponderState
from alarmd.organisation.model import CONSOLE, Organisation, Step, Target, TargetKind, Zone
from alarmd.organisation.model import Person as Known
from tests.simulation.record import Record, Told

Asks = Callable[[str], bool]
WORDS = (EventKind.ACKNOWLEDGED, EventKind.EN_ROUTE, EventKind.ARRIVED, EventKind.DECLINED)


def meant(seen: Record, told: Told, step: Step, *, outside: bool = False) -> list[str]:
    """Whom it tells. The alarm is as it stands at this event, the time is the event's. Who has declined is asked again
    only where nobody else is left, not with that very word, and not when he is in need himself. `outside`: were this
    no exercise that is kept inside. One that is tells the same but for those outside, in whose place nobody is told.
    """
    alarm = told.alarm
    leaves = outside or seen.leaves(alarm)
    people = _meant(seen, told, step)
    return [who for who in people if leaves or who not in seen.organisation(alarm).externals]


def _meant(seen: Record, told: Told, step: Step) -> list[str]:
    said = {
        t.event.data["person"]: t
        for t in seen.tales[told.alarm.id]
        if t.event.kind in WORDS and t.position < told.position
    }
    declined = {r.person for r in told.alarm.responders if r.state is ResponderState.DECLINED}
    cannot = {who for who in declined if _cannot(said[who], told)}

    def able(who: str) -> bool:
        return who not in cannot and _may_be_told(seen, told, who, step)

    def willing(who: str) -> bool:
        return who not in declined and able(who)

    for asks in (willing, able):
        for targets in (step.notify, step.otherwise):
            people = dict.fromkeys(who for target in targets for who in _asked(seen, told, target, asks))
            if people:
                return [*people]
    return []


def _cannot(said: Told, now: Told) -> bool:
    """He has said so just now, or because he is in need himself."""
    return said.event.at == now.event.at or said.event.data.get("reason") == "needs_help"


def who_can(seen: Record, told: Told, step: Step, targets: Iterable[Target], without: Collection[str]) -> list[str]:
    """Whom of these targets the step can tell, but for those `without`, each of whom is passed for the next."""

    def asks(who: str) -> bool:
        return who not in without and _may_be_told(seen, told, who, step)

    people = dict.fromkeys(who for target in targets for who in _asked(seen, told, target, asks))
    return [who for who in people if seen.leaves(told.alarm) or who not in seen.organisation(told.alarm).externals]


def _may_be_told(seen: Record, told: Told, who: str, step: Step) -> bool:
    """Never the presser's side, nobody who is coming or away; and he must have a way to be told."""
    alarm, organisation = told.alarm, seen.organisation(told.alarm)
    if who in organisation.externals:
        return True
    coming = {r.person for r in alarm.responders if r.state is not ResponderState.DECLINED}
    hidden = seen.tales[alarm.id][0].event.data.get("behind")
    if who in alarm.pressers or (hidden and who in hidden["people"]):
        return False
    if who in coming or seen.duties(alarm).away(who, told.event.at):
        return False
    return bool(organisation.people[who].contact) or not step.by or CONSOLE in step.by


def _asked(seen: Record, told: Told, target: Target, asks: Asks) -> list[str]:
    """Of those whom a target means."""
    alarm, organisation = told.alarm, seen.organisation(told.alarm)
    zone = next((s.zone for s in reversed(alarm.signals) if s.zone), None)
    here = [p for p in organisation.people.values() if p.at is None or not alarm.site or _site(p.at) == alarm.site]
    found: Iterable[str]
    match target.kind:
        case TargetKind.PERSON | TargetKind.EXTERNAL:
            found = [target.name]
        case TargetKind.TEAM:
            found = organisation.teams[target.name]
        case TargetKind.ON_CALL:
            found = seen.duties(alarm).on_call(target.name, told.event.at)
        case TargetKind.ROLE:
            found = [p.id for p in here if target.name in p.roles]
        case TargetKind.COLLEAGUES:
            return _colleagues(organisation, alarm, zone, asks, whole_site=target.name == "site")
        case TargetKind.NEAREST:
            near = _by_distance(organisation, zone, here) if alarm.site else []
            return [p.id for p in near if (not target.name or target.name in p.roles) and asks(p.id)][: target.count]
    return [who for who in found if asks(who)]


def _site(place: str) -> str:
    return place.partition("/")[0]


def _colleagues(
    organisation: Organisation, alarm: Alarm, zone: str | None, asks: Asks, *, whole_site: bool
) -> list[str]:
    """The zone's, then those of the zones that it is audible to, then the site's: asked for, or nobody nearer."""
    there = [p for p in organisation.people.values() if alarm.site and p.at and _site(p.at) == alarm.site]
    place = organisation.zone(zone)
    near = [p.id for heard in (zone, *(place.audible_to if place else ())) for p in there if p.at == heard]
    asked = [who for who in near if asks(who)]
    if asked and not whole_site:
        return asked
    return asked + [p.id for p in there if p.id not in near and asks(p.id)]


def _by_distance(organisation: Organisation, zone: str | None, people: list[Known]) -> list[Known]:
    """Same zone, hops of hearing, same floor by its drawing, the rest of the site, nobody's zone."""
    zones = {z.id: z for site in organisation.sites.values() for z in site.zones.values()}
    return sorted(people, key=lambda p: _distance(zones, zone, p.at) if p.at in zones else (4, 0.0))


def _distance(zones: dict[str, Zone], here: str | None, there: str | None) -> tuple[int, float]:
    assert there is not None
    hops = _hops(zones, here, there)
    a, b = zones.get(here or ""), zones[there]
    if hops < inf:
        return 0, hops
    if a is None or not a.floor or a.floor != b.floor:
        return 3, 0.0
    if a.area is None or b.area is None:
        return 2, 0.0
    (ax, ay, aw, ah), (bx, by, bw, bh) = a.area, b.area
    return 1, dist((ax + aw / 2, ay + ah / 2), (bx + bw / 2, by + bh / 2))


def _hops(zones: dict[str, Zone], here: str | None, there: str) -> float:
    """By walking from zone to zone, one hop at a time, whichever of two hears the other."""
    reached = {here}
    for hop in range(len(zones) + 1):
        if there in reached:
            return hop
        hearing = {z.id for z in zones.values() if reached & {*z.audible_to}}
        reached |= hearing | {heard for z in zones.values() if z.id in reached for heard in z.audible_to}
    return inf
