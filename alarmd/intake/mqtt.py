"""How a node stands to the broker. One node sits and reads the session in which the broker keeps the presses; the
others stand by on a connection that keeps nothing, light buttons, and are told when the seat may be theirs.

A message is acknowledged only after `Inbox.take` has returned True, so what we have not stored the broker still has.
Who may read the session is `dispatch/seat.py`'s to say. Taking it up closes the connection of whoever read it before:
that is the broker's own rule for two clients of one name, and it stops a node that wakes up late.
"""

import asyncio
import contextlib
import json
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from alarmd.alarm.effects import Feedback
from alarmd.alarm.incoming import Sitting
from alarmd.dispatch.seat import BEAT, LOOK, Settled, Standing
from alarmd.errors import CannotStart
from alarmd.intake import wire
from alarmd.intake.broker import Broker
from alarmd.intake.connection import Caller, Connection, OldBrokerError, UnreachableError
from alarmd.intake.desk import Faults, SeatDesk
from alarmd.intake.drops import TOPIC as DROPPED
from alarmd.intake.drops import Drops
from alarmd.intake.messages import Arrived, Inbox
from alarmd.ports import Clock

log = structlog.get_logger()

SESSION = "alarmd"
"""The client id of the one session in which presses are kept, whatever the nodes are called and however many there are:
no other can be left behind with presses in it."""
KEPT = 7 * 24 * 3600
"""Seconds for which the broker keeps presses while no node is there."""
DELIVERS_AGAIN = timedelta(seconds=5)
"""So soon after CONNECT a broker has delivered again what it has not been told of; it begins with that. What is then
still being tried needs its mark until it is done.
"""
FIRST_WAIT, LONGEST_WAIT = timedelta(milliseconds=250), timedelta(seconds=2)

SIGNALS = ("alarmd/v1/signal/+",)
SIGNS = ("alarmd/v1/heartbeat/+", "alarmd/v1/status/+")
"""Read at QoS 0: a night without alarmd must not queue a million heartbeats before the first press."""
SEAT, SEAT_FREE = "alarmd/v1/seat", "alarmd/v1/seat/free"
"""Who sits, retained; and that his connection has ended, the payload being his term."""

CAUSE, CAUSE_STRANGER = "mqtt", "mqtt_stranger"


class Link(StrEnum):
    """How the broker stands to us, in the words of /readyz."""

    CONNECTING = "connecting"
    SUBSCRIBED = "subscribed"
    STANDBY = "standby"
    UNREACHABLE = "unreachable"
    LOST = "lost"


class Mqtt:
    """Presses in, lights out (`ports.Lights`). `run` is an endless task; it raises CannotStart when the broker it meets
    first cannot speak MQTT 5. `tried` is set when the first try has ended, well or badly.
    """

    def __init__(self, broker: Broker, node: str, inbox: Inbox, faults: Faults, clock: Clock, seat: SeatDesk) -> None:
        self.tried = asyncio.Event()
        self.link = Link.CONNECTING
        self._broker = broker
        self._node = node
        self._inbox = inbox
        self._faults = faults
        self._clock = clock
        self._seat = seat
        self._life = secrets.token_hex(8)
        self._connection: Connection | None = None
        self._watches_drops = not broker.embedded
        self._drops = Drops(broker.name, faults, clock)
        self._card: int | None = None
        """The term in which we have left our card at the broker."""
        self._leaves_card = True
        self._stranger: str | None = None
        self._gone: int | None = None
        self._news = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Subscribed, standing by, or the broker could not be reached at the first try and has not been since."""
        return self.link in (Link.SUBSCRIBED, Link.STANDBY, Link.UNREACHABLE)

    async def show(self, alarm: str, feedback: Feedback) -> bool:
        """Publish the device's retained state. True when the broker has acknowledged it; False after ANSWERS_WITHIN
        seconds at most: not connected, refused, or lost on the way.
        """
        payload = wire.feedback_payload(alarm, feedback)
        if self._connection is None:
            return False
        return bool(await self._connection.deliver(wire.feedback_topic(feedback.device), payload))

    async def run(self) -> None:
        """For ever; stopped, it gives up the seat."""
        try:
            await self._keep_connected()
        finally:
            await self._give_up()

    async def _keep_connected(self) -> None:
        wait = FIRST_WAIT
        while True:
            sitting = await self._seat.sit()
            connection = Connection(self._caller(sitting), self._broker, self._arrived)
            connection.crossing.sitting = sitting
            try:
                changed = await self._stay(connection, sitting)
                wait = FIRST_WAIT
                if changed:
                    continue  # the seat is ours now, or no more: at once
                self._unwell(Link.LOST, f"the connection to the broker at {self._broker.name} is lost")
            except UnreachableError as fault:
                if isinstance(fault, OldBrokerError) and not self.tried.is_set():
                    raise CannotStart(str(fault)) from fault
                self._unwell(Link.UNREACHABLE if self.link is not Link.LOST else Link.LOST, str(fault))
            except asyncio.CancelledError:
                await self._give_up()
                raise
            finally:
                self._connection = None
                self._inbox.listens(now=False)
                self._inbox.lost(connection.crossing)
                await connection.leave()
                self.tried.set()
            # Jitter: nodes that lost the same broker do not come back in one step.
            await self._clock.sleep_until(self._clock.now() + wait * (0.5 + secrets.randbelow(1000) / 1000))
            wait = min(wait * 2, LONGEST_WAIT)

    def _caller(self, sitting: Sitting | None) -> Caller:
        if sitting is None:
            return Caller(f"alarmd.{self._node}")  # with a dash it is the session of the version before (earlier.py)
        return Caller(SESSION, KEPT, (SEAT_FREE, str(sitting.term).encode()))

    async def _stay(self, connection: Connection, sitting: Sitting | None) -> bool:
        """Until the connection is lost, False, or it is the wrong one because the seat has changed, True. Raises
        UnreachableError.
        """
        await connection.open()
        if sitting is None:
            return await self._stand_by(connection)
        await self._sit_down(connection, sitting)
        return await self._hold(connection)

    async def _stand_by(self, connection: Connection) -> bool:
        self._gone = None
        await connection.subscribe_to((SEAT_FREE,), 1)
        self._well(connection, Link.STANDBY)
        while not connection.lost.is_set():
            if await self._seat.sit(by_broker=True, gone=self._gone) is not None:
                return True
            await self._clock.sleep_until(self._clock.now() + LOOK, self._news)
            self._news.clear()
        return False

    async def _sit_down(self, connection: Connection, sitting: Sitting) -> None:
        """Take up the session, or begin one."""
        if not connection.session_present:
            connection.crossing.sitting = await self._seat.new_session()
        # Retain handling 0, so that a kept press is seen, said aloud and removed; retain as published off, so that the
        # flag means "kept" and nothing else.
        granted = [*await connection.subscribe_to(SIGNALS, 1), *await connection.subscribe_to(SIGNS, 0)]
        if granted[0] < 1 or max(granted) >= 0x80:
            raise UnreachableError(f"the broker at {self._broker.name} refuses to bring presses: grants {granted}")
        self._inbox.listens(now=True)
        self._well(connection, Link.SUBSCRIBED)
        await self._leave_card(connection, sitting)
        await self._watch_drops(connection)

    async def _hold(self, connection: Connection) -> bool:
        settled: list[Settled] = []
        forget_at: datetime | None = self._clock.now() + DELIVERS_AGAIN
        while not connection.lost.is_set():
            self._drops.look()
            settled += connection.settled()
            marks_needed = connection.crossing.brought_again
            if await connection.answers():
                standing = await self._seat.beat(settled)
                if standing is Standing.LOST:
                    return True
                settled.clear()
                if standing is Standing.OURS:
                    self._tell_of_stranger()
                if forget_at is not None and self._clock.now() >= forget_at and not marks_needed:
                    forget_at = None if await self._seat.forget_besides(connection.crossing.name) else forget_at
            if connection.crossing.sitting is None:  # the store could not note the new session before
                connection.crossing.sitting = await self._seat.new_session()
            await self._clock.sleep_until(self._clock.now() + BEAT, connection.lost)
        return False

    async def _give_up(self) -> None:
        """Let another sit at once. Bounded: we are being stopped."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                term = await self._seat.release()
                if term is not None and self._connection is not None:
                    await self._connection.deliver(SEAT_FREE, str(term).encode(), retain=False)

    async def _leave_card(self, connection: Connection, sitting: Sitting) -> None:
        """Who sits, for administrators, and for us: one that replaces it while we sit is of another installation."""
        if not self._leaves_card:
            return
        await connection.subscribe_to((SEAT,), 0)
        card = {"node": self._node, "term": sitting.term, "life": self._life}
        taken = await connection.deliver(SEAT, json.dumps(card).encode())
        if taken:
            self._card = sitting.term
        if taken is False:  # Mosquitto hangs up on whoever publishes what he may not, so this is tried once
            self._leaves_card = False
            log.warning("the broker refuses our card: another alarmd at it would not be noticed", topic=SEAT)

    def _card_seen(self, message: Arrived, connection: Connection) -> None:
        try:
            card = json.loads(message.payload)
            node, life = str(card["node"]), card["life"]
        except (ValueError, TypeError, KeyError):
            return
        sitting = connection.crossing.sitting
        if life != self._life and sitting is not None and sitting.term == self._card:
            self._stranger = node

    def _tell_of_stranger(self) -> None:
        """The store has just said that no sister sits in our place."""
        if self._stranger is not None:
            self._faults.report(
                CAUSE_STRANGER,
                f"another alarmd, {self._stranger[:64]!r}, with a database of its own takes presses from the broker at "
                f"{self._broker.name}: some reach only it. Stop it, or give it a broker of its own",
            )
            self._stranger = None

    async def _watch_drops(self, connection: Connection) -> None:
        """Know whether the broker drops. Some brokers hang up on whoever asks for `$SYS`: those are asked once."""
        if connection.session_expiry_interval < KEPT:
            log.warning(
                "the broker keeps presses for a shorter time than asked while no node is there",
                seconds=connection.session_expiry_interval,
            )
        if not self._watches_drops:
            return
        self._drops.asked()
        try:
            (granted,) = await connection.subscribe_to((DROPPED,), 0)
        except UnreachableError:
            self._watches_drops = False
            granted = 0x80
        if granted >= 0x80:
            self._drops.refused()

    def _well(self, connection: Connection, link: Link) -> None:
        self._connection = connection
        self.link = link
        self.tried.set()
        self._faults.gone(CAUSE, "connected")
        self._faults.gone(f"node:{self._node}", f"{self._node} is connected to the broker")
        log.info("connected", broker=self._broker.name, link=link, session_present=connection.session_present)

    def _unwell(self, link: Link, why: str) -> None:
        if self.link is not link:
            log.warning("mqtt", link=link, why=why)
        self.link = link
        self._faults.found(CAUSE, why)

    async def _arrived(self, message: Arrived, connection: Connection) -> bool:
        match message.topic:
            case topic if topic == DROPPED:
                self._drops.heard(message.payload)
            case topic if topic == SEAT:
                self._card_seen(message, connection)
            case topic if topic == SEAT_FREE:
                self._gone = int(message.payload) if message.payload.isdigit() else None
                self._news.set()
            case _:
                return await self._inbox.take(message, connection.crossing, connection.clear)
        return True
