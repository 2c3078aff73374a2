"""Who is on call over a span, as whoever answers for it wants to read it: the absent left out, equal neighbours as one.
PURE. Called by `alarmd oncall`, the API and `readiness.py`.

Asked with the same `people_for` that an alarm asks with, at every instant at which the answer may change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from alarmd.errors import Malformed
from alarmd.escalation.schedule import begins, changes, ends
from alarmd.escalation.targets import people_for
from alarmd.organisation.model import Organisation, Schedule, Target, TargetKind

MOST_CHANGES = 5000
"""So many changes are told at once; a year of hand-overs by the hour has more."""


@dataclass(frozen=True, slots=True)
class Duty:
    """From `start` (aware, included) to `end` (not included) these are on call; nobody where `people` is empty."""

    start: datetime
    end: datetime
    people: tuple[str, ...]


def on_duty(organisation: Organisation, schedule: str, at: datetime) -> tuple[str, ...]:
    """Ids of whom an alarm at this aware instant would find on call by this schedule, which must be known."""
    return people_for((Target(TargetKind.ON_CALL, schedule),), organisation, None, None, at)


def duties(organisation: Organisation, schedule: str, start: datetime, end: datetime) -> tuple[Duty, ...]:
    """The whole of the aware span, without a gap. Raises Malformed where it is none, or has too many changes."""
    if end <= start:
        raise Malformed("to is not after from")
    edges = moments(organisation, [organisation.schedules[schedule]], start, end, MOST_CHANGES + 1)
    if len(edges) > MOST_CHANGES:
        raise Malformed(f"more than {MOST_CHANGES} changes in that span; ask for a shorter one")
    found: list[Duty] = []
    for begin, over in zip(edges, [*edges[1:], end], strict=True):
        people = on_duty(organisation, schedule, begin)
        if found and found[-1].people == people:
            found[-1] = replace(found[-1], end=over)
        else:
            found.append(Duty(begin, over, people))
    return tuple(found)


def moments(
    organisation: Organisation, schedules: Iterable[Schedule], start: datetime, end: datetime, most: int
) -> list[datetime]:
    """Every aware instant of the span, in order, at which one of these may name another or somebody comes or goes; the
    first is `start`. Of each schedule so many are looked at, the earliest.
    """
    zone = ZoneInfo(organisation.time_zone)
    found = {start}
    for schedule in schedules:
        found.update(islice(changes(schedule, organisation.time_zone, start, end, organisation.holidays), most))
    found.update(edge for edge in _comings(organisation, zone) if start < edge < end)
    return sorted(found)


def _comings(organisation: Organisation, zone: ZoneInfo) -> Iterator[datetime]:
    for person in organisation.people.values():
        for each in person.absent:
            yield begins(each.start, zone)
            yield ends(each.end, zone)
