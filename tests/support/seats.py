"""Keepers of the seat that live like connected nodes, on one store that may be away."""

from collections.abc import Callable
from typing import TypeVar

from alarmd.alarm.incoming import Seat, Sitting
from alarmd.dispatch.seat import LOOK, PATIENCE, SeatKeeper, Standing
from alarmd.errors import NotDurable
from alarmd.ports import KnownSignal, Mark, Reading, Registry
from alarmd.store import InlineStore
from tests.support.virtual import VirtualClock

T = TypeVar("T")


class Shared(InlineStore):
    """The database that all nodes share. `away`: it does not answer; `mute`: it does what it is told and does not say
    so; `full`: it can be read alone.
    """

    away = False
    full = False
    mute = False
    one_daemon = False
    writes = 0
    terms = 0

    def draw(self) -> int:
        """Terms in the order in which they were drawn, for reading."""
        self.terms += 1
        return self.terms

    @property
    def alone(self) -> bool:
        return self.one_daemon

    async def transact(self, work: Callable[[Registry], T]) -> T:
        if self.away or self.full:
            raise NotDurable("away")
        self.writes += 1
        done = await super().transact(work)
        if self.mute:
            raise NotDurable("the answer was lost")
        return done

    async def read(self, work: Callable[[Reading], T]) -> T:
        if self.away:
            raise NotDurable("away")
        return await super().read(work)


class Node:
    """A keeper that lives like a connected node: `look` while it stands by, `beat` while it sits."""

    def __init__(self, store: Shared, clock: VirtualClock, name: str, draw: Callable[[], int] | None = None) -> None:
        self.reports: list[tuple[str, str]] = []
        told = self.reports
        self.keeper = SeatKeeper(store, clock, name, lambda *report: told.append(report), draw or store.draw)
        self._clock = clock

    async def look(self, *, gone: int | None = None) -> Sitting | None:
        return await self.keeper.sit(by_broker=True, gone=gone)

    async def wait(self) -> None:
        """Look until silence may be taken for death; not the look that then takes the seat."""
        await self.look()
        for _ in range(round(PATIENCE / LOOK) - 1):
            await self._clock.advance(LOOK.total_seconds())
            assert await self.look() is None
        await self._clock.advance(LOOK.total_seconds())

    async def live(self, seconds: float, *others: "Node") -> Sitting | None:
        """Beat for so long while the others look; who of them sits then."""
        for _ in range(round(seconds / LOOK.total_seconds())):
            assert await self.keeper.beat() is Standing.OURS
            for other in others:
                if found := await other.look():
                    return found
            await self._clock.advance(LOOK.total_seconds())
        return None


async def seat(store: Shared) -> Seat:
    return await store.read(lambda reading: reading.seat())


async def marks(store: Shared) -> list[int]:
    return await store.transact(lambda unit: [packet for packet in range(10) if unit.mark(packet)])


async def marked(store: Shared, *packets: int) -> None:
    def work(unit: Registry) -> None:
        for packet in packets:
            unit.put_mark(packet, Mark(f"arrival-{packet}", b"d", KnownSignal("s", "a", joined=False)))

    await store.transact(work)
