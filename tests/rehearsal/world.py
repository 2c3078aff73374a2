"""The world of a rehearsal test: the exchange behind a real server, alarmd's side played by another, time by hand.

Requests travel over real sockets; only waiting is virtual. Nothing here judges: the tests do.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from alarmd.rehearsal.phones import PhoneOwner
from alarmd.rehearsal.twilio_server import Exchange, create_phone_exchange

SID, TOKEN = "AC" + "5" * 32, "a-token-of-the-tests"
SERVICE, OLA, KARI, STRANGER = "+4759440000", "+4790000022", "+4790000021", "+4790000099"
PEOPLE = (PhoneOwner("Ola Nes", OLA), PhoneOwner("Kari Berg", KARI, "nn"))
PATIENCE = 10.0
# Twilio's own library is what warns; that it does so with the newest aiohttp is nothing that alarmd can mend.
TWILIO_WARNS = pytest.mark.filterwarnings(
    "ignore:BasicAuth is deprecated:DeprecationWarning", "ignore:The 'auth' parameter is deprecated:DeprecationWarning"
)


class HandClock:
    """A clock that stands until it is moved. Sleepers wake in the order of their hours, each seeing its own."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
        self._bells: dict[asyncio.Event, datetime] = {}

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, when: datetime | None, wake: asyncio.Event | None = None) -> None:
        if when is not None and when <= self._now:
            return
        bell = wake or asyncio.Event()
        if when is not None:
            self._bells[bell] = when
        await bell.wait()
        self._bells.pop(bell, None)

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        for bell, when in list(self._bells.items()):
            if when <= self._now:
                del self._bells[bell]
                bell.set()


@dataclass(frozen=True, slots=True)
class Told:
    """One request that alarmd's side got: the path, the form (or the query), and whether its signature held."""

    path: str
    method: str
    form: dict[str, str]
    signed: bool


@dataclass(slots=True)
class Alarmd:
    """What stands where alarmd would: it writes down what it is told, and answers as the test says."""

    url: str = ""
    told: list[Told] = field(default_factory=list)
    answers: dict[str, Callable[[dict[str, str]], Response]] = field(default_factory=dict)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        async def anything(path: str, request: Request) -> Response:
            fields = await request.form() if request.method == "POST" else request.query_params
            form = {key: str(value) for key, value in fields.items()}
            signature = request.headers.get("X-Twilio-Signature", "")
            posted = form if request.method == "POST" else {}
            signed = RequestValidator(TOKEN).validate(str(request.url), posted, signature) is True
            async with self.heard:
                self.told.append(Told(path, request.method, form, signed))
                self.heard.notify_all()
            return self.answers[path](form) if path in self.answers else Response(status_code=204)

        return app

    def statuses(self, key: str = "CallStatus") -> list[str]:
        """What was told of calls (or, by `MessageStatus`, of texts), in order."""
        return [told.form[key] for told in self.told if told.path == "status" and key in told.form]


@dataclass(slots=True)
class World:
    """Everything a test touches."""

    url: str
    clock: HandClock
    exchange: Exchange
    alarmd: Alarmd
    client: Client
    http: aiohttp.ClientSession

    async def until(self, fits: Callable[[], object]) -> None:
        """Moves time on in small steps until it fits; what travels over the wire meanwhile gets its turn."""
        async with asyncio.timeout(PATIENCE):
            while not fits():
                self.clock.move(0.05)
                await turn()

    async def settle(self, fits: Callable[[], object]) -> None:
        """Waits until it fits while the clock stands."""
        async with asyncio.timeout(PATIENCE):
            while not fits():
                await turn()

    async def put(self, number: str, **habit: object) -> None:
        async with self.http.put(f"{self.url}/phones/{number}", json=habit) as response:
            assert response.status == 200, await response.text()

    async def hand(self, number: str, act: str, body: object = None) -> int:
        async with self.http.post(f"{self.url}/phones/{number}/{act}", json=body) as response:
            return response.status

    async def text(self, to: str = OLA, body: str = "Svar 1 hvis du kommer") -> str:
        hook = f"{self.alarmd.url}/status"
        made = await self.client.messages.create_async(to=to, from_=SERVICE, body=body, status_callback=hook)
        return str(made.sid)

    async def call(self, to: str = OLA, **more: object) -> str:
        wanted: dict[str, object] = {
            "url": f"{self.alarmd.url}/voice",
            "status_callback": f"{self.alarmd.url}/status",
            "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        }
        made = await self.client.calls.create_async(to=to, from_=SERVICE, **(wanted | more))
        return str(made.sid)


async def turn() -> None:
    """One turn of the loop, the wire included; no time passes."""
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    loop.call_soon(passed.set_result, None)
    await passed


@contextlib.asynccontextmanager
async def world() -> AsyncIterator[World]:
    tasks: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()

    def spawn(name: str, coroutine: Coroutine[object, object, None]) -> None:
        task = loop.create_task(coroutine, name=name)
        tasks.add(task)

    clock, alarmd = HandClock(), Alarmd()
    async with contextlib.AsyncExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        url, alarmd.url = (f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in listeners)
        exchange = create_phone_exchange(
            account_sid=SID, auth_token=TOKEN, inbound_url=f"{alarmd.url}/in", people=PEOPLE, clock=clock, spawn=spawn
        )
        await stack.enter_async_context(served([exchange.app, alarmd.app()], listeners))
        await stack.enter_async_context(exchange)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        requests = await stack.enter_async_context(AsyncTwilioHttpClient())
        client = Client(SID, TOKEN, http_client=requests)
        client.api.base_url = url
        yield World(url, clock, exchange, alarmd, client, http)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.wait(tasks) if tasks else ():
            for task in outcome:
                if not task.cancelled():
                    task.result()


@contextlib.asynccontextmanager
async def served(apps: list[ASGIApp], listeners: list[socket.socket]) -> AsyncIterator[None]:
    """The apps by uvicorn in this loop; their end waits for every connection, as in a daemon."""
    servers = [
        uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="websockets-sansio")) for app in apps
    ]
    loop = asyncio.get_running_loop()
    serving = [loop.create_task(one._serve([at])) for one, at in zip(servers, listeners, strict=True)]
    while not all(server.started for server in servers):
        await turn()
    yield
    for server in servers:
        server.should_exit = True
    for task in serving:
        await asyncio.wait_for(task, PATIENCE)
