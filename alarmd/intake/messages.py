"""What an MQTT message means, and who must have it before it may be acknowledged. Knows topics and desk, no protocol:
`mqtt.py` hands every message to `take`, and acknowledges it when that returns.

A press is tried until the desk has committed it: over MQTT an error would end its delivery, and so lose it.
Acknowledgements leave in the order in which the messages came (MQTT 5, 4.6), but a message that meets trouble lets
those behind it go first.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from prometheus_client import Counter

from alarmd.alarm.values import quick
from alarmd.errors import NotDurable, Refused
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
    """One message. `retained`: the broker kept it, nobody sent it now. `own`: alarmd's, removing a retained copy."""

    topic: str
    payload: bytes
    retained: bool = False
    own: bool = False


@dataclass(slots=True, eq=False)
class Crossing:
    """What one connection has brought and is not done yet, by the event of its being taken; and whose turn is last."""

    under_way: dict[asyncio.Event, Arrived] = field(default_factory=dict)
    last: asyncio.Event | None = None


class Inbox:
    """One for a daemon; every connection to the broker brings a `Crossing` of its own."""

    def __init__(self, desk: SignalDesk, supervision: Supervision, faults: Faults, clock: Clock) -> None:
        self._desk = desk
        self._supervision = supervision
        self._faults = faults
        self._clock = clock
        self._waifs: dict[Arrived, list[asyncio.Event]] = {}

    async def take(self, message: Arrived, crossing: Crossing, clear: Clear) -> None:
        """Return when the message is done and every earlier one of its connection, too. Never raises.

        What a lost connection brought is still being tried; when the broker delivers it again, this waits for the first
        try instead of making a second signal of one press."""
        before, turn = crossing.last, asyncio.Event()
        crossing.last = turn
        taken, first = self._adopt(message)
        crossing.under_way[taken] = message
        try:
            if first:
                await self._until_taken(message, turn, clear)
                self._forget(message, taken)
                taken.set()
            else:
                turn.set()
                await taken.wait()
            if before is not None:
                await before.wait()
        finally:
            crossing.under_way.pop(taken, None)
            turn.set()

    def lost(self, crossing: Crossing) -> None:
        """The connection is gone: what it brought may come again by the next."""
        for taken, message in crossing.under_way.items():
            if not taken.is_set():
                self._waifs.setdefault(message, []).append(taken)
        crossing.under_way.clear()

    def _adopt(self, message: Arrived) -> tuple[asyncio.Event, bool]:
        """The event of its being taken, and whether it is ours to bring that about."""
        waiting = self._waifs.get(message)
        if not waiting:
            return asyncio.Event(), True
        taken = waiting.pop(0)
        if not waiting:
            del self._waifs[message]
        return taken, False

    def _forget(self, message: Arrived, taken: asyncio.Event) -> None:
        """It is taken, and was never delivered again: the next like it is a press of its own."""
        waiting = self._waifs.get(message, [])
        if taken in waiting:
            waiting.remove(taken)
            if not waiting:
                del self._waifs[message]

    async def _until_taken(self, message: Arrived, turn: asyncio.Event, clear: Clear) -> None:
        wait = AGAIN
        while True:
            try:
                await self._take(message, clear)
            except NotDurable as fault:
                if not turn.is_set():
                    log.warning("press not stored yet", topic=message.topic, why=str(fault))
            except Exception:
                # The guard of the client library's task: a bug must cost no press, nor those behind it.
                if not turn.is_set():
                    log.exception("press broke", topic=message.topic)
                    self._faults.report("intake", "a press over MQTT cannot be handled; it is tried again, see the log")
            else:
                return
            turn.set()
            await self._clock.sleep_until(self._clock.now() + wait)
            wait = min(wait * 2, AGAIN_AT_MOST)

    async def _take(self, message: Arrived, clear: Clear) -> None:
        match wire.read_topic(message.topic):
            case (wire.Topic.SIGNAL, device):
                await self._signal(device, message, clear)
            case (wire.Topic.HEARTBEAT, device):
                self._heard("heartbeat", device, message, battery=wire.read_battery(message.payload))
            case (wire.Topic.STATUS, device):
                self._heard("status", device, message, status=wire.read_status(message.payload))
            case _:
                MESSAGES.labels("foreign").inc()
                log.warning("message on a foreign topic", topic=message.topic[:200])

    async def _signal(self, device: str, message: Arrived, clear: Clear) -> None:
        if message.own:
            return
        if message.retained:
            await self._retained(device, message, clear)
            return
        pressed, unreadable = wire.press_of(device, message.payload)
        MESSAGES.labels("signal" if unreadable is None else "unreadable").inc()
        try:
            await self._desk.submit(pressed)
        except Refused as refused:
            self._unknown(device, str(refused))
        else:
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
