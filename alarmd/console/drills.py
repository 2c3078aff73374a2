"""POST /v1/drills: an exercise by admin or manager. It takes the same path as a real press, marked as a drill from the
first event on."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from alarmd.access.model import Caller
from alarmd.access.rights import Right, require
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Person
from alarmd.console.answers import answer, read_body
from alarmd.console.desk import Desk
from alarmd.console.documented import says
from alarmd.console.shapes import DrillBody, RaisedShape
from alarmd.console.sign_in import SignIn
from alarmd.errors import Malformed, NotFound
from alarmd.organisation.model import Organisation


def drills(desk: Desk, sign_in: SignIn) -> APIRouter:
    """The route that starts a drill."""
    router = APIRouter(tags=["drills"])

    @router.post(
        "/v1/drills",
        **says("start_drill", "Start a drill", RaisedShape, 401, 403, 404, 413, 422, 503, status=202, takes=DrillBody),
    )
    async def start(request: Request) -> Response:
        caller = await sign_in.may(request, Right.DRILL)
        body = await read_body(request, DrillBody)
        _, organisation = desk.organisation()
        require(caller, Right.DRILL, site=_site(body, organisation))
        by = _starter(caller, organisation)
        pressed = Pressed(by, device=body.device, zone=body.zone, kind=body.kind, drill=True, externals=body.externals)
        taken = await desk.submit(pressed)
        alarm, signal = taken.alarm, taken.signal
        assert alarm is not None
        assert signal is not None
        shown = {"signal": signal.signal, "alarm": alarm.id, "joined": signal.joined, "state": alarm.state.value}
        return answer(shown, HTTPStatus.ACCEPTED)

    return router


def _site(body: DrillBody, organisation: Organisation) -> str:
    if (body.device is None) == (body.zone is None):
        raise Malformed("device, zone: name the one where it is to be, and not both")
    device = organisation.devices.get(body.device or "")
    if body.device is not None and device is None:
        raise NotFound(f"no device {body.device!r} in this organisation")
    zone = organisation.zone(device.zone if device else body.zone)
    if zone is None:
        raise NotFound(f"no zone {body.zone!r} in this organisation; a zone is written site/zone")
    return zone.site


def _starter(caller: Caller, organisation: Organisation) -> Person:
    """A person, or the key itself under a name that no person can have."""
    person = organisation.people.get(caller.person or "")
    if person is not None:
        return Person(person.id, person.name, "console" if caller.scope is None else "api")
    return Person(f"key:{caller.name}", caller.name, "api")
