"""Virtual time for the loop: nothing sleeps by the wall. `advance` moves the clock from one waiter's time to the next
and lets every task run until nothing more happens by itself.
"""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

TURNS = 60
"""Turns of the loop after which everything that can happen without time has happened."""
SPINS = 10_000
"""So often may somebody ask to sleep until what is past, in one turn, before that is called a loop that never ends."""


class VirtualClock:
    """Fulfils `ports.Clock`."""

    def __init__(self, began: datetime = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)) -> None:
        self._now = began
        self._order = itertools.count()
        self._spins = 0
        self._sleepers: list[tuple[datetime, int, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, when: datetime | None, wake: asyncio.Event | None = None) -> None:
        if (wake is not None and wake.is_set()) or (when is not None and when <= self._now):
            self._spins += 1
            if self._spins > SPINS:
                raise AssertionError(f"nobody sleeps, and time cannot pass: {when}, {wake}")
            return
        over = asyncio.Event()
        if when is not None:
            heapq.heappush(self._sleepers, (when, next(self._order), over))
        waits = [asyncio.ensure_future(e.wait()) for e in (over, wake) if e is not None]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(TURNS):
            self._spins = 0
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Time passes, one sleeper after the other."""
        until = self._now + timedelta(seconds=seconds)
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            when, _, over = heapq.heappop(self._sleepers)
            self._now = max(self._now, when)
            over.set()
            await self.settle()
        self._now = until
        await self.settle()
