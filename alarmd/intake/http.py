"""The door for signals over HTTP: `POST /v1/signals`. 202 is said only after the desk has committed; whatever else
happens is a problem (RFC 9457) that says what was wrong. Knows no organisation and no store; who calls is the word of
the sign-in that it is given.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from alarmd.access.model import Caller
from alarmd.access.rights import Right, require
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import By, Device, Kind, Person
from alarmd.errors import AlarmdError, Malformed, NotAllowed, NotDurable, NotFound, NotSignedIn, Undecidable
from alarmd.intake import wire
from alarmd.intake.desk import SignalDesk, Taken

SignIn = Callable[[Request], Awaitable[Caller | None]]
"""The caller from key or session; None or NotSignedIn for nobody known."""

STATUS: Mapping[type[AlarmdError], HTTPStatus] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Malformed: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotDurable: HTTPStatus.SERVICE_UNAVAILABLE,
    Undecidable: HTTPStatus.SERVICE_UNAVAILABLE,
}
HEADERS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "1"},
}
EXAMPLE_REF = "2f1c9a64"

REQUEST: Mapping[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "device": {"type": "string", "description": "id of the device that was pressed"},
                    "zone": {"type": "string", "description": "site/zone; for a person who presses without a device"},
                    "kind": {"type": "string", "enum": list(Kind), "description": "left out: the device's own"},
                    "ref": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": wire.LONGEST_REF,
                        "description": "the sender's own mark: from one device, one ref is one signal, for ever",
                    },
                    "note": {"type": "string", "description": f"longer than {wire.LONGEST_NOTE} characters is cut"},
                    "pressed_at": {"type": "string", "format": "date-time"},
                },
                "oneOf": [{"required": ["device"]}, {"required": ["zone"]}],
                "additionalProperties": True,
            },
            "example": {"device": "desk-3", "kind": "panic", "ref": EXAMPLE_REF},
        }
    },
}
ACCEPTED: Mapping[str, Any] = {
    "description": "Stored durably; people are being told.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["signal", "alarm", "joined", "state"],
                "properties": {
                    "signal": {"type": "string", "format": "uuid"},
                    "alarm": {"type": "string", "format": "uuid"},
                    "joined": {"type": "boolean", "description": "it joined an alarm that was open already"},
                    "state": {"type": "string", "description": "the alarm's present state"},
                },
            }
        }
    },
}
PROBLEM: Mapping[str, Any] = {
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
        }
    }
}
REFUSALS = {
    401: "No key or session, or one that nobody knows.",
    403: "The caller may not press here.",
    404: "No such device or zone.",
    422: "No JSON, or a key that cannot be read.",
    503: "Not stored, or not decided by a fault of alarmd's own: press again, with the same ref.",
}


def signals_router(desk: SignalDesk, sign_in: SignIn) -> APIRouter:
    """The router of this door. `sign_in` finds the caller of a request."""
    router = APIRouter(tags=["signals"])
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"description": text, **PROBLEM} for status, text in REFUSALS.items()
    }

    @router.post(
        "/v1/signals",
        status_code=202,
        operation_id="press",
        summary="Raise an alarm",
        responses={202: dict(ACCEPTED), **refusals},
        openapi_extra={"requestBody": dict(REQUEST), "security": [{"key": []}, {"session": []}]},
        response_class=Response,
    )
    async def press(request: Request) -> Response:
        try:
            caller = require(await sign_in(request), Right.PRESS)
            taken = await desk.submit(_allowed(desk, caller, wire.read_signal(await _body(request))))
        except (NotSignedIn, NotAllowed, NotFound, Malformed, NotDurable, Undecidable) as refusal:
            return _problem(refusal)
        except ClientDisconnect:  # nobody is there to be answered, and nothing was accepted
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return Response(_answer(taken), HTTPStatus.ACCEPTED, media_type="application/json")

    return router


async def _body(request: Request) -> bytes:
    """The raw body; reading stops where no signal can be that long. Raises Malformed."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > wire.LARGEST:
            raise Malformed(f"body: more than {wire.LARGEST} bytes; a signal has a few dozen")
    return body


def _allowed(desk: SignalDesk, caller: Caller, body: wire.Body) -> Pressed:
    """The press, when this caller may do it there. A key for one device is not told which others exist."""
    require(caller, Right.PRESS, device=body.device)
    require(caller, Right.PRESS, site=desk.site_of(device=body.device, zone=body.zone))
    return Pressed(
        by=_presser(caller, body),
        device=body.device,
        zone=body.zone,
        kind=body.kind,
        ref=body.ref,
        note=body.note,
        pressed_at=body.pressed_at,
    )


def _presser(caller: Caller, body: wire.Body) -> By:
    """The person whom the caller is, else the device that a key speaks for."""
    if caller.person is not None:
        return Person(caller.person, caller.name, "console" if caller.scope is None else "api")
    if body.device is None:
        raise NotAllowed("only a signed-in person may press without a device; name the device, or sign in")
    return Device(body.device)


def _answer(taken: Taken) -> bytes:
    body = {"signal": taken.signal, "alarm": taken.alarm, "joined": taken.joined, "state": taken.state}
    return orjson.dumps(body)


def _problem(refusal: AlarmdError) -> Response:
    status = next(status for kind, status in STATUS.items() if isinstance(refusal, kind))
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": str(refusal)}
    return Response(
        orjson.dumps(body), status, headers=dict(HEADERS.get(status, {})), media_type="application/problem+json"
    )
