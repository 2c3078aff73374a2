"""Who is on call at an instant, by local time, exact over both nights on which the clocks change. PURE.

A local time of day is two instants in autumn and none in spring (PEP 495). Decided once, for everything here: what
begins, begins at the first instant at which the clock shows that time or a later one; what ends, ends at the last. So
spans rather overlap than leave a gap, and a time that spring skips is the instant of the skip. Spans include their
beginning and not their end. Absent people are not known here: `targets.py` leaves them out. Called by `targets.py` and
`readiness.py`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alarmd.organisation.model import Rotation, Schedule, Window

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def on_call(schedule: Schedule, time_zone: str, at: datetime) -> tuple[str, ...]:
    """Ids of the people on call at this aware instant, none twice; empty when nobody is.

    Overrides replace everybody else for their span, also outside the schedule's hours: they name their own. Several at
    once add up, and so do several rotations, in the order of the file.
    """
    zone = ZoneInfo(time_zone)
    instead = [each.person for each in schedule.overrides if _within(each.start, each.end, zone, at)]
    if instead:
        return tuple(dict.fromkeys(instead))
    if not in_hours(schedule, time_zone, at):
        return ()
    turns = (_turn(rotation, zone, at) for rotation in schedule.rotations)
    return tuple(dict.fromkeys(person for person in turns if person is not None))


def in_hours(schedule: Schedule, time_zone: str, at: datetime) -> bool:
    """Does the schedule mean to have somebody on call at this aware instant: always, or in the hours of `only`."""
    return schedule.only is None or _is_open(schedule.only, ZoneInfo(time_zone), at)


def changes(schedule: Schedule, time_zone: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every aware instant after `start` and before `end` at which another may be on call, in no order, perhaps some
    twice.
    """
    zone = ZoneInfo(time_zone)
    edges = [_hand_overs(rotation, zone, start) for rotation in schedule.rotations]
    edges += [iter(sorted((begins(each.start, zone), ends(each.end, zone)))) for each in schedule.overrides]
    if schedule.only:
        edges.append(_openings(schedule.only, zone, start))
    for source in edges:
        for at in source:
            if at >= end:
                break
            if at > start:
                yield at


def begins(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) at which the clock shows this local time or a later one."""
    first, second = _readings(local, zone)
    return first if first <= second else _skip(second, first, zone)


def ends(local: datetime, zone: ZoneInfo) -> datetime:
    """The last instant (UTC) at which the clock comes to this local time; for a skipped one, the skip."""
    first, second = _readings(local, zone)
    return second if first <= second else _skip(second, first, zone)


def _readings(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both meanings of a local time; equal on all but two nights, the greater first when spring skips it."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC), local.replace(tzinfo=zone, fold=1).astimezone(UTC)


def _skip(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant, after the one and not after the other, at which the clock jumps."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _within(start: datetime, end: datetime, zone: ZoneInfo, at: datetime) -> bool:
    return begins(start, zone) <= at < ends(end, zone)


def _turn(rotation: Rotation, zone: ZoneInfo, at: datetime) -> str | None:
    """Whose turn it is; None before the rotation begins."""
    turn = _turns_begun(rotation, zone, at) - 1
    return rotation.people[turn % len(rotation.people)] if turn >= 0 else None


def _turns_begun(rotation: Rotation, zone: ZoneInfo, at: datetime) -> int:
    """How many hand-overs, the first beginning included, lie at or before this instant; 0 or less before all."""
    if rotation.every % _DAY:
        return (at - begins(rotation.start, zone)) // rotation.every + 1
    shown = at.astimezone(zone).replace(tzinfo=None)
    turn = (shown - rotation.start) // rotation.every
    # In the hour that autumn repeats the clock shows less than it has shown: the next hand-over may be over already.
    return turn + 1 + (begins(rotation.start + (turn + 1) * rotation.every, zone) <= at)


def _hand_overs(rotation: Rotation, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    turn = max(0, _turns_begun(rotation, zone, after) - 1)
    while True:
        if rotation.every % _DAY:
            yield begins(rotation.start, zone) + turn * rotation.every
        else:
            yield begins(rotation.start + turn * rotation.every, zone)
        turn += 1


def _is_open(window: Window, zone: ZoneInfo, at: datetime) -> bool:
    shown = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    # Yesterday's may go over midnight; tomorrow's has begun where clocks go back over midnight.
    spans = (_opening(window, shown + day * _DAY) for day in (-1, 0, 1) if (shown.weekday() + day) % 7 in window.days)
    return any(_within(start, end, zone, at) for start, end in spans)


def _openings(window: Window, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    day = after.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) - _DAY
    while True:
        if day.weekday() in window.days:
            start, end = _opening(window, day)
            yield begins(start, zone)
            yield ends(end, zone)
        day += _DAY


def _opening(window: Window, midnight: datetime) -> tuple[datetime, datetime]:
    """The local span that begins on this day; an end not after the beginning is the next day's."""
    start, end = datetime.combine(midnight, window.start), datetime.combine(midnight, window.end)
    return start, end if end > start else end + _DAY
