"""The door for MQTT, and the only one of gmqtt: one connection after another to one broker, in one lasting session.

A message is acknowledged only after `Inbox.take` has returned, so what we have not stored the broker still has. Every
connection is a gmqtt client of its own that never reconnects by itself: so a late acknowledgement can only go to the
connection that brought the message, never to a newer one where its packet id means another. gmqtt is trusted for the
bytes alone; the traps it has, and how they are met here, stand beside the lines that meet them.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

import gmqtt
import structlog
from gmqtt.mqtt.constants import MQTTv50
from gmqtt.mqtt.handler import MQTTConnectError

from alarmd.alarm.effects import Feedback
from alarmd.errors import CannotStart
from alarmd.intake import wire
from alarmd.intake.broker import Broker
from alarmd.intake.desk import Faults
from alarmd.intake.messages import Arrived, Crossing, Inbox
from alarmd.ports import Clock

log = structlog.get_logger()

SESSION = 7 * 24 * 3600
"""Seconds for which the broker keeps presses for a node that is away."""
AT_ONCE = 1000
"""Messages under way to us at most, unacknowledged: the only back-pressure there is, and what one commit can group."""
LARGEST = 1 << 20
KEEP_ALIVE = 10
"""Seconds; a broker that has said nothing for twice as long is gone."""
ANSWERS_WITHIN = 10.0
"""Seconds in which a broker must answer a connection, a subscription and what we publish."""
OUT_AT_ONCE = 16
"""Messages of ours under way; below the smallest window that brokers grant (20), beyond which gmqtt raises."""
FIRST_WAIT, LONGEST_WAIT = timedelta(milliseconds=250), timedelta(seconds=15)

SIGNALS = ("alarmd/v1/signal/+", "alarmd/v1/heartbeat/+", "alarmd/v1/status/+")
DROPPED = "$SYS/broker/publish/messages/dropped"
OWN = ("alarmd", "cleared")
"""The user property of the empty message that removes a retained copy: it must not count as a press, at no node."""

CAUSE, CAUSE_DROPS = "mqtt", "mqtt_drops"


class Link(StrEnum):
    """How the broker stands to us, in the words of /readyz."""

    CONNECTING = "connecting"
    SUBSCRIBED = "subscribed"
    UNREACHABLE = "unreachable"
    LOST = "lost"


class UnreachableError(Exception):
    """No connection that presses can come by; says why."""


class OldBrokerError(UnreachableError):
    """The broker speaks MQTT 3.1.1 alone, where gmqtt would acknowledge before we have stored anything."""


class Mqtt:
    """Presses in, lights out (`ports.Lights`). `run` is an endless task; it raises CannotStart when the broker it meets
    first cannot speak MQTT 5. `tried` is set when the first try has ended, well or badly."""

    def __init__(self, broker: Broker, node: str, inbox: Inbox, faults: Faults, clock: Clock) -> None:
        self.tried = asyncio.Event()
        self.link = Link.CONNECTING
        self._broker = broker
        self._client_id = f"alarmd-{node}"
        self._inbox = inbox
        self._faults = faults
        self._clock = clock
        self._connection: _Connection | None = None
        self._watches_drops = not broker.embedded
        self._dropped: int | None = None

    @property
    def ready(self) -> bool:
        """Subscribed, or the broker could not be reached at the first try and has not been since."""
        return self.link in (Link.SUBSCRIBED, Link.UNREACHABLE)

    async def show(self, alarm: str, feedback: Feedback) -> bool:
        """Publish the device's retained state. True when the broker has acknowledged it; False after ANSWERS_WITHIN
        seconds at most: not connected, refused, or lost on the way."""
        payload = wire.feedback_payload(alarm, feedback)
        if self._connection is None:
            return False
        return await self._connection.deliver(wire.feedback_topic(feedback.device), payload)

    async def run(self) -> None:
        """For ever."""
        wait = FIRST_WAIT
        while True:
            connection = _Connection(self._client_id, self._broker, self._arrived)
            try:
                await self._subscribe(connection)
                wait = FIRST_WAIT
                await connection.lost.wait()
                self._unwell(Link.LOST, f"the connection to the broker at {self._broker.name} is lost")
            except UnreachableError as fault:
                if isinstance(fault, OldBrokerError) and not self.tried.is_set():
                    raise CannotStart(str(fault)) from fault
                self._unwell(Link.UNREACHABLE if self.link is not Link.LOST else Link.LOST, str(fault))
            finally:
                self._connection = None
                self._inbox.lost(connection.crossing)
                await connection.leave()
                self.tried.set()
            # Jitter: nodes that lost the same broker do not come back in one step.
            await self._clock.sleep_until(self._clock.now() + wait * (0.5 + secrets.randbelow(1000) / 1000))
            wait = min(wait * 2, LONGEST_WAIT)

    async def _subscribe(self, connection: "_Connection") -> None:
        await connection.open()
        # Retain handling 0, so that a kept press is seen, said aloud and removed; retain as published off, so that the
        # flag means "kept" and nothing else.
        granted = await connection.subscribe_to(SIGNALS, 1)
        if min(granted) < 1 or max(granted) >= 0x80:
            raise UnreachableError(f"the broker at {self._broker.name} refuses to bring presses: grants {granted}")
        self._connection = connection
        self.link = Link.SUBSCRIBED
        self.tried.set()
        self._faults.gone(CAUSE, "subscribed")
        log.info("subscribed", broker=self._broker.name, session_present=connection.session_present)
        await self._watch_drops(connection)

    async def _watch_drops(self, connection: "_Connection") -> None:
        """Know whether the broker drops. Some brokers hang up on whoever asks for `$SYS`: those are asked once."""
        if connection.session_expiry_interval < SESSION:
            log.warning(
                "the broker keeps presses for a shorter time than asked while this node is away",
                seconds=connection.session_expiry_interval,
            )
        if not self._watches_drops:
            return
        try:
            (granted,) = await connection.subscribe_to((DROPPED,), 0)
        except UnreachableError:
            self._watches_drops = False
            granted = 0x80
        if granted >= 0x80:
            log.warning(
                "the broker does not say whether it drops messages; make sure that its queues have no limit",
                broker=self._broker.name,
            )

    def _unwell(self, link: Link, why: str) -> None:
        if self.link is not link:
            log.warning("mqtt", link=link, why=why)
        self.link = link
        self._faults.found(CAUSE, why)

    async def _arrived(self, message: Arrived, connection: "_Connection") -> None:
        if message.topic == DROPPED:
            self._drops(message.payload)
            return

        async def clear(topic: str) -> None:
            if not await connection.deliver(topic, b"", user_property=OWN):
                log.warning("retained copy not removed", topic=topic)

        await self._inbox.take(message, connection.crossing, clear)

    def _drops(self, payload: bytes) -> None:
        """The broker's own count. It may start from nought again; only a rise is a loss."""
        if not payload.isdigit():
            return
        count, before = int(payload), self._dropped
        self._dropped = count
        if before is not None and count > before:
            self._faults.report(
                CAUSE_DROPS,
                f"the broker at {self._broker.name} has dropped {count - before} messages: presses may be among them; "
                "set max_queued_messages 0 and look for a subscriber that is too slow",
            )


class _Sent:
    """What gmqtt calls its storage of messages under way: here it only tells when the broker has acknowledged one."""

    is_empty = True

    def __init__(self) -> None:
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self._newest = 0

    def push_message(self, mid: int, _package: bytes) -> None:
        self._newest = mid
        self._answers[mid] = asyncio.get_running_loop().create_future()

    def newest(self) -> "asyncio.Future[bool]":
        """The answer to what was published last: True acknowledged, False refused or the connection lost."""
        return self._answers[self._newest]

    def answer(self, mid: int, *, taken: bool) -> None:
        answer = self._answers.pop(mid, None)
        if answer is not None and not answer.done():
            answer.set_result(taken)

    def remove_message_by_mid(self, mid: int) -> None:
        self.answer(mid, taken=True)

    def get_all(self) -> list[tuple[int, bytes]]:
        return []

    def clear(self) -> None:
        for mid in tuple(self._answers):
            self.answer(mid, taken=False)

    async def wait_empty(self) -> None:
        """Nothing is sent again by gmqtt: the outbox does that."""


class _Connection(gmqtt.Client):  # type: ignore[misc]  # gmqtt carries no types
    """One connection, from CONNECT to its end. Never reconnects."""

    def __init__(
        self, client_id: str, broker: Broker, arrived: Callable[[Arrived, "_Connection"], Awaitable[None]]
    ) -> None:
        self.lost = asyncio.Event()
        self.crossing = Crossing()
        self.session_present = False
        self._broker = broker
        self._arrived = arrived
        self._sent = _Sent()
        self._window = asyncio.Semaphore(OUT_AT_ONCE)
        self._granted: dict[int, asyncio.Future[Sequence[int]]] = {}
        super().__init__(
            client_id,
            clean_session=False,
            optimistic_acknowledgement=False,
            persistent_storage=self._sent,
            session_expiry_interval=SESSION,
            receive_maximum=AT_ONCE,
            maximum_packet_size=LARGEST,
        )
        if broker.user is not None:
            self.set_auth_credentials(broker.user, broker.password)
        self.on_connect = _on_connect
        self.on_message = _on_message
        self.on_subscribe = _on_subscribe
        self.on_disconnect = _on_disconnect
        # gmqtt takes every PUBACK for a yes; a broker that refuses says so in the reason code behind the packet id.
        handler = self._package_handler
        believe = handler._handle_puback_packet  # noqa: SLF001  # gmqtt has no public place that tells the reason code

        def puback(cmd: int, packet: bytes) -> None:
            if len(packet) > 2 and packet[2] >= 0x80:
                self._sent.answer(int.from_bytes(packet[:2], "big"), taken=False)
            believe(cmd, packet)

        handler._handle_puback_packet = puback  # noqa: SLF001  # as above: the handler looks it up by this name

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

    async def deliver(self, topic: str, payload: bytes, **properties: object) -> bool:
        """Publish retained, at least once; whether the broker has acknowledged it."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN), self._window:
                if self.lost.is_set():
                    return False
                self.publish(topic, payload, qos=1, retain=True, **properties)
                return await self._sent.newest()
        except TimeoutError:
            log.warning("the broker does not acknowledge", broker=self._broker.name)
            self.lost.set()
            return False
        except OverflowError:  # a broker whose window is smaller than ours: it is tried again
            return False

    async def leave(self) -> None:
        """Hang up, leaving the session to be taken up again. Bounded: a dead line is not waited for."""
        self.ended()
        try:
            async with asyncio.timeout(2):
                await self.disconnect(session_expiry_interval=SESSION)
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
        own = OWN in properties.get("user_property", ())
        try:
            await self._arrived(Arrived(topic, payload, bool(properties["retain"]), own), self)
        except asyncio.CancelledError:
            if not self.lost.is_set():
                raise
        return 0


def _on_connect(connection: _Connection, session_present: int, _reason: int, _properties: dict[str, Any]) -> None:
    connection.connected(session_present=bool(session_present))


async def _on_message(
    connection: _Connection, topic: str, payload: bytes, _qos: int, properties: dict[str, Any]
) -> int:
    # A coroutine function: a plain one is never acknowledged (gmqtt issue 113). gmqtt makes a task for each message, so
    # hundreds wait for one commit together.
    return await connection.arrived(topic, payload, properties)


def _on_subscribe(connection: _Connection, mid: int, granted: Sequence[int], _properties: dict[str, Any]) -> None:
    connection.subscribed(mid, granted)


def _on_disconnect(connection: _Connection, _packet: object, _fault: object = None) -> None:
    connection.ended()
