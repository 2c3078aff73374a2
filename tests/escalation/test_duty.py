"""Who is on call over a span, as `alarmd oncall` and calendars show it."""

from datetime import UTC, datetime, timedelta

import pytest

from alarmd.errors import Malformed
from alarmd.escalation.duty import MOST_CHANGES, Duty, duties, moments, on_duty
from alarmd.organisation.file import parse
from alarmd.organisation.model import Organisation

OFFICE = """\
alarmd: 1
name: Office
time_zone: Europe/Oslo
sites: {main: {name: Main}}
people:
  kari: {name: Kari, absent: [{from: 2027-10-31T12:00, to: 2027-10-31T14:00}]}
  ola: {name: Ola}
schedules:
  duty:
    rotations: [{people: [kari, ola], from: 2027-10-30T08:00, every: EVERY}]
    only: {between: 08:00-02:30}
chains: {rest: {for: {}, steps: [{after: 0s, notify: [{person: kari}]}]}}
"""


def office(every: str) -> Organisation:
    return parse(OFFICE.replace("EVERY", every), "office.yaml").organisation


def october(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 10, day, hour, minute, tzinfo=UTC)


def test_the_span_is_told_without_a_gap_and_equal_neighbours_as_one() -> None:
    """In the night of the 31st 02:30 comes twice: the window closes at the last, and the day is 25 hours long."""
    organisation = office("1d")
    found = duties(organisation, "duty", october(30, 10), october(31, 23))
    assert found == (
        Duty(october(30, 10), october(31, 1, 30), ("kari",)),
        Duty(october(31, 1, 30), october(31, 7), ()),
        Duty(october(31, 7), october(31, 23), ("ola",)),
    )
    always = duties(office("7d"), "duty", october(31, 7), october(31, 23))
    assert [(each.end - each.start, each.people) for each in always] == [
        (timedelta(hours=4), ("kari",)),
        (timedelta(hours=2), ()),
        (timedelta(hours=10), ("kari",)),
    ], "her absence is local, and no other takes her turn"
    assert on_duty(office("7d"), "duty", october(31, 11)) == ()


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (october(30, 10), october(30, 10), "to is not after from"),
        (october(30, 10), october(31, 10), f"more than {MOST_CHANGES} changes in that span; ask for a shorter one"),
    ],
)
def test_what_is_no_span_or_too_much_is_refused(start: datetime, end: datetime, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        duties(office("1s"), "duty", start, end)


def test_of_many_moments_the_earliest_are_looked_at() -> None:
    organisation = office("1h")
    found = moments(organisation, organisation.schedules.values(), october(30, 6), october(31, 23), 3)
    absence = [october(31, 11), october(31, 13)]
    assert found == [*(october(30, hour) for hour in range(6, 10)), *absence]


@pytest.mark.parametrize(("most", "told"), [(4, True), (3, False)])
def test_as_many_changes_as_are_told_at_once_are_told(most: int, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alarmd.escalation.duty.MOST_CHANGES", most)
    span = october(30, 10), october(30, 13, 30)
    if told:
        assert [each.people for each in duties(office("1h"), "duty", *span)] == [("kari",), ("ola",)] * 2
    else:
        with pytest.raises(Malformed, match=r"^more than 3 changes"):
            duties(office("1h"), "duty", *span)


def test_whoever_comes_back_as_the_span_ends_is_not_in_it() -> None:
    found = duties(office("7d"), "duty", october(31, 7), october(31, 13))
    assert found[-1] == Duty(october(31, 11), october(31, 13), ())


def test_a_holiday_that_opens_a_window_is_a_change() -> None:
    window = "days: sun, between: 08:00-16:00, holidays: also"
    text = OFFICE.replace("EVERY", "7d").replace("between: 08:00-02:30", window)
    text = text.replace("sites:", "holidays: {also: [2027-11-01]}\nsites:")
    organisation, opens = parse(text, "office.yaml").organisation, datetime(2027, 11, 1, 7, tzinfo=UTC)
    span = opens - timedelta(hours=3), opens + timedelta(hours=3)
    assert opens in moments(organisation, organisation.schedules.values(), *span, 9)
