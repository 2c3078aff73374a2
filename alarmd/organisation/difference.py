"""What a new version of an organisation changes, in lines that a person reads before it counts. PURE. Called by `alarmd
apply`.

Lines say where, in the file's own keys, and what: `devices.desk-3.zone: fjordvik/reception -> fjordvik/room-2`. They
may land in a terminal's history or an audit log, so no number, address of a person, account or secret stands in them in
full.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from alarmd.organisation.model import Known, Organisation
from alarmd.organisation.plain import plain
from alarmd.organisation.scalars import mask

_SECTIONS = ("sites", "zones", "devices", "people", "teams", "schedules", "externals", "chains")
_NOTHING: dict[str, object] = {"alarmd": 1}
_ABSENT = object()
"""Where nothing stands; that nobody is meant stands there as None."""
MOST_DUTIES = 30
"""So many shifts of one calendar are told one by one."""
_MASKED = frozenset({"sms", "voice", "push", "email", "apprise", "webhook", "url", "dc09", "account"})


def difference(old: Organisation | None, new: Organisation) -> tuple[str, ...]:
    """One line for each thing added, removed or changed; none when both say the same. `old` None: all is added."""
    said = tuple(_mapping(plain(old) if old else _NOTHING, plain(new), ""))
    return (*said, *_duties(old, new)) if old else said


def _mapping(old: Mapping[str, object], new: Mapping[str, object], path: str) -> Iterator[str]:
    for key in [*old, *(key for key in new if key not in old)]:
        yield from _value(old.get(key, _ABSENT), new.get(key, _ABSENT), f"{path}.{key}" if path else key)


def _value(old: object, new: object, path: str) -> Iterator[str]:
    if old == new or (path.endswith(".calendar.known") and _ABSENT not in (old, new)):
        return  # what a calendar says is told by its shifts
    if _holds_sections(path):
        yield from _mapping(_as_mapping(old), _as_mapping(new), path)
    elif old is _ABSENT:
        yield f"{path}: added {_told(new, path)}"
    elif new is _ABSENT:
        yield f"{path}: removed"
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mapping(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list(old, new, path)
    else:
        yield _changed(_told(old, path), _told(new, path), path)


def _list(old: list[object], new: list[object], path: str) -> Iterator[str]:
    """Lists of plain words whole; lists of mappings, such as steps, one by one by their places."""
    if any(isinstance(each, Mapping) for each in (*old, *new)):
        for place in range(1, max(len(old), len(new)) + 1):
            before, after = (each[place - 1] if place <= len(each) else _ABSENT for each in (old, new))
            yield from _value(before, after, f"{path}.{place}")
    else:
        yield _changed(_told(old, path), _told(new, path), path)


def _changed(old: str, new: str, path: str) -> str:
    return f"{path}: {old} -> {new}" if old != new else f"{path}: {old}, changed"


def _holds_sections(path: str) -> bool:
    """Mappings of ids: what is in them is added and removed by itself."""
    words = path.split(".")
    return (len(words) == 1 and words[0] in _SECTIONS) or (len(words) == 3 and words[2] == "zones")


def _as_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _duties(old: Organisation, new: Organisation) -> Iterator[str]:
    """What a calendar says otherwise than before. Not what has become too old to be kept, nor what has come into sight
    because time has passed.
    """
    for key, schedule in new.schedules.items():
        before = old.schedules[key].calendar if key in old.schedules else None
        if schedule.calendar and before and schedule.calendar.known and before.known:
            lines = _said_otherwise(before.known, schedule.calendar.known, ZoneInfo(new.time_zone))
            yield from (f"schedules.{key}.calendar: {line}" for line in lines)


def _said_otherwise(old: Known, new: Known, zone: ZoneInfo) -> Iterator[str]:
    if old.until != new.until:
        yield f"known to {old.until:%Y-%m-%d} -> {new.until:%Y-%m-%d}"
    lines = [*_shifts(old, new, zone)]
    yield from lines[:MOST_DUTIES]
    if len(lines) > MOST_DUTIES:
        yield f"{len(lines) - MOST_DUTIES} more shifts changed"
    if old.unclear.keys() != new.unclear.keys():
        yield _changed(str(len(old.unclear)), str(len(new.unclear)), "unclear events")


def _shifts(old: Known, new: Known, zone: ZoneInfo) -> Iterator[str]:
    """`2027-03-28 07:00 CEST - 2027-03-28 15:00 CEST: ola -> per`."""
    first = min((each.start for each in new.shifts), default=None)
    people: dict[tuple[datetime, datetime], tuple[list[str], list[str]]] = {}
    for place, known in enumerate((old, new)):
        for each in known.shifts:
            if (first is None or each.end > first) and each.start < old.until:
                people.setdefault((each.start, each.end), ([], []))[place].append(each.person)
    for (start, end), (before, after) in sorted(people.items()):
        if before != after:
            span = " - ".join(f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}" for at in (start, end))
            yield f"{span}: {', '.join(before) or 'nobody'} -> {', '.join(after) or 'nobody'}"


def _told(value: object, path: str) -> str:
    """The value on one line, in the file's own way, whatever is nobody's business masked."""
    key = path.rpartition(".")[2]
    if isinstance(value, Mapping) and key == "days":  # whole years of public holidays: nobody wants to read each
        return f"[{', '.join(value)}]"
    if isinstance(value, Mapping) and key == "known":  # of a calendar; whoever wants to read each shift asks `oncall`
        shifts = sum(len(each) for each in _as_mapping(value.get("shifts")).values() if isinstance(each, list))
        return f"{shifts} shifts to {str(value.get('until'))[:10]}"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {_told(each, name)}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_told(each, '') for each in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nobody"
    if key == "secret":
        return "…"
    return mask(str(value)) if key in _MASKED else str(value)
