"""The system's clock and its ids: the only file that reads the one and throws dice for the other. Deadlines are
stored instants, so sleeping here is always disposable.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from uuid_utils import uuid7

from alarmd.alarm.times import milliseconds

LONGEST = 1.0
"""Seconds slept at most in one go, so that a step of the wall clock is noticed."""


STEP = timedelta(seconds=2)
"""A difference beyond this is no drift: somebody has set the clock."""


class SystemClock:
    """The wall clock, UTC, but never going back: deadlines are instants, and an hour that is lived twice would be an
    hour in which nobody is told. Put back, it goes on by the monotonic clock (`behind` says how far the wall is
    behind); put forward, it follows.
    """

    def __init__(self) -> None:
        self.behind = timedelta(0)
        self._anchor, self._since = self._wall(), self._steady()

    def catch_up(self, with_: datetime) -> None:
        """Go on from this instant where the wall is behind it: where the log ends, after a restart."""
        if with_ - self.now() > STEP:
            self._anchor, self._since = with_, self._steady()

    def now(self) -> datetime:
        ours, wall = self._anchor + (self._steady() - self._since), self._wall()
        self.behind = ours - wall
        if self.behind <= STEP:
            # It drifts, or was put forward: followed, but never to before what was said last.
            ours = self._anchor = max(wall, self._anchor)
            self._since = self._steady()
            self.behind = timedelta(0)
        return milliseconds(ours)

    def _wall(self) -> datetime:
        """What hangs on the wall, whoever moves its hands."""
        return datetime.now(UTC)

    def _steady(self) -> timedelta:
        """Since whenever, but never back."""
        return timedelta(seconds=time.monotonic())

    async def sleep_until(self, when: datetime | None, wake: asyncio.Event | None = None) -> None:
        while when is None or self.now() < when:
            left = LONGEST if when is None else min(LONGEST, (when - self.now()).total_seconds())
            if wake is None:
                await asyncio.sleep(max(left, 0))
                continue
            try:
                async with asyncio.timeout(None if when is None else max(left, 0.0005)):
                    await wake.wait()
                return
            except TimeoutError:
                continue


def new_id() -> str:
    """A fresh UUIDv7: unique everywhere, and in the order of time."""
    return str(uuid7())
