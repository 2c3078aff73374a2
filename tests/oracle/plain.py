"""Who is on call, worked out the slow and simple way, for comparison: a watch that is read every minute.

It shares nothing with alarmd but the values of the organisation. It knows no folds and no gaps, asks no time zone for
the meaning of a local time, and never computes a hand-over: it walks through the minutes in order, reads the clock on
the wall, and moves on whatever that has come to. So what begins does so at the first minute that shows its time or a
later one, and what ends does so at the last minute that shows its time or, where none does, after the last one that
shows less.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from alarmd.organisation.model import Change, OnHolidays, Rotation, Schedule, Window

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass
class Watch:
    """The minutes of a span, by number, and what the clock on the wall shows at each."""

    zone: str
    start: datetime
    shown: list[datetime]

    @classmethod
    def over(cls, zone: str, start: datetime, end: datetime) -> "Watch":
        place = ZoneInfo(zone)
        count = (end - start) // MINUTE
        instants = (start + number * MINUTE for number in range(count))
        return cls(zone, start, [at.astimezone(place).replace(tzinfo=None) for at in instants])

    def at(self, minute: int) -> datetime:
        return self.start + minute * MINUTE


@dataclass
class Span:
    """Local: from the first minute that shows `start` or later, until the last that shows `end`."""

    start: datetime
    end: datetime


Written = Sequence[tuple[str, Span]]
"""What stands in a calendar: each shift with its person, as the clock on the wall shows it."""


@dataclass
class Plain:
    """One schedule on one watch. `people` is who is on call at each minute. `written` is what the schedule's calendar
    says; what alarmd has made of it is not looked at.
    """

    watch: Watch
    schedule: Schedule
    holidays: frozenset[date] = frozenset()
    written: Written = ()
    people: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.watch.shown)
        hours = self._hours(self.schedule.only) if self.schedule.only else [True] * count
        turns = [self._turns(rotation) for rotation in self.schedule.rotations]
        own = [self._hours(r.only) if r.only else [True] * count for r in self.schedule.rotations]
        changes = [self.inside([Span(o.start, o.end)]) for o in self.schedule.overrides]
        shifts = self._shifts()
        for minute in range(count):
            regular: list[str] = []
            for rotation, turn, there in zip(self.schedule.rotations, turns, own, strict=True):
                person = turn[minute]
                if person is not None and there[minute] and hours[minute]:
                    regular = [person] if rotation.instead else [*regular, person]
            named = shifts.get(minute, []) if hours[minute] else []
            if named and self.schedule.calendar and self.schedule.calendar.instead:
                regular = []
            regular += named
            self.people.append(self._changed(regular, [change[minute] for change in changes]))

    def _changed(self, regular: Sequence[str], holding: Sequence[bool]) -> tuple[str, ...]:
        now = [each for each, holds in zip(self.schedule.overrides, holding, strict=True) if holds]
        replacing = [each.person for each in now if each.change is Change.REPLACE]
        found = list(replacing) if replacing else list(regular)
        found += [each.person for each in now if each.change is Change.ADD]
        gone = [each.person for each in now if each.change is Change.REMOVE]
        once: list[str] = []
        for person in found:
            if person not in gone and person not in once:
                once.append(person)
        return tuple(once)

    def _turns(self, rotation: Rotation) -> list[str | None]:
        """Moves on whenever the clock has come to the next hand-over, and never back."""
        found: list[str | None] = []
        coming, turn = rotation.start, -1
        for shown in self.watch.shown:
            while shown >= coming:
                coming, turn = coming + rotation.every, turn + 1
            found.append(None if turn < 0 else rotation.people[turn % len(rotation.people)])
        return found

    def _shifts(self) -> dict[int, list[str]]:
        """Who has one, at each minute at which anybody has."""
        found: dict[int, list[str]] = {}
        for person in {person for person, _ in self.written}:
            for minute, there in enumerate(self.inside([span for whose, span in self.written if whose == person])):
                if there:
                    found.setdefault(minute, []).append(person)
        return found

    def _hours(self, window: Window) -> list[bool]:
        first, last = min(self.watch.shown).date() - 2 * DAY, max(self.watch.shown).date() + 2 * DAY
        spans = []
        day = first
        while day <= last:
            if self._is_one_of(window, day):
                start, end = datetime.combine(day, window.start), datetime.combine(day, window.end)
                spans.append(Span(start, end if end > start else end + DAY))
            day += DAY
        return self.inside(spans)

    def _is_one_of(self, window: Window, day: date) -> bool:
        named, holiday = day.weekday() in window.days, day in self.holidays
        return {
            OnHolidays.AS_EVER: named,
            OnHolidays.NEVER: named and not holiday,
            OnHolidays.ONLY: named and holiday,
            OnHolidays.ALSO: named or holiday,
        }[window.holidays]

    def inside(self, spans: Sequence[Span]) -> list[bool]:
        """Every span laid over the minutes. Clocks are put back by less than three hours."""
        shown = self.watch.shown
        found = [False] * len(shown)
        place = 0
        for span in sorted(spans, key=lambda each: each.start):
            place = self._first(place, span.start)
            minute, over = place, place
            ends: int | None = None
            while minute < len(shown) and shown[minute] < span.end + timedelta(hours=3):
                if shown[minute] < span.end:
                    over = minute + 1
                elif shown[minute] == span.end:
                    ends = minute
                minute += 1
            for inside in range(place, over if ends is None else ends):
                found[inside] = True
        return found

    def _first(self, minute: int, local: datetime) -> int:
        while minute < len(self.watch.shown) and self.watch.shown[minute] < local:
            minute += 1
        return minute
