import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from alarmd.clock import SystemClock
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import CannotStart
from alarmd.ports import Relay
from alarmd.relay.memory import MemoryRelay
from alarmd.relay.redis import RedisRelay
from tests.support import servers
from tests.support.intake import Bell
from tests.support.servers import HOST, Server


class RingingClock(SystemClock):
    """Rings whenever the relay begins to wait for the next try: its state has just changed."""

    def __init__(self, bell: Bell) -> None:
        super().__init__()
        self._bell = bell

    async def sleep_until(self, when: datetime | None, wake: asyncio.Event | None = None) -> None:
        self._bell.ring()
        await super().sleep_until(when, wake)


class Node:
    def __init__(self, url: str, name: str) -> None:
        self.bell = Bell()
        self.heard: list[int] = []
        self.relay = RedisRelay(url, name, RingingClock(self.bell))

    def hear(self, position: int) -> None:
        self.heard.append(position)
        self.bell.ring()


@contextlib.asynccontextmanager
async def two_nodes(port: int) -> AsyncIterator[tuple[Node, Node]]:
    async with Supervisor() as supervisor:
        nodes = Node(f"redis://{HOST}:{port}/0", "one"), Node(f"redis://{HOST}:{port}/0", "two")
        for node in nodes:
            supervisor.forever("relay", node.relay.run(node.hear))
        yield nodes


async def begun(one: Node, two: Node) -> None:
    await one.bell.until(lambda: one.heard)
    await two.bell.until(lambda: two.heard)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with servers.redis_server(tmp_path) as server:
        yield server


async def test_what_one_says_the_other_hears_and_not_he_himself(redis: Server) -> None:
    async with two_nodes(redis.port) as (one, two):
        await begun(one, two)
        assert (one.heard, two.heard, one.relay.healthy, two.relay.healthy) == ([0], [0], True, True)
        await one.relay.publish(17)
        await two.relay.publish(18)
        await two.bell.until(lambda: two.heard == [0, 17])
        await one.bell.until(lambda: one.heard == [0, 18])


async def test_after_a_restart_everybody_looks_himself(redis: Server) -> None:
    async with two_nodes(redis.port) as (one, two):
        await begun(one, two)
        await asyncio.to_thread(redis.kill)
        await one.bell.until(lambda: not one.relay.healthy)
        await one.relay.publish(3)  # said to nobody, and no fault
        await asyncio.to_thread(redis.start)
        await one.bell.until(lambda: one.heard == [0, 0])
        await two.bell.until(lambda: two.heard == [0, 0])
        await one.relay.publish(4)
        await two.bell.until(lambda: two.heard == [0, 0, 4])


async def test_a_redis_that_only_looks_alive_is_noticed_and_nobody_waits_for_it(redis: Server) -> None:
    async with two_nodes(redis.port) as (one, two):
        await begun(one, two)
        assert redis.process is not None
        os.kill(redis.process.pid, signal.SIGSTOP)
        async with asyncio.timeout(3):
            await one.relay.publish(5)
        await one.bell.until(lambda: not one.relay.healthy)
        os.kill(redis.process.pid, signal.SIGCONT)
        await one.bell.until(lambda: one.relay.healthy)


async def test_a_redis_that_is_away_at_the_start_is_awaited(redis: Server) -> None:
    await asyncio.to_thread(redis.stop)
    async with two_nodes(redis.port) as (one, _):
        await one.relay.publish(1)
        assert not one.relay.healthy
        await asyncio.to_thread(redis.start)
        await one.bell.until(lambda: one.relay.healthy)


async def test_foreign_words_on_the_channel_are_let_by(redis: Server) -> None:
    async with two_nodes(redis.port) as (one, two):
        await begun(one, two)
        for words in (b"", b"7", b"three seven", b"\xff \xff"):
            await two.relay._redis.publish("alarmd:log", words)
        await two.relay.publish(9)
        await one.bell.until(lambda: 9 in one.heard)
        assert one.heard == [0, 7, 9], "a number without a sender is a hint like any other"


def test_a_wrong_url_stops_the_start() -> None:
    with pytest.raises(CannotStart, match="ALARMD_REDIS_URL"):
        RedisRelay("http://example", "one", SystemClock())


async def test_a_node_alone_has_nobody_to_tell() -> None:
    relay: Relay = MemoryRelay()
    await relay.publish(1)
    assert relay.healthy
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await relay.run(lambda _: None)
