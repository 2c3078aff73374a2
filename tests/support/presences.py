"""Nodes that tell each other who is at which console, in virtual time, over a relay that can be cut."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from alarmd.access.model import Caller
from alarmd.dispatch.presence import Presence
from alarmd.dispatch.sisters import Sisters
from alarmd.dispatch.supervisor import Supervisor
from tests.support.virtual import VirtualClock


def guard(person: str | None = "ola", site: str | None = None) -> Caller:
    return Caller("hash", person or "key", None, person, None, site, ("guard",))


@dataclass
class Wire:
    """Fulfils `ports.Relay` for one node. `healthy` False: it is away, and what is said is lost."""

    others: list[Sisters] = field(default_factory=list)
    healthy: bool = True
    lag = timedelta(0)

    async def publish(self, position: int) -> None:
        """Nobody here follows a log."""

    async def say(self, words: str) -> None:
        for other in self.others if self.healthy else ():
            other.told(words)

    async def run(self, heard: Callable[[int], None], told: Callable[[str], None]) -> None:
        """What others say comes by itself."""


@dataclass
class Node:
    presence: Presence
    sisters: Sisters
    wire: Wire

    def armed(self, line: str = "a", person: str | None = "ola", *, armed: bool = True) -> None:
        self.presence.here(line, guard(person), armed=armed, visible=True)

    @property
    def people(self) -> list[tuple[str, str, bool]]:
        return [(node, each.person, each.armed) for node, each in self.presence.known()]


def node(name: str, clock: VirtualClock) -> Node:
    sisters, wire = Sisters(), Wire()
    return Node(Presence(name, clock, sisters, lambda: wire.healthy), sisters, wire)


@asynccontextmanager
async def running(*nodes: Node) -> AsyncIterator[None]:
    """Each hears the others."""
    async with Supervisor() as supervisor:
        for one in nodes:
            one.wire.others = [other.sisters for other in nodes if other is not one]
            supervisor.forever("sisters", one.sisters.run(one.wire))
            supervisor.forever("presence", one.presence.run())
        yield
