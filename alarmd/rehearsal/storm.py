"""A storm against a running alarmd: many presses from outside, by the doors that devices and consoles use, and a
console that looks on. It knows nothing but the contract, so what it counts is what users would have met.

A press is tried again with the same `ref` until it is accepted, as devices do it. Nothing here waits for ever: the
storm ends a given while after its last press, whatever is still missing. Called by `commands/storm.py`.
"""

import asyncio
import random
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import AlarmdError, CannotStart
from alarmd.ports import Clock
from alarmd.rehearsal.tally import Tally

AGAIN_AFTER = timedelta(milliseconds=500)
"""From a press that nobody took to the same once more."""
LOOKS = timedelta(milliseconds=100)
"""Between two looks of whoever shows the progress."""

Ticks = Callable[[], float]
"""Seconds of a clock that only goes forward, finer than a millisecond."""


class NotTakenError(Exception):
    """A press has not been accepted; the same must be tried again. Says why, in a word or two."""


class Door(Protocol):
    """A way in. `at_once`: how many presses it takes side by side."""

    at_once: int

    async def press(self, device: str, ref: str) -> str:
        """The alarm, when the press is accepted. Raises NotTakenError, and Refused where no trying helps."""
        ...


class Console(Protocol):
    """Somebody who looks on."""

    async def watch(self, tally: Tally, looking: asyncio.Event) -> None:
        """For ever; `looking` is set when nothing goes by unseen any more. Raises AlarmdError where it may not."""
        ...


@dataclass(frozen=True, slots=True)
class Weather:
    """What storm it is to be. `rate`: presses a second, 0: all at once. `patience`: seconds from the last press on."""

    presses: int
    devices: tuple[str, ...]
    rate: float = 0
    seed: int = 1
    patience: float = 30


class Storm:
    """One storm. `look` is called now and then while it lasts."""

    def __init__(self, weather: Weather, tally: Tally, clock: Clock, ticks: Ticks) -> None:
        self._weather = weather
        self._tally = tally
        self._clock = clock
        self._ticks = ticks
        self._queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._bell = asyncio.Event()
        self._looking = asyncio.Event()
        self._over = asyncio.Event()
        self._refused: AlarmdError | None = None

    async def run(self, door: Door, console: Console | None, look: Callable[[], None]) -> float:
        """The whole storm; how many seconds it took from the first press to the last yes. Raises AlarmdError."""
        async with Supervisor() as supervisor:
            supervisor.spawn("progress", self._show(look))
            if console is not None:
                supervisor.spawn("console", self._fatal(console.watch(self._tally, self._looking)))
                await self._until(self._looking.is_set)
                if not self._looking.is_set():
                    self._refused = self._refused or CannotStart(
                        "the console's feed does not begin; nothing was pressed"
                    )
            began = self._ticks()
            if not self._refused:
                for number in range(min(door.at_once, self._weather.presses)):
                    supervisor.spawn(f"presser-{number}", self._fatal(self._press(door)))
                await self._pace()
                await self._until(self._done)
            self._over.set()
            look()
        if self._refused is not None:
            raise self._refused
        return max(self._tally.accepted.values(), default=began) - began

    async def _pace(self) -> None:
        """Every press at its time; late ones at once. The same seed presses the same devices in the same order."""
        chance = random.Random(self._weather.seed)  # noqa: S311 - a storm must be repeatable, it guards no secret
        run, began = uuid.uuid4().hex[:12], self._clock.now()
        for number in range(self._weather.presses):
            if self._weather.rate:
                due = began + timedelta(seconds=number / self._weather.rate)
                await self._clock.sleep_until(due)
            if self._refused:
                return
            ref = f"storm-{self._weather.seed}-{run}-{number}"
            self._tally.press(ref, self._ticks())
            self._queue.put_nowait((chance.choice(self._weather.devices), ref))

    async def _press(self, door: Door) -> None:
        while True:
            device, ref = await self._queue.get()
            await self._until_accepted(door, device, ref)
            self._bell.set()

    async def _until_accepted(self, door: Door, device: str, ref: str) -> None:
        while True:
            try:
                alarm = await door.press(device, ref)
            except NotTakenError as fault:
                self._tally.fault(str(fault))
                self._tally.tried_again += 1
            else:
                self._tally.accept(ref, self._ticks(), alarm)
                return
            await self._clock.sleep_until(self._clock.now() + AGAIN_AFTER)

    def _done(self) -> bool:
        return len(self._tally.accepted) >= self._weather.presses and not self._tally.missing

    async def _until(self, fits: Callable[[], bool]) -> None:
        """Wait until it fits, patience is at its end, or somebody was refused for good."""
        deadline = self._clock.now() + timedelta(seconds=self._weather.patience)
        while not fits() and not self._refused and self._clock.now() < deadline:
            self._bell.clear()
            await self._clock.sleep_until(min(deadline, self._clock.now() + LOOKS), self._bell)

    async def _show(self, look: Callable[[], None]) -> None:
        while not self._over.is_set():
            look()
            await self._clock.sleep_until(self._clock.now() + LOOKS, self._over)

    async def _fatal(self, work: Coroutine[object, object, None]) -> None:
        """What alarmd refuses for good ends the storm; it would be refused a thousand times over."""
        try:
            await work
        except AlarmdError as refused:
            self._refused = self._refused or refused
            self._bell.set()
