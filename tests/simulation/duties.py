"""Who is on call and who is away while a world lasts, by the plain watch of `tests/oracle` and not by the engine: read
minute by minute, from some hours before, since a clock that is put back has shown more than it shows.
"""

from datetime import datetime, timedelta

from alarmd.organisation.model import Organisation, Schedule
from tests.oracle.plain import MINUTE, Plain, Span, Watch

BEFORE, AFTER = timedelta(hours=4), timedelta(hours=5)
"""Clocks are put forward by an hour, too; and what ends in an hour that is repeated ends the last time."""


class Duties:
    """Of one organisation, around this instant."""

    def __init__(self, organisation: Organisation, began: datetime) -> None:
        start = began.replace(second=0, microsecond=0) - BEFORE
        self._watch = Watch.over(organisation.time_zone, start, start + BEFORE + AFTER)
        self._organisation = organisation
        self._on_call: dict[str, list[tuple[str, ...]]] = {}
        self._away: dict[str, list[bool]] = {}

    def on_call(self, schedule: str, at: datetime) -> tuple[str, ...]:
        if schedule not in self._on_call:
            holidays = frozenset(self._organisation.holidays.also)
            self._on_call[schedule] = Plain(self._watch, self._organisation.schedules[schedule], holidays).people
        return self._on_call[schedule][self._minute(at)]

    def away(self, person: str, at: datetime) -> bool:
        found = self._organisation.people.get(person)
        if found is None or not found.absent:
            return False
        if person not in self._away:
            nothing = Plain(self._watch, Schedule("none", ()))
            self._away[person] = nothing.inside([Span(a.start, a.end) for a in found.absent])
        return self._away[person][self._minute(at)]

    def _minute(self, at: datetime) -> int:
        return (at - self._watch.start) // MINUTE
