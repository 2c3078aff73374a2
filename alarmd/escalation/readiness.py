"""Would somebody come: what an organisation that is right in shape and sense still lacks. PURE. Called by `alarmd
apply` and daily.

Looks 30 days ahead and asks with the same `people_for` that an alarm asks with, at every instant at which the answer
may change. What blocks is refused by `apply` unless somebody says why; what warns is told. A person is reachable by any
contact that works, since a step falls back to his others; without one, by the console alone, where the step shows
itself there.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from zoneinfo import ZoneInfo

from alarmd.alarm.model import Kind
from alarmd.escalation.duty import moments, on_duty
from alarmd.escalation.retry import at_console
from alarmd.escalation.schedule import begins, ends, in_hours, on_call
from alarmd.escalation.targets import named_by, people_for
from alarmd.organisation.model import (
    CONTACT_KINDS,
    Chain,
    Contact,
    Organisation,
    Schedule,
    Step,
    Target,
    TargetKind,
)
from alarmd.organisation.sense import NOT_BUILT

AHEAD = timedelta(days=30)
MOST_CHANGES = 1000
"""So many changes of one schedule are looked at; only people who take turns by the hour have more within the span."""


WORKING = frozenset(CONTACT_KINDS) - NOT_BUILT
"""Kinds of contact that this version can reach; whether they are configured is known where the settings are."""


class Reason(StrEnum):
    """What is lacking."""

    CHAIN_REACHES_NOBODY = "chain_reaches_nobody"
    CHAIN_HAS_A_GAP = "chain_has_a_gap"
    CHAIN_WAITS_IN_VAIN = "chain_waits_in_vain"
    PERSON_WITHOUT_CONTACT = "person_without_contact"
    SCHEDULE_HAS_A_HOLE = "schedule_has_a_hole"
    HOLIDAYS_RUN_OUT = "holidays_run_out"
    CALENDAR_RUNS_OUT = "calendar_runs_out"
    CALENDAR_IS_UNCLEAR = "calendar_is_unclear"


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


def readiness(organisation: Organisation, at: datetime, working: Collection[str] = WORKING) -> tuple[Finding, ...]:
    """What is lacking from this aware instant on, the gravest first; empty when nothing is. `working`: the kinds of
    contact by which anybody is reached; others do not count.
    """
    organisation = _reached_by(organisation, working)
    found = [
        *_chains(organisation, at),
        *_in_vain(organisation),
        *_without_contact(organisation, at),
        *(hole for schedule in organisation.schedules.values() for hole in _holes(organisation, schedule, at)),
        *_holidays(organisation, at),
        *(lack for schedule in organisation.schedules.values() for lack in _calendar(organisation, schedule, at)),
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.BLOCKS))


def _reached_by(organisation: Organisation, working: Collection[str]) -> Organisation:
    """With such ways of contact alone."""

    def ways(contact: tuple[Contact, ...]) -> tuple[Contact, ...]:
        return tuple(each for each in contact if each.kind in working)

    people = {key: replace(each, contact=ways(each.contact)) for key, each in organisation.people.items()}
    externals = {key: replace(each, contact=ways(each.contact)) for key, each in organisation.externals.items()}
    return replace(organisation, people=people, externals=externals)


def _chains(organisation: Organisation, at: datetime) -> Iterator[Finding]:
    lasting = _lasting(organisation, at)
    for chain, site, kinds in _cases(organisation):
        if _reached(_without_duty(chain), lasting, site, at):
            continue
        edges, nobody = _over_time(organisation, chain, site, at)
        path, what = f"chains.{chain.id}", f"for {', '.join(kinds)} in {site or 'the whole organisation'}"
        if len(nobody) == len(edges):
            words = f"reaches nobody {what}; add a step that tells people with a way of contact"
            yield Finding(Reason.CHAIN_REACHES_NOBODY, Severity.BLOCKS, path, words)
        elif nobody:
            first = _local(nobody[0], organisation)
            words = f"reaches nobody {what} at {first}; add an else, or somebody who is always there"
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


def _over_time(
    organisation: Organisation, chain: Chain, site: str | None, at: datetime
) -> tuple[list[datetime], list[datetime]]:
    """The instants of the span at which the answer may change, and those of them at which nobody is reached."""
    names = dict.fromkeys(target.name for target in _targets(chain) if target.kind is TargetKind.ON_CALL)
    schedules = [organisation.schedules[name] for name in names]
    edges = moments(organisation, schedules, at, at + AHEAD, MOST_CHANGES)
    return edges, [edge for edge in edges if not _reached(_asked(chain), organisation, site, edge)]


Asked = Sequence[tuple[Step, Sequence[Target]]]
"""Steps, and of their targets those that are asked."""


def _asked(chain: Chain) -> Asked:
    return [(step, _of(step)) for step in chain.steps]


def _without_duty(chain: Chain) -> Asked:
    return [(step, [t for t in _of(step) if t.kind is not TargetKind.ON_CALL]) for step in chain.steps]


def _reached(asked: Asked, organisation: Organisation, site: str | None, at: datetime) -> bool:
    """Is there somebody, wherever on the site it is? The place only says who is asked first."""
    return any(
        people_for(targets, organisation, site, None, at, partial(_reachable, organisation, step))
        for step, targets in asked
    )


def _reachable(organisation: Organisation, step: Step, recipient: str) -> bool:
    found = organisation.recipient(recipient)
    return found is not None and (bool(found.contact) or at_console(found, step.by))


def _lasting(organisation: Organisation, at: datetime) -> Organisation:
    """Without the people who are absent at some time within the span."""
    zone = ZoneInfo(organisation.time_zone)
    people = {
        key: person
        for key, person in organisation.people.items()
        if all(ends(each.end, zone) <= at or begins(each.start, zone) >= at + AHEAD for each in person.absent)
    }
    return replace(organisation, people=people)


def _in_vain(organisation: Organisation) -> Iterator[Finding]:
    """Those that too few can answer; whom nobody at all can answer is as good as one that reaches nobody."""
    for chain in organisation.chains.values():
        wanted = chain.acknowledge
        able = [p for p in organisation.people.values() if not wanted.by_roles or wanted.by_roles & {*p.roles}]
        if len(able) < wanted.needed:
            severity = Severity.WARNS if able else Severity.BLOCKS
            roles = f" with the role {' or '.join(sorted(wanted.by_roles))}" if wanted.by_roles else ""
            words = f"waits for {wanted.needed} people{roles}, and there are {len(able)}; it would never be answered"
            path = f"chains.{chain.id}.acknowledge"
            yield Finding(Reason.CHAIN_WAITS_IN_VAIN, severity, path, words)


def _without_contact(organisation: Organisation, at: datetime) -> Iterator[Finding]:
    """Those whom a chain names and nothing but the console can reach."""
    silent = {person.id for person in organisation.people.values() if not person.contact}
    named = _named(organisation, at) if silent else set()
    for person in organisation.people:
        if person in silent & named:
            words = "is told by a chain and has no way of contact that works, so at most the console shows it; add one"
            yield Finding(Reason.PERSON_WITHOUT_CONTACT, Severity.WARNS, f"people.{person}", words)


def _named(organisation: Organisation, at: datetime) -> set[str]:
    """Everybody whom a chain may ever tell: at any place, on anybody's duty."""
    named: set[str] = set()
    for chain, site, _ in _cases(organisation):
        targets = _targets(chain)
        named |= named_by(targets, organisation, site, at)
        for schedule in (organisation.schedules[each.name] for each in targets if each.kind is TargetKind.ON_CALL):
            named.update(person for rotation in schedule.rotations for person in rotation.people)
            named.update(override.person for override in schedule.overrides)
            named.update(shift.person for shift in (schedule.calendar.shifts if schedule.calendar else ()))
    return named


def _holes(organisation: Organisation, schedule: Schedule, at: datetime) -> Iterator[Finding]:
    """The spans in which the schedule means to have somebody on call and has nobody."""
    edges = moments(organisation, [schedule], at, at + AHEAD, MOST_CHANGES)
    zone, calendar = organisation.time_zone, organisation.holidays

    def meant(at: datetime) -> bool:
        """In its hours, or by an override, which names its own."""
        return in_hours(schedule, zone, at, calendar) or bool(on_call(schedule, zone, at, calendar))

    empty = [meant(each) and not on_duty(organisation, schedule.id, each) for each in edges]
    spans = []
    for place, edge in enumerate(edges):
        if empty[place] and not (place and empty[place - 1]):
            over = next((each for each, still in zip(edges[place:], empty[place:], strict=True) if not still), None)
            until = f" to {_local(over, organisation)}" if over else " on"
            spans.append(f"from {_local(edge, organisation)}{until}")
    if spans:
        mend = "a shift to its calendar" if schedule.calendar else "a rotation or an override"
        words = f"nobody is on call {_some(spans)}; add {mend}"
        yield Finding(Reason.SCHEDULE_HAS_A_HOLE, Severity.WARNS, f"schedules.{schedule.id}", words)


def _holidays(organisation: Organisation, at: datetime) -> Iterator[Finding]:
    """Do the public holidays that the version keeps reach over the span."""
    known = organisation.holidays.last_year
    if organisation.holidays.of and (known is None or (at + AHEAD).year > known):
        words = (
            f"public holidays are known to the end of {known} only; apply the file again, and later ones are looked up"
        )
        yield Finding(Reason.HOLIDAYS_RUN_OUT, Severity.WARNS, "holidays", words)


def _calendar(organisation: Organisation, schedule: Schedule, at: datetime) -> Iterator[Finding]:
    """Does a calendar go on beyond the span, and is everything in it understood."""
    roster = schedule.calendar
    if roster is None:
        return
    path, last = f"schedules.{schedule.id}.calendar", max((each.end for each in roster.shifts), default=at)
    if last < at + AHEAD:
        until = f"ends at {_local(last, organisation)}" if last > at else "says nothing of the time to come"
        yield Finding(Reason.CALENDAR_RUNS_OUT, Severity.WARNS, path, f"{until}; add shifts to the calendar")
    events = roster.known.unclear if roster.known else {}
    if events:
        first = min((each for each in events.values() if each), default=None)
        when = f", the first at {_local(first, organisation)}" if first else ""
        words = f"has events that name nobody known or cannot be read, {len(events)} of them{when}"
        mend = "`alarmd apply` tells which; add under people whom they mean, or mend the calendar"
        yield Finding(Reason.CALENDAR_IS_UNCLEAR, Severity.WARNS, path, f"{words}; {mend}")


def _targets(chain: Chain) -> list[Target]:
    return [target for step in chain.steps for target in _of(step)]


def _of(step: Step) -> tuple[Target, ...]:
    return (*step.notify, *step.otherwise)


def _some(places: Sequence[str]) -> str:
    return ", ".join(places[:5]) + (f" and {len(places) - 5} more" if len(places) > 5 else "")


def _local(at: datetime, organisation: Organisation) -> str:
    return at.astimezone(ZoneInfo(organisation.time_zone)).strftime("%Y-%m-%dT%H:%M")
