"""`alarmd oncall SCHEDULE`: who is on call, as an alarm would find them: now, at a time, over a span, as a calendar."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alarmd.clock import SystemClock
from alarmd.commands.common import current, instant, opened
from alarmd.errors import Malformed, NotFound
from alarmd.escalation.duty import Duty, duties, on_duty
from alarmd.organisation.model import Organisation
from alarmd.settings import Settings
from alarmd.wording.duties import at_instant, calendar, over_span

SPAN = timedelta(days=7)
CALENDAR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Wish:
    """The options, as they were written."""

    at: str | None = None
    start: str | None = None
    end: str | None = None
    as_json: bool = False
    as_ics: bool = False


def oncall(settings: Settings, schedule: str, wish: Wish) -> None:
    """Print it. Times without an offset are local to the site. Raises NotFound, Malformed."""
    with opened(settings) as database, database.snapshot() as reading:
        organisation = current(reading)
    if schedule not in organisation.schedules:
        raise NotFound(f"no schedule {schedule!r} in this organisation")
    span = wish.start is not None or wish.end is not None
    if wish.at is not None and (span or wish.as_ics):
        raise Malformed("--at is one time; --from, --to and --ics are for a span")
    if span or wish.as_ics:
        print(_over_span(organisation, schedule, wish), end="" if wish.as_ics else "\n")
    else:
        print(_at(organisation, schedule, wish))


def _at(organisation: Organisation, schedule: str, wish: Wish) -> str:
    at = instant("--at", wish.at, organisation)
    people = on_duty(organisation, schedule, at)
    if wish.as_json:
        return json.dumps(at_instant(schedule, at, people), ensure_ascii=False)
    return f"{schedule} {_local(at, organisation)}: {_told(people)}"


def _over_span(organisation: Organisation, schedule: str, wish: Wish) -> str:
    start = instant("--from", wish.start, organisation)
    end = instant("--to", wish.end, organisation) if wish.end else start + (CALENDAR if wish.as_ics else SPAN)
    found = duties(organisation, schedule, start, end)
    if wish.as_ics:
        return calendar(organisation, schedule, found, SystemClock().now())
    if wish.as_json:
        return json.dumps(over_span(schedule, found), ensure_ascii=False)
    return "\n".join(_lines(found, organisation))


def _lines(found: Iterable[Duty], organisation: Organisation) -> Iterable[str]:
    for each in found:
        yield f"{_local(each.start, organisation)} - {_local(each.end, organisation)}  {_told(each.people)}"


def _told(people: Sequence[str]) -> str:
    return ", ".join(people) or "NOBODY"


def _local(at: datetime, organisation: Organisation) -> str:
    return f"{at.astimezone(ZoneInfo(organisation.time_zone)):%Y-%m-%d %H:%M %Z}"
