"""Who is on call, over HTTP: at an instant, over a span, as a calendar. The same as `alarmd oncall` says.

A schedule belongs to the whole organisation, so it is for those who may see all of it. Keys come in the Authorization
header alone: an address with a key in it ends up in logs.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from alarmd.access.rights import Right
from alarmd.alarm.times import asked
from alarmd.console.answers import HEADERS, answer
from alarmd.console.desk import Desk
from alarmd.console.documented import says
from alarmd.console.shapes import OnCallShape
from alarmd.console.sign_in import SignIn
from alarmd.errors import Malformed, NotAllowed, NotFound
from alarmd.escalation.duty import Duty, duties, on_duty
from alarmd.organisation.model import Organisation
from alarmd.wording.duties import at_instant, calendar, over_span

BACK = timedelta(days=35)
"""A calendar shows so much of the past: what has begun keeps its beginning, and with it its id."""
LONGEST = timedelta(days=366)
CALENDAR = "text/calendar; charset=utf-8"

Time = Annotated[str | None, Query(max_length=40)]
"""RFC 3339, or local to the site."""
Days = Annotated[int, Query(ge=1, le=LONGEST.days)]


def schedules(desk: Desk, sign_in: SignIn) -> APIRouter:
    """The two routes."""
    router = APIRouter(tags=["schedules"])

    async def known(request: Request, schedule: str) -> Organisation:
        caller = await sign_in.may(request, Right.READ)
        if caller.site is not None:
            raise NotAllowed(f"{caller.name} is limited to site {caller.site}, and schedules belong to all sites")
        _, organisation = desk.organisation()
        if schedule not in organisation.schedules:
            raise NotFound(f"no schedule {schedule!r} in this organisation")
        return organisation

    @router.get("/v1/schedules/{id}/oncall", **says("get_on_call", "Who is on call", OnCallShape, 401, 403, 404, 422))
    async def oncall(
        request: Request,
        id: str,
        at: Time = None,
        start: Annotated[Time, Query(alias="from")] = None,
        end: Annotated[Time, Query(alias="to")] = None,
    ) -> Response:
        organisation = await known(request, id)
        if start is None and end is None:
            instant = _instant("at", at, organisation) or desk.clock.now()
            return answer(at_instant(id, instant, on_duty(organisation, id, instant)))
        if at is not None:
            raise Malformed("at is one time; from and to are for a span")
        begin, over = _instant("from", start, organisation), _instant("to", end, organisation)
        if begin is None or over is None or over - begin > LONGEST:
            raise Malformed(f"a span has from and to, at most {LONGEST.days} days apart")
        return answer(over_span(id, await _duties(organisation, id, begin, over)))

    @router.get("/v1/schedules/{id}.ics", **says("get_schedule_calendar", "A calendar of it", None, 401, 403, 404, 422))
    async def ics(request: Request, id: str, days: Days = 90) -> Response:
        organisation = await known(request, id)
        now = desk.clock.now()
        found = await _duties(organisation, id, now - BACK, now + timedelta(days=days))
        return Response(calendar(organisation, id, found, now), headers=HEADERS, media_type=CALENDAR)

    return router


async def _duties(organisation: Organisation, schedule: str, start: datetime, end: datetime) -> tuple[Duty, ...]:
    """Beside the loop: a year of many hand-overs takes longer than a press may wait."""
    return await asyncio.to_thread(duties, organisation, schedule, start, end)


def _instant(name: str, text: str | None, organisation: Organisation) -> datetime | None:
    try:
        return asked(text, organisation.time_zone) if text else None
    except ValueError as fault:
        raise Malformed(f"{name}: {fault}") from None
