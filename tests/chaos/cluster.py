"""Three nodes on real servers: PostgreSQL, Redis and Mosquitto, each node with lines of its own to each of them."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.line import Line
from tests.support import servers
from tests.support.daemon import Daemon
from tests.support.servers import HOST, Server

NODES = ("north", "south", "west")
DEVICES = tuple(f"desk-{n}" for n in range(24))
PEOPLE = {"ola": "guard", "per": "guard", "eva": "manager"}


@dataclass
class Node:
    """A daemon and its lines, by the name of what they lead to."""

    name: str
    daemon: Daemon
    lines: dict[str, Line]
    up: bool = False

    async def start(self) -> None:
        """Again and again until it runs: the database may be away, the machine busy."""
        await asyncio.to_thread(self.daemon.start)
        self.up = True

    async def end(self, how: signal.Signals) -> None:
        self.up = False
        if how is signal.SIGKILL:
            await asyncio.to_thread(self.daemon.kill)
        else:
            await asyncio.to_thread(self.daemon.stop)


@dataclass
class Cluster:
    """Everything that can be broken."""

    nodes: list[Node]
    postgres: Server
    redis: Server
    mosquitto: Server
    database: str
    """The URL by which the judge reads it, without a line between."""

    def lines(self, to: str) -> list[Line]:
        return [node.lines[to] for node in self.nodes]


@contextlib.asynccontextmanager
async def cluster(folder: Path, hook: str) -> AsyncIterator[Cluster]:
    """Started, with the office that the crowd lives in; `hook` is where people are told."""
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(servers.postgres())
        redis = stack.enter_context(servers.redis_server(_folder(folder, "redis")))
        mosquitto = stack.enter_context(servers.mosquitto(_folder(folder, "mosquitto")))
        database = stack.enter_context(servers.postgres_database(postgres))
        targets = {"postgres": postgres.port, "redis": redis.port, "mqtt": mosquitto.port}
        nodes = [await _node(folder, name, targets, database) for name in NODES]
        try:
            first = nodes[0].daemon
            await asyncio.to_thread(first.apply, _office(hook))
            for node in nodes:
                await node.start()
            yield Cluster(nodes, postgres, redis, mosquitto, database)
        finally:
            for node in nodes:
                await asyncio.to_thread(_end, node)
                for line in node.lines.values():
                    await line.close()


async def _node(folder: Path, name: str, targets: dict[str, int], database: str) -> Node:
    lines = {to: Line(port) for to, port in targets.items()}
    for line in lines.values():
        await line.open()
    settings = {
        "ALARMD_NODE_NAME": name,
        "ALARMD_DATABASE_URL": database.replace(f":{targets['postgres']}/", f":{lines['postgres'].port}/"),
        "ALARMD_REDIS_URL": f"redis://{HOST}:{lines['redis'].port}",
        "ALARMD_MQTT_URL": f"mqtt://{HOST}:{lines['mqtt'].port}",
    }
    return Node(name, Daemon(_folder(folder, name), settings), lines)


def _end(node: Node) -> None:
    if node.up:
        node.daemon.resume()
        node.daemon.kill()


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def _office(hook: str) -> str:
    devices = "\n".join(f"  {device}: {{zone: vik/mottak, kind: panic}}" for device in DEVICES)
    people = "\n".join(
        f"  {id}: {{name: {id.capitalize()} Prøve, roles: [{role}], contact: [{{webhook: {hook}}}]}}"
        for id, role in PEOPLE.items()
    )
    return f"""\
alarmd: 1
name: Nav Prøvevik
time_zone: Europe/Oslo
language: nb
sites: {{vik: {{name: Nav Prøvevik, zones: {{mottak: {{name: Mottak}}}}}}}}
devices:
{devices}
people:
{people}
chains:
  technical:
    for: {{kinds: [technical, test]}}
    steps: [{{after: 0s, notify: [{{role: manager}}], by: [console]}}]
    repeat: {{from: 1, every: 1h}}
  rest:
    for: {{}}
    steps:
      - {{after: 0s, notify: [{{role: guard}}], by: [console, webhook]}}
      - {{after: 3s, notify: [{{role: manager}}], by: [webhook]}}
    repeat: {{from: 2, every: 5s}}
    acknowledge: {{by_roles: [guard, manager], needed: 1, arrive_within: 8s}}
joining: {{same_device: true}}
"""
