"""Calendars as programs write them, for tests: lines of events, whole texts."""

from collections.abc import Sequence


def event(summary: str, *lines: str, uid: str | None = None) -> list[str]:
    """A VEVENT of these lines; without `uid` one of its own."""
    return ["BEGIN:VEVENT", f"UID:{uid or hash((summary, *lines))}", f"SUMMARY:{summary}", *lines, "END:VEVENT"]


def shift(summary: str, start: str, end: str, *lines: str, zone: str = "Europe/Oslo") -> list[str]:
    """`shift("ola", "20270327T220000", "20270328T070000")`; with `zone` "" as it is written."""
    tzid = f";TZID={zone}" if zone else ""
    return event(summary, f"DTSTART{tzid}:{start}", f"DTEND{tzid}:{end}", *lines)


def calendar(*parts: Sequence[str]) -> bytes:
    """The text of a whole calendar."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//test//EN", *(line for part in parts for line in part)]
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()
