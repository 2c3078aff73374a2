"""Who is at which console, over a real Redis that dies, hangs and comes back, and between two real nodes."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from alarmd.clock import SystemClock
from alarmd.dispatch import presence
from alarmd.dispatch.presence import Counts, Presence
from alarmd.dispatch.sisters import Sisters
from alarmd.dispatch.supervisor import Supervisor
from alarmd.relay.redis import RedisRelay
from tests.live.test_daemon import until
from tests.support import servers
from tests.support.daemon import OFFICE, Daemon, daemon, sister
from tests.support.presences import guard
from tests.support.servers import HOST, Server

pytestmark = pytest.mark.timeout(180)  # whole processes, and what is forgotten after seconds

WITHIN = 20.0


class Node:
    """One node's presence over the real relay."""

    def __init__(self, name: str, port: int) -> None:
        clock = SystemClock()
        self.sisters = Sisters()
        self.relay = RedisRelay(f"redis://{HOST}:{port}/0", name, clock)
        self.presence = Presence(name, clock, self.sisters, lambda: self.relay.healthy)
        self.clock = clock


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds of waiting are not what is tried here; a silent Redis is still noticed before anybody is forgotten."""
    monkeypatch.setattr(presence, "LOOK", presence.LOOK / 20)
    monkeypatch.setattr(presence, "AGAIN", presence.AGAIN / 10)
    monkeypatch.setattr(presence, "KEPT", presence.KEPT / 10)
    monkeypatch.setattr("alarmd.relay.redis.QUIET", 0.3)
    monkeypatch.setattr("alarmd.relay.redis.ANSWERS_WITHIN", 0.3)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with servers.redis_server(tmp_path) as server:
        yield server


@pytest.fixture
async def nodes(quick: None, redis: Server) -> AsyncIterator[tuple[Node, Node]]:  # noqa: ARG001  # is for what it does
    async with Supervisor() as supervisor:
        both = Node("one", redis.port), Node("two", redis.port)
        for node in both:
            supervisor.forever("relay", node.relay.run(lambda _: None, node.sisters.told))
            supervisor.forever("sisters", node.sisters.run(node.relay))
            supervisor.forever("presence", node.presence.run())
        yield both


async def both(nodes: tuple[Node, Node], counts: Counts) -> None:
    """Until each knows of so many. One console at each answers all the time."""
    async with asyncio.timeout(WITHIN):
        while any(node.presence.counts != counts for node in nodes):
            for node in nodes:
                node.presence.here("a", guard(), armed=True, visible=True)
            await nodes[0].clock.sleep_until(nodes[0].clock.now() + presence.LOOK)


ALL, OWN = Counts(2, 2, complete=True), Counts(1, 1, complete=False)


async def test_a_redis_that_is_killed_leaves_each_node_its_own_and_nobody_is_believed_to_be_gone(
    nodes: tuple[Node, Node], redis: Server
) -> None:
    await both(nodes, ALL)
    await asyncio.to_thread(redis.kill)
    await both(nodes, OWN)
    await asyncio.to_thread(redis.start)
    await both(nodes, ALL)


async def test_a_redis_that_hangs_is_one_that_is_away(nodes: tuple[Node, Node], redis: Server) -> None:
    """What the sister said must not be forgotten before it is known that she cannot be heard."""
    await both(nodes, ALL)
    assert redis.process is not None
    believed: list[Counts] = []
    one = nodes[0].presence
    look = one.look

    def looked() -> None:
        look()
        believed.append(one.counts)

    one.look = looked  # type: ignore[method-assign]  # remembers what was believed
    os.kill(redis.process.pid, signal.SIGSTOP)
    await both(nodes, OWN)
    os.kill(redis.process.pid, signal.SIGCONT)
    await both(nodes, ALL)
    assert Counts(1, 1, complete=True) not in believed


@contextlib.contextmanager
def at_console(node: Daemon, person: str) -> Iterator[ClientConnection]:
    """Somebody who keeps the feed of this node open; `say` it is armed by hand."""
    headers = node.headers("answer", "--person", person)
    with connect(node.url.replace("http", "ws") + "/v1/live", additional_headers=headers, proxy=None) as feed:
        yield feed


def say(feed: ClientConnection, *, armed: bool) -> None:
    feed.send(json.dumps({"type": "here", "armed": armed}))


def consoles(node: Daemon) -> set[tuple[str, str, bool]]:
    body: dict[str, Any] = node.get("/v1/consoles", "admin").json()
    return {(each["person"], each["node"], each["armed"]) for each in body["consoles"]}


def test_two_nodes_know_each_others_consoles(tmp_path: Path, postgres_url: str, redis: Server) -> None:
    settings = {"database_url": postgres_url, "redis_url": f"redis://{HOST}:{redis.port}/0"}
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    with daemon(folders[0], **settings) as a, sister(folders[1], **settings) as b:
        a.start()
        b.start()
        with at_console(a, "ola") as ola, at_console(b, "kari") as kari:
            say(ola, armed=True)
            say(kari, armed=False)
            here, there = ("ola", f"node-{a.port}", True), ("kari", f"node-{b.port}", False)
            until(lambda: consoles(a) == consoles(b) == {here, there})
            counts = b.get("/readyz").json()["consoles"]
            assert (counts["open"], counts["armed"]) == (2, 1)
            assert 'alarmd_consoles{armed="true"} 1.0' in a.get("/metrics").text
        until(lambda: consoles(a) == consoles(b) == set())
        until(lambda: a.get("/readyz").json()["consoles"]["complete"], 30)
        redis.kill()
        until(lambda: not a.get("/readyz").json()["consoles"]["complete"])


def test_where_nodes_can_never_hear_each_other_that_is_said(tmp_path: Path, postgres_url: str) -> None:
    with daemon(tmp_path, database_url=postgres_url) as one:
        one.apply(f"console: {{watched: {{}}}}\n{OFFICE}")
        one.start()
        until(lambda: [each["cause"] for each in one.get("/readyz").json()["faults"]] == ["consoles_unknown"])
        assert not one.get("/readyz").json()["consoles"]["complete"]


def answer_beats(feed: ClientConnection) -> None:
    """What has come until now, each beat answered as a page does."""
    with contextlib.suppress(TimeoutError):
        while True:
            if json.loads(feed.recv(0))["type"] == "beat":
                say(feed, armed=True)


def missing(node: Daemon, state: str = "open") -> list[str]:
    """The alarms that say that nobody is there."""
    alarms = node.get(f"/v1/alarms?state={state}").json()["alarms"]
    return [each["id"] for each in alarms if each["cause"] == "no_armed_console"]


def test_nodes_say_once_that_nobody_is_there_and_end_it_wherever_somebody_comes(
    tmp_path: Path, postgres_url: str, redis: Server
) -> None:
    settings = {"database_url": postgres_url, "redis_url": f"redis://{HOST}:{redis.port}/0"}
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    with daemon(folders[0], **settings) as a, sister(folders[1], **settings) as b:
        a.apply(f"console: {{watched: {{within: 15s}}}}\n{OFFICE}")
        a.start()
        b.start()

        with at_console(b, "ola") as ola:
            say(ola, armed=True)

            def all_known() -> bool:
                answer_beats(ola)
                return all(node.get("/readyz").json()["consoles"]["complete"] for node in (a, b))

            until(all_known, 40)
            assert missing(a) == missing(b) == []
        until(lambda: missing(a), 40)
        until(lambda: all(node.get("/readyz").json()["faults"] for node in (a, b)))
        assert len(missing(a)) == 1
        with at_console(b, "ola") as ola:
            say(ola, armed=True)
            until(lambda: not missing(a))
            assert len(missing(a, "closed")) == 1
            until(lambda: not any(node.get("/readyz").json()["faults"] for node in (a, b)))
        assert "Traceback" not in a.log + b.log
