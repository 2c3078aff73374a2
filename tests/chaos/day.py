"""One bad day: three nodes, everything that can break, a storm meanwhile, and a verdict. Called by the test, in small,
and by `make chaos`, for as long as one likes.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import time

import aiohttp

from alarmd.store import open_database
from tests.chaos.cluster import Cluster, cluster
from tests.chaos.crowd import Crowd, Keys, provider
from tests.chaos.history import PROMPT, History, judge, read
from tests.chaos.weather import KINDS, Kind, weather
from tests.support.servers import free_port

CALM = 15.0
"""Seconds in which nothing is broken any more and nobody presses, before the judge reads the log."""
AT_ONCE = 200
"""Presses under way at most."""


@dataclass(frozen=True)
class Wish:
    """What kind of day: `seconds` long, `rate` presses a second, all chance from `seed`. `kinds` of what breaks, and
    `prompt`, see History.
    """

    seconds: float
    rate: float
    seed: int
    kinds: Sequence[Kind] = KINDS
    prompt: float = PROMPT


async def day(folder: Path, wish: Wish, say: Callable[[str], None]) -> tuple[History, list[str]]:
    """Live through it; what was seen, and what is wrong with it."""
    dice, history = Random(wish.seed), History(wish.prompt)
    async with provider(history, free_port()) as hook, cluster(folder, hook) as servers:
        keys = await asyncio.to_thread(_keys, servers)
        async with aiohttp.ClientSession(trust_env=False) as http:
            crowd = Crowd(servers, history, keys, Random(wish.seed + 1), http)
            await _live(servers, crowd, history, wish, dice, say)
            crowd.close()
        for node in servers.nodes:
            await asyncio.to_thread(node.daemon.stop)
            node.up = False
        findings = await asyncio.to_thread(_read_log, servers, history)
    return history, [*findings, *judge(history)]


async def _live(
    servers: Cluster, crowd: Crowd, history: History, wish: Wish, dice: Random, say: Callable[[str], None]
) -> None:
    over, until = asyncio.Event(), time() + wish.seconds
    async with asyncio.TaskGroup() as group:
        watching = [
            group.create_task(crowd.watch(f"console {n} at {node.name}", place, over))
            for place, node in enumerate(servers.nodes)
            for n in range(2)
        ]
        answering = group.create_task(crowd.answer(until + CALM / 2))
        breaking = group.create_task(weather(servers, history, dice, until - 10, say, wish.kinds))
        pressing: set[asyncio.Task[None]] = set()
        number = 0
        while time() < until:
            if len(pressing) < AT_ONCE:
                task = group.create_task(crowd.press(number))
                pressing.add(task)
                task.add_done_callback(pressing.discard)
                number += 1
            await asyncio.sleep(dice.expovariate(wish.rate))
        await breaking
        await asyncio.gather(*pressing, answering)
        await asyncio.sleep(CALM)
        history.watched = await asyncio.to_thread(_head, servers)
        say(f"{number} presses, {history.watched} events; the judge reads the log")
        over.set()
        await asyncio.sleep(5)  # a beat wakes every console
        for task in watching:
            task.cancel()


def _keys(servers: Cluster) -> Keys:
    first = servers.nodes[0].daemon
    return {
        "press": first.headers("press"),
        "read": first.headers("read"),
        "ola": first.headers("answer", "--person", "ola"),
        "per": first.headers("answer", "--person", "per"),
    }


def _head(servers: Cluster) -> int:
    database = open_database(servers.database, node="judge")
    try:
        with database.snapshot() as reading:
            return reading.head().position
    finally:
        database.close()


def _read_log(servers: Cluster, history: History) -> list[str]:
    """After every node has ended: the whole log, and what `verify` says of it."""
    database = open_database(servers.database, node="judge")
    try:
        with database.snapshot() as reading:
            logged = reading.events(0, 10_000_000)
    finally:
        database.close()
    history.log = [{**read(one.body), "position": one.position} for one in logged]
    done = servers.nodes[0].daemon.run("verify")
    return [] if done.returncode == 0 else [f"verify: {done.stdout}{done.stderr}"]
