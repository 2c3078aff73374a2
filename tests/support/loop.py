"""The real loop (dispatcher, outbox, deadlines, follower, health) over a real store, with virtual time and channels
that do as they are told. `life()` is one life of the daemon; leaving it is a crash.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alarmd.alarm.effects import EndCall, Feedback
from alarmd.alarm.incoming import Incoming
from alarmd.alarm.model import Alarm, AttemptState
from alarmd.clock import new_id
from alarmd.dispatch.deadlines import Deadlines
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.dispatch.outbox import Doors, Outbox
from alarmd.dispatch.supervisor import Supervisor
from alarmd.dispatch.take import Taken, Taker
from alarmd.organisation.model import Organisation
from alarmd.ports import Logged, Message, Outcome, Registry
from alarmd.store import Database, InlineStore, open_database
from tests.support.organisations import office
from tests.support.virtual import VirtualClock

DELIVERED = Outcome(AttemptState.DELIVERED, provider="P1")


@dataclass
class Wire:
    """A channel: remembers whom it told, answers as `answer` says, waits while `hold` is not set."""

    answer: Callable[[Message], Outcome] = lambda _: DELIVERED
    told: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def send(self, message: Message) -> Outcome:
        self.told.append(message.recipient.id)
        if self.hold is not None:
            await self.hold.wait()
        return self.answer(message)

    async def end(self, effect: EndCall) -> bool:
        self.ended.append(effect.provider)
        return True


@dataclass
class Lamp:
    """The lights: remembers what each showed; `on` False is a broker that is away, as it is from `off_after` so many
    messages on."""

    shown: list[tuple[str, str, str | None]] = field(default_factory=list)
    on: bool = True
    off_after: int | None = None

    async def show(self, _alarm: str, feedback: Feedback) -> bool:
        taken = self.on and (self.off_after is None or len(self.shown) < self.off_after)
        if taken:
            self.shown.append((feedback.device, feedback.state, feedback.ref))
        return taken


@dataclass
class Loop:
    """One life."""

    clock: VirtualClock
    dispatcher: Dispatcher
    outbox: Outbox
    follower: Follower
    health: Health
    store: InlineStore
    heard: list[Logged]

    async def submit(self, incoming: Incoming) -> Taken:
        """Through the one door, and on until nothing happens by itself."""
        task = asyncio.ensure_future(self.dispatcher.submit(incoming))
        await self.clock.settle()
        return await task

    async def alarm(self, id: str) -> Alarm:
        found = await self.store.read(lambda r: r.alarm(id))
        assert found is not None
        return found


@dataclass
class World:
    """What outlives the daemon: disk, phones, lamps, time."""

    path: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    wires: dict[str, Wire] = field(default_factory=lambda: {"sms": Wire(), "voice": Wire()})
    lamp: Lamp = field(default_factory=Lamp)

    def apply(self, organisation: Organisation | None = None) -> None:
        with self.database("shell") as database, database.transaction() as unit:
            self._add(unit, organisation or office())

    def _add(self, unit: Registry, organisation: Organisation) -> None:
        unit.add_organisation(organisation, by="test", now=self.clock.now(), why=None)

    def database(self, node: str) -> "ClosingDatabase":
        return ClosingDatabase(open_database(f"sqlite:///{self.path}", node=node, daemon=node != "shell"))

    @asynccontextmanager
    async def life(self, node: str = "one") -> AsyncIterator[Loop]:
        with self.database(node) as database:
            store = InlineStore(database)
            health = Health(self.clock, node)
            taker = Taker(node, new_id, lambda: outbox.has_room)
            follower = Follower(store, self.clock)
            dispatcher = Dispatcher(
                store, self.clock, taker, health.store, health.report, lambda: follower.organisation
            )
            heard: list[Logged] = []
            async with Supervisor() as supervisor:
                doors = Doors(dict(self.wires), self.lamp)
                outbox = Outbox(store, self.clock, dispatcher, doors, node, supervisor.spawn)
                deadlines = Deadlines(store, self.clock, dispatcher)
                dispatcher.listeners += [follower.offer, outbox.offer, deadlines.offer]
                follower.tell.append(heard.extend)
                follower.elsewhere.append(outbox.look)
                await follower.begin()
                for name, work in (
                    ("dispatcher", dispatcher.run()),
                    ("outbox", outbox.run()),
                    ("deadlines", deadlines.run()),
                    ("follower", follower.run()),
                    ("health", health.run(dispatcher)),
                ):
                    supervisor.forever(name, work)
                await self.clock.settle()
                yield Loop(self.clock, dispatcher, outbox, follower, health, store, heard)


class ClosingDatabase:
    """A database that is closed when the block is left."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Database:
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()
