"""GET /v1/consoles: who is at which console, on whichever node; and what a console says of itself over its line."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from alarmd.access.rights import Right
from alarmd.alarm.times import stamp
from alarmd.console.answers import answer
from alarmd.console.desk import Desk
from alarmd.console.documented import says
from alarmd.console.shapes import ConsolesShape, Here
from alarmd.console.sign_in import SignIn
from alarmd.dispatch.presence import Console
from alarmd.organisation.model import Organisation


def consoles(desk: Desk, sign_in: SignIn) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["consoles"])

    @router.get("/v1/consoles", **says("list_consoles", "Who is at a console", ConsolesShape, 401, 403, 404))
    async def current(request: Request) -> Response:
        caller = await sign_in.may(request, Right.CONSOLES)
        _, organisation = desk.organisation()
        known = [
            (node, each)
            for node, each in desk.presence.known()
            if caller.site is None or each.site in (None, caller.site)
        ]
        counts = {"open": len(known), "armed": sum(each.armed for _, each in known)}
        shown = [_shown(node, each, organisation) for node, each in known]
        return answer({**counts, "complete": desk.presence.counts.complete, "consoles": shown})

    return router


def read_here(text: str | None) -> Here | None:
    """What a console says of itself; None where it says anything else."""
    try:
        return Here.model_validate_json(text or "")
    except ValidationError:
        return None


def _shown(node: str, console: Console, organisation: Organisation) -> Mapping[str, Any]:
    person = organisation.people.get(console.person)
    return {
        "person": console.person,
        "roles": list(person.roles) if person else [],
        "site": console.site,
        "node": node,
        "since": stamp(console.since),
        "armed": console.armed,
        "visible": console.visible,
    }
