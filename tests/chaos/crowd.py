"""Everybody outside: buttons that press until they are answered, people who answer alarms, consoles that look on, and
the provider that tells people. Each goes to whichever node is there, as a load balancer would send him.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from random import Random
from time import time
from typing import Any

import aiohttp
import paho.mqtt.client as paho
from aiohttp import web
from paho.mqtt.enums import CallbackAPIVersion
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.chaos.cluster import DEVICES, Cluster
from tests.chaos.history import Bare, History, Told, Yes
from tests.support.servers import HOST

PATIENCE = 60.0
"""Seconds for which somebody goes on trying."""
ANSWERS_WITHIN = 3.0
"""Seconds after which a button repeats what was not answered, and whoever asked a node asks another."""
Keys = dict[str, dict[str, str]]


@contextlib.asynccontextmanager
async def provider(history: History, port: int) -> AsyncIterator[str]:
    """Takes whatever people are told; the address to which it is sent."""

    async def take(request: web.Request) -> web.Response:
        body = await request.json()
        history.told.append(Told(body["attempt"], time()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/told", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    try:
        yield f"http://{HOST}:{port}/told"
    finally:
        await runner.cleanup()


class Crowd:
    """`keys` are headers by purpose: press, read, and those of the people who answer."""

    def __init__(
        self, cluster: Cluster, history: History, keys: Keys, dice: Random, http: aiohttp.ClientSession
    ) -> None:
        self._cluster = cluster
        self._history = history
        self._keys = keys
        self._dice = dice
        self._http = http
        self._broker = Broker(cluster.mosquitto.port, history)

    async def press(self, number: int) -> None:
        """One press, by whichever way, until it is answered."""
        device, ref = self._dice.choice(DEVICES), f"press-{number}"
        way = self._dice.random()
        if way < 0.1:
            await self._broker.press_bare(device)
            return
        by_light = way >= 0.5
        alarm = await (self._broker.press(device, ref) if by_light else self._over_http(device, ref))
        if alarm is None:
            self._history.given_up.append(f"{ref} of {device} was never taken")
        else:
            self._history.accepted.append(Yes(device, ref, alarm, time(), by_light))

    async def answer(self, until: float) -> None:
        """Looks at what is open, again and again; most alarms are answered, some of those come to nothing, and none is
        left open for long, lest there be more and more of them."""
        handled: dict[str, float] = {}
        while time() < until:
            for alarm in await self._open():
                since = handled.setdefault(alarm["id"], time())
                if alarm["kind"] == "technical":
                    continue
                age, chance = time() - since, self._dice.random()
                if alarm["state"] == "raised" and chance < 0.15:
                    await self._do(alarm["id"], "acknowledge", {})
                elif alarm["state"] == "acknowledged" and chance < 0.2:
                    await self._do(alarm["id"], "arrived", {})
                elif age > 25 and chance < 0.3:
                    await self._do(alarm["id"], "resolve", {"outcome": "test", "reason": "the exercise is over"})
            await asyncio.sleep(1)

    async def watch(self, console: str, node: int, over: asyncio.Event) -> None:
        """A console at one node: it comes back with the last position it saw, whatever happens to it or to the node."""
        seen = self._history.consoles.setdefault(console, [])
        url = self._cluster.nodes[node].daemon.url.replace("http", "ws") + "/v1/live"
        while not over.is_set():
            after = f"?after={seen[-1]}" if seen else ""
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    url + after, additional_headers=self._keys["read"], proxy=None, open_timeout=5, ping_timeout=5
                ) as feed:
                    async for frame in feed:
                        self._see(console, json.loads(frame))
                        if over.is_set():
                            return
            await asyncio.sleep(0.2)

    def close(self) -> None:
        self._broker.close()

    def _see(self, console: str, frame: dict[str, Any]) -> None:
        seen = self._history.consoles[console]
        if frame["type"] == "events":
            seen.extend(event["position"] for event in frame["events"])
        elif frame["type"] == "snapshot" and seen:
            self._history.given_up.append(f"{console} was given a snapshot instead of what it had missed")

    async def _over_http(self, device: str, ref: str) -> str | None:
        answer = await self._insist("POST", "/v1/signals", self._keys["press"], {"device": device, "ref": ref}, 202)
        return answer["alarm"] if answer else None

    async def _open(self) -> list[dict[str, Any]]:
        answer = await self._insist("GET", "/v1/alarms?state=open", self._keys["read"], None, 200)
        return answer["alarms"] if answer else []

    async def _do(self, alarm: str, action: str, body: dict[str, str]) -> None:
        """409: it is over already."""
        who = self._keys[self._dice.choice(["ola", "per"])]
        if not await self._insist("POST", f"/v1/alarms/{alarm}/{action}", who, body, 200, 409):
            self._history.given_up.append(f"{action} of {alarm} was never taken")

    async def _insist(
        self, method: str, path: str, headers: dict[str, str], body: object, *good: int
    ) -> dict[str, Any] | None:
        """Ask one node after the other until one says yes."""
        until = time() + PATIENCE
        while time() < until:
            node = self._dice.choice(self._cluster.nodes)
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with (
                    asyncio.timeout(ANSWERS_WITHIN),
                    self._http.request(method, node.daemon.url + path, headers=headers, json=body) as answer,
                ):
                    if answer.status in good:
                        taken: dict[str, Any] = await answer.json(content_type=None)
                        return taken
            await asyncio.sleep(0.1)
        return None


class Broker:
    """Buttons that speak MQTT, all over one connection."""

    def __init__(self, port: int, history: History) -> None:
        self._history = history
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._sent: dict[int, asyncio.Future[None]] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "buttons", clean_session=False, protocol=paho.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe("alarmd/v1/feedback/+", 1)
        self._client.on_message = self._heard
        self._client.on_publish = self._published
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(0)
        self._client.connect(HOST, port)
        self._client.loop_start()

    async def press(self, device: str, ref: str) -> str | None:
        """The same until its light answers; the alarm."""
        answer = self._waiting[ref] = self._loop.create_future()
        until = time() + PATIENCE
        while time() < until:
            self._client.publish(f"alarmd/v1/signal/{device}", json.dumps({"ref": ref}), qos=1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWERS_WITHIN):
                    return await asyncio.shield(answer)
        return None

    async def press_bare(self, device: str) -> None:
        """A press that says nothing; the broker's word is all that such a button ever hears."""
        began = time()
        sent = self._client.publish(f"alarmd/v1/signal/{device}", b"", qos=1)  # kept and sent later where it is away
        taken = self._sent[sent.mid] = self._loop.create_future()
        try:
            async with asyncio.timeout(PATIENCE):
                await taken
            self._history.bare.append(Bare(device, began, time()))
        except TimeoutError:
            self._history.given_up.append(f"the broker never took a press of {device}")

    def close(self) -> None:
        self._client.loop_stop()
        self._client.disconnect()

    def _heard(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        """In the library's thread."""
        self._loop.call_soon_threadsafe(self._lit, bytes(message.payload))

    def _published(self, _client: paho.Client, _data: object, mid: int, *_: object) -> None:
        """In the library's thread: the broker has taken it."""
        self._loop.call_soon_threadsafe(self._taken, mid)

    def _taken(self, mid: int) -> None:
        taken = self._sent.pop(mid, None)
        if taken is not None and not taken.done():
            taken.set_result(None)

    def _lit(self, payload: bytes) -> None:
        light = json.loads(payload)
        answer = self._waiting.pop(light.get("ref") or "", None)
        if answer is not None and not answer.done():
            answer.set_result(light["alarm"])
