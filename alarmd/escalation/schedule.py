"""Who is on call at an instant, by local time, exact over both nights on which the clocks change. PURE.

A local time of day is two instants in autumn and none in spring (PEP 495). Decided once, for everything here: what
begins, begins at the first instant at which the clock shows that time or a later one; what ends, ends at the last. So
spans rather overlap than leave a gap, and a time that spring skips is the instant of the skip. Spans include their
beginning and not their end. Shifts of a calendar are instants already. Absent people are not known here: `targets.py`
leaves them out. Called by `targets.py`, `duty.py` and `readiness.py`, and by whoever reads calendars.

`holidays` are the organisation's: whatever can say of a date that it is one.
"""

import heapq
from collections.abc import Container, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import takewhile
from typing import assert_never
from zoneinfo import ZoneInfo

from alarmd.organisation.model import Change, OnHolidays, Rotation, Schedule, Window

Holidays = Container[date]

_DAY = timedelta(days=1)
_FAR = 3 * _DAY
_SECOND = timedelta(seconds=1)


def on_call(schedule: Schedule, time_zone: str, at: datetime, holidays: Holidays = ()) -> tuple[str, ...]:
    """Ids of the people on call at this aware instant, none twice; empty when nobody is.

    Overrides hold for their span, also outside the schedule's hours: they name their own. Those that replace do so with
    everybody else, several at once add up; then comes who is added, and whoever is removed is not on call, whatever the
    rest says. The order of the file does not matter to that.
    """
    zone = ZoneInfo(time_zone)
    holding = [each for each in schedule.overrides if within(each.start, each.end, zone, at)]
    named = {change: [each.person for each in holding if each.change is change] for change in Change}
    people = named[Change.REPLACE] or _regular(schedule, zone, at, holidays)
    kept = (each for each in (*people, *named[Change.ADD]) if each not in named[Change.REMOVE])
    return tuple(dict.fromkeys(kept))


def in_hours(schedule: Schedule, time_zone: str, at: datetime, holidays: Holidays = ()) -> bool:
    """Does the schedule mean to have somebody on call at this aware instant: in the hours of `only`; without, in those
    of its rotations where each has some of its own and no calendar stands beside them; else always.
    """
    zone = ZoneInfo(time_zone)
    if schedule.only:
        return _is_open(schedule.only, zone, at, holidays)
    if schedule.calendar:
        return True
    own = [each.only for each in schedule.rotations if each.only]
    if not own or len(own) < len(schedule.rotations):
        return True
    return any(_is_open(each, zone, at, holidays) for each in own)


def is_open(window: Window, time_zone: str, at: datetime, holidays: Holidays = ()) -> bool:
    """Does this aware instant lie in the window."""
    return _is_open(window, ZoneInfo(time_zone), at, holidays)


def changes(
    schedule: Schedule, time_zone: str, start: datetime, end: datetime, holidays: Holidays = ()
) -> Iterator[datetime]:
    """Every aware instant after `start` and before `end` at which another may be on call, the earliest first but for
    the order of a few hours, perhaps some twice.
    """
    zone = ZoneInfo(time_zone)
    windows = [only for only in (schedule.only, *(each.only for each in schedule.rotations)) if only]
    edges = [_hand_overs(rotation, zone, start, end) for rotation in schedule.rotations]
    edges += [_openings(window, zone, start, end, holidays) for window in windows]
    edges += [iter(sorted((begins(each.start, zone), ends(each.end, zone)))) for each in schedule.overrides]
    if schedule.calendar:
        edges.append(iter(sorted(edge for each in schedule.calendar.shifts for edge in (each.start, each.end))))
    return (at for at in heapq.merge(*edges) if start < at < end)


def within(start: datetime, end: datetime, zone: ZoneInfo, at: datetime) -> bool:
    """Does this aware instant lie in the local span."""
    shown = at.astimezone(zone).replace(tzinfo=None)
    if not start - _FAR < shown < end + _FAR:  # most spans are of another week, and no clock jumps so far
        return False
    return begins(start, zone) <= at < ends(end, zone)


def begins(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which the clock shows this local time or a later one."""
    first, second = _readings(local, zone)
    return first if first <= second else jump(second, first, zone)


def ends(local: datetime, zone: ZoneInfo) -> datetime:
    """The last instant (UTC) at which the clock comes to this local time; for a skipped one, the skip."""
    first, second = _readings(local, zone)
    return second if first <= second else jump(second, first, zone)


def _readings(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both meanings of a local time; equal on all but two nights, the greater first when spring skips it."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC), local.replace(tzinfo=zone, fold=1).astimezone(UTC)


def jump(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The instant, after the one and not after the other, both of whole seconds, at which the clock jumps."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _latest(at: datetime, zone: ZoneInfo) -> datetime:
    """The latest local time that the clock has shown up to this instant: in the hour that autumn repeats, it has shown
    more than it shows.
    """
    shown = at.astimezone(zone)
    if not shown.fold:
        return shown.replace(tzinfo=None)
    second = shown.replace(microsecond=0)
    first = second.replace(fold=0).astimezone(UTC)
    skip = jump(first, second.astimezone(UTC), zone)
    return (skip - datetime.resolution).astimezone(zone).replace(tzinfo=None)


def _regular(schedule: Schedule, zone: ZoneInfo, at: datetime, holidays: Holidays) -> list[str]:
    """By the rotations, in the order of the file, then by the calendar."""
    people: list[str] = []
    if schedule.only and not _is_open(schedule.only, zone, at, holidays):
        return people
    for rotation in schedule.rotations:
        turn = _turns_begun(rotation, zone, at) - 1
        if turn < 0 or (rotation.only and not _is_open(rotation.only, zone, at, holidays)):
            continue
        if rotation.instead:
            people.clear()
        people.append(rotation.people[turn % len(rotation.people)])
    if schedule.calendar:
        shifts = takewhile(lambda each: each.start <= at, schedule.calendar.shifts)
        named = [each.person for each in shifts if at < each.end]
        if named and schedule.calendar.instead:
            people.clear()
        people += named
    return people


def _turns_begun(rotation: Rotation, zone: ZoneInfo, at: datetime) -> int:
    """How many hand-overs, the first beginning included, lie at or before this instant; 0 or less before all."""
    return (_latest(at, zone) - rotation.start) // rotation.every + 1


def _hand_overs(rotation: Rotation, zone: ZoneInfo, after: datetime, end: datetime) -> Iterator[datetime]:
    turn = max(0, _turns_begun(rotation, zone, after) - 1)
    while (at := begins(rotation.start + turn * rotation.every, zone)) < end:
        yield at
        turn += 1


def _is_open(window: Window, zone: ZoneInfo, at: datetime, holidays: Holidays) -> bool:
    today = at.astimezone(zone).date()
    # Yesterday's may go over midnight. Where clocks go back over midnight, tomorrow's has begun, and that of the day
    # before yesterday may not be over.
    days = (today + day * _DAY for day in (-2, -1, 0, 1))
    return any(within(*_opening(window, day), zone, at) for day in days if _counts(window, day, holidays))


def _openings(window: Window, zone: ZoneInfo, after: datetime, end: datetime, holidays: Holidays) -> Iterator[datetime]:
    day, last = after.astimezone(zone).date() - 2 * _DAY, end.astimezone(zone).date() + _DAY
    while day <= last:
        if _counts(window, day, holidays):
            start, over = _opening(window, day)
            yield begins(start, zone)
            yield ends(over, zone)
        day += _DAY


def _counts(window: Window, day: date, holidays: Holidays) -> bool:
    """Is this one of the window's days."""
    named, holiday = day.weekday() in window.days, day in holidays
    match window.holidays:
        case OnHolidays.AS_EVER:
            return named
        case OnHolidays.NEVER:
            return named and not holiday
        case OnHolidays.ONLY:
            return named and holiday
        case OnHolidays.ALSO:
            return named or holiday
        case _:
            assert_never(window.holidays)


def _opening(window: Window, day: date) -> tuple[datetime, datetime]:
    """The local span that begins on this day; an end not after the beginning is the next day's."""
    start, end = datetime.combine(day, window.start), datetime.combine(day, window.end)
    return start, end if end > start else end + _DAY
