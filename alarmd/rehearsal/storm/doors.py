"""The doors by which a storm comes in: HTTP and MQTT. Plain clients of the contract, each for all devices. Made by
`commands/storm.py`.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Protocol

import aiohttp

from alarmd.errors import AlarmdError, CannotStart, Refused
from alarmd.ports import Clock
from alarmd.rehearsal.line import Line, LineDownError, Mailbox
from alarmd.rehearsal.storm.addresses import Addresses

PATIENCE = aiohttp.ClientTimeout(total=10)
"""Seconds for one request."""
ANSWERED_WITHIN = 5.0
"""Seconds until a press over MQTT that no feedback has named is repeated."""
BACK_AFTER = timedelta(milliseconds=500)
"""From a lost line to the next try."""


class NotTakenError(Exception):
    """A press has not been accepted; the same must be tried again. Says why, in a word or two."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The yes to a press; over MQTT no signal is told."""

    alarm: str
    signal: str | None = None


class Door(Protocol):
    """A way in. `at_once`: how many presses it takes side by side."""

    at_once: int

    async def run(self) -> None:
        """For ever: keep the way open. Raises CannotStart where there never was one."""
        ...

    async def press(self, device: str, body: Mapping[str, str]) -> Taken:
        """Raises NotTakenError, and Refused where no trying helps."""
        ...

    async def garble(self, device: str, payload: bytes) -> None:
        """Send what cannot be read. Nothing answers it. Raises NotTakenError."""
        ...


def bearer(key: str | None) -> dict[str, str]:
    """The header of a key."""
    return {"Authorization": f"Bearer {key}"} if key else {}


async def devices_of(session: aiohttp.ClientSession, url: str, key: str | None) -> tuple[str, ...]:
    """Every device of the organisation that runs there. Raises CannotStart, Refused."""
    try:
        async with session.get(f"{url}/v1/organisation", headers=bearer(key), timeout=PATIENCE) as answer:
            body = await body_of(answer)
            if answer.status != HTTPStatus.OK:
                raise Refused(f"{url} does not tell its devices: {why(answer.status, body)}; name them by --devices")
            return tuple(device["id"] for device in body["devices"])
    except (aiohttp.ClientError, TimeoutError) as fault:
        raise CannotStart(f"{url} does not answer: {told(fault)}; is alarmd running there?") from fault


class HttpDoor:
    """Presses by `POST /v1/signals`, each at any node that lives."""

    at_once = 64

    def __init__(self, session: aiohttp.ClientSession, addresses: Addresses, key: str | None) -> None:
        self._session = session
        self._addresses = addresses
        self._headers = bearer(key)

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def press(self, device: str, body: Mapping[str, str]) -> Taken:
        url = self._addresses.pick()
        try:
            async with self._session.post(
                f"{url}/v1/signals", json={"device": device, **body}, headers=self._headers, timeout=PATIENCE
            ) as answer:
                said = await body_of(answer)
        except (aiohttp.ClientError, TimeoutError) as fault:
            self._addresses.failed(url)
            raise NotTakenError(told(fault)) from fault
        if answer.status == HTTPStatus.ACCEPTED:
            return Taken(said["alarm"], said["signal"])
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NotTakenError(f"HTTP {answer.status}")
        raise Refused(f"a press on {device} is refused: {why(answer.status, said)}")

    async def garble(self, device: str, payload: bytes) -> None:
        raise Refused(f"{len(payload)} unreadable bytes for {device}: over HTTP they are refused with 422; use --mqtt")


class MqttDoor:
    """Presses by MQTT: one line for all devices, opened again when it is lost. Accepted is what a feedback message has
    named."""

    at_once = 500

    def __init__(self, mailbox: Mailbox, clock: Clock) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._line: Line | None = None
        self._waiting: dict[str, list[asyncio.Future[Taken]]] = {}

    async def open(self) -> None:
        """The first line. Raises CannotStart."""
        try:
            await self._connect()
        except LineDownError as fault:
            raise CannotStart(f"no line to the broker: {fault}") from fault

    async def run(self) -> None:
        while True:
            if self._line is not None:
                await self._line.lost.wait()
                await self.close()
            try:
                await self._connect()
            except LineDownError:
                await self._clock.sleep_until(self._clock.now() + BACK_AFTER)

    async def close(self) -> None:
        """Hang up."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    async def press(self, device: str, body: Mapping[str, str]) -> Taken:
        answer: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(body["ref"], [])
        waiting.append(answer)
        self._say(device, json.dumps(body).encode())
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                return await answer
        except TimeoutError as fault:
            raise NotTakenError("no feedback") from fault
        finally:
            waiting.remove(answer)
            if not waiting:
                self._waiting.pop(body["ref"], None)

    async def garble(self, device: str, payload: bytes) -> None:
        self._say(device, payload)

    async def _connect(self) -> None:
        line = Line(f"alarmd-storm-{uuid.uuid4().hex[:12]}", self._hear, self._lose)
        await line.open(self._mailbox, ["alarmd/v1/feedback/+"])
        self._line = line

    def _say(self, device: str, payload: bytes) -> None:
        if self._line is None or self._line.lost.is_set():
            raise NotTakenError("no line to the broker")
        self._line.say(f"alarmd/v1/signal/{device}", payload)

    def _hear(self, _topic: str, payload: bytes) -> None:
        body = json.loads(payload) if payload else {}
        for answer in self._waiting.get(body.get("ref") or "", ()):
            if not answer.done():
                answer.set_result(Taken(body["alarm"]))

    def _lose(self) -> None:
        for answer in [answer for waiting in self._waiting.values() for answer in waiting]:
            if not answer.done():
                answer.set_exception(NotTakenError("line lost"))


async def body_of(answer: aiohttp.ClientResponse) -> Any:
    """The JSON of an answer; something between may have answered in its place."""
    try:
        return await answer.json(content_type=None)
    except ValueError:
        return {}


def why(status: int, body: Any) -> str:
    """A refusal, in a line."""
    detail = body.get("detail") if isinstance(body, dict) else None
    return f"HTTP {status}" + (f", {detail}" if detail else "")


def told(fault: Exception) -> str:
    """What went wrong on the way, in a few words."""
    return str(fault) if isinstance(fault, AlarmdError | OSError) and str(fault) else type(fault).__name__
