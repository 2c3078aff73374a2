"""Buttons that press in a stream over MQTT, a witness who sees when each press is in the log, and a judge of both.

The buttons know what the broker has taken: each waits for its PUBACK, and never sends a press again, so that what it
does not know of may be in the log or not. Every third press carries a ref, every third a note alone, and every third is
an empty message.
"""

import contextlib
import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import time
from typing import Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from alarmd.errors import AlarmdError
from alarmd.store import Database, open_database
from tests.support.servers import HOST

SIGNALS = ("raised", "joined", "upgraded")
TAKEN_WITHIN = 3.0
"""Seconds after which a button gives a press up."""


@dataclass(frozen=True)
class Press:
    """One message that was sent; `taken`: when the broker said that it has it, None: it has not said so. `name` is its
    ref or note; an empty one has none.
    """

    device: str
    name: str | None
    sent: float
    taken: float | None


@dataclass(frozen=True)
class Signal:
    """One that is in the log, and when that was seen."""

    device: str
    name: str | None
    seen: float


@contextlib.contextmanager
def span(spans: list[tuple[float, float]]) -> Iterator[None]:
    """Remember when this began and ended."""
    began = time()
    yield
    spans.append((began, time()))


def judge(
    presses: Sequence[Press], signals: Sequence[Signal], *, within: float, excused: Sequence[tuple[float, float]] = ()
) -> list[str]:
    """A line for each press that is not exactly one signal, or is one only after `within` seconds. `excused`: spans in
    which the broker was away, so that nobody could be told.
    """
    return [*_named(presses, signals, within, excused), *_unnamed(presses, signals)]


def _named(
    presses: Sequence[Press], signals: Sequence[Signal], within: float, excused: Sequence[tuple[float, float]]
) -> Iterator[str]:
    found: dict[tuple[str, str], list[float]] = {}
    for signal in signals:
        if signal.name is not None:
            found.setdefault((signal.device, signal.name), []).append(signal.seen)
    for press in presses:
        if press.name is None:
            continue
        seen = found.pop((press.device, press.name), [])
        if len(seen) > 1 or (press.taken is not None and not seen):
            yield f"{press.name} of {press.device} is {len(seen)} signals"
        elif seen and press.taken is not None:
            away = sum(max(0.0, min(seen[0], end) - max(press.taken, start)) for start, end in excused)
            if seen[0] - press.taken - away > within:
                yield f"{press.name} of {press.device} was in the log after {seen[0] - press.taken:.2f} s"
    yield from (f"{name} of {device} was never pressed" for device, name in found)


def _unnamed(presses: Sequence[Press], signals: Sequence[Signal]) -> Iterator[str]:
    found = Counter(signal.device for signal in signals if signal.name is None)
    sure = Counter(press.device for press in presses if press.name is None and press.taken is not None)
    unsure = Counter(press.device for press in presses if press.name is None and press.taken is None)
    for device in found.keys() | sure.keys():
        if not sure[device] <= found[device] <= sure[device] + unsure[device]:
            sent = f"{sure[device]} times, and {unsure[device]} times perhaps"
            yield f"{device} was pressed without a word {sent}: {found[device]} signals"


@dataclass
class Buttons:
    """One hand at each device, pressing `every` so many seconds from the start to the end of the block."""

    port: int
    devices: Sequence[str]
    every: float
    presses: list[Press] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _hands: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._hands = [threading.Thread(target=self._hand, args=(device,)) for device in self.devices]
        for hand in self._hands:
            hand.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for hand in self._hands:
            hand.join()

    def _hand(self, device: str) -> None:
        client: paho.Client | None = None
        for number in itertools.count():
            if self._over.wait(self.every):
                break
            client = client or self._connected()
            if client is not None and not self._press(client, device, number):
                _hang_up(client)
                client = None
        if client is not None:
            _hang_up(client)

    def _press(self, client: paho.Client, device: str, number: int) -> bool:
        name = f"{device}-{number}"
        body = ({"ref": name}, {"note": name}, None)[number % 3]
        sent, taken = time(), None
        message = client.publish(f"alarmd/v1/signal/{device}", json.dumps(body) if body else b"", qos=1)
        with contextlib.suppress(RuntimeError, ValueError):  # it is not connected any more
            message.wait_for_publish(TAKEN_WITHIN)
            taken = time() if message.is_published() else None
        self.presses.append(Press(device, name if body else None, sent, taken))
        return taken is not None

    def _connected(self) -> paho.Client | None:
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311, reconnect_on_failure=False)
        there = threading.Event()
        client.on_connect = lambda *_: there.set()
        try:
            client.connect(HOST, self.port)
        except OSError:
            return None
        client.loop_start()
        if there.wait(TAKEN_WITHIN):
            return client
        _hang_up(client)
        return None


def _hang_up(client: paho.Client) -> None:
    client.disconnect()
    client.loop_stop()


@dataclass
class Witness:
    """Reads the log of a database in a thread of its own and notes when each signal came to be in it."""

    url: str
    every: float = 0.05
    signals: list[Signal] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        assert self._thread is not None
        self._thread.join()

    def _watch(self) -> None:
        database, after = open_database(self.url, node="witness"), 0
        while True:
            last = self._over.is_set()
            with contextlib.suppress(AlarmdError):  # it is away: look again
                after = self._look(database, after)
            if last:
                break
            self._over.wait(self.every)
        database.close()

    def _look(self, database: Database, after: int) -> int:
        with database.snapshot() as reading:
            logged = reading.events(after, 10_000)
        now = time()
        for one in logged:
            event = json.loads(one.body)
            data = event["data"]
            if event["kind"] in SIGNALS and data["device"] is not None:
                self.signals.append(Signal(data["device"], data["ref"] or data["note"], now))
        return logged[-1].position if logged else after


def left_at_the_broker(port: int, session: str) -> tuple[bool, list[bytes]]:
    """Whether there is a session of this name, and what is queued in it."""
    client = paho.Client(CallbackAPIVersion.VERSION2, session, protocol=paho.MQTTv5)
    there, present, queued = threading.Event(), [False], list[bytes]()

    def connected(_client: object, _data: object, flags: paho.ConnectFlags, *_: object) -> None:
        present[0] = flags.session_present
        client.subscribe("marker", 0)
        client.publish("marker", b"")

    def came(_client: object, _data: object, message: paho.MQTTMessage) -> None:
        if message.topic == "marker":
            there.set()
        else:
            queued.append(bytes(message.payload))

    client.on_connect, client.on_message = connected, came
    keeps = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types the rest
    keeps.SessionExpiryInterval = 600
    client.connect(HOST, port, clean_start=False, properties=keeps)
    client.loop_start()
    assert there.wait(10)
    client.disconnect()
    client.loop_stop()
    return present[0], queued
