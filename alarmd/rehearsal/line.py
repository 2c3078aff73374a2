"""A device's line to the broker: one MQTT 3.1.1 connection, from CONNECT to its end.

It stands where a real button's radio stands, so it knows topics and bytes and nothing of alarmd. It never connects
again by itself and never sends anything twice: whoever holds it does, by what is answered. MQTT 3.1.1, because every
broker that alarmd can use takes that from devices. Called by `buttons.py` and `storm_mqtt.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import gmqtt
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError

from alarmd.errors import Malformed

ANSWERS_WITHIN = 5.0
"""Seconds in which a broker must answer a connection."""
KEEP_ALIVE = 10
"""Seconds."""

Heard = Callable[[str, bytes], None]
"""What is done with a message: topic and payload."""
Gone = Callable[[], None]
"""What is done when the connection has ended."""


class LineDownError(Exception):
    """There is no line to the broker; says why."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The broker's address."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for a device that goes without a word. Retained."""

    topic: str
    payload: bytes


def read_mailbox(url: str) -> Mailbox:
    """`mqtt://[USER[:PASSWORD]@]HOST[:PORT]`. Raises Malformed."""
    try:
        parts = urlsplit(url)
        port = parts.port or 1883
    except ValueError as fault:
        raise Malformed(f"{url}: {fault}; expected mqtt://HOST[:PORT]") from fault
    if parts.scheme != "mqtt" or not parts.hostname or parts.path.strip("/"):
        raise Malformed(f"{url}: no such broker; expected mqtt://HOST[:PORT]")
    user = None if parts.username is None else unquote(parts.username)
    return Mailbox(parts.hostname, port, user, None if parts.password is None else unquote(parts.password))


class Line(gmqtt.Client):  # type: ignore[misc]  # gmqtt carries no types
    """`lost` is set when the connection has ended, however; then it is of no more use."""

    def __init__(self, client_id: str, heard: Heard, gone: Gone, will: Will | None = None) -> None:
        self.lost = asyncio.Event()
        self.subscribed = asyncio.Event()
        message = will and gmqtt.Message(will.topic, will.payload, qos=1, retain=True)
        super().__init__(client_id, clean_session=True, persistent_storage=_Nothing(), will_message=message)
        self.heard = heard
        self._gone = gone
        self.on_message = _on_message
        self.on_subscribe = _on_subscribe
        self.on_disconnect = _on_disconnect

    async def open(self, mailbox: Mailbox, topics: Sequence[str]) -> None:
        """Connect and subscribe, QoS 1; returns when both are granted. Raises LineDownError."""
        if mailbox.user is not None:
            self.set_auth_credentials(mailbox.user, mailbox.password)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self.connect(mailbox.host, mailbox.port, keepalive=KEEP_ALIVE, version=MQTTv311)
                self.subscribe([gmqtt.Subscription(topic, qos=1) for topic in topics])
                await self.subscribed.wait()
        except TimeoutError as fault:
            raise LineDownError(f"{mailbox.host}:{mailbox.port} does not answer") from fault
        except (OSError, MQTTConnectError) as fault:
            raise LineDownError(f"{mailbox.host}:{mailbox.port}: {fault}") from fault
        if self.lost.is_set():
            raise LineDownError(f"{mailbox.host}:{mailbox.port} hangs up")

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, QoS 1. Whether it has come to anything, only an answer can tell."""
        if not self.lost.is_set():
            self.publish(topic, payload, qos=1, retain=retain)

    async def close(self) -> None:
        """Hang up in good order: the will is not said. Bounded: a dead line is not waited for."""
        dead = self.lost.is_set()
        self.lost.set()
        try:
            async with asyncio.timeout(1):
                if not dead:
                    await self.disconnect()
                elif self._connection is not None:
                    await self._connection.close()
        except (TimeoutError, OSError):
            return  # the line was dead, which is what was wanted of it

    async def reconnect(self, delay: bool = False) -> None:  # noqa: ARG002, FBT  # gmqtt calls it by this signature
        """What gmqtt does when a connection ends: here, nothing goes on."""
        self.lose()
        self._connack_received.set()  # else `connect` waits for an answer that no longer comes

    def lose(self) -> None:
        """The connection has ended; whoever waits on it is told."""
        self.lost.set()
        self.subscribed.set()
        self._gone()


class _Nothing:
    """What gmqtt calls its storage of messages under way: a button sends again by itself, and that only unanswered."""

    is_empty = True

    def push_message(self, _mid: int, _package: bytes) -> None:
        """Not kept."""

    def remove_message_by_mid(self, _mid: int) -> None:
        """Nothing was kept."""

    def get_all(self) -> list[tuple[int, bytes]]:
        return []

    def clear(self) -> None:
        """Nothing was kept."""

    async def wait_empty(self) -> None:
        """Empty always."""


def _on_message(line: Line, topic: str, payload: bytes, _qos: int, _properties: dict[str, Any]) -> int:
    line.heard(topic, payload)
    return 0


def _on_subscribe(line: Line, _mid: int, _granted: Sequence[int], _properties: dict[str, Any]) -> None:
    line.subscribed.set()


def _on_disconnect(line: Line, _packet: object, _fault: object = None) -> None:
    line.lose()
