"""A provider on loopback that answers as it is told and remembers what it was asked."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qs

from aiohttp import web
from pydantic import SecretStr

from alarmd.alarm.effects import Tell
from alarmd.alarm.model import Alarm, Purpose
from alarmd.channels.twilio_client import TwilioAccount
from alarmd.organisation.model import Contact
from alarmd.ports import Message
from alarmd.settings import Settings
from tests.wording.cases import OFFICE

SID, TOKEN, SENDER, NUMBER = "AC" + "0" * 32, "a-token", "+4721000000", "+4790000022"
HANG, DROP = "hang", "drop"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: MappingProxyType[str, str]
    raw: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.raw.decode())


@dataclass
class Provider:
    """`answers` are given in turn: (status, body), HANG until the end, or DROP the connection; then a 201 of Twilio."""

    answers: deque[tuple[int, object] | str] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(
            Asked(request.method, request.path_qs, MappingProxyType(dict(request.headers)), await request.read())
        )
        answer = self.answers.popleft() if self.answers else (201, {"sid": "SM1", "status": "queued"})
        if answer == HANG:
            await self.over.wait()
        if isinstance(answer, str):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        status, body = answer
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, headers={"Location": "/elsewhere"})


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    known = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", known.take)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    known.url = runner.addresses[0][0] and f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield known
    finally:
        known.over.set()
        await runner.cleanup()


def account(url: str, sender: str = SENDER) -> TwilioAccount:
    return TwilioAccount(SID, TOKEN, sender, url, "https://alarm.example/")


def settings(**changes: str) -> Settings:
    values = {"twilio_account_sid": SID, "twilio_from": SENDER, "public_url": "https://alarm.example"} | changes
    return Settings(twilio_auth_token=SecretStr(TOKEN), **values, _env_file=None)  # type: ignore[arg-type]  # all are texts


def message(
    about: Alarm, contact: Contact, *, purpose: Purpose = Purpose.STEP, code: str | None = None, attempt: str = "t1"
) -> Message:
    tell = Tell("e1", attempt, "ola", 0, contact.kind, purpose, 0)
    return Message(attempt, about, OFFICE, OFFICE.people["ola"], contact, tell, code)
