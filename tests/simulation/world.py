"""One simulated world, from its seed to its verdict. The same seed gives the same world, event by event."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import structlog

from alarmd.alarm.lifecycle import Illegal
from alarmd.dispatch import admission, deadlines, follower, outbox, take
from alarmd.store import memory
from tests.simulation.administration import Administration
from tests.simulation.disk import Disk
from tests.simulation.judge import judge
from tests.simulation.judging import Commit, Court
from tests.simulation.made import scenario
from tests.simulation.network import Network
from tests.simulation.node import Life
from tests.simulation.people import People
from tests.simulation.process import Process
from tests.simulation.record import names, record
from tests.simulation.scenario import DATABASE, NODES, Scenario, Trouble, Window
from tests.simulation.surroundings import Outage, Surroundings
from tests.simulation.virtual import SimulatedClock, StuckError, VirtualLoop

LIMITS: tuple[tuple[ModuleType, str, int], ...] = (
    (admission, "GROUP", 3),
    (admission, "SHARE", 1),
    (deadlines, "AT_ONCE", 2),
    (follower, "AT_ONCE", 2),
    (outbox, "AT_ONCE", 3),
    (outbox, "HELD", 4),
    (memory, "ALARMS", 1),
    (memory, "ORGANISATIONS", 1),
    (memory, "ZONES", 1),
)
STOPS = (0.05, 0.5, 3.0, 12.0, 40.0)
"""Seconds for which a node is stopped."""


@dataclass
class Verdict:
    """What a world has shown. No findings: all was well."""

    scenario: Scenario
    findings: list[str]
    story: list[tuple[float, str]]
    names: dict[str, str] = field(default_factory=dict)
    """What the story calls an id."""

    @property
    def seed(self) -> int:
        return self.scenario.seed


def run(seed: int) -> Verdict:
    """Live through the world of this seed and judge it."""
    loop = VirtualLoop()
    surroundings = Surroundings(scenario(seed), loop)
    world = World(surroundings, loop)
    changes = ((take, "decide", world.court.decide), *_limits(surroundings.scenario))
    with _listening(surroundings, world.court), _instead(changes):
        try:
            asyncio.set_event_loop(None)
            try:
                loop.run_until_complete(world.live())
            except (StuckError, BaseExceptionGroup) as fault:
                return Verdict(surroundings.scenario, [*world.court.findings, *_why(fault)], surroundings.story)
            try:
                seen = record(surroundings, world.people, world.past, world.shell, world.court)
            except Illegal as broken:
                return Verdict(surroundings.scenario, [*world.court.findings, f"the log: {broken}"], surroundings.story)
            findings = [*world.court.findings, *judge(seen)]
            return Verdict(surroundings.scenario, findings, surroundings.story, names(seen.tales))
        finally:
            world.close()
            loop.close()


class World:
    """Nodes, disk and people together."""

    def __init__(self, surroundings: Surroundings, loop: VirtualLoop) -> None:
        known = surroundings.scenario
        self.court = Court()
        self.past: list[Life] = []
        self.disk = Disk(self._committed, self._databases_clock if len(known.nodes) > 1 else None)
        self._around = surroundings
        self._network = Network(surroundings)
        self._loop = loop
        self._wrong = dict.fromkeys((*known.nodes, DATABASE), timedelta())
        self._up: dict[str, Life] = {}
        self._outside: list[asyncio.Task[None]] = []
        self._group: asyncio.TaskGroup | None = None
        self._context = copy_context()
        self.shell = Administration(surroundings, self.disk, self.court, lambda: self._clock(known.nodes[0]))
        self.people = People(surroundings, self._network, self._up, self.shell)
        surroundings.spawn = self._spawn
        single = known.nodes[0] if len(known.nodes) == 1 else DATABASE
        for at, whose, step in (*((at, single, step) for at, step in known.clock), *known.walls):
            loop.call_at(at, self._step, whose, step)

    async def live(self) -> None:
        """From the first second to the last."""
        known: Scenario = self._around.scenario
        self.shell.begin()
        async with asyncio.TaskGroup() as group:
            self._group = group
            living = [group.create_task(self._keep(name)) for name in known.nodes]
            for window in known.windows:
                if window.trouble in NODES:
                    self._loop.call_at(window.start, self._strike, window)
            self.people.begin()
            await asyncio.sleep(known.ends_at)
            # Whoever still waits for something is left alone; the nodes end as a process that is killed does.
            for task in self._outside:
                task.cancel()
            for life in self._up.values():
                life.lasted = True
                life.end()
            for task in living:
                task.cancel()

    def close(self) -> None:
        for life in self.past:
            life.database.close()
        self.shell.close()
        self.disk.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._group is not None
        self._outside.append(self._group.create_task(work, context=self._context))

    def _clock(self, node: str) -> SimulatedClock:
        return SimulatedClock(self._loop, self._around.scenario.began, lambda: self._wrong[node])

    async def _keep(self, name: str) -> None:
        """A node is started again whenever it has died."""
        around = self._around
        while around.time < around.scenario.ends_at:
            life = self._begin(name)
            await life.run()
            del self._up[name]
            down = around.scenario.chance.choice([0.1, 2.0, 8.0, 20.0])
            back = min(around.time + down, max(around.time, around.scenario.calm_at))
            around.outages.append(Outage(around.time, back, name, dead=True, released=life.left))
            if not life.left:
                around.outages.append(Outage(around.time, around.time))
            await asyncio.sleep(back - around.time)

    def _begin(self, name: str) -> Life:
        around = self._around
        process = Process(self._loop.again)
        life = Life(
            name,
            len(self.past),
            around,
            self._network,
            self.disk,
            self.court,
            self._clock(name),
            self._announce,
            process,
        )
        process.strikes = lambda: self._fuse_burns_down(life)
        self._light_fuse(life)
        self.past.append(life)
        self._up[name] = life
        around.tell(f"{name} starts")
        return life

    # Death and standstill between any two steps.

    def _light_fuse(self, life: Life) -> None:
        likely = self._around.scenario.likely
        at_a_step = likely["killed"] + likely["stopped"]
        if at_a_step and self._around.troubled:
            life.process.fuse = 1 + int(self._around.scenario.chance.expovariate(at_a_step))

    def _fuse_burns_down(self, life: Life) -> None:
        around, likely = self._around, self._around.scenario.likely
        if not around.troubled or not life.alive or life.process.stopped:
            return
        if around.scenario.chance.random() * (likely["killed"] + likely["stopped"]) < likely["killed"]:
            life.die("killed between two steps")
            return
        life.stop(around.time + around.scenario.chance.choice(STOPS))
        self._light_fuse(life)

    def _strike(self, window: Window) -> None:
        life = self._up.get(window.what)
        if life is not None and window.trouble is Trouble.CRASH:
            life.die("killed")
        elif life is not None and window.trouble is Trouble.LEAVE:
            life.told_to_stop()
        elif life is not None:
            life.stop(window.end)

    def _step(self, whose: str, step: timedelta) -> None:
        self._wrong[whose] += step
        self._around.tell(f"the clock of {whose} steps by {step.total_seconds():.0f} s")

    def _databases_clock(self) -> datetime:
        return self._around.scenario.began + self._wrong[DATABASE] + timedelta(seconds=self._loop.time())

    def _committed(self, position: int) -> None:
        self._around.changes += 1
        self.court.commits.append(Commit(self._around.time, position))

    def _announce(self, node: str, position: int) -> None:
        """The relay: to the others, sooner or later or never."""
        around = self._around
        for name, life in self._up.items():
            if name != node and not around.within(Trouble.RELAY) and life.ready:
                later = (
                    around.scenario.chance.uniform(0.001, 0.4) if Trouble.RELAY in around.scenario.troubles else 0.002
                )
                self._loop.call_later(later, life.follower.hear, position, context=life.process.context())


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


@contextmanager
def _instead(changes: Iterable[tuple[ModuleType, str, object]]) -> Iterator[None]:
    """These hold inside the block."""
    with ExitStack() as before:
        for module, name, value in changes:
            before.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, value)
        yield


def _limits(known: Scenario) -> Iterator[tuple[ModuleType, str, object]]:
    """Where it is crowded, everything that has a limit comes to it with a handful; what is held not where providers
    hang, for then it waits for them.
    """
    for module, name, limit in LIMITS if Trouble.CROWD in known.troubles else ():
        if name != "HELD" or Trouble.HANGS not in known.troubles:
            yield module, name, limit


def _why(fault: BaseException) -> list[str]:
    if isinstance(fault, BaseExceptionGroup):
        return [line for inner in fault.exceptions for line in _why(inner)]
    return [f"a node has stopped: {type(fault).__name__}: {fault}"]
