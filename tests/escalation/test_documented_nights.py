"""The two nights in docs/schedules.md, and the example of an organisation file, are as they say."""

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alarmd.calendars.events import events
from alarmd.escalation.readiness import readiness
from alarmd.escalation.schedule import on_call
from alarmd.organisation.file import parse
from alarmd.organisation.model import Person, Roster, Rotation, Schedule, Window
from alarmd.organisation.roster import read_from
from tests.support.ics import calendar, shift

ROOT = Path(__file__).parents[2]
OSLO = "Europe/Oslo"
DAY = timedelta(days=1)
ROW = re.compile(
    r"^\| (\d\d:\d\d) \| (\d\d:\d\d \w+) \| (\w+) \| (\w+) \| (\S+) \| (\S+) \| (\w+(?:, \w+)?) \|$", re.MULTILINE
)


def columns(night: date) -> list[Schedule]:
    """What the columns of the tables are about."""
    eve = datetime.combine(night - DAY, time())
    alone = (Rotation(("Eva",), eve, DAY),)
    every_day = frozenset(range(7))
    return [
        Schedule("nightly", (Rotation(("Ola", "Per"), eve.replace(hour=2, minute=30), DAY),)),
        Schedule("hourly", (Rotation(("Ane", "Bo", "Cato", "Dina"), eve + DAY, timedelta(hours=1)),)),
        Schedule("until", alone, Window(every_day, time(22), time(2, 30))),
        Schedule("from", alone, Window(every_day, time(2, 30), time(7))),
        Schedule("calendar", (), calendar=written(night)),
    ]


def written(night: date) -> Roster:
    """The two events, as a calendar holds them."""
    raw = calendar(
        shift("Ida", f"{night - DAY:%Y%m%d}T220000", f"{night:%Y%m%d}T023000"),
        shift("Jon", f"{night:%Y%m%d}T023000", f"{night:%Y%m%d}T070000"),
    )
    noon = datetime.combine(night, time(12), UTC)
    people = {name: Person(name, name) for name in ("Ida", "Jon")}
    return read_from(Roster(file="/vakt.ics"), events(raw, OSLO, noon - 2 * DAY, noon), people, noon - 2 * DAY)


@pytest.mark.parametrize(("night", "rows"), [(date(2027, 3, 28), slice(0, 6)), (date(2027, 10, 31), slice(6, 14))])
def test_a_night_is_as_documented(night: date, rows: slice) -> None:
    found = ROW.findall((ROOT / "docs/schedules.md").read_text(encoding="utf-8"))
    assert len(found) == 14
    for clock, shown, *people in found[rows]:
        day = night - DAY if clock == "23:59" else night
        at = datetime.combine(day, time.fromisoformat(clock), UTC)
        assert f"{at.astimezone(ZoneInfo(OSLO)):%H:%M %Z}" == shown
        assert [", ".join(on_call(each, OSLO, at)) or "–" for each in columns(night)] == people


def test_the_example_of_an_organisation_file_lacks_nothing() -> None:
    text = (ROOT / "config/organisation.example.yaml").read_text(encoding="utf-8")
    christmas = frozenset(date(year, 12, 25) for year in range(2026, 2038))
    parsed = parse(text, "organisation.example.yaml", lambda _: christmas)
    assert parsed.warnings == ()
    assert readiness(parsed.organisation, datetime(2027, 2, 1, 12, tzinfo=UTC)) == ()
