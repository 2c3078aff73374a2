"""Twilio's REST API, as far as alarmd uses it, in front of the simulated network.

It believes nothing: account, parameters and numbers are checked as Twilio checks them, and refused in Twilio's own
shape and codes. It never decides what becomes of a text or a call. `create_phone_exchange` is what `alarmd demo`, the
storm and tests start. Source: twilio.com/docs/messaging/api/message-resource, /docs/voice/api/call-resource,
/docs/api/errors.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import JSONResponse

from alarmd.errors import NotFound, Refused
from alarmd.ports import Clock
from alarmd.rehearsal.buttons import Buttons
from alarmd.rehearsal.calling import Calling
from alarmd.rehearsal.courier import Courier
from alarmd.rehearsal.live import Audience
from alarmd.rehearsal.mood import Mood
from alarmd.rehearsal.orders import Document, Network, Spawn
from alarmd.rehearsal.page_server import add_page
from alarmd.rehearsal.phones import PhoneOwner, Phones
from alarmd.rehearsal.resources import account_json, call_json, listing, text_json
from alarmd.rehearsal.texting import Texting
from alarmd.rehearsal.twilio_forms import TwilioError, call_change, call_order, text_order

ROOT = "/2010-04-01"


@dataclass(frozen=True, slots=True)
class Exchange:
    """The simulated telephone company: `async with` it, serve `app`, and call `close` before the server is stopped."""

    app: FastAPI
    phones: Phones
    audience: Audience
    courier: Courier

    async def __aenter__(self) -> Self:
        await self.courier.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        await self.courier.__aexit__()

    def close(self) -> None:
        """Ends the streams of open pages; a server that waits for its connections would wait for them for ever."""
        self.audience.close()


def create_phone_exchange(
    *,
    account_sid: str,
    auth_token: str,
    inbound_url: str,
    people: Sequence[PhoneOwner],
    clock: Clock,
    spawn: Spawn,
    buttons: Buttons | None = None,
) -> Exchange:
    """Phones for these people on one ASGI app: Twilio's API under /2010-04-01, the page at /, its mood at /mood.

    `inbound_url` is the full public address of alarmd's own `/v1/hooks/twilio/message`. `spawn(name, coroutine)` runs a
    life of its own. `buttons` are shown and pressed on the same page.
    """
    audience, courier = Audience(clock), Courier(auth_token)
    phones = Phones(people, audience.changed)
    network = Network(account_sid, inbound_url, phones, courier, clock, spawn)
    texting, calling = Texting(network), Calling(network)
    app = FastAPI(title="alarmd rehearsal", docs_url=None, redoc_url=None, openapi_url=None)
    mood = Mood()
    router = _account(account_sid, auth_token, mood, clock)
    _add_messages(router, account_sid, phones, texting)
    _add_calls(router, account_sid, phones, calling)
    _add_unknown(router)
    app.include_router(router)
    app.add_exception_handler(TwilioError, _answer_refusal)
    app.add_exception_handler(Refused, _answer_refusal)
    add_page(app, phones, texting, calling, audience, buttons, mood)
    return Exchange(app, phones, audience, courier)


def _account(account: str, auth_token: str, mood: Mood, clock: Clock) -> APIRouter:
    """The account's own address, and the guard before all the others."""
    known = "Basic " + base64.b64encode(f"{account}:{auth_token}".encode()).decode()

    def authenticate(request: Request, sid: str) -> None:
        given = request.headers.get("Authorization", "")
        if sid != account or not secrets.compare_digest(given.encode(), known.encode()):
            raise TwilioError(401, 20003, "Authenticate")

    async def suffer() -> None:
        if await mood.suffer(clock):
            raise TwilioError(503, 20503, "Service unavailable")

    router = APIRouter(prefix=ROOT + "/Accounts", dependencies=[Depends(authenticate), Depends(suffer)])

    @router.get("/{sid}.json")
    async def fetch_account() -> JSONResponse:
        return JSONResponse(account_json(account))

    return router


def _add_messages(router: APIRouter, account: str, phones: Phones, texting: Texting) -> None:
    @router.post("/{sid}/Messages.json")
    async def create_message(request: Request) -> JSONResponse:
        text = texting.send(text_order(await request.form()))
        return JSONResponse(text_json(account, text), 201)

    @router.get("/{sid}/Messages.json")
    async def list_messages(request: Request) -> JSONResponse:
        rows = [text_json(account, text) for text in phones.texts.values()]
        return JSONResponse(listing("messages", rows, request.url.path, request.query_params))

    @router.get("/{sid}/Messages/{message}.json")
    async def fetch_message(message: str) -> JSONResponse:
        return JSONResponse(text_json(account, phones.text(message)))


def _add_calls(router: APIRouter, account: str, phones: Phones, calling: Calling) -> None:
    @router.post("/{sid}/Calls.json")
    async def create_call(request: Request) -> JSONResponse:
        call = calling.place(call_order(await request.form()))
        return JSONResponse(call_json(account, call), 201)

    @router.get("/{sid}/Calls.json")
    async def list_calls(request: Request) -> JSONResponse:
        rows = [call_json(account, call) for call in phones.calls.values()]
        return JSONResponse(listing("calls", rows, request.url.path, request.query_params))

    @router.get("/{sid}/Calls/{call}.json")
    async def fetch_call(call: str) -> JSONResponse:
        return JSONResponse(call_json(account, phones.call(call)))

    @router.post("/{sid}/Calls/{call}.json")
    async def update_call(request: Request, call: str) -> JSONResponse:
        change = call_change(await request.form())
        changed = calling.redirect(call, change) if isinstance(change, Document) else calling.end(call, change)
        return JSONResponse(call_json(account, changed))


def _add_unknown(router: APIRouter) -> None:
    """Every other address under the account; comes last."""

    @router.api_route("/{sid}/{rest:path}", methods=["GET", "POST", "DELETE"])
    async def unknown(request: Request) -> JSONResponse:
        raise NotFound(f"The requested resource {request.url.path} was not found")


def _answer_refusal(request: Request, refusal: Exception) -> JSONResponse:
    """Every refusal in the shape of the door it came to: Twilio's under its own addresses, a problem at the page's."""
    if isinstance(refusal, TwilioError):
        return JSONResponse(refusal.body(), refusal.status)
    missing = isinstance(refusal, NotFound)
    if request.url.path.startswith(ROOT):
        error = TwilioError(404, 20404, str(refusal)) if missing else TwilioError(400, 21220, str(refusal))
        return JSONResponse(error.body(), error.status)
    status = 404 if missing else 409
    problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": str(refusal)}
    return JSONResponse(problem, status, media_type="application/problem+json")
