"""The shape of schedules, and of the public holidays that they ask for. PURE. A page of `shape.py`, which alone calls
it.

Who is on call by them is `escalation/schedule.py`'s business.
"""

from datetime import date, datetime, time, timedelta

from alarmd.organisation import scalars
from alarmd.organisation.model import Calendar, Change, OnHolidays, Override, Rotation, Schedule, Window
from alarmd.organisation.reading import Fields, Item

EVER = (datetime.combine(date.min, time()), datetime.combine(date.max, time()))

_CHANGE = scalars.one_of({each.value: each for each in Change}, "way to change a duty")
_ON_HOLIDAYS = scalars.one_of({each.value: each for each in OnHolidays}, "rule for public holidays")
_COUNTRY = scalars.matching(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", "country; write it like NO, or DE-BY for a part of one")


def schedule(key: str, item: Item) -> Schedule:
    """`rotations`, `only`, `overrides`, each of which may be left out. Raises Wrong."""
    scalars.identifier(key)
    fields = item.fields("rotations", "only", "overrides")
    return Schedule(
        id=key,
        rotations=fields.each("rotations", _rotation, "rotations"),
        only=fields.take("only", _window, None),
        overrides=fields.each("overrides", _override, "overrides"),
    )


def _rotation(item: Item) -> Rotation:
    fields = item.fields("people", "from", "every", "only", "instead")
    return Rotation(
        people=fields.each("people", scalars.name_of("person"), "people", need=True),
        start=fields.need("from", scalars.instant, EVER[0]),
        every=fields.need("every", scalars.some_time, timedelta()),
        only=fields.take("only", _window, None),
        instead=fields.take("instead", scalars.flag, False),
    )


def _window(item: Item) -> Window:
    fields = item.fields("days", "between", "holidays")
    start, end = fields.take("between", scalars.hours, (time(), time()))
    holidays = fields.take("holidays", _ON_HOLIDAYS, OnHolidays.AS_EVER)
    return Window(fields.take("days", scalars.weekdays, frozenset(range(7))), start, end, holidays)


def _override(item: Item) -> Override:
    fields = item.fields("person", "from", "to", "change")
    person = fields.need("person", scalars.name_of("person"), "")
    return Override(person, *span(fields), fields.take("change", _CHANGE, Change.REPLACE))


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
