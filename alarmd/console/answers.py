"""How this room answers: JSON by orjson, every refusal as application/problem+json (RFC 9457), never with a stack
trace, never cached.

`install` teaches it to an application, for routes of other rooms too: they raise what `errors.py` has and get the right
status.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from alarmd.console.faults import told
from alarmd.errors import AlarmdError, Conflict, Malformed, NotAllowed, NotDurable, NotFound, NotSignedIn, Undecidable

log = structlog.get_logger()

JSON, PROBLEM = "application/json", "application/problem+json"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
LARGEST = 64 * 1024
"""Bytes of a body that are read."""

STATUS: Mapping[type[AlarmdError], HTTPStatus] = {
    Malformed: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
}

Model = TypeVar("Model", bound=BaseModel)


class TooManyTries(NotSignedIn):
    """Too many wrong passwords; `seconds` until the next may be tried."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many wrong tries; try again in {seconds} s")
        self.seconds = seconds


class TooLarge(Malformed):
    """A body that nobody who means well sends."""


def answer(body: Any, status: int = HTTPStatus.OK) -> Response:
    """A JSON answer. Ready texts go in as orjson.Fragment."""
    return Response(orjson.dumps(body), status, HEADERS, JSON)


def nothing() -> Response:
    """204."""
    return Response(None, HTTPStatus.NO_CONTENT, HEADERS)


def problem(
    status: HTTPStatus, detail: str, more: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal: `title` says what kind, `detail` what was wrong and what would be right."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail, **(more or {})}
    return Response(orjson.dumps(body), status, {**HEADERS, **(headers or {})}, PROBLEM)


def refused(error: AlarmdError) -> Response:
    """What one of our own errors becomes."""
    match error:
        case TooManyTries():
            return problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers={"Retry-After": str(error.seconds)})
        case TooLarge():
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
        case NotSignedIn():
            return problem(HTTPStatus.UNAUTHORIZED, str(error), headers={"WWW-Authenticate": 'Bearer realm="alarmd"'})
        case NotDurable() | Undecidable():
            log.error("not stored", why=str(error))
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": "1"})
        case _:
            status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
            return problem(status, str(error))


async def read_body(request: Request, model: type[Model]) -> Model:
    """The request's JSON as this model; no body is `{}`. Raises Malformed, which names key and fault and never repeats
    a value."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST:
            raise TooLarge(f"a body has at most {LARGEST} bytes")
    try:
        return model.model_validate_json(bytes(raw) or b"{}")
    except ValidationError as fault:
        raise Malformed(told(fault.errors(include_url=False, include_input=False))) from None


def install(app: FastAPI) -> None:
    """Every error of every route goes through here."""

    @app.exception_handler(AlarmdError)
    async def known(_request: Request, error: AlarmdError) -> Response:
        return refused(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, error: RequestValidationError) -> Response:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, told(error.errors()))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        detail = error.detail if error.detail != status.phrase else f"{request.method} {request.url.path}"
        return problem(status, detail, headers=error.headers)

    @app.exception_handler(Exception)
    async def bug(_request: Request, _error: Exception) -> Response:
        # Starlette raises it again after this answer, so that the server logs it with its trace.
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault in alarmd itself; its log says more")
