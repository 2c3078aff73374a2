"""The system's clock and its ids: the only file that reads the one and throws dice for the other. Deadlines are
stored instants, so sleeping here is always disposable.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from uuid_utils import uuid7

from alarmd.alarm.times import milliseconds

LONGEST = 1.0
"""Seconds slept at most in one go, so that a step of the wall clock is noticed."""
STEP = timedelta(seconds=2)
"""A difference beyond this is no drift: somebody has set the clock."""
KEPT = 8
"""Looks at another clock, of which the quickest is believed."""
SLACK = timedelta(milliseconds=50)
"""Two looks may differ by this more than their errors, for clocks drift; if they do by more, the other was set."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at another clock: what it showed when the steady clock stood at nought, and by how much that may be
    wrong.
    """

    epoch: datetime
    error: timedelta


class SystemClock:
    """The wall clock, UTC, but never going back: deadlines are instants, and an hour that is lived twice would be an
    hour in which nobody is told. Put back, it goes on by the monotonic clock (`behind` says how far the wall is
    behind); put forward, it follows.

    Nodes that share a database go by its clock instead of their own walls, so that a deadline is the same instant for
    all: `follow` what `sample` has seen. Between two looks the monotonic clock counts, whatever happens to the wall.
    """

    def __init__(self) -> None:
        self.behind = timedelta(0)
        self._samples: deque[Sample] = deque(maxlen=KEPT)
        self._theirs: datetime | None = None
        self._told = False
        self._anchor, self._since = self._wall(), self._steady()
        self._read, self._read_in = self._anchor, -1
        """The last reading, and in which millisecond."""

    @property
    def follows(self) -> bool:
        """Does it go by another clock?"""
        return self._theirs is not None

    @property
    def ahead(self) -> timedelta:
        """How far this machine's wall is ahead of the clock that is followed; nothing where none is."""
        return timedelta(0) if self._theirs is None else self._wall() - (self._theirs + self._steady())

    def sample(self, ask: Callable[[], datetime]) -> Sample:
        """Look at another clock. The answer is of some instant between question and answer: taken is the middle."""
        before = self._steady()
        theirs = ask()
        error = (self._steady() - before) / 2
        return Sample(theirs - before - error, error)

    def follow(self, sample: Sample) -> None:
        """Go by the clock that was looked at, as the best of the last looks has seen it. Before anybody was told the
        time this may turn it back, later never.
        """
        known = self._samples
        if any(abs(s.epoch - sample.epoch) > s.error + sample.error + SLACK for s in known):
            known.clear()
        known.append(sample)
        self._theirs = min(known, key=lambda s: s.error).epoch
        self._read_in = -1
        if not self._told:
            self._anchor, self._since = self._theirs + self._steady(), self._steady()

    def catch_up(self, with_: datetime | None) -> None:
        """Go on from this instant where the wall is behind it: where the log ends, when a process begins."""
        if with_ is not None and with_ - self.now() > STEP:
            self._anchor, self._since = with_, self._steady()
            self._read_in = -1

    def now(self) -> datetime:
        """In milliseconds, and read no oftener: a storm asks a dozen times in each."""
        tick = self._tick()
        if tick != self._read_in:
            self._read, self._read_in = self._look(), tick
        return self._read

    def _look(self) -> datetime:
        self._told = True
        steady = self._steady()
        ours = self._anchor + (steady - self._since)
        right = self._wall() if self._theirs is None else self._theirs + steady
        self.behind = ours - right
        if self.behind <= STEP:
            # It drifts, or was put forward: followed, but never to before what was said last.
            ours = self._anchor = max(right, self._anchor)
            self._since = steady
            self.behind = timedelta(0)
        return milliseconds(ours)

    def _wall(self) -> datetime:
        """What hangs on the wall, whoever moves its hands."""
        return datetime.now(UTC)

    def _steady(self) -> timedelta:
        """Since whenever, but never back."""
        return timedelta(seconds=time.monotonic())

    def _tick(self) -> int:
        """Which millisecond it is, since whenever."""
        return time.monotonic_ns() // 1_000_000

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
