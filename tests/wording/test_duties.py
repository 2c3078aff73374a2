"""The calendar of a schedule, line by line as RFC 5545 wants it."""

from dataclasses import replace
from datetime import UTC, datetime

from alarmd.escalation.duty import Duty
from alarmd.organisation.model import Person
from alarmd.wording.duties import at_instant, calendar, over_span
from tests.support.organisations import office

NOW = datetime(2027, 3, 1, 9, 30, 15, 123000, tzinfo=UTC)
NIGHT = Duty(datetime(2027, 3, 27, 21, tzinfo=UTC), datetime(2027, 3, 28, 5, tzinfo=UTC), ("ola", "kari"))
MORNING = Duty(NIGHT.end, datetime(2027, 3, 28, 7, tzinfo=UTC), ())


def test_each_person_and_duty_is_an_event_with_a_lasting_id() -> None:
    lines = calendar(office(), "duty", (NIGHT, MORNING), NOW).split("\r\n")
    assert lines[:5] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//alarmd//alarmd//EN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:Nav Fjordvik: duty",
    ]
    assert lines[5:13] == [
        "BEGIN:VEVENT",
        "UID:duty.ola.20270327T210000Z@alarmd",
        "DTSTAMP:20270301T093015Z",
        "DTSTART:20270327T210000Z",
        "DTEND:20270328T050000Z",
        "SUMMARY:Ola Fjord",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]
    assert lines[14] == "UID:duty.kari.20270327T210000Z@alarmd"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert lines.count("BEGIN:VEVENT") == 2, "where nobody is on call there is no event"


def test_long_and_odd_names_are_escaped_and_folded_between_characters() -> None:
    name = "Ola; Nes, \\" + "æ🚨" * 40
    organisation = replace(office(), people={"ola": Person("ola", name)})
    text = calendar(organisation, "duty", (replace(NIGHT, people=("ola",)),), NOW)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    unfolded = text.replace("\r\n ", "")
    assert f"SUMMARY:Ola\\; Nes\\, \\\\{'æ🚨' * 40}\r\n" in unfolded


def test_programs_get_ids_and_instants() -> None:
    assert at_instant("duty", NOW, ("ola",)) == {
        "schedule": "duty",
        "at": "2027-03-01T09:30:15.123Z",
        "people": ["ola"],
    }
    assert over_span("duty", (NIGHT, MORNING)) == {
        "schedule": "duty",
        "from": "2027-03-27T21:00:00.000Z",
        "to": "2027-03-28T07:00:00.000Z",
        "duties": [
            {"from": "2027-03-27T21:00:00.000Z", "to": "2027-03-28T05:00:00.000Z", "people": ["ola", "kari"]},
            {"from": "2027-03-28T05:00:00.000Z", "to": "2027-03-28T07:00:00.000Z", "people": []},
        ],
    }
