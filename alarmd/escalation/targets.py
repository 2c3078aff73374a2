"""Who is meant by a step's targets, at an instant, for an alarm's place. PURE.

Absent people are left out here; who pressed, who is already coming and who has declined is `plan.py`'s business,
which knows the alarm.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from alarmd.escalation.schedule import on_call, within
from alarmd.organisation.model import Organisation, Person, Target, TargetKind


def people_for(
    targets: Iterable[Target], organisation: Organisation, site: str | None, zone: str | None, at: datetime
) -> tuple[str, ...]:
    """Ids of the people and externals meant, in the targets' order, none twice, absent people left out. `at` is
    aware."""
    time_zone = ZoneInfo(organisation.time_zone)
    found = (id for target in targets for id in _meant(target, organisation, site, zone, at))
    return tuple(dict.fromkeys(id for id in found if _present(organisation, id, time_zone, at)))


def _present(organisation: Organisation, id: str, time_zone: ZoneInfo, at: datetime) -> bool:
    person = organisation.people.get(id)
    return person is None or not any(within(each.start, each.end, time_zone, at) for each in person.absent)


def _meant(
    target: Target, organisation: Organisation, site: str | None, zone: str | None, at: datetime
) -> Sequence[str]:
    match target.kind:
        case TargetKind.PERSON | TargetKind.EXTERNAL:
            return (target.name,)
        case TargetKind.TEAM:
            return organisation.teams[target.name]
        case TargetKind.ON_CALL:
            schedule = organisation.schedules[target.name]
            return on_call(schedule, organisation.time_zone, at, organisation.holidays)
        case TargetKind.ROLE:
            return tuple(p.id for p in organisation.people.values() if target.name in p.roles and p.belongs_to(site))
        case TargetKind.COLLEAGUES:
            return tuple(_colleagues(organisation, site, zone, whole_site=target.name == "site"))
        case _:
            assert_never(target.kind)


def _colleagues(organisation: Organisation, site: str | None, zone: str | None, *, whole_site: bool) -> Iterator[str]:
    """The zone's own people, then those of zones it is audible to, then (asked for, or nobody nearer) the rest of the
    site's."""
    at_site = [p for p in organisation.people.values() if p.at is not None and site is not None and p.belongs_to(site)]
    place = organisation.zone(zone)
    near = [zone, *(place.audible_to if place else ())]
    nearby = [p.id for z in near for p in at_site if p.at == z]
    yield from nearby
    if whole_site or not nearby:
        yield from (p.id for p in at_site if _elsewhere(p, nearby))


def _elsewhere(person: Person, nearby: Sequence[str]) -> bool:
    return person.id not in nearby
