"""The shape of schedules, and of the public holidays that they ask for. PURE. A page of `shape.py`, which alone calls
it.

Who is on call by them is `escalation/schedule.py`'s business.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from alarmd.alarm.times import moment
from alarmd.organisation import scalars
from alarmd.organisation.model import (
    Calendar,
    Change,
    Known,
    OnHolidays,
    Override,
    Roster,
    Rotation,
    Schedule,
    Shift,
    Window,
)
from alarmd.organisation.reading import Fields, Item, Wrong
from alarmd.organisation.roster import folded

EVER = (datetime.combine(date.min, time()), datetime.combine(date.max, time()))

_ONCE = datetime(2000, 1, 1, tzinfo=UTC)

_CHANGE = scalars.one_of({each.value: each for each in Change}, "way to change a duty")
_ON_HOLIDAYS = scalars.one_of({each.value: each for each in OnHolidays}, "rule for public holidays")
_WEB = scalars.matching(
    r"(https?|webcals?)://[^\s/]+(/\S*)?", "address of a calendar; write it like https://example.org/duty.ics"
)
_COUNTRY = scalars.matching(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", "country; write it like NO, or DE-BY for a part of one")


def schedule(key: str, item: Item) -> Schedule:
    """`rotations`, `calendar`, `only`, `overrides`, each of which may be left out. Raises Wrong."""
    scalars.identifier(key)
    fields = item.fields("rotations", "calendar", "only", "overrides")
    return Schedule(
        id=key,
        rotations=fields.each("rotations", _rotation, "rotations"),
        only=fields.take("only", window, None),
        overrides=fields.each("overrides", _override, "overrides"),
        calendar=fields.take("calendar", _roster, None),
    )


def _rotation(item: Item) -> Rotation:
    fields = item.fields("people", "from", "every", "only", "instead")
    return Rotation(
        people=fields.each("people", scalars.name_of("person"), "people", need=True),
        start=fields.need("from", scalars.instant, EVER[0]),
        every=fields.need("every", scalars.some_time, timedelta()),
        only=fields.take("only", window, None),
        instead=fields.take("instead", scalars.flag, False),
    )


def window(item: Item) -> Window:
    """Weekdays and hours, and what public holidays are to them. Raises Wrong."""
    fields = item.fields("days", "between", "holidays")
    start, end = fields.take("between", scalars.hours, (time(), time()))
    holidays = fields.take("holidays", _ON_HOLIDAYS, OnHolidays.AS_EVER)
    return Window(fields.take("days", scalars.weekdays, frozenset(range(7))), start, end, holidays)


def _override(item: Item) -> Override:
    fields = item.fields("person", "from", "to", "change")
    person = fields.need("person", scalars.name_of("person"), "")
    return Override(person, *span(fields), fields.take("change", _CHANGE, Change.REPLACE))


def _roster(item: Item) -> Roster:
    """`known` stands in stored versions alone: from a file the calendar is read again."""
    fields = item.fields("file", "url", "people", "instead", "known")
    places = [key for key in ("file", "url") if key in fields.table]
    if len(places) != 1:
        item.note(f"has {len(places)} places to read from; exactly one of file, url is wanted")
    people = fields.section("people", _meant)
    if len({folded(text) for text in people}) < len(people):
        item.below("people").note("two texts differ by blanks or capital letters alone, and mean the same; leave one")
    return Roster(
        file=fields.take("file", scalars.filled, ""),
        url=fields.take("url", _WEB, ""),
        people=people,
        instead=fields.take("instead", scalars.flag, False),
        known=fields.take("known", _known, None),
    )


def _meant(_: str, item: Item) -> str | None:
    """Whom a text means; nothing: nobody, on purpose."""
    return None if item.value is None else scalars.name_of("person")(item)


def _known(item: Item) -> Known:
    fields = item.fields("until", "shifts", "unclear")
    duties = fields.section("shifts", _duties)
    return Known(
        tuple(sorted(shift for each in duties.values() for shift in each)),
        fields.need("until", _instant, _ONCE),
        fields.section("unclear", lambda _, first: None if first.value is None else _instant(first)),
    )


def _duties(person: str, item: Item) -> tuple[Shift, ...]:
    return tuple(shift for each in item.series("shifts") for shift in each.kept(partial(_shift, person)))


def _shift(person: str, item: Item) -> Shift:
    """`2027-03-28T06:00:00Z/2027-03-28T14:00:00Z`, as ISO 8601 writes a span."""
    start, end = (_instant(replace(item, value=each)) for each in f"{item.value}/".split("/")[:2])
    return Shift(start, end, person)


def _instant(item: Item) -> datetime:
    try:
        return moment(str(item.value))
    except ValueError:
        raise Wrong("is no instant; write it like 2027-03-28T06:00:00Z") from None


def calendar(item: Item) -> Calendar:
    """`NO`, or with more; `days` stands in stored versions alone, where nobody looks them up again."""
    if isinstance(item.value, str):
        return Calendar(_COUNTRY(item))
    fields = item.fields("of", "also", "days")
    years = fields.section(
        "days", lambda _, year: frozenset(each.attempt(scalars.day, date.min) for each in year.series("days"))
    )
    return Calendar(
        fields.take("of", _COUNTRY, ""),
        frozenset(fields.each("also", scalars.day, "days")),
        frozenset(day for year in years.values() for day in year),
    )


def span(fields: Fields) -> tuple[datetime, datetime]:
    """`from` and `to`, local; a fault is noted when they are the wrong way round."""
    start, end = (
        fields.need("from", scalars.instant, EVER[0]),
        fields.need("to", scalars.end_of_span, EVER[1]),
    )
    if end <= start:
        fields.item.note("to is not after from")
    return start, end
