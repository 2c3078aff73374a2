"""One life of a node: the real dispatcher, outbox, deadlines, follower and health over the real store. Everything by
which it touches the world goes through here, and each such touch is a place where it may die, wait, or be lied to.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from alarmd.alarm.effects import EndCall, Feedback
from alarmd.dispatch.deadlines import Deadlines
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.dispatch.outbox import Doors, Outbox
from alarmd.dispatch.supervisor import Supervisor
from alarmd.dispatch.take import Taken
from alarmd.errors import NotDurable
from alarmd.ports import Channel, Committed, Head, Logged, Message, Outcome, Reading, Registry
from alarmd.store import tables
from alarmd.store.facade import InlineStore
from tests.simulation.disk import CrashError, Disk, Fate, NodesDatabase
from tests.simulation.judging import Court
from tests.simulation.network import Network
from tests.simulation.offices import CHANNELS
from tests.simulation.process import Process
from tests.simulation.scenario import Trouble
from tests.simulation.surroundings import Outage, Surroundings
from tests.simulation.virtual import SimulatedClock

T = TypeVar("T")

QUIET = {
    "Deadlines._sweep.<locals>.<lambda>": "SELECT count(*) FROM alarms WHERE due <= {now}",
    "Outbox._fetch.<locals>.<lambda>": "SELECT count(*) FROM effects WHERE due_at <= {now} OR claimed_until > 0",
}
"""Questions that a node asks every second, and what must be none for them to be asked in vain. They are answered
without a transaction then, which is most of the world's speed and nothing else.
"""


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

    over: asyncio.Event = field(default_factory=asyncio.Event)
    ready: bool = False
    heard: list[int] = field(default_factory=list)
    versions: list[tuple[float, Head]] = field(default_factory=list)
    began_at: int = 0
    lasted: bool = False
    ended_at: float | None = None
    _standstill: Outage | None = None
    dispatcher: Dispatcher = field(init=False)
    outbox: Outbox = field(init=False)
    follower: Follower = field(init=False)
    database: NodesDatabase = field(init=False)

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

    async def run(self) -> None:
        """Until it dies. Raises what stops a daemon that should have gone on."""
        self.database = self.disk.open(self.name, shared=len(self.surroundings.scenario.nodes) > 1)
        try:
            async with asyncio.TaskGroup() as group:
                body = group.create_task(self._body(), context=self.process.context())
                await self.over.wait()
                body.cancel()
        finally:
            for request in self.requests:
                request.cancel()
            await asyncio.gather(*self.requests, return_exceptions=True)
            self.database.close()

    async def _body(self) -> None:
        store = NodesStore(self)
        with self.database.snapshot() as reading:
            self.clock.catch_up(reading.latest())
        health = Health(self.clock, self.name)
        self.follower = Follower(store, self.clock)
        taker = self.court.taker(self.name, lambda: self.outbox.has_room)
        self.dispatcher = Dispatcher(store, self.clock, taker, health.store, lambda: self.follower.organisation)
        async with Supervisor() as supervisor:
            channels: dict[str, Channel] = {kind: NodesChannel(self, kind) for kind in CHANNELS}
            doors = Doors(channels, NodesLights(self))
            self.outbox = Outbox(store, self.clock, self.dispatcher, doors, self.name, supervisor.spawn)
            deadlines = Deadlines(store, self.clock, self.dispatcher, health.report)
            self.dispatcher.listeners += [self.follower.offer, self.outbox.offer, deadlines.offer, self._announce]
            self.follower.tell.append(self._hear)
            self.follower.elsewhere.append(self.outbox.look)
            self.follower.changed.append(self._learn)
            await self.follower.begin()
            self.began_at = self.follower.head.position
            parts: tuple[tuple[str, Coroutine[Any, Any, None]], ...] = (
                ("dispatcher", self.dispatcher.run()),
                ("follower", self.follower.run()),
                ("outbox", self.outbox.run()),
                ("deadlines", deadlines.run()),
                ("health", health.run(self.dispatcher)),
            )
            for name, work in parts:
                supervisor.forever(name, work)
            self.ready = True
            await asyncio.Event().wait()

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


class NodesStore:
    """Fulfils `ports.Store`: one writer after the other, with a fate for each."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._inner = InlineStore(life.database)
        self._writer = asyncio.Lock()
        self._head: tuple[int, Any] = (-1, None)

    @property
    def alone(self) -> bool:
        return self._inner.alone

    async def transact(self, work: Callable[[Registry], T]) -> T:
        around = self._life.surroundings
        if self._in_vain(work) and not around.within(Trouble.SLOW):
            self._life.require_alive()
            return self._nothing(work)  # type: ignore[return-value]  # what the real questions would give
        with around.waiting(self._life.name):
            async with self._writer:
                await around.disk_turns()
                self._life.require_alive()
                return await self._meet_fate(work)

    async def read(self, work: Callable[[Reading], T]) -> T:
        life, around = self._life, self._life.surroundings
        looks = _name(work) == "Follower._look.<locals>.<lambda>"
        if not looks or self._head[0] != around.changes or around.within(Trouble.SLOW):
            with around.waiting(life.name):
                await around.disk_turns()
        life.require_alive()
        if around.unreadable() and life.ready:
            around.refused(life.name, "a question is refused", _name(work), None)
            raise NotDurable("disk I/O error")
        if not looks:
            return await self._inner.read(work)
        if self._head[0] != around.changes:
            self._head = (around.changes, await self._inner.read(work))
        found: T = self._head[1]
        return found

    async def _meet_fate(self, work: Callable[[Registry], T]) -> T:
        life, around = self._life, self._life.surroundings
        fate = life.database.backend.fate = around.fate()
        life.court.touched.clear()
        try:
            return await self._inner.transact(work)
        except CrashError:
            life.die(fate.value)
            raise asyncio.CancelledError from None
        except NotDurable:
            around.refused(life.name, fate.value, _name(work), frozenset(life.court.touched) or None)
            raise
        finally:
            life.database.backend.fate = Fate.GOOD
            await around.disk_answers()
            life.require_alive()

    def _in_vain(self, work: Callable[[Registry], T]) -> bool:
        asks = QUIET.get(_name(work))
        if asks is None:
            return False
        now = self._life.surroundings.milliseconds(self._life.clock.now())
        return not self._life.disk.ask(asks.format(now=now))[0][0]

    def _nothing(self, work: Callable[[Registry], object]) -> object:
        if _name(work) != "Deadlines._sweep.<locals>.<lambda>":
            return ()
        due = self._life.disk.ask("SELECT min(due) FROM alarms")[0][0]
        return (), None if due is None else tables.moment(due)


@dataclass(frozen=True)
class NodesChannel:
    """Fulfils `ports.Channel`: how this node reaches the provider."""

    life: Life
    kind: str

    async def send(self, message: Message) -> Outcome:
        self.life.require_alive()
        around = self.life.surroundings
        if around.happens(around.scenario.likely["crash"]):
            self.life.die("just before it called a provider")
            raise asyncio.CancelledError
        outcome = await self.life.network.take(self.life.name, self.kind, message, behind=self.life.process.behind)
        self.life.require_alive()
        if around.happens(around.scenario.likely["crash"]):
            self.life.die("just after a provider had answered")
            raise asyncio.CancelledError
        return outcome

    async def end(self, effect: EndCall) -> bool:
        self.life.require_alive()
        return self.life.network.end(self.life.name, effect)


@dataclass(frozen=True)
class NodesLights:
    """Fulfils `ports.Lights`: how this node reaches the broker."""

    life: Life

    async def show(self, alarm: str, feedback: Feedback) -> bool:
        self.life.require_alive()
        return await self.life.surroundings.show(self.life.name, alarm, feedback)


def _name(work: Callable[..., Any]) -> str:
    return getattr(work, "__qualname__", "")
