"""Whom the events of a calendar mean, and what of it is news."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alarmd.organisation.model import Contact, Known, Person, Roster, Shift
from alarmd.organisation.roster import (
    MOST_UNCLEAR,
    Entry,
    Said,
    folded,
    is_lost,
    kept,
    read_from,
    span,
    to_come,
    unclear_in,
)

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNTIL = span(NOW)[1]
PEOPLE = {
    each.id: each
    for each in (
        Person("ola", "Ola Nes", contact=(Contact("sms", "+4790000021"), Contact("email", "ola@example.org"))),
        Person("per", "Per Lie", contact=(Contact("email", "Per@Example.org"), Contact("email", "desk@example.org"))),
        Person("eva", "Eva Moe", contact=(Contact("email", "desk@example.org"),)),
        Person("ane-1", "Ane Dahl"),
        Person("ane-2", "ane  DAHL"),
    )
}
ROSTER = Roster(url="https://example.org/duty.ics", people={"Vakt A": "eva", "Planlegging": None, "Ola Nes": "per"})


def entry(text: str, *addresses: str, at: datetime = NOW + HOUR) -> Entry:
    return Entry(at, at + HOUR, text, addresses)


def said(*entries: Entry, until: datetime = UNTIL, **unclear: datetime | None) -> Said:
    return Said(entries, until, unclear)


def read(*entries: Entry, roster: Roster = ROSTER, before: Roster | None = None, now: datetime = NOW) -> Known:
    known = read_from(roster, said(*entries), PEOPLE, now, before).known
    assert known is not None
    return known


def unclear(*entries: Entry) -> dict[str, datetime | None]:
    return unclear_in(ROSTER, said(*entries), PEOPLE, NOW)


def holding(*shifts: Shift, roster: Roster = ROSTER, until: datetime = UNTIL) -> Roster:
    return replace(roster, known=Known(shifts, until))


def shift(person: str, at: datetime) -> Shift:
    return Shift(at, at + HOUR, person)


class TestWhom:
    @pytest.mark.parametrize(
        ("one", "people"),
        [
            (entry("Vakt A"), ["eva"]),
            (entry(" vakt  a "), ["eva"]),
            (entry("Vakt A", "ola@example.org"), ["eva"]),
            (entry("Vakt", "ola@example.org", "PER@example.org", "room-2@example.org"), ["ola", "per"]),
            (entry("Per Lie", "OLA@example.org"), ["ola"]),
            (entry("per LIE"), ["per"]),
            (entry("Per Lie", "somebody@example.com"), ["per"]),
            (entry("PER"), ["per"]),
            (entry("Ola Nes"), ["per"]),
            (entry("ane-1"), ["ane-1"]),
            (entry("Planlegging"), []),
            (entry("planlegging", "ola@example.org"), []),
        ],
    )
    def test_by_its_text_those_who_take_part_or_a_name(self, one: Entry, people: list[str]) -> None:
        known = read(one)
        assert known.shifts == tuple(Shift(one.start, one.end, person) for person in people)
        assert known.unclear == {}
        assert known.until == UNTIL

    @pytest.mark.parametrize(
        "one",
        [
            entry("Vakt C"),
            entry(""),
            entry("Vakt", "somebody@example.com"),
            entry("Vakt", "desk@example.org"),  # two people have it: a desk, and nobody's own
            entry("Ane Dahl"),  # two people are called so
        ],
    )
    def test_who_is_not_known_is_told_with_text_and_time(self, one: Entry) -> None:
        known = read(one)
        assert known.shifts == ()
        assert unclear(one) == {f'"{one.text}" names nobody known': one.start}
        assert [*known.unclear.values()] == [one.start]
        assert not [mark for mark in known.unclear if one.text and one.text in mark], "its text is not kept"

    def test_of_equal_ones_the_next_is_told_and_of_many_some(self) -> None:
        several = entry("C", at=NOW + DAY), entry("C", at=NOW + HOUR), entry("C", at=NOW - DAY)
        assert unclear(*several) == {'"C" names nobody known': NOW + HOUR}
        assert unclear(entry("C", at=NOW - DAY)) == {}, "what is over cannot be mended"
        assert unclear(entry("C" * 200)) == {f'"{"C" * 57}..." names nobody known': NOW + HOUR}
        many = read(*(entry(f"C {number}") for number in range(MOST_UNCLEAR + 7)))
        assert len(many.unclear) == MOST_UNCLEAR

    def test_what_the_calendar_says_unclearly_is_told_too(self) -> None:
        odd = said(odd=None, coming=NOW + HOUR, over=NOW - HOUR)
        assert unclear_in(ROSTER, odd, PEOPLE, NOW) == {"odd": None, "coming": NOW + HOUR}
        known = read_from(ROSTER, odd, PEOPLE, NOW).known
        assert known
        assert [*known.unclear.values()] == [None, NOW + HOUR]

    def test_shifts_add_up_in_order_and_none_twice(self) -> None:
        found = read(entry("per", at=NOW + DAY), entry("ane-1"), entry("per"), entry("Per Lie"))
        assert found.shifts == (
            shift("ane-1", NOW + HOUR),
            shift("per", NOW + HOUR),
            shift("per", NOW + DAY),
        )


class TestNews:
    def test_what_is_over_stays_as_it_was(self) -> None:
        """Published calendars drop what is over, and nobody was on call otherwise by that."""
        before = holding(shift("ola", NOW - DAY), shift("ola", NOW - HOUR), shift("ola", NOW + HOUR))
        now = read(entry("per", at=NOW - DAY), entry("eva", at=NOW + HOUR), before=before)
        assert now.shifts == (shift("ola", NOW - DAY), shift("ola", NOW - HOUR), shift("eva", NOW + HOUR))

    def test_but_not_for_ever_and_not_who_has_left(self) -> None:
        long_ago = span(NOW)[0]
        before = holding(shift("ola", long_ago - HOUR), shift("ola", long_ago), shift("siv", NOW - DAY))
        assert read(entry("per"), before=before).shifts == (shift("ola", long_ago), shift("per", NOW + HOUR))

    def test_what_holds_now_is_what_the_calendar_says_now(self) -> None:
        running = Shift(NOW - HOUR, NOW + HOUR, "ola")
        assert read(entry("per"), before=holding(running)).shifts == (shift("per", NOW + HOUR),)

    def test_of_another_calendar_nothing_stays(self) -> None:
        other = replace(ROSTER, url="https://example.org/other.ics")
        before = holding(shift("ola", NOW - HOUR), roster=other)
        assert read(entry("per"), before=before).shifts == (shift("per", NOW + HOUR),)
        assert read(entry("per"), before=replace(ROSTER, known=None)).shifts == (shift("per", NOW + HOUR),)

    def test_what_is_no_news_changes_nothing(self) -> None:
        before = read_from(ROSTER, said(entry("per"), entry("C")), PEOPLE, NOW)
        later = NOW + timedelta(minutes=30)
        assert read_from(before, said(entry("per"), entry("C", at=NOW + DAY)), PEOPLE, later, before) == before
        assert before.known
        dropped = replace(before, known=replace(before.known, shifts=(shift("ola", NOW - DAY), *before.shifts)))
        assert read_from(dropped, said(entry("per"), entry("C")), PEOPLE, later, dropped) == dropped

    @pytest.mark.parametrize(
        "now",
        [
            said(entry("per"), entry("eva")),
            said(entry("per", at=NOW + 2 * HOUR)),
            said(),
            said(entry("per"), entry("C")),
            said(entry("per"), odd=None),
            said(entry("per"), until=UNTIL + DAY),
        ],
    )
    def test_what_is_news(self, now: Said) -> None:
        before = read_from(ROSTER, said(entry("per")), PEOPLE, NOW)
        assert read_from(before, now, PEOPLE, NOW, before) != before

    def test_only_that_nothing_is_left_is_suspicious(self) -> None:
        before, empty = holding(shift("per", NOW + HOUR)), holding(shift("per", NOW - 2 * HOUR))
        assert is_lost(before, empty, NOW)
        assert not is_lost(before, holding(shift("ola", NOW + DAY)), NOW)
        assert not is_lost(empty, empty, NOW), "there was nothing to lose"
        assert not is_lost(before, replace(empty, url="https://example.org/other.ics"), NOW)
        assert not is_lost(None, empty, NOW)
        assert to_come(before, NOW + HOUR) == before.shifts
        assert to_come(before, NOW + 2 * HOUR) == to_come(None, NOW) == ()

    def test_while_it_is_away_all_is_kept_but_for_those_who_have_left(self) -> None:
        before = holding(shift("ola", NOW), shift("siv", NOW + HOUR))
        new = replace(ROSTER, instead=True)
        assert kept(new, before, PEOPLE) == holding(shift("ola", NOW), roster=new)
        assert kept(new, ROSTER, PEOPLE) == new


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (NOW, "2027-02-01 2028-05-01"),
        (datetime(2027, 2, 4, 23, 59, 59, tzinfo=UTC), "2026-12-01 2028-04-01"),
        (datetime(2027, 10, 27, tzinfo=UTC), "2027-09-01 2028-12-01"),
        (datetime(2027, 10, 28, tzinfo=UTC), "2027-09-01 2029-01-01"),
    ],
)
def test_a_calendar_is_read_by_whole_months(now: datetime, found: str) -> None:
    start, end = span(now)
    assert f"{start:%Y-%m-%d} {end:%Y-%m-%d}" == found
    assert start <= now - 35 * DAY
    assert end > now + 400 * DAY


def test_blanks_and_capital_letters_are_forgiven() -> None:
    assert folded("  Vakt\t ÆØÅ ") == folded("vakt æøå") == "vakt æøå"
