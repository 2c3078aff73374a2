"""Twilio's own requests: texts that people send, keys that they press, and what became of texts and calls.

Nothing is believed before its signature, over `public_url` and never over the Host header, has been checked; without a
token nothing is believed at all. What is meant is for `answers.py`. Source: twilio.com/docs/usage/security (signature),
/docs/messaging/guides/track-outbound-message-status, /docs/voice/api/call-resource (statusCallback).
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from twilio.request_validator import RequestValidator

from alarmd.alarm.incoming import Reported
from alarmd.alarm.model import AttemptState
from alarmd.errors import AlarmdError, Malformed, NotAllowed, NotDurable, Undecidable
from alarmd.intake.answers import AnswerDesk, answer_key, answer_text
from alarmd.wording.twiml import text_answer

PREFIX = "/v1/hooks/twilio"
SIGNATURE = "X-Twilio-Signature"
LARGEST = 65536
"""Bytes of a body; Twilio's have a few hundred."""

STATES: Mapping[str, AttemptState] = {
    "accepted": AttemptState.ACCEPTED,
    "scheduled": AttemptState.ACCEPTED,
    "queued": AttemptState.ACCEPTED,
    "sending": AttemptState.ACCEPTED,
    "sent": AttemptState.ACCEPTED,
    "partially_delivered": AttemptState.ACCEPTED,
    "delivered": AttemptState.DELIVERED,
    "read": AttemptState.SEEN,
    "undelivered": AttemptState.FAILED,
    "failed": AttemptState.FAILED,
    "initiated": AttemptState.ACCEPTED,
    "ringing": AttemptState.ACCEPTED,
    "in-progress": AttemptState.ANSWERED,
    "answered": AttemptState.ANSWERED,
    "busy": AttemptState.FAILED,
    "no-answer": AttemptState.FAILED,
    "canceled": AttemptState.FAILED,
}
"""Every status of a text or a call but `completed`, which ends a call and says nothing new of one that was answered."""
COMPLETED = "completed"

WHY: Mapping[str, str] = {
    "30001": "too_many",
    "30002": "not_allowed",
    "30003": "unreachable",
    "30004": "blocked",
    "30005": "unknown_number",
    "30006": "not_mobile",
    "30007": "filtered",
    "30008": "unknown_error",
    "30410": "provider_trouble",
    "30500": "provider_trouble",
}
"""Error codes of texts that were not delivered, in words; others are named by their number."""

STATUS: Mapping[type[AlarmdError], HTTPStatus] = {
    NotAllowed: HTTPStatus.FORBIDDEN,
    Malformed: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotDurable: HTTPStatus.SERVICE_UNAVAILABLE,
    Undecidable: HTTPStatus.SERVICE_UNAVAILABLE,
}
RESPONSES: dict[int | str, dict[str, Any]] = {403: {"description": "Not signed by Twilio, or wrongly."}}

Handler = Callable[[Request, FormData], Awaitable[Response]]

log = structlog.get_logger()


def twilio_hooks(*, auth_token: str, public_url: str, desk: AnswerDesk) -> APIRouter:
    """The router of these doors. `public_url` is how Twilio reaches alarmd; an empty token refuses everything."""
    door = _Door(auth_token, public_url, desk)
    router = APIRouter(prefix=PREFIX, tags=["twilio"])

    @router.post("/message", summary="A person texts", responses=RESPONSES, response_class=Response)
    async def message(request: Request) -> Response:
        return await door.open(request, door.message)

    @router.post("/voice", summary="A person presses a key in a call", responses=RESPONSES, response_class=Response)
    async def voice(request: Request) -> Response:
        return await door.open(request, door.voice)

    @router.post(
        "/status",
        summary="What became of a text or call",
        status_code=204,
        responses=RESPONSES,
        response_class=Response,
    )
    async def status(request: Request) -> Response:
        return await door.open(request, door.status)

    return router


class _Door:
    """Checks who knocks, then lets one handler answer."""

    def __init__(self, auth_token: str, public_url: str, desk: AnswerDesk) -> None:
        self._validator = RequestValidator(auth_token) if auth_token else None
        self._public_url = public_url.rstrip("/")
        self._desk = desk

    async def open(self, request: Request, handler: Handler) -> Response:
        try:
            return await handler(request, await self._signed_form(request))
        except (NotAllowed, Malformed, NotDurable, Undecidable) as refusal:
            log.warning("hook refused", hook=request.url.path, why=str(refusal))
            return _problem(refusal)
        except ClientDisconnect:  # nobody is there to be answered
            return Response(status_code=HTTPStatus.BAD_REQUEST)

    async def message(self, _: Request, form: FormData) -> Response:
        return _twiml(text_answer(await answer_text(self._desk, _field(form, "From"), _field(form, "Body"))))

    async def voice(self, request: Request, form: FormData) -> Response:
        alarm, attempt = _names(request)
        keys = _field(form, "Digits")
        return _twiml(await answer_key(self._desk, alarm, attempt, keys, self._address(request)))

    async def status(self, request: Request, form: FormData) -> Response:
        alarm, attempt = _names(request)
        told = _field(form, "MessageStatus") or _field(form, "CallStatus")
        state, why = STATES.get(told), _why(form, told)
        if told == COMPLETED:
            state, why = await self._ended_unanswered(alarm, attempt), "not_answered"
        elif state is None:
            log.warning("status unknown", alarm=alarm, attempt=attempt, status=told)
        if state is not None:
            provider = _field(form, "MessageSid") or _field(form, "CallSid") or None
            failed = state is AttemptState.FAILED
            await self._desk.submit(Reported(alarm, attempt, state, why if failed else None, provider))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _ended_unanswered(self, alarm: str, attempt: str) -> AttemptState | None:
        """A call is over: failed, unless somebody or something had answered it."""
        known = await self._desk.alarm(alarm)
        found = known[0].find(attempt) if known else None
        return None if found and found[1].state is AttemptState.ANSWERED else AttemptState.FAILED

    async def _signed_form(self, request: Request) -> FormData:
        """The form, once its signature is known to be right. Raises NotAllowed and Malformed."""
        signature = request.headers.get(SIGNATURE)
        if self._validator is None or not signature:
            raise NotAllowed(f"this door is for Twilio alone, which signs with {SIGNATURE}")
        form = await _form(request)
        if not self._validator.validate(self._address(request), form, signature):
            raise NotAllowed("the signature is not that of our Twilio account over ALARMD_PUBLIC_URL and this request")
        return form

    def _address(self, request: Request) -> str:
        """The address as Twilio asked for it."""
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self._public_url}{request.url.path}{query}"


async def _form(request: Request) -> FormData:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise Malformed(f"body: more than {LARGEST} bytes; Twilio sends a few hundred")
    fields: list[tuple[str, str | UploadFile]] = []
    fields += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return FormData(fields)


def _field(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _names(request: Request) -> tuple[str, str]:
    """Alarm and attempt, as the channel wrote them into the address."""
    return request.query_params.get("alarm", ""), request.query_params.get("attempt", "")


def _why(form: FormData, told: str) -> str:
    """A word for a failure: by Twilio's code, else the status itself."""
    code = _field(form, "ErrorCode")
    if code.isascii() and code.isdigit():
        return WHY.get(code, f"twilio_{code}")
    return told.replace("-", "_")


def _twiml(document: str) -> Response:
    return Response(document, media_type="text/xml")


def _problem(refusal: AlarmdError) -> Response:
    status = next(status for kind, status in STATUS.items() if isinstance(refusal, kind))
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": str(refusal)}
    return JSONResponse(body, status, media_type="application/problem+json")
