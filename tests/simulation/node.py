"""One life of a node: the real dispatcher, outbox, deadlines, follower, health, clock watch and drain over the real
store, put together as the daemon does it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

from uvicorn import Server

from alarmd.app import clocks
from alarmd.app.desks import House
from alarmd.app.drain import Drain
from alarmd.console.feed import Hub
from alarmd.dispatch.deadlines import Deadlines
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.dispatch.outbox import Doors, Outbox
from alarmd.dispatch.supervisor import Supervisor
from alarmd.dispatch.take import Taken
from alarmd.errors import CannotStart, NotDurable
from alarmd.ports import Channel, Committed, Head, Logged
from tests.simulation.disk import CrashError, Disk, Fate, NodesDatabase
from tests.simulation.doors import ClockedStore, NodesChannel, NodesLights, NodesStore
from tests.simulation.judging import Court
from tests.simulation.network import Network
from tests.simulation.offices import CHANNELS
from tests.simulation.process import Process
from tests.simulation.surroundings import Outage, Surroundings
from tests.simulation.virtual import SimulatedClock


@dataclass
class Life:
    """From a start to a crash, or to the end of the world."""

    name: str
    number: int
    surroundings: Surroundings
    network: Network
    disk: Disk
    court: Court
    clock: SimulatedClock
    announce: Callable[[str, int], None]
    process: Process
    requests: "set[asyncio.Task[Taken]]" = field(default_factory=set)
    """What was asked of it, until whoever has asked has heard the answer."""

    left: bool = False
    """It was told to stop, and has handed over what it held."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    ready: bool = False
    heard: list[int] = field(default_factory=list)
    versions: list[tuple[float, Head]] = field(default_factory=list)
    began_at: int | None = None
    lasted: bool = False
    ended_at: float | None = None
    told_at: float | None = None
    closed_at: float = 0.0
    _standstill: Outage | None = None
    dispatcher: Dispatcher = field(init=False)
    outbox: Outbox = field(init=False)
    follower: Follower = field(init=False)
    database: NodesDatabase = field(init=False)
    drain: Drain = field(init=False)

    @property
    def alive(self) -> bool:
        return not self.over.is_set()

    def require_alive(self) -> None:
        """A dead process does nothing more, whatever its tasks would like."""
        if not self.alive:
            raise asyncio.CancelledError

    def die(self, how: str) -> None:
        """At once; its tasks are swept up by `run`."""
        if self.alive:
            self.surroundings.tell(f"{self.name}: CRASH, {how}")
            self.end()

    def end(self) -> None:
        """Nothing of it is left; where it was stopped, that is over."""
        around = self.surroundings
        if self._standstill is not None and self._standstill.end > around.time:
            around.outages.remove(self._standstill)
            around.outages.append(replace(self._standstill, end=around.time))
        self.ended_at = around.time
        self.over.set()
        self.process.go_on()

    def stop(self, until: float) -> None:
        """SIGSTOP, and SIGCONT then."""
        around = self.surroundings
        if not self.alive or self.process.stopped:
            return
        until = min(until, max(around.time, around.scenario.calm_at))
        around.tell(f"{self.name} is STOPPED until {until:.3f}")
        self._standstill = Outage(around.time, until, self.name)
        around.outages.append(self._standstill)
        self.process.stop()
        around.loop.call_at(until, self._go_on)

    def _go_on(self) -> None:
        if self.process.stopped:
            self.surroundings.tell(f"{self.name} goes on")
            self.process.go_on()

    def told_to_stop(self) -> None:
        """SIGTERM."""
        if self.ready and self.alive:
            self.surroundings.tell(f"{self.name} is told to stop")
            self.told_at = self.surroundings.time
            self.surroundings.loop.call_soon(self.drain.told, context=self.process.context())

    async def run(self) -> None:
        """Until it dies. Raises what stops a daemon that should have gone on."""
        self.database = self.disk.open(self.name, shared=len(self.surroundings.scenario.nodes) > 1)
        try:
            async with asyncio.TaskGroup() as group:
                body = group.create_task(self._body(), context=self.process.context())
                await self.over.wait()
                body.cancel()
        except* CannotStart as fault:
            self.die(f"begins anew: {fault.exceptions}")
        finally:
            for request in self.requests:
                request.cancel()
            await asyncio.gather(*self.requests, return_exceptions=True)
            if self.left:
                self._let_go()
            self.database.close()

    def _let_go(self) -> None:
        """The last thing that a daemon does."""
        fate = self.database.backend.fate = self.surroundings.fate()
        try:
            with self.database.transaction() as unit:
                unit.give_back(self.name)
        except (CrashError, NotDurable):
            self.left = False
            self.surroundings.tell(f"{self.name} could not give back what it held: {fate.value}")
        finally:
            self.database.backend.fate = Fate.GOOD

    async def _body(self) -> None:
        """As `app/daemon.py` puts a node together."""
        store = ClockedStore(NodesStore(self), self.clock, self)
        if self.database.alone or not self.surroundings.unreadable():
            clocks.begin(self.database, self.clock)
        async with Supervisor() as supervisor:
            house = self._house(store, supervisor)
            deadlines = Deadlines(store, self.clock, self.dispatcher)
            self.dispatcher.listeners += [self.follower.offer, self.outbox.offer, deadlines.offer, self._announce]
            self.follower.elsewhere.append(self.outbox.look)
            with contextlib.suppress(NotDurable):
                await self.follower.begin()
            parts: tuple[tuple[str, Coroutine[Any, Any, None]], ...] = (
                ("dispatcher", self.dispatcher.run()),
                ("follower", self.follower.run()),
                ("outbox", self.outbox.run()),
                ("deadlines", deadlines.run()),
                ("health", house.health.run(self.dispatcher)),
                ("clock watch", clocks.watch(self.clock, store, house.health)),
            )
            for name, work in parts:
                supervisor.forever(name, work)
            self.drain = Drain(
                house,
                cast(Hub, SimpleNamespace(close=self._closes)),
                supervisor,
                cast(Server, SimpleNamespace()),
                lambda: None,
            )
            self.ready = True
            await self.drain.ended()
            if self.alive:
                around = self.surroundings
                around.tell(f"{self.name} ends, as it was told")
                around.outages.append(Outage(self.closed_at, around.time, self.name, released=True))
                self.left = True
                self.end()

    def _house(self, store: ClockedStore, supervisor: Supervisor) -> House:
        health = Health(self.clock, self.name)
        self.follower = Follower(store, self.clock)
        taker = self.court.taker(self.name, lambda: self.outbox.has_room)
        self.dispatcher = Dispatcher(
            store, self.clock, taker, health.store, health.report, lambda: self.follower.organisation
        )
        channels: dict[str, Channel] = {kind: NodesChannel(self, kind) for kind in CHANNELS}
        doors = Doors(channels, NodesLights(self))
        self.outbox = Outbox(store, self.clock, self.dispatcher, doors, self.name, supervisor.spawn)
        self.follower.began.append(self._begins)
        self.follower.tell.append(self._hear)
        self.follower.changed.append(self._learn)
        return House(self.name, store, self.clock, self.dispatcher, self.outbox, self.follower, health)

    def _closes(self) -> None:
        """From now on it begins nothing; consoles, too, are elsewhere."""
        self.closed_at = self.surroundings.time

    def _begins(self, head: Head) -> None:
        self.began_at = head.position

    def _hear(self, logged: Sequence[Logged]) -> None:
        if self.alive:
            self.heard += [one.position for one in logged]

    def _learn(self, head: Head) -> None:
        if self.alive:
            self.versions.append((self.surroundings.time, head))

    def _announce(self, committed: Sequence[Committed]) -> None:
        for one in committed:
            if one.logged and self.alive:
                self.announce(self.name, one.logged[-1].position)
