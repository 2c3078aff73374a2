"""The page with the simulated phones and buttons: its files, its live stream, and what hands do at the phones.

Everything a hand can do, a test or the storm can do by HTTP: `PUT /phones/{number}` sets a habit, `PUT /mood` says how
the telephone company is. It must never show
more than the phones themselves would know. Called by `twilio_server.create_phone_exchange`.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, replace
from pathlib import Path

import orjson
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse, StreamingResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alarmd.rehearsal.buttons import Buttons
from alarmd.rehearsal.buttons_page import add_buttons
from alarmd.rehearsal.buttons_page import shown as shown_buttons
from alarmd.rehearsal.calling import Calling
from alarmd.rehearsal.live import Audience
from alarmd.rehearsal.mood import Mood
from alarmd.rehearsal.phones import Answers, Call, Habit, Phone, Phones, Text, segments
from alarmd.rehearsal.texting import Texting

BUTTONS = "buttons"
"""What the audience is told, where numbers stand for phones, when a button has changed."""
FILES = Path(__file__).parent / "phones_page"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class HabitBody(BaseModel):
    """Some of a phone's habit; what is left out stays as it is. `after` in seconds."""

    model_config = ConfigDict(extra="forbid")

    answers: Answers | None = None
    says: str | None = Field(None, min_length=1, max_length=160)
    after: float | None = Field(None, ge=0, le=3600)
    reachable: bool | None = None
    voicemail: bool | None = None
    slow: bool | None = None


class TextBody(BaseModel):
    """What the owner of a phone writes."""

    model_config = ConfigDict(extra="forbid")

    body: str = Field(min_length=1, max_length=1600)


class KeysBody(BaseModel):
    """What the owner of a phone presses in a call."""

    model_config = ConfigDict(extra="forbid")

    keys: str = Field(pattern=r"^[0-9*#]{1,32}$")


class MoodBody(BaseModel):
    """How the telephone company is from now on: seconds before each answer, and whether it answers with 503."""

    model_config = ConfigDict(extra="forbid")

    slow: float = Field(0, ge=0, le=60)
    fails: bool = False


def add_page(
    app: FastAPI,
    phones: Phones,
    texting: Texting,
    calling: Calling,
    audience: Audience,
    buttons: Buttons | None,
    mood: Mood,
) -> None:
    """Puts the page and its addresses into the app; without `buttons` there are phones alone."""
    app.add_middleware(Guard)
    if buttons is not None:
        add_buttons(app, buttons)
        buttons.watchers.append(lambda: audience.changed(BUTTONS))

    @app.get("/phones")
    async def all_phones() -> JSONResponse:
        return JSONResponse({"phones": _cards(phones, phones.all())})

    @app.get("/phones/live")
    async def live() -> StreamingResponse:
        return StreamingResponse(_frames(phones, buttons, audience), media_type="text/event-stream")

    @app.get("/phones/{number}")
    async def one_phone(number: str) -> JSONResponse:
        return JSONResponse(_card(phones, phones.phone(number)))

    @app.put("/phones/{number}")
    async def set_habit(number: str, body: HabitBody) -> JSONResponse:
        phone = phones.phone(number)
        phones.set_habit(number, _changed_habit(phone.habit, body))
        calling.habit_changed(number)
        return JSONResponse(_card(phones, phone))

    @app.post("/phones/{number}/texts", status_code=202)
    async def write(number: str, body: TextBody) -> JSONResponse:
        texting.reply(number, body.body)
        return JSONResponse(_card(phones, phones.phone(number)), 202)

    @app.post("/phones/{number}/call/answer")
    async def answer(number: str) -> JSONResponse:
        calling.answer(number)
        return JSONResponse(_card(phones, phones.phone(number)))

    @app.post("/phones/{number}/call/keys")
    async def press(number: str, body: KeysBody) -> JSONResponse:
        calling.press(number, body.keys)
        return JSONResponse(_card(phones, phones.phone(number)))

    @app.post("/phones/{number}/call/hang_up")
    async def hang_up(number: str) -> JSONResponse:
        calling.hang_up(number)
        return JSONResponse(_card(phones, phones.phone(number)))

    _add_mood(app, mood)
    app.mount("/", StaticFiles(directory=FILES, html=True))


def _add_mood(app: FastAPI, mood: Mood) -> None:
    @app.put("/mood")
    async def set_mood(body: MoodBody) -> JSONResponse:
        mood.slow, mood.fails = body.slow, body.fails
        return JSONResponse(asdict(mood))


class Guard:
    """Puts HEADERS on every answer. Plain ASGI: a wrapper that buffers would stand between a stream and its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, guarded)


async def _frames(phones: Phones, buttons: Buttons | None, audience: Audience) -> AsyncIterator[bytes]:
    """Server-sent events: all cards at first, then those that changed; of the buttons, which are few, always all."""
    with audience.watching() as watch:
        if buttons is not None:
            yield _frame(BUTTONS, shown_buttons(buttons))
        yield _frame("all", _cards(phones, phones.all()))
        async for names in audience.follow(watch):
            if buttons is not None and BUTTONS in names:
                yield _frame(BUTTONS, shown_buttons(buttons))
            changed = [phone for phone in phones.all() if phone.owner.number in names]
            if changed:
                yield _frame("changed", _cards(phones, changed))


def _frame(event: str, shown: list[dict[str, object]]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (event.encode(), orjson.dumps(shown))


def _changed_habit(habit: Habit, body: HabitBody) -> Habit:
    return replace(habit, **body.model_dump(exclude_none=True))


def _cards(phones: Phones, chosen: Iterable[Phone]) -> list[dict[str, object]]:
    return [_card(phones, phone) for phone in chosen]


def _card(phones: Phones, phone: Phone) -> dict[str, object]:
    """What the page shows of one phone."""
    texts = [phones.texts[sid] for sid in phone.text_sids if sid in phones.texts]
    calls = [phones.calls[sid] for sid in phone.call_sids if sid in phones.calls]
    fault = phone.fault
    return {
        "number": phone.owner.number,
        "name": phone.owner.name,
        "language": phone.owner.language,
        "habit": asdict(phone.habit),
        "texts": [_shown_text(text) for text in texts],
        "calls": [_shown_call(call) for call in calls],
        "line": phone.line,
        "fault": None if fault is None else {"at": fault.at.isoformat(), "code": fault.code, "what": fault.what},
    }


def _shown_text(text: Text) -> dict[str, object]:
    return {
        "sid": text.sid,
        "mine": text.inbound,
        "body": text.body,
        "at": text.created.isoformat(),
        "status": text.status,
        "error_code": text.error_code,
        "parts": segments(text.body),
    }


def _shown_call(call: Call) -> dict[str, object]:
    return {
        "sid": call.sid,
        "at": call.created.isoformat(),
        "status": call.status,
        "answered_by": call.answered_by,
        "seconds": call.seconds,
        "pressed": call.pressed,
        "listening": call.listening,
        "spoken": [asdict(spoken) for spoken in call.spoken],
    }
