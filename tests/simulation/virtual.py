"""An event loop whose time is virtual: when nothing can run, it is the time of the next timer. With it everything that
runs in one thread replays exactly. And the system's own clock on top of it, which may be wrong.

Every step of every task of a node goes through its `process.Process`, so a node can be stopped or killed between any
two of them.
"""

import asyncio
import contextvars
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVarTuple

from alarmd.clock import Sample, SystemClock
from tests.simulation.process import Process, of

Ts = TypeVarTuple("Ts")
SPINS = 20_000
"""So often may the clock be asked at one instant before that is called a loop that never ends."""


class StuckError(BaseException):
    """The world stands still, or spins without time passing. No task may survive it, so it is no Exception."""


class VirtualLoop(asyncio.BaseEventLoop):
    """No files, no sockets, no threads: tasks and timers alone."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]  # the timers of the loop, the next one first

    def __init__(self) -> None:
        super().__init__()
        self._virtual = 0.0
        self._selector = self

    def time(self) -> float:
        return self._virtual

    def select(self, timeout: float | None) -> Sequence[object]:
        """Nothing is ready: what the loop asks its selector before it sleeps."""
        if timeout is None:
            raise StuckError("everybody waits for somebody else")
        if timeout > 0:
            self._virtual = max(self._virtual, self._scheduled[0].when())
        return ()

    def again(self, handle: asyncio.Handle) -> None:
        """Run what had to wait, unless it was cancelled meanwhile."""
        self._ready.append(handle)

    def _call_soon(
        self, callback: Callable[..., object], args: Sequence[Any], context: contextvars.Context | None
    ) -> asyncio.Handle:
        process = of(context)
        handle = (
            asyncio.Handle(callback, args, self, context)
            if process is None
            else _Step(process, callback, args, self, context)
        )
        self._ready.append(handle)
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        process = of(context)
        timer = (
            asyncio.TimerHandle(when, callback, args, self, context)
            if process is None
            else _Timer(process, when, callback, args, self, context)
        )
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # type: ignore[attr-defined]  # as the base class does
        return timer

    def _process_events(self, event_list: Sequence[object]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """There is one thread."""


class _Step(asyncio.Handle):
    """Something that a process does next."""

    __slots__ = ("_process",)

    def __init__(self, process: Process, *rest: Any) -> None:
        super().__init__(*rest)
        self._process = process

    def _run(self) -> None:
        if self._process.may_run(self):
            super()._run()


class _Timer(asyncio.TimerHandle):
    """The same, later."""

    __slots__ = ("_process",)

    def __init__(self, process: Process, *rest: Any) -> None:
        super().__init__(*rest)
        self._process = process

    def _run(self) -> None:
        if self._process.may_run(self):
            super()._run()


class SimulatedClock(SystemClock):
    """The system's clock, asked at a node: what hangs on its wall is virtual time since `began`, and `wrong` by so
    much.
    """

    def __init__(self, loop: VirtualLoop, began: datetime, wrong: Callable[[], timedelta]) -> None:
        self._loop = loop
        self._began = began
        self._wrong = wrong
        self._asked = (-1.0, timedelta())
        self._ticks = itertools.count()
        self._times = 0
        self._answer = began
        super().__init__()

    def now(self) -> datetime:
        """Asked again at the same instant it says the same."""
        asked = (self._loop.time(), self._wrong())
        if asked == self._asked:
            self._times += 1
            if self._times > SPINS:
                raise StuckError(f"a loop spins at {asked[0]:.3f} s")
        else:
            self._asked, self._times, self._answer = asked, 0, super().now()
        return self._answer

    def catch_up(self, with_: datetime | None) -> None:
        super().catch_up(with_)
        self._asked = (-1.0, timedelta())

    def follow(self, sample: Sample) -> None:
        super().follow(sample)
        self._asked = (-1.0, timedelta())

    def _tick(self) -> int:
        return next(self._ticks)

    def _wall(self) -> datetime:
        return self._began + self._wrong() + self._steady()

    def _steady(self) -> timedelta:
        return timedelta(milliseconds=round(self._loop.time() * 1e6) // 1000)
