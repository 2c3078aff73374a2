"""Stand-ins behind the doors for signals, and buttons that nobody at alarmd wrote (paho)."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from alarmd.alarm.incoming import Pressed, Sitting
from alarmd.dispatch.seat import Settled, Standing
from alarmd.errors import NotFound
from alarmd.intake.desk import Taken
from tests.support.servers import HOST

WITHIN = 15.0


class Bell:
    """Rung whenever something has happened; `until` waits for a condition and looks at every ring."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def until(self, what: Callable[[], object], within: float = WITHIN) -> None:
        async with asyncio.timeout(within):
            while not what():
                await self._rung.wait()
                self._rung.clear()


@dataclass
class World:
    """A desk, the faults and the signs of life, all remembered. `gate` open: presses are committed; `failures`: raised
    by the next submissions, the first first."""

    devices: frozenset[str] = frozenset({"desk-1", "desk-2", "desk-3"})
    bell: Bell = field(default_factory=Bell)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    pending: list[Pressed] = field(default_factory=list)
    taken: list[Pressed] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    reports: list[tuple[str, str]] = field(default_factory=list)
    gone_causes: list[str] = field(default_factory=list)
    signs: list[tuple[str, int | None, str | None, bool]] = field(default_factory=list)
    listening: bool = False

    def site_of(self, *, device: str | None, zone: str | None) -> str:
        if device is not None and device not in self.devices:
            raise NotFound(f"no device {device!r}")
        return (zone or device or "").partition("/")[0]

    async def submit(self, pressed: Pressed) -> Taken:
        if self.failures:
            failure = self.failures.pop(0)
            self.bell.ring()
            raise failure
        if pressed.device not in self.devices:
            raise NotFound(f"no device {pressed.device!r}")
        self.pending.append(pressed)
        self.bell.ring()
        await self.gate.wait()
        self.taken.append(pressed)
        self.bell.ring()
        return Taken("s", "a", joined=False, state="raised")

    def found(self, cause: str, text: str) -> None:
        self.faults.setdefault(cause, text)
        self.bell.ring()

    def gone(self, cause: str, text: str = "recovered") -> None:  # noqa: ARG002  # as the Protocol has it
        self.faults.pop(cause, None)
        self.gone_causes.append(cause)
        self.bell.ring()

    def report(self, cause: str, text: str) -> None:
        self.reports.append((cause, text))
        self.bell.ring()

    def heard(self, device: str, *, battery: int | None, status: str | None, retained: bool) -> None:
        self.signs.append((device, battery, status, retained))
        self.bell.ring()

    def listens(self, *, now: bool) -> None:
        self.listening = now

    @property
    def refs(self) -> Counter[str | None]:
        return Counter(p.ref for p in self.taken)


class Chair:
    """The seat of an installation of one node: always ours. `settled`: what the broker knows to be taken;
    `forgotten`: the connections besides whose marks all were dropped."""

    def __init__(self) -> None:
        self.sitting = Sitting(0, 0)
        self.settled: list[Settled] = []
        self.forgotten: list[str] = []
        self.beats = 0
        self.bell = Bell()

    async def sit(self, *, by_broker: bool = False, gone: int | None = None) -> Sitting:  # noqa: ARG002  # as the Protocol has it
        return self.sitting

    async def beat(self, settled: Sequence[Settled] = ()) -> Standing:
        self.settled += settled
        self.beats += 1
        self.bell.ring()
        return Standing.OURS

    async def beaten(self, times: int) -> None:
        """Return when the seat has been held for so many beats."""
        await self.bell.until(lambda: self.beats >= times)

    async def new_session(self) -> Sitting:
        self.sitting = Sitting(0, self.sitting.session + 1)
        return self.sitting

    async def forget_besides(self, connection: str) -> bool:
        self.forgotten.append(connection)
        self.bell.ring()
        return True

    async def release(self) -> None:
        return None


class Client:
    """A paho client: publishes and waits for the broker's word; remembers what it hears."""

    def __init__(self, port: int, name: str = "", *, v5: bool = False, session: bool = False) -> None:
        self.bell = Bell()
        self.heard: list[tuple[str, bytes, bool]] = []
        self._loop = asyncio.get_running_loop()
        self._connected, self._subscribed = asyncio.Event(), asyncio.Event()
        version = paho.MQTTv5 if v5 else paho.MQTTv311
        clean = None if v5 else not session
        self._paho = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=version, clean_session=clean)
        self._paho.on_message = self._on_message
        self._paho.on_connect = lambda *_: self._set(self._connected)
        self._paho.on_subscribe = lambda *_: self._set(self._subscribed)
        self._port = port
        self._properties: Properties | None = None
        if v5 and session:
            self._properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types the rest
            self._properties.SessionExpiryInterval = 600

    def _set(self, event: asyncio.Event) -> None:
        self._loop.call_soon_threadsafe(event.set)

    def _on_message(self, _client: paho.Client, _data: object, message: Any) -> None:
        self._loop.call_soon_threadsafe(self._hear, (message.topic, message.payload, message.retain))

    def _hear(self, message: tuple[str, bytes, bool]) -> None:
        self.heard.append(message)
        self.bell.ring()

    async def open(self) -> None:
        self._paho.connect(HOST, self._port, properties=self._properties)
        self._paho.loop_start()
        async with asyncio.timeout(WITHIN):
            await self._connected.wait()

    async def close(self) -> None:
        self._paho.disconnect()
        await asyncio.to_thread(self._paho.loop_stop)

    async def subscribe(self, topic: str) -> None:
        self._subscribed.clear()
        self._paho.subscribe(topic, qos=1)
        async with asyncio.timeout(WITHIN):
            await self._subscribed.wait()

    async def publish(self, topic: str, payload: bytes | str = b"", *, retain: bool = False, times: int = 1) -> None:
        """`times` > 1: `{}` in the payload is its number."""
        bodies = [payload] if times == 1 else [str(payload).replace("{}", str(n)) for n in range(times)]
        sent = [self._paho.publish(topic, body, qos=1, retain=retain) for body in bodies]
        for one in sent:
            await asyncio.to_thread(one.wait_for_publish, WITHIN)
            assert one.is_published()


@contextlib.asynccontextmanager
async def client(port: int, name: str = "", *, v5: bool = False, session: bool = False) -> AsyncIterator[Client]:
    """A connected client."""
    one = Client(port, name, v5=v5, session=session)
    await one.open()
    try:
        yield one
    finally:
        await one.close()
