"""The floor: the least that must be done for a press, with the libraries that alarmd has, and nothing more. What comes
by MQTT or POST is committed with fsync, in groups when it is busy, sent to every console and posted to one webhook. It
knows no alarm, no chain, no key and no answer, and has forgotten everything but the row.

What alarmd needs more than this is the price of what it promises. Started by `systems.py`.
"""

import argparse
import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
import gmqtt
import uvicorn
import uvloop
from gmqtt.mqtt.constants import MQTTv50
from starlette.types import Receive, Scope, Send
from websockets.asyncio.server import ServerConnection, broadcast, serve

from alarmd.dispatch.supervisor import Supervisor
from tests.support.servers import HOST

GROUP, UNDER_WAY = 512, 256


@dataclass
class Floor:
    """`waiting`: what came in and is not on disk yet, each with its answer. `told`: what the webhook has still to be
    told; None: there is none."""

    database: sqlite3.Connection
    told: asyncio.Queue[bytes] | None
    waiting: list[tuple[bytes, asyncio.Future[None]]] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    consoles: set[ServerConnection] = field(default_factory=set)

    async def take(self, body: bytes) -> None:
        """Return when it is on disk."""
        answer = asyncio.get_running_loop().create_future()
        self.waiting.append((body, answer))
        self.wake.set()
        await answer

    async def commit(self) -> None:
        """For ever: what waits, together; then everybody is told."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.waiting:
                group, self.waiting = self.waiting[:GROUP], self.waiting[GROUP:]
                bodies = [body for body, _ in group]
                if len(bodies) == 1:
                    self.write(bodies)
                else:
                    await asyncio.get_running_loop().run_in_executor(None, self.write, bodies)
                for body, answer in group:
                    broadcast(self.consoles, body.decode())
                    if self.told is not None and b'"acknowledged"' not in body:
                        self.told.put_nowait(body)
                    answer.set_result(None)

    def write(self, bodies: Sequence[bytes]) -> None:
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("INSERT INTO log (body) VALUES (?)", [(body,) for body in bodies])
        self.database.execute("COMMIT")

    async def tell(self, session: aiohttp.ClientSession, told: asyncio.Queue[bytes], hook: str) -> None:
        """For ever: the webhook, one after the other."""
        while True:
            body = await told.get()
            async with session.post(hook, data=body) as answer:
                await answer.read()

    async def application(self, scope: Scope, receive: Receive, send: Send) -> None:
        """POST anything: 202 when it is on disk."""
        assert scope["type"] == "http"
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        await self.take(body)
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async def look(self, console: ServerConnection) -> None:
        self.consoles.add(console)
        try:
            await console.wait_closed()
        finally:
            self.consoles.discard(console)

    async def listen(self, port: int) -> None:
        """Take what the broker has, and answer when it is on disk."""

        async def on_message(_client: object, _topic: str, payload: bytes, _qos: int, _properties: object) -> int:
            await self.take(payload)
            return 0

        client = gmqtt.Client("floor", optimistic_acknowledgement=False, receive_maximum=1000)
        client.on_message = on_message
        await client.connect(HOST, port, version=MQTTv50)
        client.subscribe([gmqtt.Subscription("alarmd/v1/signal/+", qos=1)])


async def main(given: argparse.Namespace) -> None:
    database = sqlite3.connect(given.database, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS log (position INTEGER PRIMARY KEY, body TEXT)")
    told: asyncio.Queue[bytes] | None = asyncio.Queue() if given.hook else None
    floor = Floor(database, told)
    config = uvicorn.Config(
        floor.application, HOST, given.http, interface="asgi3", lifespan="off", access_log=False, log_level="error"
    )
    connector, jar = aiohttp.TCPConnector(limit=0), aiohttp.DummyCookieJar()
    async with (
        serve(floor.look, HOST, given.console, compression=None, ping_interval=None),
        aiohttp.ClientSession(connector=connector, cookie_jar=jar) as session,
        Supervisor() as supervisor,
    ):
        supervisor.forever("commit", floor.commit())
        for number in range(UNDER_WAY if told else 0):
            assert told is not None
            supervisor.forever(f"tell {number}", floor.tell(session, told, given.hook))
        await floor.listen(given.mqtt)
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("mqtt", "http", "console"):
        parser.add_argument(f"--{name}", type=int, required=True, metavar="PORT")
    parser.add_argument("--database", required=True)
    parser.add_argument("--hook", default="", metavar="URL")
    uvloop.run(main(parser.parse_args()))
