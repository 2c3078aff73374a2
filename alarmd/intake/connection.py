"""The door of gmqtt, and the only one: one connection to one broker, from CONNECT to its end. It never reconnects by
itself, so a late acknowledgement can only go to the connection that brought the message, never to a newer one where its
packet id means another.

gmqtt is trusted for the bytes alone; the traps it has, and how they are met here, stand beside the lines that meet
them. Knows no topics and no seats: `mqtt.py` opens it and says what to do with what it brings.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gmqtt
import structlog
from gmqtt.mqtt.constants import MQTTv50
from gmqtt.mqtt.handler import MQTTConnectError

from alarmd.dispatch.seat import Settled
from alarmd.intake.broker import Broker
from alarmd.intake.messages import Arrived, Crossing

log = structlog.get_logger()

AT_ONCE = 1000
"""Messages under way to us at most, unacknowledged: the only back-pressure there is, and what one commit can group."""
LARGEST = 1 << 20
KEEP_ALIVE = 10
"""Seconds; a broker that has said nothing for twice as long is gone."""
ANSWERS_WITHIN = 10.0
"""Seconds in which a broker must answer a connection, a subscription and what we publish."""
OUT_AT_ONCE = 16
"""Messages of ours under way; below the smallest window that brokers grant (20), beyond which gmqtt raises."""
OWN = ("alarmd", "cleared")
"""The user property of the empty message that removes a retained copy: it must not count as a press, at no node."""


class UnreachableError(Exception):
    """No connection that presses can come by; says why."""


class OldBrokerError(UnreachableError):
    """The broker speaks MQTT 3.1.1 alone, where gmqtt would acknowledge before we have stored anything."""


@dataclass(frozen=True, slots=True)
class Caller:
    """As whom the broker knows a connection. `session`: seconds for which it keeps what comes when we are away, 0
    nothing. `will`: topic and payload that it publishes should the connection end without a word.
    """

    client_id: str
    session: int = 0
    will: tuple[str, bytes] | None = None


class Traffic(NamedTuple):
    """Messages that want an acknowledgement, from the broker since CONNECT, and those that have been given it."""

    brought: int
    acknowledged: int


class _Sent:
    """What gmqtt calls its storage of messages under way: here it only tells when the broker has acknowledged one."""

    is_empty = True

    def __init__(self) -> None:
        self._answers: dict[int, asyncio.Future[bool | None]] = {}
        self._newest = 0

    def push_message(self, mid: int, _package: bytes) -> None:
        self._newest = mid
        self._answers[mid] = asyncio.get_running_loop().create_future()

    def newest(self) -> "asyncio.Future[bool | None]":
        """The answer to what was published last: True acknowledged, False refused, None the connection is lost."""
        return self._answers[self._newest]

    def answer(self, mid: int, *, taken: bool | None) -> None:
        answer = self._answers.pop(mid, None)
        if answer is not None and not answer.done():
            answer.set_result(taken)

    def remove_message_by_mid(self, mid: int) -> None:
        self.answer(mid, taken=True)

    def get_all(self) -> list[tuple[int, bytes]]:
        return []

    def clear(self) -> None:
        for mid in tuple(self._answers):
            self.answer(mid, taken=None)

    async def wait_empty(self) -> None:
        """Nothing is sent again by gmqtt: the outbox does that."""


class Connection(gmqtt.Client):  # type: ignore[misc]  # gmqtt carries no types
    """One connection. `arrived` is asked about every message: True acknowledges it, False leaves it to the broker and
    ends the connection. `lost` is set when nothing more can come by it.
    """

    def __init__(
        self, caller: Caller, broker: Broker, arrived: Callable[[Arrived, "Connection"], Awaitable[bool]]
    ) -> None:
        self.lost = asyncio.Event()
        self.crossing = Crossing()
        self.session_present = False
        self._brought = self._acknowledged = 0
        self._caller = caller
        self._broker = broker
        self._arrived = arrived
        self._sent = _Sent()
        self._window = asyncio.Semaphore(OUT_AT_ONCE)
        self._granted: dict[int, asyncio.Future[Sequence[int]]] = {}
        self._pong: asyncio.Future[bool] | None = None
        self._settled: list[Settled] = []
        self._withheld: set[int] = set()
        super().__init__(
            caller.client_id,
            clean_session=not caller.session,
            optimistic_acknowledgement=False,
            persistent_storage=self._sent,
            will_message=gmqtt.Message(*caller.will, qos=1) if caller.will else None,
            session_expiry_interval=caller.session,
            receive_maximum=AT_ONCE,
            maximum_packet_size=LARGEST,
        )
        if broker.user is not None:
            self.set_auth_credentials(broker.user, broker.password)
        self.on_connect = _on_connect
        self.on_message = _on_message
        self.on_subscribe = _on_subscribe
        self.on_disconnect = _on_disconnect
        self._reach_into_handler()

    @property
    def traffic(self) -> Traffic:
        """What has come and gone by now."""
        return Traffic(self._brought, self._acknowledged)

    async def open(self) -> None:
        """Connect. Raises UnreachableError."""
        where = f"the broker at {self._broker.name}"
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self.connect(
                    self._broker.host,
                    self._broker.port,
                    ssl=self._broker.trust() or False,
                    keepalive=KEEP_ALIVE,
                    version=MQTTv50,
                )
        except TimeoutError as fault:
            raise UnreachableError(f"{where} does not answer within {ANSWERS_WITHIN:.0f} s") from fault
        except OSError as fault:
            raise UnreachableError(f"{where} cannot be reached: {fault}") from fault
        except MQTTConnectError as fault:
            # 132: unsupported protocol version, as a 5.0 broker that is told to speak less would put it.
            kind = OldBrokerError if str(fault).startswith("code 132") else UnreachableError
            raise kind(f"{where} refuses the connection: {fault}") from fault
        if self._connection_state.protocol_version < MQTTv50:
            # gmqtt would go on with 3.1.1, where it acknowledges at once, whatever it was told.
            raise OldBrokerError(f"{where} speaks MQTT 3.1.1 alone; alarmd needs MQTT 5 (devices may speak 3.1.1)")
        if self.lost.is_set():
            raise UnreachableError(f"{where} hangs up on CONNECT; does it speak MQTT 5?")

    async def subscribe_to(self, topics: Sequence[str], qos: int) -> Sequence[int]:
        """The reason codes of the broker, one for each topic: below 0x80 the granted QoS. Raises UnreachableError."""
        mid = self.subscribe([gmqtt.Subscription(topic, qos=qos, no_local=True) for topic in topics])
        granted = self._granted[mid] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                codes: Sequence[int] = await granted
                return codes
        except TimeoutError as fault:
            raise UnreachableError(f"the broker at {self._broker.name} does not answer a subscription") from fault

    async def deliver(self, topic: str, payload: bytes, *, retain: bool = True, own: bool = False) -> bool | None:
        """Publish at least once: True when the broker has acknowledged it, False when it refuses it, None when the
        connection was lost over it. `own`: marked as removing a retained copy.
        """
        properties = {"user_property": OWN} if own else {}
        try:
            async with asyncio.timeout(ANSWERS_WITHIN), self._window:
                if self.lost.is_set():
                    return None
                self.publish(topic, payload, qos=1, retain=retain, **properties)
                return await self._sent.newest()
        except TimeoutError:
            log.warning("the broker does not acknowledge", broker=self._broker.name)
            self.lost.set()
            return None
        except OverflowError:  # a broker whose window is smaller than ours: it is tried again
            return None

    async def answers(self) -> bool:
        """Does the broker still answer? It reads a connection in order, so then it has all that was sent before."""
        if self.lost.is_set():
            return False
        self._pong = asyncio.get_running_loop().create_future()
        self._connection._send_ping_request()  # noqa: SLF001  # gmqtt pings by itself, and only a line that is quiet
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                return await self._pong
        except TimeoutError:
            log.warning("the broker does not answer", broker=self._broker.name)
            self.lost.set()
            return False

    def settled(self) -> Sequence[Settled]:
        """Presses whose acknowledgement has been sent since this was asked last. When the broker `answers` after this,
        it has them.
        """
        settled, self._settled = self._settled, []
        return settled

    async def clear(self, topic: str) -> None:
        """Remove the retained copy of a topic."""
        if not await self.deliver(topic, b"", own=True):
            log.warning("retained copy not removed", topic=topic)

    async def leave(self, *, keep: bool = True) -> None:
        """Hang up, leaving the session to be taken up again, or ending it. Bounded: a dead line is not waited for."""
        self.ended()
        try:
            async with asyncio.timeout(2):
                await self.disconnect(session_expiry_interval=self._caller.session if keep else 0)
        except (TimeoutError, OSError) as fault:
            log.debug("line not closed in good order", why=str(fault))

    async def reconnect(self, delay: bool = False) -> None:  # noqa: ARG002, FBT  # gmqtt calls it by this signature
        """What gmqtt does when a connection ends, or when it would go on with MQTT 3.1.1: here, nothing goes on."""
        self.ended()
        self._connack_received.set()  # else `connect` waits for an answer that no longer comes

    def ended(self) -> None:
        """The line is gone; whoever waits for an answer on it is told."""
        self.lost.set()
        self._sent.clear()
        self._answer(answered=False)
        for granted in self._granted.values():
            if not granted.done():
                granted.set_exception(UnreachableError(f"the broker at {self._broker.name} hangs up"))

    def connected(self, *, session_present: bool) -> None:
        self.session_present = session_present

    def subscribed(self, mid: int, granted: Sequence[int]) -> None:
        future = self._granted.pop(mid, None)
        if future is not None and not future.done():
            future.set_result(granted)

    async def arrived(self, topic: str, payload: bytes, properties: dict[str, Any]) -> int:
        """The PUBACK's reason code, once the message is taken. Never an error: that, too, would end its delivery."""
        packet = properties.get("packet")
        own = OWN in properties.get("user_property", ())
        message = Arrived(topic, payload, bool(properties["retain"]), own, packet, bool(properties["dup"]))
        try:
            taken = await self._arrived(message, self)
        except asyncio.CancelledError:
            if not self.lost.is_set():
                raise
            taken = False
        if not taken:
            if packet is not None:
                self._withheld.add(packet)
            self.lost.set()
        return 0

    def _answer(self, *, answered: bool) -> None:
        if self._pong is not None and not self._pong.done():
            self._pong.set_result(answered)

    def _reach_into_handler(self) -> None:
        """What gmqtt keeps to itself: by which number a message came, when its acknowledgement is really sent, what the
        broker says to ours, and that it answers a ping.
        """
        handler = self._package_handler
        receive, acknowledge = handler._handle_qos_1_publish_packet, handler._send_puback  # noqa: SLF001  # no public place
        believe = handler._handle_puback_packet  # noqa: SLF001  # gmqtt has no public place that tells the reason code

        def publish(mid: int, payload: bytes, topic: str, properties: dict[str, Any]) -> None:
            self._brought += 1
            receive(mid, payload, topic, {**properties, "packet": mid})

        def puback_out(mid: int, reason_code: int = 0) -> None:
            if mid in self._withheld:
                return
            acknowledge(mid, reason_code)
            self._acknowledged += 1
            arrival = self.crossing.marks.pop(mid, None)
            if arrival is not None:
                self._settled.append((mid, arrival))

        def puback_in(cmd: int, packet: bytes) -> None:
            # gmqtt takes every PUBACK for a yes; a broker that refuses says so behind the packet id.
            if len(packet) > 2 and packet[2] >= 0x80:
                self._sent.answer(int.from_bytes(packet[:2], "big"), taken=False)
            believe(cmd, packet)

        def pong(_cmd: int, _packet: bytes) -> None:
            self._answer(answered=True)

        handler._handle_qos_1_publish_packet = publish  # noqa: SLF001  # the handler looks each up by its name
        handler._send_puback = puback_out  # noqa: SLF001  # as above
        handler._handle_puback_packet = puback_in  # noqa: SLF001  # as above
        handler._handle_pingresp_packet = pong  # noqa: SLF001  # as above


def _on_connect(connection: Connection, session_present: int, _reason: int, _properties: dict[str, Any]) -> None:
    connection.connected(session_present=bool(session_present))


async def _on_message(connection: Connection, topic: str, payload: bytes, _qos: int, properties: dict[str, Any]) -> int:
    # A coroutine function: a plain one is never acknowledged (gmqtt issue 113). gmqtt makes a task for each message, so
    # hundreds wait for one commit together.
    return await connection.arrived(topic, payload, properties)


def _on_subscribe(connection: Connection, mid: int, granted: Sequence[int], _properties: dict[str, Any]) -> None:
    connection.subscribed(mid, granted)


def _on_disconnect(connection: Connection, _packet: object, _fault: object = None) -> None:
    connection.ended()
