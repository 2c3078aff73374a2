"""Every way by which a node touches the world: its store, the providers, the lights. At each it may die, wait or be
lied to.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from alarmd.alarm.effects import EndCall, Feedback
from alarmd.app import clocks
from alarmd.errors import NotDurable
from alarmd.ports import Message, Outcome, Reading, Registry
from alarmd.store import tables
from alarmd.store.facade import InlineStore
from tests.simulation.disk import CrashError, Fate
from tests.simulation.scenario import Trouble

if TYPE_CHECKING:
    from tests.simulation.node import Life

T = TypeVar("T")

QUIET = {
    "Deadlines._sweep.<locals>.<lambda>": "SELECT count(*) FROM alarms WHERE due <= {now}",
    "_claim": "SELECT count(*) FROM effects WHERE due_at <= {now} OR claimed_until > 0",
}
"""Questions that a node asks every second, and what must be none for them to be asked in vain. They are answered
without a transaction then, which is most of the world's speed and nothing else.
"""
LOOKS = "Follower._look.<locals>.<lambda>"


class NodesStore:
    """Fulfils `ports.Store`: one writer after the other, with a fate for each."""

    def __init__(self, life: "Life") -> None:
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
        looks = _name(work) == LOOKS
        if not looks or self._head[0] != around.changes or around.within(Trouble.SLOW):
            with around.waiting(life.name):
                await around.disk_turns()
        life.require_alive()
        if around.unreadable():
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
        return not self._life.disk.ask(asks.format(now=_instant(self._life.clock.now())))[0][0]

    def _nothing(self, work: Callable[[Registry], object]) -> object:
        if _name(work) == "_claim":
            return ()
        due = self._life.disk.ask("SELECT min(due) FROM alarms")[0][0]
        return (), None if due is None else tables.moment(due)


@dataclass(frozen=True)
class NodesChannel:
    """Fulfils `ports.Channel`: how this node reaches the provider."""

    life: "Life"
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

    life: "Life"

    async def show(self, alarm: str, feedback: Feedback) -> bool:
        self.life.require_alive()
        behind = self.life.process.behind
        return await self.life.surroundings.show(self.life.name, alarm, feedback, behind=behind)


def _instant(at: datetime) -> int:
    return tables.instant(at)


@dataclass(frozen=True, slots=True)
class ClockedStore(clocks.Clocked):
    """The real one; what it refuses is in the way."""

    life: "Life"

    async def transact(self, work: Callable[[Registry], T]) -> T:
        if not self.known:
            self.life.surroundings.refused(self.life.name, "its clock has not been asked yet", _name(work), None)
        return await clocks.Clocked.transact(self, work)


def _name(work: Callable[..., Any]) -> str:
    """What asks: the function, also where it is given its arguments already."""
    return str(getattr(getattr(work, "func", work), "__qualname__", ""))
