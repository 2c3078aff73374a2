"""The system's clock and its ids: the only file that reads the one and throws dice for the other. Deadlines are
stored instants, so sleeping here is always disposable.
"""

import asyncio
from datetime import UTC, datetime

from uuid6 import uuid7

from alarmd.alarm.times import milliseconds

LONGEST = 1.0
"""Seconds slept at most in one go, so that a step of the wall clock is noticed."""


class SystemClock:
    """The wall clock, UTC."""

    def now(self) -> datetime:
        return milliseconds(datetime.now(UTC))

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
