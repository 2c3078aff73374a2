"""Minute by minute, alarmd and a plain watch agree about who is on call: in five time zones, over two years. So they do
where a calendar says it: alarmd reads its text, the watch is told what was written in it.

`make oracle` walks through every minute of 2026 and 2027. Within `make test` it is every minute of the six hours around
each change of the clocks, those around each hand-over in the days about it, and one of each hour else.
"""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from alarmd.calendars.events import events
from alarmd.escalation.schedule import changes, in_hours, on_call
from alarmd.organisation.model import Change, OnHolidays, Override, Person, Roster, Rotation, Schedule, Window
from alarmd.organisation.roster import read_from
from tests.oracle.plain import DAY, MINUTE, Plain, Span, Watch, Written
from tests.support.ics import calendar, event

WHOLE = os.environ.get("ORACLE") == "whole"
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Half an hour in Lord Howe; over midnight, forwards and back, in Cairo; never in Kolkata.
ZONES = ("Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata")
HOLIDAYS = frozenset(
    datetime(year, month, day, tzinfo=UTC).date()
    for year in (2026, 2027)
    for month, day in ((1, 1), (3, 28), (4, 4), (5, 1), (5, 17), (10, 31), (11, 1), (12, 24), (12, 25))
)
EVERY_DAY = frozenset(range(7))
WORKDAYS = frozenset(range(5))
NIGHTS = Window(EVERY_DAY, time(22), time(2, 30))


def nights(zone: str) -> list[datetime]:
    """The hours (UTC) within which the clocks change."""
    place = ZoneInfo(zone)
    hours = (START + number * HOUR for number in range((END - START) // HOUR))
    return [at for at in hours if at.astimezone(place).utcoffset() != (at + HOUR).astimezone(place).utcoffset()]


def local(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock)


def layered(zone: str) -> Schedule:
    """Everything at once, and changes that begin and end within the hours that clocks skip and repeat."""
    first = date(2025, 12, 29)
    rotations = (
        Rotation(("a", "b", "c"), local(first, time(8)), 7 * DAY),
        Rotation(("d", "e"), local(first, time(2, 30)), DAY, NIGHTS),
        Rotation(("f", "g", "h"), local(first, time(7)), 8 * HOUR, Window(frozenset({5, 6}), time(1), time(3))),
        Rotation(
            ("i",), local(first, time()), DAY, Window(EVERY_DAY, time(9), time(21), OnHolidays.ONLY), instead=True
        ),
        Rotation(("j", "k"), local(first, time(0, 15)), 14 * DAY, Window(WORKDAYS, time(23, 30), time(0, 30))),
    )
    overrides: list[Override] = []
    for night in nights(zone):
        day = night.astimezone(ZoneInfo(zone)).date()
        overrides += [
            Override("x", local(day, time(2, 15)), local(day, time(2, 45))),
            Override("y", local(day, time(1, 30)), local(day, time(2, 30)), Change.ADD),
            Override("d", local(day, time(2)), local(day, time(6)), Change.REMOVE),
            Override("w", local(day, time(1)), local(day, time(2)), Change.ADD),
            Override("v", local(day, time(0)), local(day, time(3)), Change.ADD),
            Override("z", local(day, time(0, 30)), local(day, time(2, 20)), Change.ADD),
        ]
    return Schedule("layered", rotations, None, tuple(overrides))


def office(_: str) -> Schedule:
    """What most have: weeks in turn, in office hours, not on holidays."""
    window = Window(WORKDAYS, time(7), time(17), OnHolidays.NEVER)
    return Schedule("office", (Rotation(("a", "b"), local(date(2026, 1, 5), time(8)), 7 * DAY),), window)


def shifts(_: str) -> Schedule:
    """By the hour, and in the nights by the quarter of an hour."""
    first = date(2025, 12, 31)
    turns = Rotation(("a", "b", "c"), local(first, time(6)), 12 * HOUR)
    watch = Rotation(("d", "e", "f", "g"), local(first, time()), 15 * MINUTE, NIGHTS, instead=True)
    weekend = Window(frozenset({5, 6}), time(), time(), OnHolidays.ALSO)
    return Schedule("shifts", (turns, watch, Rotation(("h",), local(first, time()), 36 * HOUR, weekend)))


def drawn(zone: str) -> Schedule:
    """Whatever comes, the same each time."""
    chance = random.Random(zone)  # noqa: S311 - to find faults, not to keep secrets
    clocks = [time(hour, minute) for hour in (0, 1, 2, 3, 8, 22, 23) for minute in (0, 1, 30, 59)]
    steps = [MINUTE * 45, HOUR, 6 * HOUR, DAY, 2 * DAY, 7 * DAY]

    def window() -> Window:
        days = frozenset(chance.sample(range(7), chance.randint(1, 7)))
        return Window(days, chance.choice(clocks), chance.choice(clocks), chance.choice([*OnHolidays]))

    def rotation(number: int) -> Rotation:
        people = tuple(f"{number}{turn}" for turn in range(chance.randint(1, 4)))
        start = local(date(2025, 12, chance.randint(1, 31)), chance.choice(clocks))
        only = chance.choice([None, window()])
        return Rotation(people, start, chance.choice(steps), only, instead=chance.random() < 0.3)

    return Schedule("drawn", tuple(rotation(number) for number in range(4)), chance.choice([None, window()]))


def written(zone: str) -> tuple[Written, list[list[str]]]:
    """A year and a half of duties as somebody keeps them in a calendar, and the same as its text: nights and mornings
    that meet where clocks change, days in turn, weekends of whole days, a watch every six hours; one series moved, one
    with days left out, single shifts in the hours that clocks skip and repeat.
    """
    shifts: list[tuple[str, Span]] = []
    text: list[list[str]] = []

    def series(person: str, start: datetime, end: datetime, rule: str, step: timedelta, count: int, *out: int) -> None:
        """`out`: which of them do not take place, counted from 0."""
        shifts.extend((person, Span(start + step * n, end + step * n)) for n in range(count) if n not in out)
        gone = [f"EXDATE;TZID={zone}:{start + step * n:%Y%m%dT%H%M%S}" for n in out]
        lines = (f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"DTEND;TZID={zone}:{end:%Y%m%dT%H%M%S}")
        text.append(event(person, *lines, f"RRULE:{rule};COUNT={count}", *gone))

    first = date(2026, 2, 2)
    series("n", local(first, time(21)), local(first + DAY, time(2, 30)), "FREQ=DAILY", DAY, 600, 50, 51)
    series("m", local(first, time(2, 30)), local(first, time(7)), "FREQ=DAILY", DAY, 600)
    series("o", local(first, time(0, 15)), local(first, time(0, 45)), "FREQ=DAILY", DAY, 600, 9)
    series("d", local(first, time(7)), local(first, time(15)), "FREQ=WEEKLY;INTERVAL=2", 14 * DAY, 40)
    series(
        "e", local(first + 7 * DAY, time(7)), local(first + 7 * DAY, time(15)), "FREQ=DAILY;INTERVAL=14", 14 * DAY, 40
    )
    series("w", local(first, time()), local(first, time(6)), "FREQ=HOURLY;INTERVAL=24", DAY, 300)
    for night in nights(zone):
        day = night.astimezone(ZoneInfo(zone)).date()
        for person, start, end in (
            ("x", time(2, 15), time(2, 45)),
            ("y", time(1, 30), time(2)),
            ("z", time(0), time(3)),
        ):
            shifts.append((person, Span(local(day, start), local(day, end))))
            at = (f"{local(day, clock):%Y%m%dT%H%M%S}" for clock in (start, end))
            text.append(event(person, f"DTSTART:{next(at)}", f"DTEND:{next(at)}"))
        shifts.append(("h", Span(local(day, time()), local(day + DAY, time()))))
        text.append(event("h", f"DTSTART;VALUE=DATE:{day:%Y%m%d}"))
    return shifts, text


@cache
def rostered(zone: str) -> Schedule:
    """By a calendar alone."""
    said = events(calendar(*written(zone)[1]), zone, START, END)
    people = {each: Person(each, each.upper()) for each in "abcdefhmnowxyz"}
    roster = read_from(Roster(file="/duty.ics"), said, people, START)
    assert roster.known
    assert roster.known.unclear == {}
    return Schedule("rostered", (), calendar=roster)


def fallback(zone: str) -> Schedule:
    """A calendar before a rotation, in hours of its own, with changes over both."""
    calendar = rostered(zone).calendar
    assert calendar
    return replace(layered(zone), id="fallback", only=NIGHTS, calendar=replace(calendar, instead=True))


Made = Callable[[str], Schedule]
ALL = [layered, office, shifts, drawn, rostered, fallback]


def watched(zone: str, schedule: Schedule, start: datetime, end: datetime) -> Plain:
    said = written(zone)[0] if schedule.calendar else ()
    return Plain(Watch.over(zone, start, end), schedule, HOLIDAYS, said)


def spans(zone: str) -> list[tuple[datetime, datetime]]:
    """All of it, or three days about each change of the clocks and the turn of the year."""
    if WHOLE:
        return [(START, END)]
    nights_ = nights(zone) or [datetime(2026, 6, 1, tzinfo=UTC)]
    return [(at - 2 * DAY, at + 1 * DAY) for at in nights_] + [
        (datetime(2026, 12, 30, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC))
    ]


def looked_at(plain: Plain, zone: str) -> Iterator[int]:
    """The numbers of the minutes that are compared."""
    count = len(plain.people)
    if WHOLE:
        yield from range(count)
        return
    near = {(night - plain.watch.start) // MINUTE for night in nights(zone)}
    edges = {minute for minute in range(1, count) if plain.people[minute] != plain.people[minute - 1]}
    chosen = {*range(0, count, 61)}
    chosen |= {place + step for place in near for step in range(-180, 180)}
    chosen |= {place + step for place in edges for step in (-2, -1, 0, 1)}
    yield from sorted(minute for minute in chosen if 0 <= minute < count)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("made", ALL, ids=lambda made: made.__name__)
def test_every_minute_agrees(made: Made, zone: str) -> None:
    """But for the order of shifts that hold at the same time: nobody is told sooner by it."""
    schedule = made(zone)
    ordered = sorted if schedule.calendar else list
    for start, end in spans(zone):
        plain = watched(zone, schedule, start, end)
        wrong = [
            (plain.watch.at(minute).isoformat(), plain.people[minute], found)
            for minute in looked_at(plain, zone)
            if ordered(found := on_call(schedule, zone, plain.watch.at(minute), HOLIDAYS))
            != ordered(plain.people[minute])
        ]
        assert wrong[:5] == []


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("made", ALL, ids=lambda made: made.__name__)
def test_every_hand_over_is_foretold(made: Made, zone: str) -> None:
    """`changes` may tell too many and never too few; nobody is on call outside the hours that are meant."""
    schedule = made(zone)
    for start, end in spans(zone):
        plain = watched(zone, schedule, start, end)
        told = set(changes(schedule, zone, start, end, HOLIDAYS))
        edges = [
            minute
            for minute in range(1, len(plain.people))
            if {*plain.people[minute]} != {*plain.people[minute - 1]}
            or (not schedule.calendar and plain.people[minute] != plain.people[minute - 1])
        ]
        assert [plain.watch.at(minute) for minute in edges if plain.watch.at(minute) not in told] == []
        if not schedule.overrides:
            manned = (plain.watch.at(minute) for minute in edges if plain.people[minute])
            assert all(in_hours(schedule, zone, at, HOLIDAYS) for at in manned)
