"""A clock on the wall, read every few minutes over the nights on which clocks change, is the oracle of hand-overs and
hours.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from alarmd.escalation.schedule import in_hours, on_call
from alarmd.organisation.model import Rotation, Schedule, Window

OSLO = "Europe/Oslo"
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def walk(zone: ZoneInfo, start: datetime, hours: int) -> Iterator[tuple[datetime, datetime]]:
    """Instants and what a clock on the wall shows, every five minutes."""
    for minute in range(0, hours * 60, 5):
        at = start + minute * MINUTE
        yield at, at.astimezone(zone).replace(tzinfo=None)


ZONES = (OSLO, "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata")
CLOCKS = st.builds(time, st.sampled_from([0, 1, 2, 3, 7, 22, 23]), st.sampled_from([0, 15, 30, 45]))
# The nights of Oslo, New York, Lord Howe (half an hour), and St. John's when it still changed at 00:01.
NIGHTS = st.sampled_from(
    [SPRING, AUTUMN, date(2027, 3, 14), date(2027, 11, 7), date(2027, 4, 4), date(2027, 10, 3), date(2010, 11, 7)]
)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(ZONES),
    NIGHTS,
    CLOCKS,
    st.sampled_from([5 * MINUTE, 45 * MINUTE, HOUR, 12 * HOUR, DAY, 36 * HOUR, 3 * DAY]),
)
def test_a_clock_on_the_wall_agrees_about_hand_overs(name: str, night: date, clock: time, every: timedelta) -> None:
    """The oracle: the turn goes on when the clock for the first time shows the hand-over's time or a later one."""
    zone = ZoneInfo(name)
    schedule = Schedule("duty", (Rotation(("a", "b", "c"), datetime.combine(night - 2 * DAY, clock), every),))
    turn, coming = -1, schedule.rotations[0].start
    for at, shown in walk(zone, datetime.combine(night - 3 * DAY, time(12), UTC), 96):
        while shown >= coming:
            turn, coming = turn + 1, coming + every
        assert on_call(schedule, name, at) == (() if turn < 0 else ("abc"[turn % 3],))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ZONES), NIGHTS, CLOCKS, CLOCKS, st.frozensets(st.integers(0, 6), min_size=1))
def test_a_clock_on_the_wall_agrees_about_hours(
    name: str, night: date, start: time, end: time, days: frozenset[int]
) -> None:
    """The oracle: open from the first minute that shows the beginning, until the clock shows the end for the last time
    or, where it never does, has shown less for the last time.
    """
    zone = ZoneInfo(name)
    schedule = Schedule("duty", (), Window(days, start, end))
    minutes = list(walk(zone, datetime.combine(night - 2 * DAY, time(12), UTC), 84))
    opened: set[datetime] = set()
    for day in (night + number * DAY for number in range(-4, 4)):
        if day.weekday() in days:
            first = datetime.combine(day, start)
            last = datetime.combine(day if end > start else day + DAY, end)
            begun = [at for at, shown in minutes if shown >= first]
            unfinished = [at for at, shown in minutes if shown < last]
            over = [at for at, shown in minutes if shown == last] or [at + 5 * MINUTE for at in unfinished]
            if begun and over:
                opened |= {at for at, _ in minutes if begun[0] <= at < over[-1]}
    assert {at for at, _ in minutes if in_hours(schedule, name, at)} == opened
