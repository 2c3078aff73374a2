"""The people's door over the real loop and store: for tests in the same process (`House.client`) or over a real socket
(`House.serve`)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import websockets
from fastapi import FastAPI

from alarmd.access.model import Account, Key, Scope
from alarmd.access.secrets import hash_password, hash_secret, make_key
from alarmd.alarm.incoming import Incoming, Pressed
from alarmd.alarm.model import Device
from alarmd.clock import SystemClock, new_id
from alarmd.console.application import application, server
from alarmd.console.desk import Readiness
from alarmd.console.feed import Hub
from alarmd.console.sign_in import SignIn
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.dispatch.presence import Presence
from alarmd.dispatch.sisters import Sisters
from alarmd.dispatch.supervisor import Supervisor
from alarmd.dispatch.take import Taken, Taker
from alarmd.errors import NotFound
from alarmd.organisation.model import Organisation
from alarmd.ports import Clock, Head, Registry
from alarmd.store import Database, ThreadedStore, open_database
from tests.support.organisations import office
from tests.support.servers import HOST

PUBLIC_URL = "http://alarm.example"
WITHIN = 10.0


@dataclass
class Counting(ThreadedStore):
    """The daemon's store, which counts what it is asked."""

    database: Database
    reads: int = 0
    writes: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.database)

    async def read(self, work: Any) -> Any:
        self.reads += 1
        return await super().read(work)

    async def transact(self, work: Any) -> Any:
        self.writes += 1
        return await super().transact(work)


@dataclass
class House:
    """One node's door. It is its own desk."""

    clock: Clock
    store: Counting
    dispatcher: Dispatcher
    follower: Follower
    supervisor: Supervisor
    readiness: Readiness = field(default_factory=lambda: Readiness(True, {"store": "commits"}))
    node: str = "one"
    sisters: Sisters = field(default_factory=Sisters)
    _cached: tuple[int, Organisation] | None = None

    def __post_init__(self) -> None:
        self.sign_in = SignIn(self, PUBLIC_URL)
        self.presence = Presence(self.node, self.clock, self.sisters, lambda: True)
        self.hub = Hub(self.clock, self.supervisor.spawn, self.sign_in.renewed)
        self.follower.began.append(lambda head: self.hub.begin(head, self.follower.era))
        self.follower.tell.append(self.hub.offer)
        self.follower.changed.append(self.hub.changed)
        self.app: FastAPI = application(self, self.hub, self.sign_in, self.supervisor.spawn)

    @property
    def head(self) -> Head:
        return self.follower.head

    def organisation(self) -> tuple[int, Organisation]:
        if self._cached is None or self._cached[0] != self.head.organisation:
            raise NotFound("no organisation yet; load one with `alarmd apply FILE`")
        return self._cached

    async def submit(self, incoming: Incoming) -> Taken:
        return await self.dispatcher.submit(incoming)

    def health(self) -> Readiness:
        return self.readiness

    async def look(self) -> None:
        """What the follower does five times a second."""
        head = await self.store.read(lambda r: r.head())
        if head.organisation and (self._cached is None or self._cached[0] != head.organisation):
            self._cached = head.organisation, await self.store.read(lambda r: r.organisation(head.organisation))
        await self.follower._look()

    async def apply(self, organisation: Organisation) -> None:
        now = self.clock.now()
        await self.store.transact(lambda r: r.add_organisation(organisation, by="test", now=now, why=None))
        await self.look()

    async def key(self, scope: Scope, **more: Any) -> dict[str, str]:
        """A fresh key, as headers. Its name is in X-Name, for `revoke`."""
        key = make_key()
        name = f"{scope}-{hash_secret(key)[:8]}"
        stored = Key(name, hash_secret(key), scope, self.clock.now(), **more)
        await self.store.transact(partial(_add_key, key=stored))
        await self.look()
        return {"Authorization": f"Bearer {key}", "X-Name": name}

    async def revoke(self, headers: Mapping[str, str]) -> None:
        now = self.clock.now()
        await self.store.transact(lambda r: r.revoke_key(headers["X-Name"], by="test", now=now))
        await self.look()

    async def account(self, person: str, password: str) -> None:
        stored = Account(person, hash_password(password))
        await self.store.transact(lambda r: r.put_account(stored, by="test", now=self.clock.now()))
        await self.look()

    async def pins(self, person: str, honest: str, duress: str) -> None:
        """Beside the password that the person may have."""
        hashes = hash_password(honest), hash_password(duress)

        def put(registry: Registry) -> None:
            account = registry.account(person) or Account(person)
            changed = replace(account, pin=hashes[0], duress_pin=hashes[1])
            registry.put_account(changed, by="test", now=self.clock.now())

        await self.store.transact(put)
        await self.look()

    async def press(self, device: str = "desk-3", **more: Any) -> Taken:
        return await self.submit(Pressed(Device(device), device=device, **more))

    async def pressed(self, ref: str, note: str) -> None:
        """A press for which nobody waits by himself."""
        await self.submit(Pressed(Device("desk-3"), device="desk-3", ref=ref, note=note))

    async def together(self, *works: Coroutine[Any, Any, None]) -> None:
        """All at the same time, until all are done; what one of them raises is raised."""
        over: list[BaseException | None] = []
        rung = asyncio.Event()

        async def watched(work: Coroutine[Any, Any, None]) -> None:
            try:
                await work
                over.append(None)
            except BaseException as error:
                over.append(error)
                raise
            finally:
                rung.set()

        for work in works:
            self.supervisor.spawn("together", watched(work))
        while len(over) < len(works) and not any(over):
            await rung.wait()
            rung.clear()
        for error in over:
            if error is not None:
                raise error

    @asynccontextmanager
    async def client(self, headers: Mapping[str, str] | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """In the same process."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers) as client:
            yield client

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Over a real socket: `HOST:PORT`."""
        with socket.create_server((HOST, 0)) as listening:
            running, over = server(self.app), asyncio.Event()

            async def serving() -> None:
                await running.serve(sockets=[listening])
                over.set()

            self.supervisor.spawn("http", serving())
            try:
                yield f"{HOST}:{listening.getsockname()[1]}"
            finally:
                running.should_exit = True
                await over.wait()


@dataclass
class Console:
    """A console that keeps what it is sent."""

    socket: websockets.ClientConnection
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def frame(self) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN):
            frame: dict[str, Any] = orjson.loads(await self.socket.recv())
        self.frames.append(frame)
        return frame

    async def until(self, position: int) -> None:
        """Read on until the log has come so far."""
        while not self.frames or self.frames[-1]["type"] == "hello" or self.frames[-1]["position"] < position:
            await self.frame()

    @property
    def positions(self) -> list[int]:
        return [e["position"] for f in self.frames if f["type"] == "events" for e in f["events"]]

    async def ended(self) -> int | None:
        """Read until it is closed; the code."""
        try:
            while True:
                await self.frame()
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@asynccontextmanager
async def console(
    address: str, headers: Mapping[str, str], after: int | str | None = None, **options: Any
) -> AsyncIterator[Console]:
    query = "" if after is None else f"?after={after}"
    async with websockets.connect(
        f"ws://{address}/v1/live{query}", additional_headers=headers, max_size=None, proxy=None, **options
    ) as socket:
        yield Console(socket)


@asynccontextmanager
async def house(
    path: Path, clock: Clock | None = None, organisation: Organisation | None = None
) -> AsyncIterator[House]:
    """A node with the sample office; the follower looks only when it is told to."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        database = open_database(f"sqlite:///{path}", node="one")
        stack.callback(database.close)
        store = Counting(database)
        stack.callback(store.close)
        supervisor = await stack.enter_async_context(Supervisor())
        health = Health(clock, "one")
        dispatcher = Dispatcher(store, clock, Taker("one", new_id), health.store, health.report)
        follower = Follower(store, clock)
        dispatcher.listeners.append(follower.offer)
        made = House(clock, store, dispatcher, follower, supervisor)
        await made.apply(organisation or office())
        await follower.begin()
        supervisor.forever("dispatcher", dispatcher.run())
        supervisor.forever("feed", made.hub.run())
        yield made


def _add_key(registry: Registry, key: Key) -> None:
    registry.add_key(key, by="test")
