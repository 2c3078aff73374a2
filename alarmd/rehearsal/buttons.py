"""Simulated desk buttons: devices like any others, which know the broker and nothing of alarmd.

Each is an MQTT device of its own: it publishes a press with a `ref` and repeats it with the same `ref` until its
feedback topic names that ref, follows its retained feedback, and sends a heartbeat once a minute. A silent button never
shows more than that it is there, whatever comes back. Made by `alarmd demo` and tests; hands press through
`buttons_page.py`.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from alarmd.alarm.model import Kind
from alarmd.errors import NotFound
from alarmd.organisation.model import Device, Organisation
from alarmd.ports import Clock
from alarmd.rehearsal.line import Line, LineDownError, Mailbox, Will
from alarmd.rehearsal.orders import Spawn

TOPICS = "alarmd/v1"
HEARTBEAT = timedelta(minutes=1)
REPEAT = timedelta(seconds=2)
"""Between a press and the same once more, while nothing has answered it."""
UNHEARD_AFTER = 3
"""Presses of one ref without an answer, and the button says that nobody has heard it."""
BACK_AFTER = timedelta(seconds=1)
"""From a lost line to the next try."""

log = structlog.get_logger(__name__)


class Light(StrEnum):
    """What a button shows: what feedback says, or what it knows by itself."""

    DARK = "dark"  # a silent button, always
    OFFLINE = "offline"  # no line to the broker
    SENDING = "sending"  # pressed, not answered yet
    UNHEARD = "unheard"  # pressed several times over, not answered yet
    IDLE = "idle"
    RECEIVED = "received"
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


TOLD = frozenset(Light) - {Light.DARK, Light.OFFLINE, Light.SENDING, Light.UNHEARD}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a button hangs, for people. `silent`: it must not be seen to have been pressed."""

    device: str
    kind: Kind
    name: str
    floor: str

    @property
    def silent(self) -> bool:
        return self.kind is Kind.DURESS


@dataclass(slots=True)
class Press:
    """One press on its way. `tries`: how often it was sent."""

    ref: str
    payload: bytes
    again_at: datetime
    tries: int = 0


class Button:
    """One device. `run` is its life."""

    def __init__(self, place: Place, battery: int, mailbox: Mailbox, clock: Clock, changed: Callable[[], None]) -> None:
        self.place = place
        self.battery = battery
        self._mailbox = mailbox
        self._clock = clock
        self._changed = changed
        self._line: Line | None = None
        self._told = Light.IDLE
        self._unanswered: dict[str, Press] = {}
        self._heartbeat_at = clock.now()
        self._bell = asyncio.Event()
        self._closed = False

    @property
    def connected(self) -> bool:
        return self._line is not None

    @property
    def unanswered(self) -> int:
        """Presses that nothing has answered yet."""
        return len(self._unanswered)

    @property
    def light(self) -> Light:
        if self.place.silent:
            return Light.DARK
        if self._unanswered:
            tries = max(press.tries for press in self._unanswered.values())
            return Light.UNHEARD if tries >= UNHEARD_AFTER or not self.connected else Light.SENDING
        return self._told if self.connected else Light.OFFLINE

    def press(self) -> str:
        """A hand presses; the ref of it. Without a line it is sent when there is one again."""
        ref = uuid.uuid4().hex
        now = self._clock.now()
        pressed_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        payload = json.dumps({"ref": ref, "pressed_at": pressed_at}).encode()
        self._unanswered[ref] = Press(ref, payload, again_at=now)
        if self._line is not None:
            self._send_due(self._line)
        self._bell.set()
        self._changed()
        return ref

    def close(self) -> None:
        """Ends the life of the button."""
        self._closed = True
        self._bell.set()

    async def run(self) -> None:
        """Connects, stays, and connects again, until it is closed."""
        topic = f"{TOPICS}/status/{self.place.device}"
        while not self._closed:
            line = Line(self.place.device, self._hear, self._bell.set, Will(topic, b"offline"))
            try:
                await line.open(self._mailbox, [f"{TOPICS}/feedback/{self.place.device}"])
                line.say(topic, b"online", retain=True)
                self._attach(line)
                await self._stay(line)
            except LineDownError as fault:
                log.info("button without a line", device=self.place.device, why=str(fault))
            finally:
                self._attach(None)
                await line.close()
            if not self._closed:
                self._bell.clear()  # from here on a hand that presses lets it try at once
                await self._clock.sleep_until(self._clock.now() + BACK_AFTER, self._bell)

    def _attach(self, line: Line | None) -> None:
        self._line = line
        self._changed()

    async def _stay(self, line: Line) -> None:
        """Beats and repeats while the line holds."""
        self._heartbeat_at = self._clock.now()
        while not self._closed and not line.lost.is_set():
            self._bell.clear()
            self._send_due(line)
            await self._clock.sleep_until(self._next(), self._bell)

    def _send_due(self, line: Line) -> None:
        now = self._clock.now()
        if self._heartbeat_at <= now:
            self._heartbeat_at = now + HEARTBEAT
            line.say(f"{TOPICS}/heartbeat/{self.place.device}", json.dumps({"battery": self.battery}).encode())
        for press in self._unanswered.values():
            if press.again_at <= now:
                press.again_at = now + REPEAT
                press.tries += 1
                line.say(f"{TOPICS}/signal/{self.place.device}", press.payload)
                self._changed()

    def _next(self) -> datetime:
        return min((self._heartbeat_at, *(press.again_at for press in self._unanswered.values())))

    def _hear(self, _topic: str, payload: bytes) -> None:
        try:
            body = json.loads(payload)
            light, ref = Light(body["state"]), body.get("ref")
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("feedback that no button understands", device=self.place.device, payload=payload[:200])
            return
        if light in TOLD:
            self._told = light
        self._unanswered.pop(ref, None)
        self._bell.set()
        self._changed()


class Buttons:
    """All desk buttons of an office. `watchers` are told of every change of any."""

    def __init__(self, places: Iterable[Place], mailbox: Mailbox, clock: Clock) -> None:
        self.watchers: list[Callable[[], None]] = []
        self._running = 0
        self._ended = asyncio.Event()
        self._buttons = {
            place.device: Button(place, 97 - 4 * number % 60, mailbox, clock, self._changed)
            for number, place in enumerate(places)
        }

    def __iter__(self) -> Iterator[Button]:
        return iter(self._buttons.values())

    def button(self, device: str) -> Button:
        """Raises NotFound."""
        if device not in self._buttons:
            raise NotFound(f"No button here is called {device}.")
        return self._buttons[device]

    def start(self, spawn: Spawn) -> None:
        """Every button begins its life, each in a task of its own."""
        self._running = len(self._buttons)
        for button in self:
            spawn(f"button-{button.place.device}", self._live(button))

    async def close(self) -> None:
        """Every button hangs up in good order, so that none is missed as one that has gone silent."""
        for button in self:
            button.close()
        if self._running:
            await self._ended.wait()

    async def _live(self, button: Button) -> None:
        try:
            await button.run()
        finally:
            self._running -= 1
            if not self._running:
                self._ended.set()

    def _changed(self) -> None:
        for watcher in self.watchers:
            watcher()


def places_of(organisation: Organisation) -> list[Place]:
    """A button for each device that speaks alarmd's own topics, in the file's order."""
    return [_place(organisation, device) for device in organisation.devices.values() if device.maker is None]


def _place(organisation: Organisation, device: Device) -> Place:
    zone = organisation.zone(device.zone)
    return Place(device.id, device.kind, zone.name if zone else device.zone, zone.floor if zone else "")
