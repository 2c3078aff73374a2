"""What an MQTT message means, and who must have it before it may be acknowledged. Knows topics and desk, no protocol:
`mqtt.py` hands every message to `take`, and acknowledges it when that returns True.

A press is tried until the desk has committed it: over MQTT an error would end its delivery, and so lose it.
Acknowledgements leave in the order in which the messages came (MQTT 5, 4.6), but a message that meets trouble lets
those behind it go first.
"""

import asyncio
import hashlib
import itertools
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog
from prometheus_client import Counter

from alarmd.alarm.incoming import Delivery, Sitting
from alarmd.alarm.values import quick
from alarmd.errors import NotDurable, Refused, Superseded, Undecidable
from alarmd.intake import wire
from alarmd.intake.desk import Faults, SignalDesk, Supervision
from alarmd.ports import Clock

log = structlog.get_logger()

AGAIN, AGAIN_AT_MOST = timedelta(milliseconds=250), timedelta(seconds=5)

MESSAGES = Counter("alarmd_mqtt_messages", "MQTT messages that came in, by what they were", ["what"])

Clear = Callable[[str], Awaitable[None]]
"""Remove the retained copy of a topic from the broker."""


@quick
@dataclass(frozen=True, slots=True)
class Arrived:
    """One message. `retained`: the broker kept it, nobody sent it now. `own`: alarmd's, removing a retained copy.
    `packet`: what the broker calls it until it is acknowledged, None where it wants no acknowledgement; `again`: the
    broker has delivered it before."""

    topic: str
    payload: bytes
    retained: bool = False
    own: bool = False
    packet: int | None = field(default=None, compare=False)
    again: bool = field(default=False, compare=False)


@dataclass(slots=True, eq=False)
class Crossing:
    """What one connection has brought and is not done yet, and whose turn is last. `sitting`: the time on the seat in
    which it came; None where that is not stored. `marks`: of presses without a ref, by packet, those to be forgotten
    once the broker knows that they are taken."""

    sitting: Sitting | None = None
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    marks: dict[int, str] = field(default_factory=dict)
    under_way: dict["_Try", Arrived] = field(default_factory=dict)
    last: asyncio.Event | None = None

    @property
    def brought_again(self) -> bool:
        """Something that the broker had delivered before is not done yet: it may still need the mark that it left."""
        return any(message.again for message in self.under_way.values())


@dataclass(slots=True, eq=False)
class _Try:
    """The one attempt to take a message, whichever connections it has come by."""

    delivery: Delivery | None = None
    packet: int | None = None
    """By which it came first."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    ours: bool = True
    """False: another node has the seat, and gets this message."""
    marked: bool = False
    """It is stored by its delivery, having no ref."""


_Waif = tuple[Sitting | None, Arrived]
"""What a lost connection brought, by the time on the seat: what came in an earlier one is another's by now."""


class Inbox:
    """One for a daemon; every connection to the broker brings a `Crossing` of its own."""

    def __init__(self, desk: SignalDesk, supervision: Supervision, faults: Faults, clock: Clock) -> None:
        self._desk = desk
        self._supervision = supervision
        self._faults = faults
        self._clock = clock
        self._waifs: dict[_Waif, list[_Try]] = {}
        self._numbers = itertools.count()

    def listens(self, *, now: bool) -> None:
        """This node is subscribed, or no more."""
        self._supervision.listens(now=now)

    async def take(self, message: Arrived, crossing: Crossing, clear: Clear) -> bool:
        """Return when the message is done and every earlier one of its connection, too: True. False: it belongs to
        another node by now and must not be acknowledged. Never raises.

        What a lost connection brought is still being tried; when the broker delivers it again, this waits for the first
        try instead of making a second signal of one press."""
        before, turn = crossing.last, asyncio.Event()
        crossing.last = turn
        attempt, first = self._adopt(message, crossing)
        crossing.under_way[attempt] = message
        try:
            if first:
                attempt.ours = await self._until_taken(message, attempt, turn, clear)
                self._forget(message, crossing, attempt)
                attempt.over.set()
            else:
                turn.set()
                await attempt.over.wait()
            if message.packet is not None and attempt.marked and attempt.delivery is not None:
                crossing.marks[message.packet] = attempt.delivery.arrival
            if before is not None:
                await before.wait()
        finally:
            crossing.under_way.pop(attempt, None)
            turn.set()
        return attempt.ours

    def lost(self, crossing: Crossing) -> None:
        """The connection is gone: what it brought may come again by the next."""
        for attempt, message in crossing.under_way.items():
            if not attempt.over.is_set():
                self._waifs.setdefault((crossing.sitting, message), []).append(attempt)
        crossing.under_way.clear()

    def _adopt(self, message: Arrived, crossing: Crossing) -> tuple[_Try, bool]:
        """The attempt to take it, and whether it is ours to make."""
        waiting = self._waifs.get((crossing.sitting, message))
        if not waiting:
            return _Try(self._delivery(message, crossing), message.packet), True
        # Of several alike the one of this number, where the broker keeps its numbers: its mark is that of this message.
        attempt = next((each for each in waiting if each.packet == message.packet), waiting[0])
        waiting.remove(attempt)
        if not waiting:
            del self._waifs[crossing.sitting, message]
        return attempt, False

    def _delivery(self, message: Arrived, crossing: Crossing) -> Delivery | None:
        """What tells this message from another one like it; None where nothing does."""
        if message.packet is None or crossing.sitting is None:
            return None
        digest = hashlib.sha256(message.topic.encode() + b"\0" + message.payload).digest()
        arrival = f"{crossing.name}-{next(self._numbers)}"
        sitting = crossing.sitting
        return Delivery(sitting.term, sitting.session, message.packet, arrival, digest, message.again)

    def _forget(self, message: Arrived, crossing: Crossing, attempt: _Try) -> None:
        """It is taken, and was never delivered again: the next like it is a press of its own."""
        waiting = self._waifs.get((crossing.sitting, message), [])
        if attempt in waiting:
            waiting.remove(attempt)
            if not waiting:
                del self._waifs[crossing.sitting, message]

    async def _until_taken(self, message: Arrived, attempt: _Try, turn: asyncio.Event, clear: Clear) -> bool:
        wait = AGAIN
        while True:
            try:
                await self._take(message, attempt, clear)
            except Superseded as another:
                MESSAGES.labels("superseded").inc()
                log.info("press left to another node", topic=message.topic, why=str(another))
                return False
            except (NotDurable, Undecidable) as fault:
                if not turn.is_set():
                    log.warning("press not stored yet", topic=message.topic, why=str(fault))
            except Exception:
                # The guard of the client library's task: a bug must cost no press, nor those behind it.
                if not turn.is_set():
                    log.exception("press broke", topic=message.topic)
                    self._faults.report("intake", "a press over MQTT cannot be handled; it is tried again, see the log")
            else:
                return True
            turn.set()
            attempt.delivery = attempt.delivery and replace(attempt.delivery, retried=True)
            await self._clock.sleep_until(self._clock.now() + wait)
            wait = min(wait * 2, AGAIN_AT_MOST)

    async def _take(self, message: Arrived, attempt: _Try, clear: Clear) -> None:
        match wire.read_topic(message.topic):
            case (wire.Topic.SIGNAL, device):
                await self._signal(device, message, attempt, clear)
            case (wire.Topic.HEARTBEAT, device):
                self._heard("heartbeat", device, message, battery=wire.read_battery(message.payload))
            case (wire.Topic.STATUS, device):
                self._heard("status", device, message, status=wire.read_status(message.payload))
            case _:
                MESSAGES.labels("foreign").inc()
                log.warning("message on a foreign topic", topic=message.topic[:200])

    async def _signal(self, device: str, message: Arrived, attempt: _Try, clear: Clear) -> None:
        if message.own:
            return
        if message.retained:
            await self._retained(device, message, clear)
            return
        pressed, unreadable = wire.press_of(device, message.payload)
        MESSAGES.labels("signal" if unreadable is None else "unreadable").inc()
        if pressed.ref is None:  # a ref says more, and for ever
            pressed = replace(pressed, delivery=attempt.delivery)
        try:
            await self._desk.submit(pressed)
        except Refused as refused:
            self._unknown(device, str(refused))
        else:
            attempt.marked = pressed.delivery is not None
            self._supervision.heard(device, battery=None, status=None, retained=False)
            if unreadable is not None:
                self._faults.report(f"unreadable:{device}", f"{device} sends what cannot be read: {unreadable}")

    async def _retained(self, device: str, message: Arrived, clear: Clear) -> None:
        """Kept by the broker, nobody knows since when: it would raise again at every start."""
        MESSAGES.labels("retained").inc()
        if not message.payload:
            return
        try:
            self._desk.site_of(device=device, zone=None)
        except Refused as refused:
            self._unknown(device, str(refused))
        else:
            self._faults.report(
                f"retained:{device}",
                f"{device} presses with the retain flag; the kept copy was no press and is removed: clear that flag",
            )
        await clear(message.topic)

    def _unknown(self, device: str, why: str) -> None:
        """One cause for all of them: whoever may publish invents names, and must not raise an alarm for each."""
        MESSAGES.labels("unknown").inc()
        self._faults.report("unknown_button", f"unknown button pressed: {device[:64]!r} over MQTT ({why[:160]})")

    def _heard(
        self, what: str, device: str, message: Arrived, *, battery: int | None = None, status: str | None = None
    ) -> None:
        MESSAGES.labels(what).inc()
        self._supervision.heard(device, battery=battery, status=status, retained=message.retained)
