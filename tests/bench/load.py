"""Presses, looks on and is told: all in one process and by one clock. What that costs is part of every figure, of
alarmd and of the floor alike, and so it is little: consoles shake hands by a library, and from then on whatever arrives
is only searched for refs.
"""

import asyncio
import json
import re
import socket
import time
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp
from starlette.types import Receive, Scope, Send

from alarmd.dispatch.supervisor import Supervisor
from alarmd.rehearsal.line import Line, Mailbox
from alarmd.rehearsal.serving import served
from tests.bench.systems import DEVICES, System
from tests.support.servers import HOST

REF = re.compile(rb'"ref": ?"P(\d{7})"')
RAISED = re.compile(rb'"alarm":"([^"]+)","kind":"raised"')
ANSWERED = re.compile(rb'"alarm":"([^"]+)","kind":"acknowledged"|"acknowledged": "([^"]+)"')
POSITION = re.compile(rb'{"type":"events","position":(\d+)')
LINES = 32
PATIENCE = 30.0
"""Seconds without any progress after which what has not come is lost."""
now = time.monotonic_ns


def ref(number: int) -> str:
    return f"P{number:07}"


@dataclass
class Seen:
    """When each press was made and when it came where, in nanoseconds. `delays`: of every press at every console.
    `raised`: the alarm that was shown last."""

    consoles: int
    pressed: dict[int, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    count: dict[int, int] = field(default_factory=dict)
    hooked: dict[int, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    delays: "array[int]" = field(default_factory=lambda: array("q"))
    raised: str = ""
    twice: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def shown(self, data: bytes) -> None:
        """By a console."""
        at = now()
        for found in REF.findall(data):
            number = int(found)
            self.first.setdefault(number, at)
            self.last[number] = at
            self.count[number] = self.count.get(number, 0) + 1
            self.twice += self.count[number] > self.consoles
            self.delays.append(at - self.pressed[number])
            self.moved.set()
        if self.consoles == 1:
            for raised in RAISED.findall(data):
                self.raised = raised.decode()
            for alarm, floors in ANSWERED.findall(data):
                self.answered.setdefault((alarm or floors).decode(), at)
                self.moved.set()

    def told(self, body: bytes) -> None:
        """By the webhook."""
        at = now()
        for found in REF.findall(body):
            self.twice += int(found) in self.hooked
            self.hooked.setdefault(int(found), at)
        self.moved.set()

    def everywhere(self, number: int) -> bool:
        return self.count.get(number, 0) >= self.consoles and number in self.hooked

    async def until(self, holds: Callable[[], object]) -> bool:
        """Wait for this; False when nothing has moved for so long that it never will."""
        while not holds():
            self.moved.clear()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.moved.wait()
            except TimeoutError:
                return False
        return True


class Eye(asyncio.Protocol):
    """What looks at one console's line, in the place of the library that shook hands, which hears of its end alone.
    `after`: how far it has come."""

    def __init__(self, seen: Seen, library: asyncio.BaseProtocol) -> None:
        self.after = ""
        self.gone = asyncio.Event()
        self._seen = seen
        self._library = library
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        whole, brace, rest = (self._rest + data).rpartition(b"}")
        self._rest = rest if brace else self._rest + data
        self._seen.shown(whole)
        for position in POSITION.findall(whole):
            self.after = f"?after={position.decode()}"

    def connection_lost(self, why: Exception | None) -> None:
        self._library.connection_lost(why)  # else its session waits for ever when it is closed
        self.gone.set()


class Webhook:
    """Is told. `hold`: seconds that it takes to answer; while `away` it is out of order."""

    def __init__(self, seen: Seen) -> None:
        self.hold = 0.0
        self.away = False
        self._seen = seen

    @property
    def app(self) -> Self:
        return self

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        if not self.away:
            self._seen.told(body)
        if self.hold:
            await asyncio.sleep(self.hold)
        status = 503 if self.away else 204
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True)
class Load:
    """Buttons, consoles and a webhook at a system that runs."""

    system: System
    seen: Seen
    webhook: Webhook
    lines: list[Line] = field(default_factory=list)

    def press(self, number: int) -> None:
        """By MQTT; what comes of it is in `seen`."""
        device = number % DEVICES
        body = json.dumps({"kind": "panic", "ref": ref(number)}).encode()
        self.seen.pressed[number] = now()
        self.lines[device % LINES].say(f"alarmd/v1/signal/dev-{device}", body)


@asynccontextmanager
async def load(system: System, consoles: int = 1) -> AsyncIterator[Load]:
    """All of it, connected. The system must run and have a webhook."""
    seen = Seen(consoles)
    one = Load(system, seen, Webhook(seen))
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        supervisor = await stack.enter_async_context(Supervisor())
        listening = stack.enter_context(socket.create_server((HOST, system.hook), backlog=2048))
        await stack.enter_async_context(served(one.webhook, listening, supervisor.spawn))
        open_eyes = asyncio.Semaphore(0)
        for number in range(consoles):
            supervisor.forever(f"console {number}", _look(session, system, seen, open_eyes))
        for number in range(LINES):
            line = Line(f"buttons-{number}", lambda *_: None, lambda: None)
            await line.open(Mailbox(HOST, system.broker), ["nothing/comes/here"])
            stack.push_async_callback(line.close)
            one.lines.append(line)
        for _ in range(consoles):
            await open_eyes.acquire()
        await asyncio.sleep(1)
        yield one


async def _look(session: aiohttp.ClientSession, system: System, seen: Seen, open_eyes: asyncio.Semaphore) -> None:
    """For ever; whoever is hung up on comes back where he was."""
    after, url = "", f"ws://{HOST}:{system.console}/v1/live"
    while True:
        try:
            shaken = await session.ws_connect(f"{url}{after}", headers=system.headers("read"))
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
            continue
        assert shaken._conn is not None
        transport = shaken._conn.transport
        assert transport is not None
        eye = Eye(seen, transport.get_protocol())
        transport.set_protocol(eye)
        open_eyes.release()
        await eye.gone.wait()
        after = eye.after or after
