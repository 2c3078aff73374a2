"""The single values of an organisation file: text, id, number, duration, local time, phone number. PURE. Readers for
`reading.py`, each beside the writer that `plain.py` turns the value back with. Every reader raises `Wrong` with what
would be right.
"""

import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from alarmd.organisation.reading import Item, Wrong, nearest, shown, suggestion

T = TypeVar("T")

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_ROLE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_DURATION = re.compile(r"(\d{1,9})(s|m|h|d|w)", re.ASCII)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_WEEK = 7 * _SECONDS["d"]
_LONGEST = timedelta(days=3660)
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_EMERGENCY = re.compile(r"\+?\d{2,15}", re.ASCII)
_DATE = r"2[01]\d\d-\d\d-\d\d"
_INSTANT = re.compile(rf"({_DATE})(?:[T ](\d\d:\d\d(?::\d\d)?))?", re.ASCII)
_SPAN = re.compile(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)", re.ASCII)


def text(item: Item) -> str:
    """One line of printable text; line breaks and runs of blanks become one blank."""
    if not isinstance(item.value, str):
        raise Wrong(f"{shown(item.value)} stands where a text is wanted")
    words = " ".join(item.value.split())
    if len(words) > 500 or not words.isprintable():
        raise Wrong("a text of at most 500 characters, without control characters, is wanted")
    return words


def filled(item: Item) -> str:
    """A text that says something."""
    if item.value is None or item.value == "" or not (words := text(item)):
        raise Wrong("is empty; a text is wanted")
    return words


def identifier(word: str) -> str:
    """An id, as a key or as a value."""
    if not _ID.fullmatch(word):
        raise Wrong(
            f"{shown(word)} is no id; ids are a-z, 0-9 and hyphens, at most 63, and begin with a letter or digit"
        )
    return word


def name_of(what: str) -> Callable[[Item], str]:
    """The id of something that stands elsewhere; whether it does is asked by `sense.py`."""

    def read(item: Item) -> str:
        if not isinstance(item.value, str) or not _ID.fullmatch(item.value):
            raise Wrong(f"{shown(item.value)} is no id of a {what}; ids are a-z, 0-9 and hyphens")
        return item.value

    return read


def place(item: Item) -> str:
    """A site's id, or a zone's full one."""
    if len(_ids(item.value)) not in (1, 2):
        raise Wrong(f"{shown(item.value)} is no site or zone; write fjordvik or fjordvik/reception")
    return str(item.value)


def zone(item: Item) -> str:
    """A zone's full id."""
    if len(_ids(item.value)) != 2:
        raise Wrong(f"{shown(item.value)} is no zone; write its site and id, as fjordvik/reception")
    return str(item.value)


def role(item: Item) -> str:
    """The name of a role; roles are free words."""
    if not isinstance(item.value, str) or not _ROLE.fullmatch(item.value):
        raise Wrong(f"{shown(item.value)} is no role; roles are a-z, 0-9, hyphens and underscores, such as guard")
    return item.value


def one_of(choices: Mapping[str, T], what: str) -> Callable[[Item], T]:
    """One word of a closed set."""

    def read(item: Item) -> T:
        word = item.value
        if isinstance(word, str) and word in choices:
            return choices[word]
        near = suggestion(word, choices) if isinstance(word, str) else ""
        raise Wrong(f"{shown(word)} is no {what}{near or ';'} known: {', '.join(choices)}")

    return read


def flag(item: Item) -> bool:
    """True or false."""
    if item.value in (True, "true"):
        return True
    if item.value in (False, "false"):
        return False
    raise Wrong(f"{shown(item.value)} stands where true or false is wanted")


def whole(low: int, high: int) -> Callable[[Item], int]:
    """A whole number from low to high, both included."""

    def read(item: Item) -> int:
        value = item.value
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value, re.ASCII):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise Wrong(f"{shown(item.value)} stands where a whole number from {low} to {high} is wanted")

    return read


def fractions(count: int) -> Callable[[Item], tuple[float, ...]]:
    """So many numbers from 0 to 1."""

    def read(item: Item) -> tuple[float, ...]:
        items = item.series(f"{count} numbers")
        if len(items) != count:
            raise Wrong(f"{count} numbers from 0 to 1 are wanted: fractions of the floor's drawing")
        return tuple(each.attempt(_fraction, 0.0) for each in items)

    return read


def duration(item: Item) -> timedelta:
    """`90s`, `5m`, `24h`, `7d`, `2w`; at most ten years."""
    found = _DURATION.fullmatch(item.value) if isinstance(item.value, str) else None
    if not found:
        unit = isinstance(item.value, int) or (isinstance(item.value, str) and item.value.isdecimal())
        hint = f", did you mean {item.value}s?" if unit else ";"
        raise Wrong(f"{shown(item.value)} is no duration{hint} write it like 90s, 5m, 24h or 7d")
    span = timedelta(seconds=int(found[1]) * _SECONDS.get(found[2], _WEEK))
    if span > _LONGEST:
        raise Wrong(f"{shown(item.value)} is too long; at most 3660d is wanted")
    return span


def some_time(item: Item) -> timedelta:
    """A duration of more than nothing."""
    span = duration(item)
    if not span:
        raise Wrong(f"{shown(item.value)} is no time at all; write at least 1s")
    return span


def duration_text(span: timedelta) -> str:
    """The duration in the greatest unit that it fills: `7d`, `90s`."""
    seconds = int(span.total_seconds())
    unit = next(unit for unit, size in _SECONDS.items() if seconds % size == 0 and (seconds or unit == "s"))
    return f"{seconds // _SECONDS[unit]}{unit}"


def instant(item: Item) -> datetime:
    """A local date and time of day; a date alone is its midnight."""
    return _instant(item)[0]


def end_of_span(item: Item) -> datetime:
    """A local date and time of day at which something is over; a date alone includes that day."""
    at, bare = _instant(item)
    return at + timedelta(days=1) if bare else at


def day(item: Item) -> date:
    """A date, `2026-12-24`."""
    at, bare = _instant(item)
    if not bare:
        raise Wrong(f"{shown(item.value)} is no date; write it like 2026-12-24")
    return at.date()


def instant_text(at: datetime) -> str:
    """`2026-01-05T08:00`, with seconds when there are any."""
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def span_texts(start: datetime, end: datetime) -> dict[str, str]:
    """`from` and `to` of a span; whole days as dates, of which the last is included."""
    if start.time() == end.time() == time():
        return {"from": start.date().isoformat(), "to": (end - timedelta(days=1)).date().isoformat()}
    return {"from": instant_text(start), "to": instant_text(end)}


def weekdays(item: Item) -> frozenset[int]:
    """`mon-fri`, `mon,wed-fri`, `fri-mon` over the week's end, or a list of such."""
    parts = item.value if isinstance(item.value, list) and item.value else [item.value]
    return frozenset(day for part in parts for day in _weekdays(part))


def weekdays_text(days: frozenset[int]) -> str:
    """`mon,wed-fri`."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def hours(item: Item) -> tuple[time, time]:
    """`07:00-17:00`, `22:00-06:00` over midnight; 24:00 is midnight, and two equal ends are a whole day."""
    found = _SPAN.fullmatch(item.value.strip()) if isinstance(item.value, str) else None
    try:
        if found:
            return time.fromisoformat(found[1]), time.fromisoformat("00:00" if found[2] == "24:00" else found[2])
    except ValueError:  # such as 25:00: told below
        pass
    raise Wrong(f"{shown(item.value)} is no span of the day; write it like 07:00-17:00")


def hours_text(start: time, end: time) -> str:
    """`07:00-17:00`."""
    return f"{start:%H:%M}-{end:%H:%M}"


def time_zone(item: Item) -> str:
    """A name of the IANA time zone database."""
    name = text(item)
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as Europe
        names = {each.lower(): each for each in zoneinfo.available_timezones()}
        near = names.get(nearest(name, names) or "", "Europe/Oslo")
        raise Wrong(f"{shown(name)} is no time zone; write it like {near}") from None
    return name


def phone(item: Item) -> str:
    """A number in E.164."""
    if isinstance(item.value, str) and _NUMBER.fullmatch(item.value):
        return item.value
    found = mask(item.value) if isinstance(item.value, str) else shown(item.value)
    raise Wrong(f"{found} is no E.164 number; write + and the country code, then 7 to 15 digits in all, without blanks")


def emergency(item: Item) -> str:
    """The number of the emergency service, mostly a short one."""
    value = str(item.value) if isinstance(item.value, int) else item.value
    if isinstance(value, str) and _EMERGENCY.fullmatch(value):
        return value
    raise Wrong(f'{shown(item.value)} is no emergency number; write it like "112"')


def matching(pattern: str, what: str) -> Callable[[Item], str]:
    """A text of this form. What was found is not repeated: it may hold a password."""
    form = re.compile(pattern, re.ASCII)

    def read(item: Item) -> str:
        if isinstance(item.value, str) and form.fullmatch(item.value):
            return item.value
        raise Wrong(f"is no {what}")

    return read


def mask(number: str) -> str:
    """Enough of a number or address to know it again: `+47…21`."""
    return f"{number[:3]}…{number[-2:]}" if len(number) > 7 else "…"


def _ids(value: object) -> list[str]:
    words = value.split("/") if isinstance(value, str) else []
    return words if all(_ID.fullmatch(word) for word in words) else []


def _fraction(item: Item) -> float:
    value = item.value
    if isinstance(value, str) and re.fullmatch(r"\d(\.\d{1,17})?", value, re.ASCII):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return round(value, 4)
    raise Wrong(f"{shown(item.value)} stands where a number from 0 to 1 is wanted")


def _instant(item: Item) -> tuple[datetime, bool]:
    found = _INSTANT.fullmatch(item.value) if isinstance(item.value, str) else None
    try:
        if found:
            day, clock = date.fromisoformat(found[1]), time.fromisoformat(found[2] or "00:00")
            return datetime.combine(day, clock), found[2] is None
    except ValueError:  # such as 30 February: told below
        pass
    raise Wrong(f"{shown(item.value)} is no local date and time; write it like 2026-01-05T08:00, without an offset")


def _weekdays(value: object) -> set[int]:
    days: set[int] = set()
    for part in value.replace(" ", "").split(",") if isinstance(value, str) else [""]:
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise Wrong(f"{shown(value)} is no list of days; write it like mon-fri or [mon, wed-fri]")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        days |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return days
