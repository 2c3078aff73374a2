"""Who is on call, above all in the two nights of 2027 on which the clocks of Oslo change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmd.escalation.schedule import begins, changes, ends, in_hours, on_call
from alarmd.organisation.model import Override, Rotation, Schedule, Window

OSLO = "Europe/Oslo"
SPRING = date(2027, 3, 28)  # 02:00 becomes 03:00
AUTUMN = date(2027, 10, 31)  # 03:00 becomes 02:00
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))


def local(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock))


def utc(day: date, clock: str) -> datetime:
    return local(day, clock).replace(tzinfo=UTC)


def oslo(day: date, clock: str) -> datetime:
    return local(day, clock).replace(tzinfo=ZoneInfo(OSLO))


def rotation(*people: str, day: date, clock: str = "08:00", every: timedelta = DAY) -> Rotation:
    return Rotation(people, local(day, clock), every)


def duty(*rotations: Rotation, only: Window | None = None, overrides: tuple[Override, ...] = ()) -> Schedule:
    return Schedule("duty", rotations, only, overrides)


class TestRotations:
    weekly = duty(rotation("ola", "per", day=date(2026, 1, 5), every=7 * DAY))

    @pytest.mark.parametrize(
        ("day", "clock", "who"),
        [
            (date(2026, 1, 5), "07:59", ()),
            (date(2026, 1, 5), "08:00", ("ola",)),
            (date(2026, 1, 12), "07:59", ("ola",)),
            (date(2026, 1, 12), "08:00", ("per",)),
            (date(2026, 1, 19), "08:00", ("ola",)),
            (date(2020, 1, 1), "12:00", ()),
        ],
    )
    def test_each_has_his_turn_from_its_first_instant_on(self, day: date, clock: str, who: tuple[str, ...]) -> None:
        assert on_call(self.weekly, OSLO, oslo(day, clock)) == who

    def test_the_hand_over_keeps_its_time_of_day_over_both_changes(self) -> None:
        for monday in (date(2027, 3, 29), date(2027, 11, 1)):
            before, after = (on_call(self.weekly, OSLO, oslo(monday, clock)) for clock in ("07:59", "08:00"))
            assert {before, after} == {("ola",), ("per",)}

    def test_a_day_is_a_day_also_when_it_has_23_or_25_hours(self) -> None:
        for night, hours in ((SPRING, 23), (AUTUMN, 25)):
            daily = duty(rotation("ola", "per", day=night - DAY))
            start = oslo(night - DAY, "08:00").astimezone(UTC)
            assert on_call(daily, OSLO, start + hours * HOUR - MINUTE) == ("ola",)
            assert on_call(daily, OSLO, start + hours * HOUR) == ("per",)

    def test_hours_are_exact_hours_and_drift_against_the_clock(self) -> None:
        for night, clock in ((SPRING, "09:00"), (AUTUMN, "07:00")):
            half = duty(rotation("ola", "per", day=night - DAY, every=12 * HOUR))
            assert on_call(half, OSLO, oslo(night, clock) - MINUTE) == ("per",)
            assert on_call(half, OSLO, oslo(night, clock)) == ("ola",)

    def test_a_hand_over_in_the_hour_that_spring_skips_is_at_the_skip(self) -> None:
        nightly = duty(rotation("ola", "per", day=SPRING - DAY, clock="02:30"))
        assert on_call(nightly, OSLO, utc(SPRING, "00:59")) == ("ola",)
        assert on_call(nightly, OSLO, utc(SPRING, "01:00")) == ("per",)

    def test_a_hand_over_in_the_hour_that_autumn_repeats_is_at_the_first(self) -> None:
        nightly = duty(rotation("ola", "per", day=AUTUMN - DAY, clock="02:30"))
        assert on_call(nightly, OSLO, utc(AUTUMN, "00:29")) == ("ola",)
        assert on_call(nightly, OSLO, utc(AUTUMN, "00:30")) == ("per",)
        assert on_call(nightly, OSLO, utc(AUTUMN, "01:15")) == ("per",), "02:15 again: nobody goes back"

    def test_hours_that_begin_in_the_repeated_hour_begin_at_the_first(self) -> None:
        hourly = duty(rotation("ola", "per", day=AUTUMN, clock="02:30", every=HOUR))
        assert [on_call(hourly, OSLO, utc(AUTUMN, clock)) for clock in ("00:29", "00:30", "01:30", "02:30")] == [
            (),
            ("ola",),
            ("per",),
            ("ola",),
        ]

    def test_several_add_up_in_order_and_name_nobody_twice(self) -> None:
        day = date(2026, 1, 5)
        both = duty(rotation("ola", day=day), rotation("per", "ola", day=day), rotation("eva", day=day + DAY))
        assert on_call(both, OSLO, oslo(day, "12:00")) == ("ola", "per")
        assert on_call(both, OSLO, oslo(day + DAY, "12:00")) == ("ola", "eva")


class TestHours:
    @pytest.mark.parametrize(
        ("day", "clock", "expected"),
        [
            (date(2026, 1, 9), "06:59", False),  # a Friday
            (date(2026, 1, 9), "07:00", True),
            (date(2026, 1, 9), "16:59", True),
            (date(2026, 1, 9), "17:00", False),
            (date(2026, 1, 10), "12:00", False),
        ],
    )
    def test_outside_them_nobody_is_on_call(self, day: date, clock: str, *, expected: bool) -> None:
        office = Window(frozenset(range(5)), time(7), time(17))
        schedule = duty(rotation("ola", day=date(2026, 1, 5), clock="00:00"), only=office)
        assert in_hours(schedule, OSLO, oslo(day, clock)) is expected
        assert on_call(schedule, OSLO, oslo(day, clock)) == (("ola",) if expected else ())

    @pytest.mark.parametrize(
        ("day", "clock", "expected"),
        [
            (date(2026, 1, 9), "21:59", False),
            (date(2026, 1, 9), "22:00", True),
            (date(2026, 1, 10), "05:59", True),  # Saturday morning is Friday's night
            (date(2026, 1, 10), "06:00", False),
            (date(2026, 1, 10), "23:00", False),
            (date(2026, 1, 5), "05:00", False),  # Monday morning would be Sunday's night
        ],
    )
    def test_over_midnight_they_belong_to_the_day_they_begin_on(self, day: date, clock: str, *, expected: bool) -> None:
        schedule = duty(only=Window(frozenset(range(5)), time(22), time(6)))
        assert in_hours(schedule, OSLO, oslo(day, clock)) is expected

    def test_two_equal_ends_are_a_whole_day_and_never_nothing(self) -> None:
        schedule = duty(only=Window(frozenset({4}), time(8), time(8)))
        friday = date(2026, 1, 9)
        edges = [(friday, "07:59"), (friday, "08:00"), (friday + DAY, "07:59"), (friday + DAY, "08:00")]
        assert [in_hours(schedule, OSLO, oslo(*edge)) for edge in edges] == [False, True, True, False]

    def test_without_hours_it_is_always_meant(self) -> None:
        assert in_hours(duty(), OSLO, utc(SPRING, "01:00"))

    def test_what_ends_in_the_repeated_hour_ends_at_the_last(self) -> None:
        schedule = duty(only=Window(EVERY_DAY, time(22), time(2, 30)))
        clocks = {"00:29": True, "00:45": True, "01:29": True, "01:30": False}
        assert {clock: in_hours(schedule, OSLO, utc(AUTUMN, clock)) for clock in clocks} == clocks

    def test_what_begins_in_the_repeated_hour_begins_at_the_first(self) -> None:
        schedule = duty(only=Window(EVERY_DAY, time(2, 30), time(7)))
        clocks = {"00:29": False, "00:30": True, "01:15": True, "05:59": True, "06:00": False}
        assert {clock: in_hours(schedule, OSLO, utc(AUTUMN, clock)) for clock in clocks} == clocks

    def test_in_spring_the_skip_is_both(self) -> None:
        until, since = Window(EVERY_DAY, time(22), time(2, 30)), Window(EVERY_DAY, time(2, 30), time(7))
        for clock, early in (("00:59", True), ("01:00", False)):
            assert in_hours(duty(only=until), OSLO, utc(SPRING, clock)) is early
            assert in_hours(duty(only=since), OSLO, utc(SPRING, clock)) is not early

    def test_where_clocks_go_back_over_midnight_a_day_begins_at_its_first_midnight(self) -> None:
        # St. John's, 7 November 2010: 00:01 became 23:01 of the day before.
        sunday = duty(only=Window(frozenset({6}), time(), time()))
        assert in_hours(sunday, "America/St_Johns", datetime(2010, 11, 7, 2, 45, tzinfo=UTC)), "23:15 on Saturday again"


class TestOverrides:
    day = date(2026, 1, 9)

    def schedule(self, *overrides: Override) -> Schedule:
        office = Window(frozenset(range(5)), time(7), time(17))
        return duty(rotation("ola", day=date(2026, 1, 5), clock="00:00"), only=office, overrides=overrides)

    @pytest.mark.parametrize(("clock", "who"), [("09:59", "ola"), ("10:00", "per"), ("11:59", "per"), ("12:00", "ola")])
    def test_for_its_span_it_replaces_whoever_would_be_on_call(self, clock: str, who: str) -> None:
        schedule = self.schedule(Override("per", local(self.day, "10:00"), local(self.day, "12:00")))
        assert on_call(schedule, OSLO, oslo(self.day, clock)) == (who,)

    def test_it_holds_outside_the_hours_too(self) -> None:
        schedule = self.schedule(Override("per", local(self.day, "16:00"), local(self.day, "20:00")))
        assert on_call(schedule, OSLO, oslo(self.day, "19:00")) == ("per",)

    def test_two_at_once_add_up(self) -> None:
        span = local(self.day, "10:00"), local(self.day, "12:00")
        schedule = self.schedule(Override("per", *span), Override("eva", *span), Override("per", *span))
        assert on_call(schedule, OSLO, oslo(self.day, "11:00")) == ("per", "eva")


class TestChanges:
    def test_they_are_the_edges_of_everything_in_the_span(self) -> None:
        day = date(2026, 1, 5)
        schedule = duty(
            rotation("ola", "per", day=day, every=7 * DAY),
            rotation("eva", day=day, every=36 * HOUR),
            overrides=(
                Override("kai", local(day - DAY, "10:00"), local(day + DAY, "09:00")),
                Override("ane", local(day + 2 * DAY, "10:00"), local(day + 90 * DAY, "10:00")),
            ),
        )
        assert sorted(changes(schedule, OSLO, oslo(day, "08:00"), oslo(day + 8 * DAY, "00:00"))) == [
            oslo(day + DAY, "09:00"),
            oslo(day + DAY, "20:00"),
            oslo(day + 2 * DAY, "10:00"),
            *(oslo(day + 3 * DAY, "08:00") + turn * 36 * HOUR for turn in range(3)),
            oslo(day + 7 * DAY, "08:00"),
            oslo(day + 7 * DAY, "20:00"),
        ]

    def test_hours_open_and_close(self) -> None:
        schedule = duty(only=Window(frozenset({0, 4}), time(7), time(17)))
        friday = date(2026, 1, 9)
        monday = friday + 3 * DAY
        found = changes(schedule, OSLO, oslo(friday, "07:00"), oslo(monday, "17:00"))
        assert sorted(found) == [oslo(friday, "17:00"), oslo(monday, "07:00")], "neither end belongs to the span"


def test_on_all_other_days_a_local_time_is_one_instant() -> None:
    at = local(date(2027, 6, 1), "02:30")
    assert begins(at, ZoneInfo(OSLO)) == ends(at, ZoneInfo(OSLO)) == utc(date(2027, 6, 1), "00:30")


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
@given(st.sampled_from(ZONES), NIGHTS, CLOCKS, st.integers(1, 3))
def test_a_clock_on_the_wall_agrees_about_hand_overs(name: str, night: date, clock: time, days: int) -> None:
    """The oracle: the turn goes on when the clock for the first time shows the hand-over's time or a later one."""
    zone = ZoneInfo(name)
    schedule = duty(Rotation(("a", "b", "c"), datetime.combine(night - 2 * DAY, clock), days * DAY))
    turn, coming = -1, schedule.rotations[0].start
    for at, shown in walk(zone, datetime.combine(night - 3 * DAY, time(12), UTC), 96):
        while shown >= coming:
            turn, coming = turn + 1, coming + days * DAY
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
    schedule = duty(only=Window(days, start, end))
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
