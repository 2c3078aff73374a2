"""The doors by which a storm comes in, and the console that looks on: HTTP, MQTT, and the live feed as a WebSocket.

Each is a plain client of the contract. Made by `commands/storm.py`.
"""

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from alarmd.errors import AlarmdError, CannotStart, Refused
from alarmd.ports import Clock
from alarmd.rehearsal.line import Line, LineDownError, Mailbox
from alarmd.rehearsal.storm import AGAIN_AFTER, NotTakenError, Ticks
from alarmd.rehearsal.tally import Tally

PATIENCE = aiohttp.ClientTimeout(total=10)
"""Seconds for one request."""
ANSWERED_WITHIN = 5.0
"""Seconds until a press over MQTT that no feedback has named is repeated."""
CARRY_REFS = ("raised", "joined", "upgraded")


def bearer(key: str | None) -> dict[str, str]:
    """The header of a key."""
    return {"Authorization": f"Bearer {key}"} if key else {}


async def devices_of(session: aiohttp.ClientSession, url: str, key: str | None) -> tuple[str, ...]:
    """Every device of the organisation that runs there. Raises CannotStart, Refused."""
    try:
        async with session.get(f"{url}/v1/organisation", headers=bearer(key), timeout=PATIENCE) as answer:
            body = await _body(answer)
            if answer.status != HTTPStatus.OK:
                raise Refused(f"{url} does not tell its devices: {_why(answer.status, body)}; name them by --devices")
            return tuple(device["id"] for device in body["devices"])
    except (aiohttp.ClientError, TimeoutError) as fault:
        raise CannotStart(f"{url} does not answer: {_fault(fault)}; is alarmd running there?") from fault


class HttpDoor:
    """Presses by `POST /v1/signals`."""

    at_once = 64

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str | None) -> None:
        self._session = session
        self._url = f"{url}/v1/signals"
        self._headers = bearer(key)

    async def press(self, device: str, ref: str) -> str:
        body = {"device": device, "ref": ref}
        try:
            async with self._session.post(self._url, json=body, headers=self._headers, timeout=PATIENCE) as answer:
                said = await _body(answer)
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise NotTakenError(_fault(fault)) from fault
        if answer.status == HTTPStatus.ACCEPTED:
            return str(said["alarm"])
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NotTakenError(f"HTTP {answer.status}")
        raise Refused(f"a press on {device} is refused: {_why(answer.status, said)}")


class MqttDoor:
    """Presses by MQTT: one line for all devices. Accepted is what a feedback message has named."""

    at_once = 500

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._line = Line(f"alarmd-storm-{id(self):x}", self._hear, self._lose)

    async def open(self, mailbox: Mailbox) -> None:
        """Raises CannotStart."""
        try:
            await self._line.open(mailbox, ["alarmd/v1/feedback/+"])
        except LineDownError as fault:
            raise CannotStart(f"no line to the broker: {fault}") from fault

    async def close(self) -> None:
        """Hang up."""
        await self._line.close()

    async def press(self, device: str, ref: str) -> str:
        if self._line.lost.is_set():
            raise CannotStart("the line to the broker is lost")
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[ref] = answer
        self._line.say(f"alarmd/v1/signal/{device}", json.dumps({"ref": ref}).encode())
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                return await answer
        except TimeoutError as fault:
            raise NotTakenError("no feedback") from fault
        finally:
            self._waiting.pop(ref, None)

    def _hear(self, _topic: str, payload: bytes) -> None:
        body = json.loads(payload) if payload else {}
        answer = self._waiting.get(body.get("ref") or "")
        if answer is not None and not answer.done():
            answer.set_result(body["alarm"])

    def _lose(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(NotTakenError("line lost"))


class Watcher:
    """A console: it follows the feed, and takes it up again where it was cut off."""

    def __init__(self, url: str, key: str, clock: Clock, ticks: Ticks) -> None:
        self._url = "ws" + url.removeprefix("http") + "/v1/live"
        self._headers = bearer(key)
        self._clock = clock
        self._ticks = ticks
        self._position: int | None = None

    async def watch(self, tally: Tally, looking: asyncio.Event) -> None:
        while True:
            after = "" if self._position is None else f"?after={self._position}"
            try:
                async with connect(
                    self._url + after, additional_headers=self._headers, compression=None, max_size=None, proxy=None
                ) as feed:
                    async for frame in feed:
                        self._take(json.loads(frame), self._ticks(), tally)
                        looking.set()
            except InvalidStatus as refused:
                self._judge(refused)
                tally.fault(f"feed: HTTP {refused.response.status_code}")
            except (OSError, InvalidHandshake, TimeoutError, ConnectionClosed) as fault:
                if not looking.is_set():
                    raise CannotStart(f"{self._url} does not answer: {_fault(fault)}") from fault
                tally.fault(f"feed: {type(fault).__name__}")
            await self._clock.sleep_until(self._clock.now() + AGAIN_AFTER)

    def _take(self, frame: Mapping[str, Any], at: float, tally: Tally) -> None:
        if frame["type"] == "hello" and self._position is not None:
            return  # taken up again: what was missed follows
        for event in frame.get("events", ()):
            if event["kind"] in CARRY_REFS and event["data"].get("ref"):
                tally.see(event["data"]["ref"], at)
        self._position = frame["position"]

    def _judge(self, refused: InvalidStatus) -> None:
        status = refused.response.status_code
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            body = json.loads(refused.response.body or b"{}")
            raise Refused(
                f"the console's feed is refused: {_why(status, body)}; give a key that may read by --read-key"
            )


async def _body(answer: aiohttp.ClientResponse) -> Any:
    """The JSON of an answer; something between may have answered in its place."""
    try:
        return await answer.json(content_type=None)
    except ValueError:
        return {}


def _why(status: int, body: Any) -> str:
    detail = body.get("detail") if isinstance(body, dict) else None
    return f"HTTP {status}" + (f", {detail}" if detail else "")


def _fault(fault: Exception) -> str:
    return str(fault) if isinstance(fault, AlarmdError | OSError) and str(fault) else type(fault).__name__
