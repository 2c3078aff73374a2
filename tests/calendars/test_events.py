"""What the text of a calendar means: which people's text, from when to when. Oslo, unless something else is said."""

from datetime import UTC, datetime, timedelta

import pytest

from alarmd.calendars.events import MOST_ADDRESSES, MOST_ENTRIES, events
from alarmd.errors import Unreadable
from alarmd.organisation.roster import Said
from tests.support.ics import calendar, event, shift

OSLO = "Europe/Oslo"
START, END = datetime(2027, 2, 1, tzinfo=UTC), datetime(2028, 2, 1, tzinfo=UTC)
AT_TEN = datetime(2027, 3, 11, 10, tzinfo=UTC)
OWN_ZONE = """\
BEGIN:VTIMEZONE
TZID:(UTC+01:00) Eget sted
BEGIN:STANDARD
DTSTART:16010101T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE""".splitlines()


def read(*parts: list[str], zone: str = OSLO) -> Said:
    return events(calendar(*parts), zone, START, END)


def spans(*parts: list[str], zone: str = OSLO) -> list[str]:
    """`03-27T21:00 03-28T05:00 ola`, UTC."""
    said = read(*parts, zone=zone)
    assert said.unclear == {}
    return [f"{each.start:%m-%dT%H:%M} {each.end:%m-%dT%H:%M} {each.text}" for each in said.entries]


class TestTimes:
    def test_in_a_zone_in_utc_and_without_one(self) -> None:
        assert spans(
            shift("zone", "20270310T080000", "20270310T160000", zone="America/New_York"),
            shift("utc", "20270311T080000Z", "20270311T160000Z", zone=""),
            shift("floating", "20270312T080000", "20270312T160000", zone=""),
        ) == ["03-10T13:00 03-10T21:00 zone", "03-11T08:00 03-11T16:00 utc", "03-12T07:00 03-12T15:00 floating"]

    def test_whole_days_are_those_of_the_organisation(self) -> None:
        days = event("days", "DTSTART;VALUE=DATE:20270327", "DTEND;VALUE=DATE:20270329")
        one = event("one", "DTSTART;VALUE=DATE:20271031")
        assert spans(days, one) == ["03-26T23:00 03-28T22:00 days", "10-30T22:00 10-31T23:00 one"]
        assert spans(one, zone="America/New_York") == ["10-31T04:00 11-01T04:00 one"]

    def test_a_length_instead_of_an_end(self) -> None:
        assert spans(
            event("hours", f"DTSTART;TZID={OSLO}:20270310T220000", "DURATION:PT9H"),
            event("days", "DTSTART;VALUE=DATE:20270312", "DURATION:P2D"),
        ) == ["03-10T21:00 03-11T06:00 hours", "03-11T23:00 03-13T23:00 days"]

    def test_an_end_by_another_clock_is_the_end_by_that_clock(self) -> None:
        both = [f"DTSTART;TZID={OSLO}:20270327T220000", "DTEND:20270328T050000Z"]
        assert spans(event("night", *both)) == ["03-27T21:00 03-28T05:00 night"]

    def test_only_what_touches_the_span(self) -> None:
        found = spans(
            shift("before", "20270131T000000Z", "20270201T000000Z", zone=""),
            shift("over its beginning", "20270131T000000Z", "20270201T000001Z", zone=""),
            shift("over its end", "20280131T235959Z", "20280301T000000Z", zone=""),
            shift("after", "20280201T000000Z", "20280202T000000Z", zone=""),
            shift("every day", "20200101T000000Z", "20200101T010000Z", "RRULE:FREQ=MONTHLY;BYMONTH=1,2", zone=""),
        )
        assert [each.split(" ", 2)[2] for each in found] == [
            "over its beginning",
            "every day",
            "every day",
            "over its end",
        ]

    @pytest.mark.parametrize("zone", [OSLO, "(UTC+01:00) Eget sted", "W. Europe Standard Time"])
    def test_the_nights_on_which_clocks_change(self, zone: str) -> None:
        """What begins, begins when the clock first shows it; what ends, ends when it last does; nothing in between is
        nobody's. A zone may be described by the calendar itself.
        """
        name = f'"{zone}"' if ":" in zone else zone
        assert spans(
            OWN_ZONE,
            shift("late", "20270327T220000", "20270328T023000", zone=name),
            shift("early", "20270328T023000", "20270328T070000", zone=name),
        ) == ["03-27T21:00 03-28T01:00 late", "03-28T01:00 03-28T05:00 early"], "02:30 is the skip"
        assert spans(
            OWN_ZONE,
            shift("late", "20271030T220000", "20271031T023000", zone=name),
            shift("early", "20271031T023000", "20271031T070000", zone=name),
        ) == ["10-30T20:00 10-31T01:30 late", "10-31T00:30 10-31T06:00 early"], "02:30 comes twice"

    def test_a_series_keeps_its_times_of_day_and_not_its_length(self) -> None:
        for rule in ("DTEND;TZID=Europe/Oslo:20270327T070000", "DURATION:PT9H"):
            night = event("night", f"DTSTART;TZID={OSLO}:20270326T220000", rule, "RRULE:FREQ=DAILY;COUNT=3")
            assert spans(night) == [
                "03-26T21:00 03-27T06:00 night",
                "03-27T21:00 03-28T05:00 night",
                "03-28T20:00 03-29T05:00 night",
            ]

    def test_what_lies_in_the_hour_that_spring_skips_takes_no_time_and_is_no_fault(self) -> None:
        hour = event("x", f"DTSTART;TZID={OSLO}:20270327T021500", "DURATION:PT30M", "RRULE:FREQ=DAILY;COUNT=3")
        assert spans(hour) == ["03-27T01:15 03-27T01:45 x", "03-29T00:15 03-29T00:45 x"]
        assert spans(shift("x", "20270328T021500", "20270328T024500")) == []

    def test_in_utc_a_series_does_not(self) -> None:
        night = shift("night", "20270326T210000Z", "20270327T060000Z", "RRULE:FREQ=DAILY;COUNT=3", zone="")
        assert [each[:11] for each in spans(night)] == ["03-26T21:00", "03-27T21:00", "03-28T21:00"]


class TestSeries:
    daily = ("day", "20270310T080000", "20270310T160000")

    def begin(self, *lines: str, more: tuple[list[str], ...] = ()) -> list[str]:
        series = event("x", "DTSTART;TZID=Europe/Oslo:20270310T080000", "DURATION:PT2H", *lines, uid="1")
        return [each[:11] for each in spans(series, *more)]

    def test_by_a_rule_on_more_dates_without_some(self) -> None:
        assert self.begin(
            "RRULE:FREQ=DAILY;COUNT=5",
            "RDATE;TZID=Europe/Oslo:20270320T100000,20270321T100000",
            "RDATE:20270322T090000Z",
            "EXDATE;TZID=Europe/Oslo:20270311T080000",
            "EXDATE:20270312T070000Z,20270321T090000Z",
        ) == ["03-10T07:00", "03-13T07:00", "03-14T07:00", "03-20T09:00", "03-22T09:00"]

    def test_the_first_counts_though_the_rule_passes_it_over(self) -> None:
        assert self.begin("RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2") == ["03-10T07:00", "03-15T07:00", "03-22T07:00"]

    @pytest.mark.parametrize(
        ("until", "last"),
        [
            ("20270312", "03-12T07:00"),
            ("20270312T080000", "03-12T07:00"),
            ("20270312T070000Z", "03-12T07:00"),
            ("20270312T065959Z", "03-11T07:00"),
            ("20270312T075959", "03-11T07:00"),
        ],
    )
    def test_the_end_of_a_series_is_part_of_it(self, until: str, last: str) -> None:
        assert self.begin(f"RRULE:FREQ=DAILY;UNTIL={until}")[-1] == last

    def test_a_series_that_ends_before_it_begins_is_none(self) -> None:
        """So write programs that a series was taken away from its first day on."""
        assert self.begin("RRULE:FREQ=DAILY;UNTIL=20270309", "RDATE:20270320T070000Z") == ["03-20T07:00"]

    def test_an_exception_in_utc_is_not_one_of_another_hour(self) -> None:
        """09:00 UTC is 10:00 in Oslo, and leaves the shift of 09:00 in Oslo alone."""
        assert self.begin("RRULE:FREQ=HOURLY;COUNT=4", "EXDATE:20270310T090000Z") == [
            "03-10T07:00",
            "03-10T08:00",
            "03-10T10:00",
        ]

    def test_a_day_as_an_exception_is_the_whole_day(self) -> None:
        lines = ("RRULE:FREQ=HOURLY;INTERVAL=8;COUNT=6", "EXDATE;VALUE=DATE:20270311")
        assert self.begin(*lines) == ["03-10T07:00", "03-10T15:00", "03-11T23:00"]

    def test_spans_as_dates(self) -> None:
        series = event(
            "x",
            "DTSTART:20270310T080000Z",
            "DTEND:20270310T160000Z",
            "RDATE;VALUE=PERIOD:20270311T080000Z/PT2H,20270312T080000Z/20270312T230000Z",
        )
        assert [each[:23] for each in spans(series)] == [
            "03-10T08:00 03-10T16:00",
            "03-11T08:00 03-11T10:00",
            "03-12T08:00 03-12T23:00",
        ]

    def test_whole_days_repeat_too(self) -> None:
        days = event(
            "x", "DTSTART;VALUE=DATE:20270326", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE;VALUE=DATE:20270328", uid="1"
        )
        moved = event("y", "RECURRENCE-ID;VALUE=DATE:20270327", "DTSTART;VALUE=DATE:20270401", "DURATION:P1D", uid="1")
        assert spans(days, moved) == [
            "03-25T23:00 03-26T23:00 x",
            "03-28T22:00 03-29T22:00 x",
            "03-31T22:00 04-01T22:00 y",
        ]

    def changed(self, which: str, *lines: str) -> list[str]:
        return event("y", f"RECURRENCE-ID{which}", *(lines or ("DTSTART:20270311T100000Z", "DURATION:PT1H")), uid="1")

    @pytest.mark.parametrize(
        "which",
        [";TZID=Europe/Oslo:20270311T080000", ":20270311T070000Z", ";VALUE=DATE:20270311", ":20270311T080000"],
    )
    def test_one_of_a_series_may_be_another(self, which: str) -> None:
        found = self.begin("RRULE:FREQ=DAILY;COUNT=3", more=(self.changed(which),))
        assert found == ["03-10T07:00", "03-11T10:00", "03-12T07:00"]

    def test_one_of_a_series_may_be_called_off(self) -> None:
        off = self.changed(":20270311T070000Z", "DTSTART:20270311T070000Z", "DURATION:PT1H", "STATUS:CANCELLED")
        assert self.begin("RRULE:FREQ=DAILY;COUNT=3", more=(off,)) == ["03-10T07:00", "03-12T07:00"]

    def test_what_is_called_off_need_not_end(self) -> None:
        off = event("y", "RECURRENCE-ID:20270311T070000Z", "DTSTART:20270311T070000Z", "STATUS:CANCELLED", uid="1")
        assert self.begin("RRULE:FREQ=DAILY;COUNT=3", more=(off,)) == ["03-10T07:00", "03-12T07:00"]

    def test_one_that_was_moved_and_then_taken_out_is_out(self) -> None:
        lines = ("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270311T070000Z")
        found = self.begin(*lines, more=(self.changed(":20270311T070000Z"),))
        assert found == ["03-10T07:00", "03-12T07:00"]

    def test_the_latest_word_about_it_holds(self) -> None:
        first = self.changed(":20270311T070000Z", "SEQUENCE:1", "DTSTART:20270311T100000Z", "DURATION:PT1H")
        second = self.changed(":20270311T070000Z", "SEQUENCE:2", "DTSTART:20270311T110000Z", "DURATION:PT1H")
        for both in ((first, second), (second, first)):
            assert self.begin("RRULE:FREQ=DAILY;COUNT=2", more=both)[1] == "03-11T11:00"

    def test_all_that_follow_may_be_other_ones(self) -> None:
        onwards = self.changed(
            ";RANGE=THISANDFUTURE;TZID=Europe/Oslo:20270311T080000",
            "DTSTART;TZID=Europe/Oslo:20270311T093000",
            "DTEND;TZID=Europe/Oslo:20270311T103000",
        )
        series = event(
            "x", f"DTSTART;TZID={OSLO}:20270310T080000", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=3", uid="1"
        )
        assert spans(series, onwards) == [
            "03-10T07:00 03-10T09:00 x",
            "03-11T08:30 03-11T09:30 y",
            "03-12T08:30 03-12T09:30 y",
        ]
        assert self.begin("RRULE:FREQ=DAILY;COUNT=3", more=([*onwards[:-1], "STATUS:CANCELLED", onwards[-1]],)) == [
            "03-10T07:00"
        ]

    def test_a_series_may_be_called_off_and_a_single_one_of_it_stand(self) -> None:
        lines = ("RRULE:FREQ=DAILY;COUNT=3", "STATUS:CANCELLED")
        assert self.begin(*lines) == []
        assert self.begin(*lines, more=(self.changed(":20270311T070000Z"),)) == ["03-11T10:00"]

    def test_one_without_its_series_stands_alone(self) -> None:
        assert spans(self.changed(":20270311T070000Z")) == ["03-11T10:00 03-11T11:00 y"]

    def test_of_two_versions_the_later_holds_and_equals_add_up(self) -> None:
        """Some programs give every shift the same id: none of them is lost by that."""
        lines = ("DTSTART:20270311T100000Z", "DURATION:PT1H")
        later = ("DTSTART:20270312T100000Z", "DURATION:PT1H")
        assert len(spans(event("x", *lines, uid="1"), event("y", *later, uid="1"))) == 2
        assert spans(event("x", *lines, uid="1"), event("y", *later, "SEQUENCE:1", uid="1")) == [
            "03-12T10:00 03-12T11:00 y"
        ]


class TestPeople:
    def addresses(self, *lines: str) -> tuple[str, ...]:
        (found,) = read(event("x", "DTSTART:20270311T100000Z", "DURATION:PT1H", *lines)).entries
        return found.addresses

    def test_those_who_take_part_and_have_not_said_no(self) -> None:
        assert self.addresses(
            "ATTENDEE;CN=Ola;PARTSTAT=ACCEPTED:mailto:ola@example.org",
            "ATTENDEE:MAILTO:per@example.org",
            "ATTENDEE;PARTSTAT=declined:mailto:eva@example.org",
            "ATTENDEE:urn:uuid:7a4",
            "ORGANIZER:mailto:chief@example.org",
        ) == ("ola@example.org", "per@example.org")
        many = [f"ATTENDEE:mailto:{number:0300}@example.org" for number in range(50)]
        found = self.addresses(*many)
        assert len(found) == MOST_ADDRESSES
        assert max(map(len, found)) <= 254

    def test_the_text_is_one_short_line(self) -> None:
        (said,) = read(event("Ola \\n  Nes\x07" + "x" * 300, "DTSTART:20270311T100000Z", "DURATION:PT1H")).entries
        assert said.text == ("Ola Nes" + "x" * 300)[:200]


class TestUnclear:
    """Never a silent hole: what cannot be read is told, with its day where it has one, and hides nothing else."""

    def unclear(self, *lines: str) -> dict[str, datetime | None]:
        said = read(event("odd", *lines), shift("right", "20270311T100000Z", "20270311T110000Z", zone=""))
        assert [each.text for each in said.entries] == ["right"]
        return dict(said.unclear)

    @pytest.mark.parametrize(
        ("lines", "words", "first"),
        [
            ((), "has no beginning", None),
            (("DTSTART:20270311T100000Z",), "has no end after its beginning", AT_TEN),
            (("DTSTART:20270311T100000Z", "DTEND:20270311T090000Z"), "has no end after its beginning", AT_TEN),
            (
                ("DTSTART:20270311T100000Z", "DTEND;TZID=Europe/Oslo:20270311T103000"),
                "has no end after its beginning",
                AT_TEN,
            ),
            (("DTSTART:20270311T100000Z", "DTEND:soon"), "cannot be read", AT_TEN),
            (("DTSTART:2027-03-11", "DTEND:20270311T090000Z"), "cannot be read", None),
            (("DTSTART;VALUE=TIME:100000", "DURATION:PT1H"), "has a time of day without a day", None),
            (
                ("DTSTART;TZID=Nowhere/Here:20270311T100000", "DURATION:PT1H"),
                'is in a time zone that is not known, "Nowhere/Here"',
                None,
            ),
            (("DTSTART:20270311T100000Z", "DURATION:P99999999999D"), "cannot be read", AT_TEN),
            (
                ("DTSTART:99991231T235959Z", "DURATION:PT1H"),
                "cannot be read",
                datetime(9999, 12, 31, 23, 59, 59, 0, UTC),
            ),
            (("DTSTART:20270311T100000Z", "DURATION:PT1H", "RECURRENCE-ID:then"), "cannot be read", AT_TEN),
        ],
    )
    def test_an_event_that_is_none(self, lines: tuple[str, ...], words: str, first: datetime | None) -> None:
        assert self.unclear(*lines) == {f'"odd" {words}': first}

    @pytest.mark.parametrize(
        "rule",
        [
            "RRULE:FREQ=MINUTELY",
            "RRULE:FREQ=SECONDLY;COUNT=2",
            "RRULE:FREQ=DAILY;INTERVAL=0",
            "RRULE:FREQ=DAILY;COUNT=-1",
            "RRULE:INTERVAL=2",
            "RRULE:FREQ=DAILY\r\nEXRULE:FREQ=WEEKLY",
        ],
    )
    def test_a_series_that_cannot_be_counted(self, rule: str) -> None:
        found = self.unclear("DTSTART:20270311T100000Z", "DURATION:PT1H", rule)
        assert found == {'"odd" repeats in a way that is not understood here': None}

    @pytest.mark.parametrize(
        "line", ["RRULE:FREQ=DAILY;BYDAY=XX", "RRULE:FREQ=DAILY;RSCALE=HEBREW", "EXDATE:never", "RDATE:never"]
    )
    def test_a_series_that_cannot_be_read(self, line: str) -> None:
        assert self.unclear("DTSTART:20270311T100000Z", "DURATION:PT1H", line) == {'"odd" cannot be read': None}

    def test_a_span_that_ends_before_it_begins(self) -> None:
        period = "RDATE;VALUE=PERIOD:20270312T100000Z/20270312T090000Z"
        found = self.unclear("DTSTART:20270311T100000Z", "DURATION:PT1H", period)
        assert found == {'"odd" has no end after its beginning': None}

    def test_a_zone_that_is_not_known_is_so_in_every_date(self) -> None:
        found = self.unclear("DTSTART:20270311T100000Z", "DURATION:PT1H", "EXDATE;TZID=Nowhere:20270311T100000")
        assert [*found] == ['"odd" is in a time zone that is not known, "Nowhere"']


class TestCalendars:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"<!DOCTYPE html>\n<html>Sign in</html>",
            b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
            calendar(shift("x", "20270311T100000", "20270311T110000"))[:-20],
            b"END:VCALENDAR\r\n",
            bytes(range(256)) * 10,
        ],
    )
    def test_half_a_calendar_is_none(self, raw: bytes) -> None:
        with pytest.raises(Unreadable, match="no whole calendar"):
            events(raw, OSLO, START, END)

    def test_an_empty_one_says_nothing_and_two_add_up(self) -> None:
        assert read().entries == ()
        both = calendar(shift("x", "20270311T100000", "20270311T110000")) * 2
        assert [each.text for each in events(both, OSLO, START, END).entries] == ["x", "x"]

    def test_lines_that_are_none_and_other_components_are_passed_over(self) -> None:
        todo = ["BEGIN:VTODO", "SUMMARY:x", "DTSTART:20270311T100000Z", "END:VTODO"]
        odd = event("x", "DTSTART:20270311T100000Z", "and this is a description that was badly folded", "DURATION:PT1H")
        assert spans(todo, odd) == ["03-11T10:00 03-11T11:00 x"]

    def test_more_than_anybody_can_have_is_refused(self) -> None:
        hourly = shift("x", "20270201T000000Z", "20270201T010000Z", "RRULE:FREQ=HOURLY", zone="")
        with pytest.raises(Unreadable, match=f"more than {MOST_ENTRIES} events from 2027-02-01 to 2028-02-01"):
            read(hourly)
        said = events(calendar(hourly), OSLO, START, START + timedelta(days=10))
        assert len(said.entries) == 240
        assert said.until == START + timedelta(days=10)
