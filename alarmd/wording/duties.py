"""Who is on call, for programs: JSON-able values of one shape, and a calendar that any mail program reads (RFC 5545).
PURE. Called by `alarmd oncall` and by the API, so both say the same.

Ids and names alone: never a way to reach anybody. Instants are UTC, so a calendar needs no rules of daylight saving.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from alarmd.alarm.times import stamp
from alarmd.escalation.duty import Duty
from alarmd.organisation.model import Organisation

OCTETS = 75
"""Of a line of a calendar, its end not counted; longer ones are folded."""


def at_instant(schedule: str, at: datetime, people: Sequence[str]) -> dict[str, object]:
    """`people` are ids; nobody is an empty list."""
    return {"schedule": schedule, "at": stamp(at), "people": list(people)}


def over_span(schedule: str, duties: Sequence[Duty]) -> dict[str, object]:
    """A span without a gap; at least one duty."""
    told = [{"from": stamp(each.start), "to": stamp(each.end), "people": list(each.people)} for each in duties]
    return {"schedule": schedule, "from": told[0]["from"], "to": told[-1]["to"], "duties": told}


def calendar(organisation: Organisation, schedule: str, duties: Iterable[Duty], now: datetime) -> str:
    """An event for each person and duty. An event keeps its id as long as it begins when it did, so a calendar that is
    fetched again holds none twice.
    """
    return "".join(f"{line}\r\n" for text in _lines(organisation, schedule, duties, now) for line in _folded(text))


def _lines(organisation: Organisation, schedule: str, duties: Iterable[Duty], now: datetime) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//alarmd//alarmd//EN", "METHOD:PUBLISH")
    yield f"X-WR-CALNAME:{_escaped(f'{organisation.name}: {schedule}')}"
    for duty in duties:
        for person in duty.people:
            yield "BEGIN:VEVENT"
            yield f"UID:{schedule}.{person}.{_utc(duty.start)}@alarmd"
            yield f"DTSTAMP:{_utc(now)}"
            yield f"DTSTART:{_utc(duty.start)}"
            yield f"DTEND:{_utc(duty.end)}"
            yield f"SUMMARY:{_escaped(organisation.people[person].name)}"
            yield "TRANSP:TRANSPARENT"
            yield "END:VEVENT"
    yield "END:VCALENDAR"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    return "".join(f"\\{each}" if each in "\\;," else each for each in text)


def _folded(text: str) -> Iterator[str]:
    """Lines of at most so many octets, never cut within a character; those that go on begin with a blank."""
    line, length = "", 0
    for each in text:
        octets = len(each.encode())
        if length + octets > OCTETS:
            yield line
            line, length = " ", 1
        line, length = line + each, length + octets
    yield line
