"""By whose clock a node goes, and what is said when clocks disagree. Nodes that share a database go by the database's
clock, looked at every few seconds; a node with a file of its own goes by its machine's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog

from alarmd.clock import STEP, Sample, SystemClock
from alarmd.dispatch.health import Health
from alarmd.errors import CannotStart, NotDurable
from alarmd.observe import metrics
from alarmd.ports import Reading, Registry, Store
from alarmd.store import Database

log = structlog.get_logger()

T = TypeVar("T")

CAUSE = "clock"
EVERY = timedelta(seconds=10)
SOON = timedelta(seconds=1)
"""So often a database is asked that could not be asked at the start."""
AT_FIRST = 3
"""Looks at the start: the first one opens a connection."""
SKEW = timedelta(milliseconds=500)
"""A machine whose clock is further off has nobody who sets it."""


@dataclass(frozen=True, slots=True)
class Clocked:
    """A store to which nothing is written before its clock was asked. By a wrong clock every lease would be over and
    every deadline past, or none for an hour: such a node would take from its sisters what they are doing.
    """

    store: Store
    clock: SystemClock

    @property
    def alone(self) -> bool:
        return self.store.alone

    @property
    def known(self) -> bool:
        """Does this node know what time it is?"""
        return self.store.alone or self.clock.follows

    async def transact(self, work: Callable[[Registry], T]) -> T:
        if not self.known:
            raise NotDurable("the database's clock has not been asked yet")
        return await self.store.transact(work)

    async def read(self, work: Callable[[Reading], T]) -> T:
        return await self.store.read(work)


def begin(database: Database, clock: SystemClock) -> SystemClock:
    """The same clock, going by the database's from its first instant on, and not behind the end of the log: one that
    was put back while nobody ran would make everything wait that is due. A store that is away is asked later.
    """
    try:
        with database.snapshot() as reading:
            for _ in range(AT_FIRST):
                _follow(clock, _look(reading, clock))
            clock.catch_up(reading.latest())
    except NotDurable as fault:
        log.warning("the database's clock cannot be read yet", why=str(fault))
    return clock


async def watch(clock: SystemClock, store: Store, health: Health) -> None:
    """For ever: look at the database's clock, and say aloud what is wrong with clocks. Raises CannotStart where a node
    that could not ask at its start finds itself ahead: time never goes back, so it begins anew.
    """
    metrics.CLOCK_AHEAD.set_function(partial(_seconds_ahead, clock))
    look_at = clock.now()
    while True:
        now = clock.now()
        if now >= look_at:
            await _compare(clock, store)
            look_at = now + (EVERY if store.alone or clock.follows else SOON)
        wrong = _wrong(clock)
        if wrong is None:
            health.gone(CAUSE, "the clock is right again")
        else:
            health.found(CAUSE, wrong)
        await clock.sleep_until(clock.now() + timedelta(seconds=1))


async def _compare(clock: SystemClock, store: Store) -> None:
    before = clock.follows
    try:
        _follow(clock, await store.read(lambda reading: _look(reading, clock)))
    except NotDurable as fault:
        log.debug("the database's clock cannot be read", why=str(fault))
    clock.now()
    if clock.follows and not before and clock.behind > STEP:
        raise CannotStart(
            f"the clock of this machine is {clock.behind.total_seconds():.0f} s ahead of the database's,"
            " which could not be asked at the start; start again, it goes by the database's then"
        )


def _look(reading: Reading, clock: SystemClock) -> Sample | None:
    if reading.time() is None:  # also opens what must be opened, so that the look itself is quick
        return None
    return clock.sample(lambda: reading.time() or clock.now())


def _follow(clock: SystemClock, sample: Sample | None) -> None:
    if sample is not None:
        clock.follow(sample)


def _seconds_ahead(clock: SystemClock) -> float:
    return clock.ahead.total_seconds()


def _wrong(clock: SystemClock) -> str | None:
    """What an administrator has to mend."""
    if clock.behind > timedelta(0):
        whose = "the database" if clock.follows else "this machine"
        return f"the clock of {whose} was put back; alarmd goes on {clock.behind.total_seconds():.0f} s ahead of it"
    ahead = clock.ahead
    if abs(ahead) > SKEW:
        how = "ahead of" if ahead > timedelta(0) else "behind"
        off = abs(ahead).total_seconds()
        return (
            f"the clock of this machine is {off:.1f} s {how} the database's; alarmd goes by the database's,"
            " and what else runs here does not: let a time service set it, such as chrony"
        )
    return None
