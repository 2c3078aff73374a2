"""Another reader of calendars agrees, wherever it can be right: about whatever series of shifts by day, each in one
zone. What it is known to get wrong (ends by another clock, days as the end of a series, exceptions in UTC, equal ids)
is left to the tests beside this one; docs/adr/0008 has the list.
"""

from datetime import UTC, date, datetime, time, timedelta

import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from alarmd.calendars.events import events
from tests.support.ics import calendar, event

START, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
DAYS = st.dates(date(2026, 6, 1), date(2027, 12, 31))
CLOCKS = st.builds(time, st.integers(6, 16), st.sampled_from([0, 15, 30]))
ZONES = st.sampled_from(["Europe/Oslo", "America/New_York", "Asia/Kolkata"])
RULES = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 40)),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY={}".format, st.integers(1, 3), st.sampled_from(["MO", "TU,TH", "SA,SU"])),
    st.builds("FREQ=MONTHLY;BYDAY={}".format, st.sampled_from(["1MO", "-1FR", "2SU"])),
    st.builds("FREQ=MONTHLY;INTERVAL={};BYMONTHDAY={}".format, st.integers(1, 3), st.sampled_from([1, 15, 31, -1])),
    st.builds("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={}".format, st.integers(1, 12), st.integers(1, 28)),
)
BOUNDS = st.one_of(
    st.just(""),
    st.builds(";COUNT={}".format, st.integers(1, 60)),
    st.builds(lambda day: f";UNTIL={day:%Y%m%d}T235959Z", DAYS),
)


@st.composite
def series(draw: st.DrawFn, number: int) -> list[list[str]]:
    zone, clock = draw(ZONES), draw(CLOCKS)

    def at(day: date) -> str:
        return f"{datetime.combine(day, clock):%Y%m%dT%H%M%S}"

    first = draw(DAYS)
    lines = [f"DTSTART;TZID={zone}:{at(first)}", f"DURATION:PT{draw(st.integers(1, 240))}M"]
    if draw(st.booleans()):
        lines.append(f"RRULE:{draw(RULES)}{draw(BOUNDS)}")
    lines += [f"EXDATE;TZID={zone}:{at(day)}" for day in draw(st.lists(DAYS, max_size=3))]
    lines += [f"RDATE;TZID={zone}:{at(day)}" for day in draw(st.lists(DAYS, max_size=3))]
    changed = [
        event(
            f"{number} moved from {day}",
            f"RECURRENCE-ID;TZID={zone}:{at(day)}",
            f"DTSTART;TZID={zone}:{at(draw(DAYS))}",
            "DURATION:PT2H",
            uid=str(number),
        )
        for day in draw(st.lists(DAYS | st.just(first), max_size=2, unique=True))
    ]
    return [event(f"{number}", *lines, uid=str(number)), *changed]


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 3).flatmap(lambda count: st.tuples(*(series(number) for number in range(count)))))
def test_both_read_the_same(several: tuple[list[list[str]], ...]) -> None:
    raw = calendar(*(part for one in several for part in one))
    said = events(raw, "UTC", START, END)
    assert said.unclear == {}
    witness = recurring_ical_events.of(Calendar.from_ical(raw)).between(START - timedelta(days=1), END)
    other = {
        (each["DTSTART"].dt.astimezone(UTC), each["DTEND"].dt.astimezone(UTC), str(each["SUMMARY"])) for each in witness
    }
    assert {(each.start, each.end, each.text) for each in said.entries} == {
        each for each in other if each[1] > START and each[0] < END
    }
