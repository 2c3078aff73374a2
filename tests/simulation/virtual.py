"""An event loop whose time is virtual: when nothing can run, it is the time of the next timer. With it everything that
runs in one thread replays exactly. And the system's own clock on top of it, which may be wrong.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from alarmd.clock import SystemClock

BEGAN = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SPINS = 20_000
"""So often may the clock be asked at one instant before that is called a loop that never ends."""


class StuckError(BaseException):
    """The world stands still, or spins without time passing. No task may survive it, so it is no Exception."""


class VirtualLoop(asyncio.BaseEventLoop):
    """No files, no sockets, no threads: tasks and timers alone."""

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

    def _process_events(self, event_list: Sequence[object]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """There is one thread."""


class SimulatedClock(SystemClock):
    """The system's clock, asked at a node: what hangs on its wall is virtual time, and `wrong` by so much."""

    def __init__(self, loop: VirtualLoop, wrong: Callable[[], timedelta]) -> None:
        self._loop = loop
        self._wrong = wrong
        self._asked = (0.0, 0)
        super().__init__()

    def _wall(self) -> datetime:
        at = self._loop.time()
        since, times = self._asked
        self._asked = (at, times + 1 if since == at else 0)
        if times > SPINS:
            raise StuckError(f"a loop spins at {at:.3f} s")
        return BEGAN + self._wrong() + self._steady()

    def _steady(self) -> timedelta:
        return timedelta(milliseconds=round(self._loop.time() * 1e6) // 1000)
