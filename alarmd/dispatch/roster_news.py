"""What the organisation becomes by what its calendars say, and what of it is not believed. Synchronous: `rosters.py`
has it done in the store's threads, the looking through beside the loop and the storing under the head's lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from alarmd.escalation.readiness import Severity, readiness
from alarmd.organisation.model import Organisation, Roster
from alarmd.organisation.plain import Plain, plain
from alarmd.organisation.roster import Said, is_lost, read_from, to_come
from alarmd.ports import Reading, Registry

NAMED = 5
"""So many calendars of one version stand by name in the audit log."""

Looked = Mapping[str, tuple[Roster, Said]]
"""By schedule: which calendar was read, and what it says."""
Faults = dict[str, str]
"""By schedule: words about what cannot be read, or is not believed."""


@dataclass(frozen=True, slots=True)
class News:
    """A version that may be stored while `after` holds. `of`: the schedules whose calendars have changed."""

    after: int
    organisation: Organisation
    body: Plain
    of: tuple[str, ...]
    faults: Faults


def rosters_of(organisation: Organisation | None) -> dict[str, Roster]:
    """The calendars to read, by schedule."""
    schedules = organisation.schedules if organisation else {}
    return {key: schedule.calendar for key, schedule in schedules.items() if schedule.calendar}


def news_of(reading: Reading, said: Looked, now: datetime) -> News:
    """What the version that holds becomes by what its calendars say. One that was moved meanwhile is left to the next
    round.
    """
    version = reading.head().organisation
    organisation = reading.organisation(version)
    rosters, changed, faults = rosters_of(organisation), dict[str, Roster](), Faults()
    for schedule, (of, found) in said.items():
        before = rosters.get(schedule)
        if before is None or not before.is_of(of):
            continue
        after = read_from(before, found, organisation.people, now, before)
        if is_lost(before, after, now):
            known = len(to_come(before, now))
            faults[schedule] = f"it says nothing of the time to come, where {known} shifts are known"
        elif after != before:
            changed[schedule] = after
    changed, unreached = _without_harm(organisation, changed, now)
    news = _with(organisation, changed)
    return News(version, news, plain(news) if changed else {}, tuple(changed), faults | unreached)


def store_news(registry: Registry, news: News, now: datetime) -> int | None:
    """Its number; None where another version holds by now."""
    if registry.head().organisation != news.after:
        return None
    by = f"calendar:{','.join(news.of[:NAMED])}" + (f" and {len(news.of) - NAMED} more" if len(news.of) > NAMED else "")
    return registry.add_organisation(news.organisation, by=by, now=now, why=None, body=news.body)


def _without_harm(
    organisation: Organisation, changed: dict[str, Roster], now: datetime
) -> tuple[dict[str, Roster], Faults]:
    """Those by which no chain reaches nobody that did reach somebody; words about the others."""
    if not changed:
        return changed, {}
    blocked = _blocked(organisation, now)
    if _blocked(_with(organisation, changed), now) <= blocked:
        return changed, {}
    good: dict[str, Roster] = {}
    faults: Faults = {}
    for schedule, roster in changed.items():
        lost = _blocked(_with(organisation, {**good, schedule: roster}), now) - blocked
        if lost:
            faults[schedule] = f"by what it says now, {', '.join(sorted(lost))} would reach nobody for 30 days"
        else:
            good[schedule] = roster
    return good, faults


def _with(organisation: Organisation, rosters: Mapping[str, Roster]) -> Organisation:
    changed = {key: replace(organisation.schedules[key], calendar=roster) for key, roster in rosters.items()}
    return replace(organisation, schedules={**organisation.schedules, **changed})


def _blocked(organisation: Organisation, now: datetime) -> set[str]:
    return {each.path for each in readiness(organisation, now) if each.severity is Severity.BLOCKS}
