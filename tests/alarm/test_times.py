"""Instants as text: what is written is read back, and what has no offset is refused."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmd.alarm.times import milliseconds, moment, stamp

INSTANTS = st.integers(0, 2**52).map(lambda n: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=n))


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "2027-03-28T01:30:00.000Z"),
        (datetime(2027, 3, 28, 3, 30, tzinfo=timezone(timedelta(hours=2))), "2027-03-28T01:30:00.000Z"),
        (datetime(2027, 3, 28, 1, 30, 5, 7_999, tzinfo=UTC), "2027-03-28T01:30:05.007Z"),
    ],
)
def test_a_stamp_is_utc_with_milliseconds(at: datetime, text: str) -> None:
    assert stamp(at) == text


def test_an_hour_that_is_lived_twice_has_two_stamps() -> None:
    once = datetime(2027, 10, 31, 2, 30, tzinfo=ZoneInfo("Europe/Oslo"))
    assert stamp(once) == "2027-10-31T00:30:00.000Z"
    assert stamp(once.replace(fold=1)) == "2027-10-31T01:30:00.000Z"
    assert stamp(once) == "2027-10-31T00:30:00.000Z"


@pytest.mark.parametrize(
    "text", ["2027-03-28T01:30:00Z", "2027-03-28T03:30:00+02:00", "2027-03-28T01:30:00.000Z", "2027-03-28 01:30Z"]
)
def test_a_moment_is_read_from_any_offset(text: str) -> None:
    assert moment(text) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert moment(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["2027-03-28T01:30:00", "2027-03-28", "", "soon"])
def test_a_moment_without_offset_or_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|Invalid isoformat"):
        moment(text)


@given(INSTANTS)
def test_what_is_written_is_read_back(at: datetime) -> None:
    assert moment(stamp(at)) == milliseconds(at)
    assert timedelta(0) <= at - milliseconds(at) < timedelta(milliseconds=1)
