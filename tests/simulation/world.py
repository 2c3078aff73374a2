"""One simulated world, from its seed to its verdict. The same seed gives the same world, event by event."""

import asyncio
from collections.abc import Coroutine, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from tests.simulation.disk import Disk
from tests.simulation.judge import judge
from tests.simulation.judging import Commit, Court
from tests.simulation.node import Life
from tests.simulation.people import People
from tests.simulation.record import record
from tests.simulation.scenario import Scenario, Trouble, scenario
from tests.simulation.surroundings import Outage, Surroundings
from tests.simulation.virtual import BEGAN, SimulatedClock, StuckError, VirtualLoop


@dataclass
class Verdict:
    """What a world has shown. No findings: all was well."""

    scenario: Scenario
    findings: list[str]
    story: list[tuple[float, str]]

    @property
    def seed(self) -> int:
        return self.scenario.seed


def run(seed: int) -> Verdict:
    """Live through the world of this seed and judge it."""
    loop = VirtualLoop()
    surroundings = Surroundings(scenario(seed), loop)
    world = World(surroundings, loop)
    with _listening(surroundings, world.court):
        try:
            asyncio.set_event_loop(None)
            try:
                loop.run_until_complete(world.live())
            except (StuckError, BaseExceptionGroup) as fault:
                return Verdict(surroundings.scenario, [*world.court.findings, *_why(fault)], surroundings.story)
            seen = record(surroundings, world.people, world.past, world.court, world.disk)
            return Verdict(surroundings.scenario, [*world.court.findings, *judge(seen)], surroundings.story)
        finally:
            world.close()
            loop.close()


class World:
    """Nodes, disk and people together."""

    def __init__(self, surroundings: Surroundings, loop: VirtualLoop) -> None:
        self.court = Court()
        self.past: list[Life] = []
        self.disk = Disk(self._committed)
        self._around = surroundings
        self._loop = loop
        self._wrong = dict.fromkeys(surroundings.scenario.nodes, timedelta())
        self._up: dict[str, Life] = {}
        self._outside: list[asyncio.Task[None]] = []
        self._group: asyncio.TaskGroup | None = None
        self.people = People(surroundings, self._up, self._spawn)

    async def live(self) -> None:
        """From the first second to the last."""
        known: Scenario = self._around.scenario
        shell = self.disk.open("shell", shared=True)
        with shell.transaction() as unit:
            unit.add_organisation(known.organisation, by="admin", now=BEGAN, why=None)
        shell.close()
        async with asyncio.TaskGroup() as group:
            self._group = group
            living = [group.create_task(self._keep(name)) for name in known.nodes]
            living += [
                group.create_task(self._kill(w.start, w.what)) for w in known.windows if w.trouble is Trouble.CRASH
            ]
            for at, node, step in known.steps_of_the_clock:
                self._loop.call_at(at, self._step, node, step)
            self.people.begin()
            await asyncio.sleep(known.ends_at)
            # Whoever still waits for something is left alone; the nodes end as a process that is killed does.
            for task in self._outside:
                task.cancel()
            for life in self._up.values():
                life.lasted = True
                life.over.set()
            for task in living:
                task.cancel()

    def close(self) -> None:
        for life in self.past:
            life.database.close()
        self.disk.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._group is not None
        self._outside.append(self._group.create_task(work))

    async def _keep(self, name: str) -> None:
        """A node is started again whenever it has died."""
        around = self._around
        while around.time < around.scenario.ends_at:
            clock = SimulatedClock(self._loop, lambda: self._wrong[name])
            life = Life(name, len(self.past), around, self.disk, self.court, clock, self._announce)
            self.past.append(life)
            self._up[name] = life
            around.tell(f"{name} starts")
            await life.run()
            del self._up[name]
            down = around.scenario.chance.choice([0.1, 2.0, 8.0, 20.0])
            back = min(around.time + down, max(around.time, around.scenario.calm_at))
            around.outages += [Outage(around.time, around.time), Outage(around.time, back, name)]
            await asyncio.sleep(back - around.time)

    async def _kill(self, at: float, name: str) -> None:
        await asyncio.sleep(at)
        if name in self._up:
            self._up[name].die("killed")

    def _step(self, node: str, step: timedelta) -> None:
        self._wrong[node] += step
        self._around.tell(f"the clock of {node} steps by {step.total_seconds():.0f} s")

    def _committed(self, position: int) -> None:
        self._around.changes += 1
        self.court.commits.append(Commit(self._around.time, position))

    def _announce(self, node: str, position: int) -> None:
        """The relay: to the others, sooner or later or never."""
        around = self._around
        for name, life in self._up.items():
            if name != node and not around.within(Trouble.RELAY) and life.ready:
                self._loop.call_later(0.002, life.follower.hear, position)


@contextmanager
def _listening(surroundings: Surroundings, court: Court) -> Iterator[None]:
    """What the nodes log is part of the story; a task that broke is a finding."""

    def hear(_logger: Any, method: str, entry: MutableMapping[str, Any]) -> Any:
        if method in ("warning", "error", "critical", "exception"):
            surroundings.tell(f"log: {dict(entry)}")
        if entry.get("exc_info"):
            court.findings.append(f"a bug was logged: {dict(entry)}")
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    kept = list(before)
    before[:] = [hear]
    try:
        yield
    finally:
        before[:] = kept


def _why(fault: BaseException) -> list[str]:
    if isinstance(fault, BaseExceptionGroup):
        return [line for inner in fault.exceptions for line in _why(inner)]
    return [f"a node has stopped: {type(fault).__name__}: {fault}"]
