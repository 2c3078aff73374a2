"""Would somebody come: what an organisation that is right in shape and sense still lacks. PURE. Called by `alarmd
apply` and daily.

Looks 30 days ahead and asks with the same `people_for` that an alarm asks with, at every instant at which the answer
may change. What blocks is refused by `apply` unless somebody says why; what warns is told. A person is reachable by any
contact, since a step falls back to his others; without one, by the console alone, where the step shows itself there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from alarmd.alarm.model import Kind
from alarmd.escalation.schedule import begins, changes, ends, in_hours
from alarmd.escalation.targets import people_for
from alarmd.organisation.model import CONSOLE, Chain, Organisation, Person, Schedule, Step, Target, TargetKind

AHEAD = timedelta(days=30)
MOST_CHANGES = 1000
"""So many changes of one schedule are looked at; only people who take turns by the hour have more within the span."""


class Reason(StrEnum):
    """What is lacking."""

    CHAIN_REACHES_NOBODY = "chain_reaches_nobody"
    CHAIN_HAS_A_GAP = "chain_has_a_gap"
    CHAIN_WAITS_IN_VAIN = "chain_waits_in_vain"
    PERSON_WITHOUT_CONTACT = "person_without_contact"
    SCHEDULE_HAS_A_HOLE = "schedule_has_a_hole"


class Severity(StrEnum):
    """May it be taken as it is."""

    BLOCKS = "blocks"
    WARNS = "warns"


@dataclass(frozen=True, slots=True)
class Finding:
    """One lack. `path` is where, such as `chains.panic`; `words` say what is wrong and what would be right."""

    reason: Reason
    severity: Severity
    path: str
    words: str


def readiness(organisation: Organisation, at: datetime) -> tuple[Finding, ...]:
    """What is lacking from this aware instant on, the gravest first; empty when nothing is."""
    found = [
        *_chains(organisation, at),
        *_in_vain(organisation),
        *_without_contact(organisation, at),
        *(hole for schedule in organisation.schedules.values() for hole in _hole(organisation, schedule, at)),
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.BLOCKS))


def _chains(organisation: Organisation, at: datetime) -> Iterator[Finding]:
    for chain, site, kinds in _cases(organisation):
        never: list[str] = []
        gaps: dict[str, datetime] = {}
        for zone in _zones(organisation, chain, site):
            reached, unreached = _over_time(organisation, chain, site, zone, at)
            place = zone or site or "the whole organisation"
            if not reached:
                never.append(place)
            elif unreached:
                gaps[place] = unreached
        path, what = f"chains.{chain.id}", f"for {', '.join(kinds)} in"
        if never:
            words = f"reaches nobody {what} {_some(never)}; add a step that tells people with a way of contact"
            yield Finding(Reason.CHAIN_REACHES_NOBODY, Severity.BLOCKS, path, words)
        if gaps:
            first = _local(min(gaps.values()), organisation)
            words = f"reaches nobody {what} {_some([*gaps])} at {first}; add an else, or somebody who is always there"
            yield Finding(Reason.CHAIN_HAS_A_GAP, Severity.WARNS, path, words)


def _cases(organisation: Organisation) -> Iterator[tuple[Chain, str | None, list[str]]]:
    """Each chain at each site where it is chosen, with the kinds; what alarmd says of itself has no site."""
    for site in organisation.sites:
        chosen: dict[str, list[str]] = {}
        for kind in Kind:
            chosen.setdefault(organisation.chain_for(kind, site).id, []).append(kind.value)
        for chain, kinds in chosen.items():
            yield organisation.chains[chain], site, kinds
    yield organisation.chain_for(Kind.TECHNICAL, None), None, [Kind.TECHNICAL.value]


def _zones(organisation: Organisation, chain: Chain, site: str | None) -> Iterable[str | None]:
    """The places that may make a difference: zones where colleagues are asked, else the site as one."""
    near = any(target.kind is TargetKind.COLLEAGUES for target in _targets(chain))
    return (organisation.sites[site].zones if site and near else ()) or (None,)


def _over_time(
    organisation: Organisation, chain: Chain, site: str | None, zone: str | None, at: datetime
) -> tuple[bool, datetime | None]:
    """Whether anybody is ever reached within the span, and the first instant at which nobody is."""
    if _reached(_lasting(organisation, at), chain, site, zone, at, on_call=False):
        return True, None
    names = dict.fromkeys(target.name for target in _targets(chain) if target.kind is TargetKind.ON_CALL)
    moments = _moments(organisation, [organisation.schedules[name] for name in names], at)
    reached = [_reached(organisation, chain, site, zone, moment) for moment in moments]
    return any(reached), None if all(reached) else moments[reached.index(False)]


def _reached(
    organisation: Organisation, chain: Chain, site: str | None, zone: str | None, at: datetime, *, on_call: bool = True
) -> bool:
    for step in chain.steps:
        targets = [t for t in (*step.notify, *step.otherwise) if on_call or t.kind is not TargetKind.ON_CALL]
        if any(_reachable(organisation, step, each) for each in people_for(targets, organisation, site, zone, at)):
            return True
    return False


def _reachable(organisation: Organisation, step: Step, recipient: str) -> bool:
    found = organisation.recipient(recipient)
    at_console = isinstance(found, Person) and (not step.by or CONSOLE in step.by)
    return found is not None and (bool(found.contact) or at_console)


def _lasting(organisation: Organisation, at: datetime) -> Organisation:
    """Without the people who are absent at some time within the span."""
    zone = ZoneInfo(organisation.time_zone)
    people = {
        key: person
        for key, person in organisation.people.items()
        if all(ends(each.end, zone) <= at or begins(each.start, zone) >= at + AHEAD for each in person.absent)
    }
    return replace(organisation, people=people)


def _moments(organisation: Organisation, schedules: Sequence[Schedule], at: datetime) -> list[datetime]:
    """Every instant within the span at which one of these may name another or somebody comes or goes; the first is
    `at`.
    """
    zone, until = ZoneInfo(organisation.time_zone), at + AHEAD
    moments = {at}
    for schedule in schedules:
        moments.update(islice(changes(schedule, organisation.time_zone, at, until), MOST_CHANGES))
    for person in organisation.people.values():
        for each in person.absent:
            moments.update(edge for edge in (begins(each.start, zone), ends(each.end, zone)) if at < edge < until)
    return sorted(moments)


def _in_vain(organisation: Organisation) -> Iterator[Finding]:
    for chain in organisation.chains.values():
        wanted = chain.acknowledge
        able = [p for p in organisation.people.values() if not wanted.by_roles or wanted.by_roles & {*p.roles}]
        if len(able) < wanted.needed:
            roles = f" with the role {' or '.join(sorted(wanted.by_roles))}" if wanted.by_roles else ""
            words = f"waits for {wanted.needed} people{roles}, and there are {len(able)}; it would never be answered"
            path = f"chains.{chain.id}.acknowledge"
            yield Finding(Reason.CHAIN_WAITS_IN_VAIN, Severity.WARNS, path, words)


def _without_contact(organisation: Organisation, at: datetime) -> Iterator[Finding]:
    """Those whom a chain names and nothing but the console can reach."""
    silent = {person.id for person in organisation.people.values() if not person.contact}
    named = _named(organisation, at) if silent else set()
    for person in organisation.people:
        if person in silent & named:
            words = "is told by a chain and has no way of contact, so at most the console shows it; add one"
            yield Finding(Reason.PERSON_WITHOUT_CONTACT, Severity.WARNS, f"people.{person}", words)


def _named(organisation: Organisation, at: datetime) -> set[str]:
    """Everybody whom a chain may ever tell: at any place, on anybody's duty."""
    always = replace(
        organisation, people={key: replace(person, absent=()) for key, person in organisation.people.items()}
    )
    named: set[str] = set()
    for chain, site, _ in _cases(always):
        targets = _targets(chain)
        for zone in _zones(always, chain, site):
            named.update(people_for(targets, always, site, zone, at))
        for schedule in (always.schedules[each.name] for each in targets if each.kind is TargetKind.ON_CALL):
            named.update(person for rotation in schedule.rotations for person in rotation.people)
            named.update(override.person for override in schedule.overrides)
    return named


def _hole(organisation: Organisation, schedule: Schedule, at: datetime) -> Iterator[Finding]:
    """The first time within the span at which the schedule means to have somebody on call and has nobody."""
    target = (Target(TargetKind.ON_CALL, schedule.id),)
    moments = _moments(organisation, [schedule], at)
    manned = [
        not in_hours(schedule, organisation.time_zone, each) or bool(people_for(target, organisation, None, None, each))
        for each in moments
    ]
    if all(manned):
        return
    start = manned.index(False)
    end = next((each for each, filled in zip(moments[start:], manned[start:], strict=True) if filled), None)
    span = f"from {_local(moments[start], organisation)}" + (f" to {_local(end, organisation)}" if end else " on")
    words = f"nobody is on call {span}; add a rotation or an override"
    yield Finding(Reason.SCHEDULE_HAS_A_HOLE, Severity.WARNS, f"schedules.{schedule.id}", words)


def _targets(chain: Chain) -> list[Target]:
    return [target for step in chain.steps for target in (*step.notify, *step.otherwise)]


def _some(places: Sequence[str]) -> str:
    return ", ".join(places[:5]) + (f" and {len(places) - 5} more" if len(places) > 5 else "")


def _local(at: datetime, organisation: Organisation) -> str:
    return at.astimezone(ZoneInfo(organisation.time_zone)).strftime("%Y-%m-%dT%H:%M")
