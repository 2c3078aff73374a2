"""What is broken, when, and for how long: all from a seed, so that a bad day can be had again."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from time import time

from tests.chaos.cluster import Cluster, Node
from tests.chaos.history import Fault, History

CALM = 20.0
"""Seconds now and then in which nothing is broken, so that what comes late has no excuse."""
Break = Callable[[Cluster, Node, float], Awaitable[None]]


class Felt(StrEnum):
    """By whom it may be felt, and so for how long what is late is excused."""

    BY_NOBODY = "by nobody"
    """What it carries may be lost, or presses alone come by it, and wait: no step and no telling is later for it."""
    UNTIL_TAKEN_OVER = "until taken over"
    """So many seconds from its beginning, however long it lasts: other nodes are there."""
    AFTERWARDS = "afterwards"
    """As long as it lasts, and so many seconds longer: nobody can do without it."""


@dataclass(frozen=True)
class Kind:
    """A way to break something: `lasts` between so many seconds; what `seconds` are, says `felt`. `forgets`: what the
    broker took in so many seconds before."""

    name: str
    lasts: tuple[float, float]
    felt: Felt
    seconds: float
    do: Break
    forgets: float | None = None

    def fault(self, named: str, start: float, end: float) -> Fault:
        """What the judge is told of it."""
        over = {
            Felt.BY_NOBODY: None,
            Felt.UNTIL_TAKEN_OVER: start + self.seconds,
            Felt.AFTERWARDS: end + self.seconds,
        }[self.felt]
        forgotten = None if self.forgets is None else (start - self.forgets, end)
        return Fault(named, start, over, forgotten)


async def _kill(_: Cluster, node: Node, seconds: float) -> None:
    await node.end(signal.SIGKILL)
    await asyncio.sleep(seconds)
    await node.start()


async def _restart(_: Cluster, node: Node, seconds: float) -> None:
    await node.end(signal.SIGTERM)
    await asyncio.sleep(seconds)
    await node.start()


async def _stop(_: Cluster, node: Node, seconds: float) -> None:
    """The cruel one: it keeps its connections and its locks, and believes when it wakes that no time has passed."""
    node.daemon.pause()
    await asyncio.sleep(seconds)
    node.daemon.resume()


def _line(to: str, how: str) -> Break:
    async def do(_: Cluster, node: Node, seconds: float) -> None:
        getattr(node.lines[to], how)()
        await asyncio.sleep(seconds)
        node.lines[to].mend()

    return do


def _server(name: str, how: signal.Signals) -> Break:
    async def do(cluster: Cluster, _: Node, seconds: float) -> None:
        server = getattr(cluster, name)
        await asyncio.to_thread(server.stop, how)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(server.start)

    return do


def _all_lines(to: str) -> Break:
    async def do(cluster: Cluster, _: Node, seconds: float) -> None:
        for line in cluster.lines(to):
            line.hold()
        await asyncio.sleep(seconds)
        for line in cluster.lines(to):
            line.mend()

    return do


LEASE = 6.0
"""Seconds after which others tell what a node was about to tell that is no more."""
UNWRITTEN = 6.0
"""The broker writes what it has every five seconds (docker/mosquitto/conf.d/), and needs a moment for that."""
KINDS = (
    Kind("a node is killed", (0.1, 6), Felt.UNTIL_TAKEN_OVER, LEASE, _kill),
    Kind("a node is stopped", (1, 20), Felt.UNTIL_TAKEN_OVER, LEASE, _stop),
    Kind("a node is restarted", (0.1, 3), Felt.UNTIL_TAKEN_OVER, LEASE, _restart),
    Kind("a node's line to PostgreSQL is cut", (0.5, 8), Felt.UNTIL_TAKEN_OVER, LEASE, _line("postgres", "cut")),
    Kind("a node's line to PostgreSQL is held up", (0.5, 12), Felt.UNTIL_TAKEN_OVER, LEASE, _line("postgres", "hold")),
    Kind("a node's line to Redis is held up", (1, 8), Felt.BY_NOBODY, 0, _line("redis", "hold")),
    Kind("a node's line to the broker is cut", (0.5, 8), Felt.BY_NOBODY, 0, _line("mqtt", "cut")),
    Kind("a node's line to the broker is held up", (0.5, 12), Felt.BY_NOBODY, 0, _line("mqtt", "hold")),
    Kind("Redis is killed", (1, 8), Felt.BY_NOBODY, 0, _server("redis", signal.SIGKILL)),
    Kind("Redis hangs", (1, 8), Felt.BY_NOBODY, 0, _all_lines("redis")),
    Kind("PostgreSQL is killed", (0.5, 4), Felt.AFTERWARDS, 4, _server("postgres", signal.SIGQUIT)),
    Kind("PostgreSQL is restarted", (0.5, 4), Felt.AFTERWARDS, 4, _server("postgres", signal.SIGINT)),
    Kind("PostgreSQL hangs", (0.5, 8), Felt.AFTERWARDS, 4, _all_lines("postgres")),
    Kind("the broker is restarted", (0.5, 3), Felt.BY_NOBODY, 0, _server("mosquitto", signal.SIGTERM)),
    Kind("the broker is killed", (0.5, 3), Felt.BY_NOBODY, 0, _server("mosquitto", signal.SIGKILL), UNWRITTEN),
)
"""PostgreSQL's SIGQUIT is its "immediate" shutdown: no checkpoint, recovery from its log at the next start, as after a
crash; killing the postmaster alone would leave its children."""


async def weather(
    cluster: Cluster,
    history: History,
    dice: Random,
    until: float,
    say: Callable[[str], None],
    kinds: Sequence[Kind] = KINDS,
) -> None:
    """One thing after the other, each kind in its turn in an order of chance; sometimes a second before the first is
    over. Everything is well again when this returns."""
    deck: list[Kind] = []
    while time() < until:
        deck = deck or dice.sample(kinds, len(kinds))
        at_once = [deck.pop()]
        if dice.random() < 0.2 and deck and _apart(at_once[0], deck[-1]):
            at_once.append(deck.pop())
        nodes = dice.sample(cluster.nodes, len(at_once))
        await asyncio.gather(
            *(
                _break(cluster, history, kind, node, dice.uniform(*kind.lasts), say)
                for kind, node in zip(at_once, nodes, strict=True)
            )
        )
        await asyncio.sleep(dice.uniform(0.5, 8) if dice.random() < 0.7 else CALM)


def _apart(one: Kind, other: Kind) -> bool:
    """Can both be had at once? A server has one process to be ended."""
    return one.name.split()[0] == "a" and other.name.split()[0] == "a"


async def _break(
    cluster: Cluster, history: History, kind: Kind, node: Node, seconds: float, say: Callable[[str], None]
) -> None:
    named = f"{kind.name.replace('a node', node.name)} ({seconds:.1f} s)"
    say(named)
    start = time()
    await kind.do(cluster, node, seconds)
    history.faults.append(kind.fault(named, start, time()))
