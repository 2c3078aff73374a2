import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio.sentinel import SentinelConnectionPool

from alarmd.clock import SystemClock
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import CannotStart
from alarmd.ports import Relay
from alarmd.relay.address import open_redis
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
        self.told: list[str] = []
        self.relay = RedisRelay(url, name, RingingClock(self.bell))

    def hear(self, position: int) -> None:
        self.heard.append(position)
        self.bell.ring()

    def tell(self, words: str) -> None:
        self.told.append(words)
        self.bell.ring()


@contextlib.asynccontextmanager
async def two_nodes(port: int, url: str = "redis://{host}:{port}/0") -> AsyncIterator[tuple[Node, Node]]:
    async with Supervisor() as supervisor:
        nodes = Node(url.format(host=HOST, port=port), "one"), Node(url.format(host=HOST, port=port), "two")
        for node in nodes:
            supervisor.forever("relay", node.relay.run(node.hear, node.tell))
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


async def test_words_reach_the_other_whole(redis: Server) -> None:
    async with two_nodes(redis.port) as (one, two):
        await begun(one, two)
        await one.relay.say('["pin",{"person":"åse 1"}]')
        await two.relay.say("hei du")
        await two.bell.until(lambda: two.told == ['["pin",{"person":"åse 1"}]'])
        await one.bell.until(lambda: one.told == ["hei du"])
        assert one.heard == two.heard == [0]


async def test_how_long_redis_takes_is_known(redis: Server) -> None:
    async with two_nodes(redis.port) as (one, two):
        await begun(one, two)
        await one.relay.publish(1)
        assert one.relay.lag < timedelta(seconds=0.5)
        assert redis.process is not None
        os.kill(redis.process.pid, signal.SIGSTOP)
        await one.relay.publish(2)
        assert one.relay.lag > timedelta(seconds=0.5)
        os.kill(redis.process.pid, signal.SIGCONT)


async def test_an_emptied_redis_changes_nothing(redis: Server) -> None:
    async with two_nodes(redis.port) as (one, two):
        await begun(one, two)
        await one.relay._redis.flushall()
        assert await one.relay._redis.keys() == [], "nothing is kept there"
        await one.relay.publish(17)
        await two.bell.until(lambda: two.heard == [0, 17])


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[servers.Guarded]:
    with servers.guarded_redis(tmp_path) as made:
        yield made


async def test_a_failover_is_followed_by_the_sentinels_word(guarded: servers.Guarded) -> None:
    url = f"redis+sentinel://{HOST}:{servers.free_port()},{{host}}:{{port}}/alarmd/0"
    async with two_nodes(guarded.sentinel.port, url) as (one, two):
        await begun(one, two)
        await one.relay.publish(17)
        await two.bell.until(lambda: two.heard == [0, 17])
        await asyncio.to_thread(guarded.master.kill)
        await one.bell.until(lambda: one.heard.count(0) == 2, 30)
        await two.bell.until(lambda: two.heard.count(0) == 2, 30)
        await one.relay.publish(18)
        await two.bell.until(lambda: two.heard[-1] == 18)


async def test_a_master_that_was_put_down_and_still_talks_is_left(
    guarded: servers.Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the sentinels no longer reach it and we do."""
    monkeypatch.setattr("alarmd.relay.redis.ASK_AGAIN", timedelta(0))
    async with two_nodes(guarded.sentinel.port, "redis+sentinel://{host}:{port}/alarmd") as (one, two):
        await begun(one, two)
        pool = one.relay._redis.connection_pool
        assert isinstance(pool, SentinelConnectionPool)
        found = pool.sentinel_manager.discover_master

        async def elsewhere(_: str) -> tuple[str, int]:
            monkeypatch.setattr(pool.sentinel_manager, "discover_master", found)
            return HOST, guarded.replica.port

        monkeypatch.setattr(pool.sentinel_manager, "discover_master", elsewhere)
        await two.relay.publish(18)
        await one.bell.until(lambda: one.heard.count(0) == 2)


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


@pytest.mark.parametrize(
    "url",
    [
        "http://example",
        "redis+sentinel://one:26379,two:26379",
        "redis+sentinel://one,/alarmd",
        "redis+sentinel://one:port/alarmd",
        "redis+sentinel://one/alarmd/first",
        "redis+sentinel://one/alarmd?quorum=2",
        "http+sentinel://one/alarmd",
    ],
)
def test_a_wrong_url_stops_the_start(url: str) -> None:
    with pytest.raises(CannotStart, match=r"ALARMD_REDIS_URL: no such address; expected redis://.*redis\+sentinel://"):
        RedisRelay(url, "one", SystemClock())


def test_a_url_of_sentinels_has_names_and_passwords_for_both() -> None:
    url = "rediss+sentinel://alarm:h%40st@one,two:7000/alarmd/3?sentinel_username=s&sentinel_password=p%26w"
    redis, sentinel = open_redis(url, socket_timeout=1)
    assert sentinel is not None
    theirs = [each.connection_pool.connection_kwargs for each in sentinel.sentinels]
    assert [(each["host"], each["port"]) for each in theirs] == [("one", 26379), ("two", 7000)]
    assert {(each["username"], each["password"]) for each in theirs} == {("s", "p&w")}
    ours = redis.connection_pool.connection_kwargs
    assert (ours["username"], ours["password"], ours["db"], ours["socket_timeout"]) == ("alarm", "h@st", 3, 1)
    assert all("ssl" in each.connection_pool.connection_class.__name__.lower() for each in sentinel.sentinels)


async def test_a_node_alone_has_nobody_to_tell() -> None:
    relay: Relay = MemoryRelay()
    await relay.publish(1)
    assert relay.healthy
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await relay.run(lambda _: None, lambda _: None)
