"""Who is on call, above all in the two nights of 2027 on which the clocks of Oslo change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alarmd.escalation.schedule import begins, changes, ends, in_hours, is_open, on_call
from alarmd.organisation.model import Calendar, Change, OnHolidays, Override, Rotation, Schedule, Window

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

    def test_hours_too_hand_over_by_the_clock_on_the_wall(self) -> None:
        for night in (SPRING, AUTUMN):
            shifts = duty(rotation("ola", "per", day=date(2027, 1, 1), every=12 * HOUR))
            for day in (night - DAY, night, night + DAY):
                found = [
                    on_call(shifts, OSLO, oslo(day, clock) - step)
                    for clock in ("08:00", "20:00")
                    for step in (MINUTE, 0 * DAY)
                ]
                assert found == [("per",), ("ola",), ("ola",), ("per",)]

    def test_a_hand_over_in_the_hour_that_spring_skips_is_at_the_skip(self) -> None:
        nightly = duty(rotation("ola", "per", day=SPRING - DAY, clock="02:30"))
        assert on_call(nightly, OSLO, utc(SPRING, "00:59")) == ("ola",)
        assert on_call(nightly, OSLO, utc(SPRING, "01:00")) == ("per",)

    def test_a_hand_over_in_the_hour_that_autumn_repeats_is_at_the_first(self) -> None:
        nightly = duty(rotation("ola", "per", day=AUTUMN - DAY, clock="02:30"))
        assert on_call(nightly, OSLO, utc(AUTUMN, "00:29")) == ("ola",)
        assert on_call(nightly, OSLO, utc(AUTUMN, "00:30")) == ("per",)
        assert on_call(nightly, OSLO, utc(AUTUMN, "01:15")) == ("per",), "02:15 again: nobody goes back"

    def test_turns_of_an_hour_are_none_in_the_skipped_one_and_two_hours_in_the_repeated_one(self) -> None:
        hourly = duty(rotation("eva", "ola", "per", day=SPRING, clock="01:00", every=HOUR))
        assert [on_call(hourly, OSLO, utc(SPRING, clock)) for clock in ("00:59", "01:00")] == [("eva",), ("per",)]
        hourly = duty(rotation("eva", "ola", "per", day=AUTUMN, clock="01:00", every=HOUR))
        clocks = ("23:59", "00:00", "00:59", "01:00", "01:59", "02:00")
        found = [on_call(hourly, OSLO, utc(AUTUMN - DAY if clock == "23:59" else AUTUMN, clock))[0] for clock in clocks]
        assert found == ["eva", "ola", "ola", "ola", "ola", "per"]

    def test_finer_turns_than_an_hour_are_not_taken_again_in_the_repeated_hour(self) -> None:
        quarters = duty(rotation("a", "b", "c", "d", "e", day=AUTUMN, clock="02:00", every=15 * MINUTE))
        found = {clock: on_call(quarters, OSLO, utc(AUTUMN, clock)) for clock in ("00:44", "00:45", "01:00", "01:59")}
        assert found == {"00:44": ("c",), "00:45": ("d",), "01:00": ("d",), "01:59": ("d",)}
        assert on_call(quarters, OSLO, utc(AUTUMN, "01:59") + timedelta(seconds=59, milliseconds=999)) == ("d",)
        assert on_call(quarters, OSLO, utc(AUTUMN, "02:00")) == ("e",)

    def test_several_add_up_in_order_and_name_nobody_twice(self) -> None:
        day = date(2026, 1, 5)
        both = duty(rotation("ola", day=day), rotation("per", "ola", day=day), rotation("eva", day=day + DAY))
        assert on_call(both, OSLO, oslo(day, "12:00")) == ("ola", "per")
        assert on_call(both, OSLO, oslo(day + DAY, "12:00")) == ("ola", "eva")


class TestLayers:
    monday = date(2026, 1, 5)
    days = Window(frozenset(range(5)), time(7), time(17))
    nights = Window(EVERY_DAY, time(17), time(7))

    def layered(self, *, only: Window | None = None) -> Schedule:
        day = Rotation(("ola", "per"), local(self.monday, "07:00"), 7 * DAY, self.days)
        night = Rotation(("eva",), local(self.monday, "07:00"), 7 * DAY, self.nights)
        return duty(day, night, only=only)

    @pytest.mark.parametrize(
        ("number", "clock", "who"),
        [
            (0, "16:59", ("ola",)),
            (0, "17:00", ("eva",)),
            (1, "06:59", ("eva",)),
            (5, "12:00", ()),
            (7, "07:00", ("per",)),
        ],
    )
    def test_each_rotation_may_have_hours_of_its_own(self, number: int, clock: str, who: tuple[str, ...]) -> None:
        assert on_call(self.layered(), OSLO, oslo(self.monday + number * DAY, clock)) == who

    def test_the_hours_of_the_schedule_hold_for_all(self) -> None:
        schedule = self.layered(only=Window(frozenset({0}), time(), time()))
        assert on_call(schedule, OSLO, oslo(self.monday + DAY, "12:00")) == ()

    def test_the_hours_of_all_rotations_together_are_those_meant_unless_the_schedule_says_its_own(self) -> None:
        saturday = oslo(self.monday + 5 * DAY, "12:00")
        assert in_hours(self.layered(), OSLO, saturday) is False
        assert in_hours(self.layered(), OSLO, oslo(self.monday, "12:00")) is True
        assert in_hours(self.layered(only=Window(EVERY_DAY, time(), time())), OSLO, saturday) is True
        some = duty(*self.layered().rotations, rotation("kai", day=self.monday))
        assert in_hours(some, OSLO, saturday) is True, "one without hours means always"

    def test_one_instead_of_those_above_it_while_it_has_somebody(self) -> None:
        base = rotation("ola", "per", day=self.monday, every=7 * DAY)
        above = Rotation(("eva",), local(self.monday + DAY, "08:00"), DAY, self.days, instead=True)
        beside = rotation("kai", day=self.monday)
        schedule = duty(base, above, beside)
        found = {
            clock: on_call(schedule, OSLO, oslo(self.monday + DAY, clock)) for clock in ("07:59", "08:00", "17:00")
        }
        assert found == {"07:59": ("ola",), "08:00": ("eva", "kai"), "17:00": ("ola", "kai")} | {
            "07:59": ("ola", "kai")
        }


class TestHolidays:
    """Ascension Day, a Thursday, in 2027; the Friday after is a day of the office's own."""

    calendar = Calendar("NO", frozenset({date(2027, 5, 7)}), frozenset({date(2027, 5, 6)}))

    @pytest.mark.parametrize(
        ("rule", "days"),
        [
            (OnHolidays.AS_EVER, [3, 4, 5, 6, 7]),
            (OnHolidays.NEVER, [3, 4, 5]),
            (OnHolidays.ONLY, [6, 7]),
            (OnHolidays.ALSO, [3, 4, 5, 6, 7]),
        ],
    )
    def test_a_window_says_what_they_are_to_it(self, rule: OnHolidays, days: list[int]) -> None:
        window = Window(frozenset(range(5)), time(7), time(17), rule)
        noons = [(day, oslo(date(2027, 5, day), "12:00")) for day in range(3, 10)]
        assert [day for day, noon in noons if in_hours(duty(only=window), OSLO, noon, self.calendar)] == days
        assert [day for day, noon in noons if is_open(window, OSLO, noon, self.calendar)] == days

    def test_also_those_on_other_weekdays(self) -> None:
        weekend = duty(only=Window(frozenset({5, 6}), time(), time(), OnHolidays.ALSO))
        noons = [(day, oslo(date(2027, 5, day), "12:00")) for day in range(3, 10)]
        assert [day for day, noon in noons if in_hours(weekend, OSLO, noon, self.calendar)] == [6, 7, 8, 9]

    def test_a_night_belongs_to_the_day_on_which_it_begins(self) -> None:
        nights = duty(only=Window(EVERY_DAY, time(22), time(6), OnHolidays.ONLY))
        edges = [(6, "05:59"), (6, "22:00"), (7, "05:59"), (7, "22:00"), (8, "05:59"), (8, "06:00")]
        found = [in_hours(nights, OSLO, oslo(date(2027, 5, day), clock), self.calendar) for day, clock in edges]
        assert found == [False, True, True, True, True, False]

    def test_a_duty_of_theirs_alone_stands_in(self) -> None:
        base = rotation("ola", day=date(2027, 1, 4))
        feast = Rotation(
            ("eva",), local(date(2027, 1, 4), "00:00"), DAY, Window(EVERY_DAY, time(), time(), OnHolidays.ONLY), True
        )
        found = [on_call(duty(base, feast), OSLO, oslo(date(2027, 5, day), "00:00"), self.calendar) for day in (6, 8)]
        assert found == [("eva",), ("ola",)]
        edges = changes(
            duty(feast), OSLO, oslo(date(2027, 5, 5), "08:00"), oslo(date(2027, 5, 20), "08:00"), self.calendar
        )
        assert {oslo(date(2027, 5, day), "00:00") for day in (6, 7, 8)} <= set(edges)

    def test_where_none_are_known_none_are(self) -> None:
        schedule = duty(only=Window(EVERY_DAY, time(), time(), OnHolidays.ONLY))
        start = oslo(date(2027, 5, 5), "08:00")
        assert list(changes(schedule, OSLO, start, start + 60 * DAY)) == []
        assert Calendar().last_year is None
        assert self.calendar.last_year == 2027


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

    def test_where_clocks_go_back_over_midnight_yesterdays_may_still_hold(self) -> None:
        friday = duty(only=Window(frozenset({4}), time(23, 15), time(23, 15)))
        instants = [datetime(2010, 11, 7, 2, minute, tzinfo=UTC) for minute in (30, 44, 45)]
        shown = "00:00 on Sunday, then 23:14 and 23:15 on Saturday again"
        assert [in_hours(friday, "America/St_Johns", at) for at in instants] == [True, True, False], shown

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

    def test_one_may_be_added_or_taken_away(self) -> None:
        span = local(self.day, "10:00"), local(self.day, "12:00")
        added = self.schedule(Override("per", *span, Change.ADD))
        assert on_call(added, OSLO, oslo(self.day, "11:00")) == ("ola", "per")
        removed = self.schedule(Override("ola", *span, Change.REMOVE))
        assert on_call(removed, OSLO, oslo(self.day, "11:00")) == ()
        assert on_call(removed, OSLO, oslo(self.day, "12:00")) == ("ola",)

    def test_one_who_is_added_is_so_outside_the_hours_too(self) -> None:
        added = self.schedule(Override("per", local(self.day, "18:00"), local(self.day, "20:00"), Change.ADD))
        assert on_call(added, OSLO, oslo(self.day, "19:00")) == ("per",)

    def test_where_they_overlap_in_part_each_holds_for_its_own_span(self) -> None:
        changed = (
            Override("per", local(self.day, "09:00"), local(self.day, "12:00")),
            Override("eva", local(self.day, "10:00"), local(self.day, "14:00"), Change.ADD),
            Override("per", local(self.day, "11:00"), local(self.day, "13:00"), Change.REMOVE),
            Override("kai", local(self.day, "11:30"), local(self.day, "15:00")),
        )
        expected = {
            "08:59": ("ola",),
            "09:00": ("per",),
            "10:00": ("per", "eva"),
            "11:00": ("eva",),
            "11:30": ("kai", "eva"),
            "12:30": ("kai", "eva"),
            "14:00": ("kai",),
            "15:00": ("ola",),
        }
        for order in (changed, changed[::-1]):
            schedule = self.schedule(*order)
            assert {clock: on_call(schedule, OSLO, oslo(self.day, clock)) for clock in expected} == expected


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
