"""Sleeps until the earliest stored due time and submits DeadlinePassed. What is stored is the truth; this sleeper is
disposable: it is armed anew from the store at the start, and once a second it looks for due times that others have
stored. What is due elsewhere is looked for a moment after its time, so that a node that ends leaves no step late.
"""

import asyncio
import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import orjson
import structlog

from alarmd.alarm.events import LATE, EventKind
from alarmd.alarm.incoming import DeadlinePassed
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.errors import AlarmdError, Undecidable
from alarmd.observe import metrics
from alarmd.ports import Clock, Committed, Logged, Store, Unit

log = structlog.get_logger()

SWEEP = timedelta(seconds=1)
GRACE = timedelta(milliseconds=200)
"""So long an alarm is left to the node that knows its due time already."""
SET_ASIDE = timedelta(minutes=1)
"""So long an alarm is left alone on which we have a bug: it must not stop the others."""
AT_ONCE = 500
SWEEPS = 40
"""How many overdue alarms are asked for at once, and how often in a row while there are more."""


class Deadlines:
    """One for each node. `offer` is a listener of the dispatcher."""

    def __init__(self, store: Store, clock: Clock, dispatcher: Dispatcher) -> None:
        self._set_aside: dict[str, datetime] = {}
        self._store = store
        self._clock = clock
        self._dispatcher = dispatcher
        self._heap: list[tuple[datetime, str]] = []
        self._due: dict[str, datetime] = {}
        self._wake = asyncio.Event()

    def offer(self, committed: Sequence[Committed]) -> None:
        """These alarms have new due times, or none any more."""
        for one in committed:
            if one.alarm is not None:
                self._arm(one.alarm.id, one.due)
            for logged in one.logged:
                if '"late":' in logged.body:
                    _tell_late(logged)

    def _arm(self, alarm: str, due: datetime | None) -> None:
        if due is None:
            self._due.pop(alarm, None)
        elif self._due.get(alarm) != due:
            self._due[alarm] = due
            heapq.heappush(self._heap, (due, alarm))
            if self._heap[0][1] == alarm:
                self._wake.set()

    async def run(self) -> None:
        """For ever."""
        sweep_at = self._clock.now()
        while True:
            now = self._clock.now()
            if now >= sweep_at:
                elsewhere = await self._sweep(now)
                sweep_at = min(now + SWEEP, elsewhere + GRACE) if elsewhere else now + SWEEP
            await self._submit(self._passed(now))
            soonest = min(sweep_at, self._heap[0][0]) if self._heap else sweep_at
            await self._clock.sleep_until(soonest, self._wake)
            self._wake.clear()

    def _passed(self, now: datetime) -> list[str]:
        """Those armed here whose time has come; entries that were armed anew since are dropped."""
        passed = []
        while self._heap and self._heap[0][0] <= now:
            due, alarm = heapq.heappop(self._heap)
            if self._due.get(alarm) == due:
                if now - due < LATE:  # one that is later is told by its event, whoever does it
                    metrics.STEP_LATENESS.observe((now - due).total_seconds())
                del self._due[alarm]
                passed.append(alarm)
        return passed

    async def _sweep(self, now: datetime) -> datetime | None:
        """Due times of others: of a shell, of a node that is gone, of our own life before. What is armed here may be
        overdue all the same, when another node has made it due earlier. The next due time to come, if it is known.
        """
        self._set_aside = {alarm: until for alarm, until in self._set_aside.items() if until > now}
        for _ in range(SWEEPS):
            limit = AT_ONCE + len(self._set_aside)  # those are overdue, too, and must not hide the others
            try:
                overdue, following = await self._store.transact(partial(_due, now=now, limit=limit))
            except AlarmdError as fault:
                log.warning("deadlines cannot be read", why=str(fault))
                return None
            waiting = [alarm for alarm in overdue if alarm not in self._set_aside]
            if not waiting:
                return following
            if not await self._submit(waiting):
                return None
        return None

    async def _submit(self, alarms: Sequence[str]) -> bool:
        """All of them in few commits. False: not durable now; the stored due time stands, and the next sweep finds
        it.
        """
        taken = True
        answers = [(alarm, self._dispatcher.hand_in(DeadlinePassed(alarm))) for alarm in alarms]
        for alarm, answer in answers:
            try:
                await answer
                self._set_aside.pop(alarm, None)
            except Undecidable:
                self._set_aside[alarm] = self._clock.now() + SET_ASIDE
            except AlarmdError as fault:
                taken = False
                log.warning("deadline not taken", alarm=alarm, why=str(fault))
        return taken


def _due(unit: Unit, now: datetime, limit: int) -> tuple[tuple[str, ...], datetime | None]:
    return unit.overdue(now, limit), unit.next_due(now)


def _tell_late(logged: Logged) -> None:
    """A step that was done after its time: the store was away, or this machine stood still."""
    event = orjson.loads(logged.body)
    if event["kind"] == EventKind.STEP_DUE and "late" in event["data"]:
        metrics.STEP_LATENESS.observe(event["data"]["late"])
        log.warning("step late", alarm=logged.alarm, step=event["data"]["step"], seconds=event["data"]["late"])
