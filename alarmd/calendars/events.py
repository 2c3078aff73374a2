"""The text of a calendar (RFC 5545) -> its events, each at its times. The only file that reads iCalendar; `child.py`
alone calls it, in a process that may be killed, for a calendar comes from outside and may be anything.

Times are understood as everywhere here: what begins, begins when its clock first shows that time, what ends, ends when
it last does, and a shift keeps its times of day over the nights on which clocks change, where RFC 5545 would keep its
length and leave an hour to nobody. Times without a zone, and days, are those of the organisation. Nothing is dropped in
silence: an event that cannot be read is told as unclear. Why no library unfolds them: docs/adr/0008.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, Component

from alarmd.errors import Unreadable
from alarmd.escalation.schedule import begins, ends, jump
from alarmd.organisation.roster import Entry, Said, quoted

MOST_ENTRIES = 5000
LONGEST_TEXT = 200
MOST_ADDRESSES, LONGEST_ADDRESS = 20, 254
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")
DAY = timedelta(days=1)
BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the library raises for values that it could not read. Each event is guarded alone: none may hide the others."""

Mark = date | datetime
"""What names one event of a series: an instant (UTC), or a day where days are meant."""


class OddError(ValueError):
    """An event that is not as it should be; its text says in what."""


@dataclass(frozen=True, slots=True)
class Time:
    """What a clock shows, and whose clock it is. `day`: only a day was written."""

    shown: datetime
    zone: tzinfo
    day: bool = False

    def begins(self) -> datetime:
        """The instant, where something begins then."""
        return begins(self.shown, self.zone) if isinstance(self.zone, ZoneInfo) else _readings(self.shown, self.zone)[0]

    def ends(self) -> datetime:
        """The instant, where something ends then."""
        return ends(self.shown, self.zone) if isinstance(self.zone, ZoneInfo) else _readings(self.shown, self.zone)[1]

    def later(self, by: timedelta) -> "Time":
        return replace(self, shown=self.shown + by)

    def on(self, zone: tzinfo) -> datetime:
        """What that other clock shows then."""
        return self.shown if self.zone is zone else self.begins().astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Event:
    """One VEVENT. `replaces`: that one of its series, and all that follow where it goes `onwards`."""

    component: Component
    start: Time
    end: Time
    replaces: Time | None
    onwards: bool
    cancelled: bool
    sequence: int

    def mark(self, at: Time) -> Mark:
        return at.shown.date() if self.start.day or at.day else at.begins()

    def entry(self, by: timedelta = timedelta(), end: Time | None = None) -> Entry:
        """This event, so much later by the clock; `end`: with another end."""
        over = (end or self.end.later(by)).ends()
        return Entry(
            self.start.later(by).begins(),
            over,
            _text(self.component),
            tuple(islice(_addresses(self.component), MOST_ADDRESSES)),
        )


def events(raw: bytes, zone: str, start: datetime, end: datetime) -> Said:
    """All events that are not over by `start` and begin before `end`, aware UTC. `zone` is the organisation's. Raises
    Unreadable.
    """
    home = ZoneInfo(zone)
    unclear: dict[str, datetime | None] = {}
    series: dict[str, list[Event]] = {}
    for place, component in enumerate(_components(raw)):
        try:
            series.setdefault(str(component.get("UID", place)), []).append(_event(component, home))
        except BROKEN as odd:
            unclear.setdefault(_told(component, odd), _first(component, home))
    entries: list[Entry] = []
    for one in series.values():
        try:
            entries += (each for each in _unfolded(one, end) if each.end > max(start, each.start) and each.start < end)
        except BROKEN as odd:
            unclear.setdefault(_told(one[0].component, odd), None)
        if len(entries) > MOST_ENTRIES:
            raise Unreadable(f"it has more than {MOST_ENTRIES} events from {start:%Y-%m-%d} to {end:%Y-%m-%d}")
    return Said(tuple(sorted(entries, key=lambda each: each.start)), end, unclear)


def _components(raw: bytes) -> list[Component]:
    try:
        calendars = Calendar.from_ical(raw, multiple=True)
    except BROKEN:
        calendars = []
    if not calendars or not raw.rstrip().upper().endswith(b"END:VCALENDAR"):
        raise Unreadable("it is no whole calendar (iCalendar, from BEGIN:VCALENDAR to END:VCALENDAR)")
    return [event for calendar in calendars for event in calendar.walk("VEVENT")]


def _event(component: Component, home: ZoneInfo) -> Event:
    start, end = _time(component, "DTSTART", home), _time(component, "DTEND", home)
    if start is None:
        raise OddError("has no beginning")
    if end is None:
        length = component.get("DURATION")
        end = start.later(length.dt if length else DAY if start.day else timedelta())
    cancelled = str(component.get("STATUS", "")).upper() == "CANCELLED"
    if not cancelled:  # what does not take place need not end
        _require_order(start, end)
    identity = component.get("RECURRENCE-ID")
    return Event(
        component,
        start,
        end,
        replaces=_time(component, "RECURRENCE-ID", home),
        onwards=identity is not None and identity.params.get("RANGE") == "THISANDFUTURE",
        cancelled=cancelled,
        sequence=int(component.get("SEQUENCE", 0)),
    )


def _unfolded(series: list[Event], end: datetime) -> Iterator[Entry]:
    """Those that have one UID. Of several versions the highest SEQUENCE holds; equal ones add up."""
    masters = [each for each in series if each.replaces is None]
    masters = [each for each in masters if each.sequence == max(other.sequence for other in masters)]
    changes: dict[Mark, Event] = {}
    for each in sorted(series, key=lambda each: each.sequence):
        if each.replaces is not None:
            changes[(masters or [each])[0].mark(each.replaces)] = each
    left_out = {mark for master in masters for mark in _left_out(master)}
    for master in masters:
        if not master.cancelled:
            yield from _instances(master, left_out, changes, end)
    yield from (each.entry() for mark, each in changes.items() if mark not in left_out and not each.cancelled)


def _instances(master: Event, left_out: set[Mark], changes: dict[Mark, Event], end: datetime) -> Iterator[Entry]:
    without = left_out.union(changes)
    onwards = sorted(
        ((each.replaces, each) for each in changes.values() if each.replaces and each.onwards),
        key=lambda pair: pair[0].begins(),
    )
    for at, over in _starts(master, end):
        if not without.isdisjoint((master.mark(at), at.shown.date())):
            continue
        held = [pair for pair in onwards if pair[0].begins() < at.begins()]
        if not held:
            yield master.entry(at.shown - master.start.shown, over)
        elif not held[-1][1].cancelled:
            yield held[-1][1].entry(at.shown - held[-1][0].on(master.start.zone))


def _starts(master: Event, end: datetime) -> Iterator[tuple[Time, Time | None]]:
    """When each of a series begins, by the clock of the first; and where it has an end of its own, that."""
    zone = master.start.zone
    rules = _listed(master.component.get("RRULE"))
    found: dict[datetime, Time | None] = {}
    if not rules or any(_not_after(master.start, _until(rule)) for rule in rules):
        found[master.start.shown] = None  # the first counts, also where a rule passes it over
    for rule in rules:
        found |= dict.fromkeys(_repeated(master, rule, end))
    for value, name in _dates(master.component, "RDATE"):
        first, last = value if isinstance(value, tuple) else (value, None)
        at = _of(first, name, zone)
        over = at.later(last) if isinstance(last, timedelta) else last and _of(last, name, zone)
        _require_order(at, over or at.later(DAY))
        found[at.on(zone)] = over
    return ((replace(master.start, shown=shown), over) for shown, over in sorted(found.items()))


def _repeated(master: Event, rule: Any, end: datetime) -> Iterator[datetime]:
    """By the rule, no further than the span that is asked for."""
    frequency, every, count = (rule.get(key, [1])[0] for key in ("FREQ", "INTERVAL", "COUNT"))
    if frequency not in FREQUENCIES or every < 1 or count < 1 or "EXRULE" in master.component:
        raise OddError("repeats in a way that is not understood here")
    zone = master.start.zone
    bound = end.astimezone(zone).replace(tzinfo=None) + DAY
    parts = (part for part in rule.to_ical().decode().split(";") if not part.startswith("UNTIL="))
    starts = rrulestr(";".join(parts), dtstart=master.start.shown)
    if "COUNT" not in rule:
        starts = starts.replace(until=bound)
    return takewhile(lambda at: at <= bound and _not_after(Time(at, zone), _until(rule)), starts)


def _until(rule: Any) -> Mark | None:
    until: Mark | None = rule.get("UNTIL", [None])[0]
    return until


def _not_after(at: Time, until: Mark | None) -> bool:
    """A day as the end of a series is part of it, whatever the time of day."""
    if not isinstance(until, datetime):
        return until is None or at.shown.date() <= until
    return at.shown <= until if until.tzinfo is None else at.begins() <= until


def _left_out(master: Event) -> Iterator[Mark]:
    for value, name in _dates(master.component, "EXDATE"):
        yield master.mark(_of(value, name, master.start.zone))


def _dates(component: Component, name: str) -> Iterator[tuple[Any, str | None]]:
    """Days, times or (RDATE) spans, each with the time zone that is written beside it."""
    for each in _listed(component.get(name)):
        yield from ((value.dt, each.params.get("TZID")) for value in each.dts)


def _time(component: Component, name: str, home: tzinfo) -> Time | None:
    value = component.get(name)
    return None if value is None else _of(value.dt, value.params.get("TZID"), home)


def _of(value: Any, zone: str | None, home: tzinfo) -> Time:
    """`zone`: the name that is written beside it; `home`: whose clock is meant where there is none."""
    if isinstance(value, datetime):
        if value.tzinfo is None and zone:
            raise OddError(f"is in a time zone that is not known, {quoted(zone)}")
        return Time(value.replace(tzinfo=None), value.tzinfo or home)
    if isinstance(value, date):
        return Time(datetime.combine(value, time()), home, day=True)
    raise OddError("has a time of day without a day")


def _require_order(start: Time, end: Time) -> None:
    """As it is written: what lies within the hour that spring skips is in order, and takes no time."""
    if end.shown <= start.shown if end.zone is start.zone else end.ends() <= start.begins():
        raise OddError("has no end after its beginning")


def _readings(shown: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first and the last instant (UTC) at which a clock shows this, the skip where it never does. For zones that a
    calendar describes itself: they know what an instant shows, and not always which instants show a time.
    """
    there = shown.replace(tzinfo=UTC)
    offsets = [(there + by).astimezone(zone).utcoffset() or timedelta() for by in (DAY, -DAY)]
    found = sorted(there - offset for offset in offsets)
    real = [at for at in found if at.astimezone(zone).replace(tzinfo=None) == shown]
    if not real and found[0] < found[1]:
        real = [jump(found[0], found[1], zone)]
    return (real or found)[0], (real or found)[-1]


def _first(component: Component, home: tzinfo) -> datetime | None:
    """When an event is that cannot be read otherwise; None where it repeats or does not say."""
    try:
        start = None if "RRULE" in component else _time(component, "DTSTART", home)
        return start.begins() if start else None
    except BROKEN:
        return None


def _told(component: Component, odd: Exception) -> str:
    return f"{quoted(_text(component))} {odd if isinstance(odd, OddError) else 'cannot be read'}"


def _text(component: Component) -> str:
    words = " ".join(str(component.get("SUMMARY", "")).split())
    return "".join(each for each in words if each.isprintable())[:LONGEST_TEXT]


def _addresses(component: Component) -> Iterator[str]:
    """Of those who take part and have not said no."""
    for each in _listed(component.get("ATTENDEE")):
        if str(each.params.get("PARTSTAT", "")).upper() != "DECLINED":
            scheme, _, address = str(each).strip()[: LONGEST_ADDRESS + len("mailto:")].partition(":")
            if scheme.lower() == "mailto":
                yield address


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
