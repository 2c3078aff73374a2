"""Who is meant by a step's targets, at an instant, for an alarm's place. PURE.

Absent people are left out here; who pressed, who is already coming and who has declined is known to `plan.py`, which
knows the alarm. It says so by `able`, because some targets choose: the nearest so many of those who can be asked,
colleagues of the site where none is nearer.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from alarmd.escalation.nearness import nearest
from alarmd.escalation.schedule import on_call, within
from alarmd.organisation.model import Organisation, Target, TargetKind


def anybody(_: str) -> bool:
    """Whoever it is."""
    return True


def people_for(
    targets: Iterable[Target],
    organisation: Organisation,
    site: str | None,
    zone: str | None,
    at: datetime,
    able: Callable[[str], bool] = anybody,
) -> tuple[str, ...]:
    """Ids of the people and externals meant, in the targets' order, none twice; absent people and who is not `able`
    left out. `at` is aware."""
    time_zone = ZoneInfo(organisation.time_zone)
    found: dict[str, None] = {}
    for target in targets:
        for tier in _tiers(target, organisation, site, zone, at):
            here = [id for id in tier if _present(organisation, id, time_zone, at) and able(id)]
            if here:
                found |= dict.fromkeys(here[: target.count or None])
                break
    return tuple(found)


def named_by(targets: Iterable[Target], organisation: Organisation, site: str | None, at: datetime) -> frozenset[str]:
    """Everybody whom these targets may come to, whoever is absent or asked before; of schedules, at this instant. The
    place on the site only says who is asked first."""
    tiers = (tier for target in targets for tier in _tiers(target, organisation, site, None, at))
    return frozenset(id for tier in tiers for id in tier)


def _present(organisation: Organisation, id: str, time_zone: ZoneInfo, at: datetime) -> bool:
    person = organisation.people.get(id)
    return person is None or not any(within(each.start, each.end, time_zone, at) for each in person.absent)


def _tiers(
    target: Target, organisation: Organisation, site: str | None, zone: str | None, at: datetime
) -> Sequence[Sequence[str]]:
    """Whom the target means, in order; of several tiers the first in which there is somebody to ask."""
    match target.kind:
        case TargetKind.PERSON | TargetKind.EXTERNAL:
            return ((target.name,),)
        case TargetKind.TEAM:
            return (organisation.teams[target.name],)
        case TargetKind.ON_CALL:
            schedule = organisation.schedules[target.name]
            return (on_call(schedule, organisation.time_zone, at, organisation.holidays),)
        case TargetKind.ROLE:
            return ([p.id for p in organisation.people.values() if target.name in p.roles and p.belongs_to(site)],)
        case TargetKind.COLLEAGUES:
            near, rest = _colleagues(organisation, site, zone)
            return ([*near, *rest],) if target.name == "site" else (near, rest)
        case TargetKind.NEAREST:
            people = nearest(organisation, site, zone)
            return ([p.id for p in people if not target.name or target.name in p.roles],)
        case _:
            assert_never(target.kind)


def _colleagues(organisation: Organisation, site: str | None, zone: str | None) -> tuple[list[str], list[str]]:
    """The zone's own people, then those of zones it is audible to; and the rest of the site's."""
    at_site = [p for p in organisation.people.values() if p.at is not None and site is not None and p.belongs_to(site)]
    place = organisation.zone(zone)
    near = [p.id for z in (zone, *(place.audible_to if place else ())) for p in at_site if p.at == z]
    return near, [p.id for p in at_site if p.id not in near]
