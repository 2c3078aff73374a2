"""Speaks to sister nodes over Redis, by publish and subscribe: a hint that the log has grown, never the news itself,
and words that may be lost, such as who has tried a wrong password. The only door of redis; nothing is kept there.
Whatever is lost here costs milliseconds: every node asks the log again anyway.

Nothing is raised to the caller, and nobody waits for a Redis that is away.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from alarmd.ports import Clock
from alarmd.relay.address import open_redis

log = structlog.get_logger()

NEWS, WORDS = "alarmd:log", "alarmd:words"
ANSWERS_WITHIN = 1.0
"""Seconds for a connection, and for each word of an answer."""
QUIET = 2.0
"""Seconds of silence after which Redis is asked whether it is there; as long again, and it is not."""
FIRST_WAIT, LONGEST_WAIT = timedelta(milliseconds=100), timedelta(seconds=5)
ASK_AGAIN = timedelta(seconds=5)
"""How often the sentinels are asked whether we still listen to the master."""


class RedisRelay:
    """Fulfils `ports.Relay`. Raises CannotStart for a URL that is none."""

    def __init__(self, url: str, node: str, clock: Clock) -> None:
        self.lag = timedelta(0)
        self._node = node
        self._clock = clock
        self._healthy = False
        # No retries inside the library: it would subscribe again in silence, and what was said meanwhile would be lost
        # without anybody looking.
        self._redis, self._sentinel = open_redis(
            url,
            socket_timeout=ANSWERS_WITHIN,
            socket_connect_timeout=ANSWERS_WITHIN,
            socket_keepalive=True,
            health_check_interval=0,
            retry=Retry(NoBackoff(), 0),
            client_name=f"alarmd-{node}",
            protocol=2,  # in RESP3 the answer to PING is no message, and the library cannot tell it from one
        )

    @property
    def healthy(self) -> bool:
        return self._healthy

    async def publish(self, position: int) -> None:
        await self._say(NEWS, str(position))

    async def say(self, words: str) -> None:
        await self._say(WORDS, words)

    async def _say(self, channel: str, words: str) -> None:
        if not self._healthy:
            return
        asked = self._clock.now()
        try:
            await self._redis.publish(channel, f"{self._node} {words}")
        except (RedisError, OSError) as fault:
            log.debug("sister nodes not told", why=str(fault))
        self.lag = self._clock.now() - asked

    async def run(self, heard: Callable[[int], None], told: Callable[[str], None]) -> None:
        """Also calls `heard` with 0, "look yourself", whenever it has begun to listen: what was said before is lost."""
        wait, said = FIRST_WAIT, False
        try:
            while True:
                why = await self._listen(heard, told)
                if self._healthy or not said:
                    log.warning("redis is away; nodes hear of each other through the database", why=why)
                wait, said = (FIRST_WAIT if self._healthy else min(wait * 2, LONGEST_WAIT)), True
                self._healthy = False
                await self._clock.sleep_until(self._clock.now() + wait * (0.5 + secrets.randbelow(1000) / 1000))
        finally:
            self._healthy = False
            await self._redis.aclose()
            if self._sentinel is not None:
                await self._sentinel.aclose()

    async def _listen(self, heard: Callable[[int], None], told: Callable[[str], None]) -> str:
        """Until the connection is gone; why it is."""
        try:
            async with self._redis.pubsub() as ears:
                await ears.subscribe(WORDS, NEWS)
                ask_at = self._clock.now() + ASK_AGAIN
                while message := await self._next(ears):
                    if message["type"] == "subscribe" and message["channel"] == NEWS.encode():
                        self._healthy = True
                        log.info("listening to sister nodes")
                        heard(0)
                    elif message["type"] == "message":
                        self._hear(message, heard, told)
                    if self._sentinel is not None and self._clock.now() >= ask_at:
                        ask_at = self._clock.now() + ASK_AGAIN
                        await self._require_master(ears)
        except (RedisError, OSError) as fault:
            return str(fault)
        return f"silent for {2 * QUIET:.0f} s"

    async def _next(self, ears: PubSub) -> dict[str, Any] | None:
        """The next message of any kind; None when Redis does not even answer a PING: a dead line is silent."""
        message: dict[str, Any] | None = await ears.get_message(timeout=QUIET)
        if message is None:
            asked = self._clock.now()
            await ears.ping()
            message = await ears.get_message(timeout=QUIET)
            self.lag = self._clock.now() - asked
        return message

    async def _require_master(self, ears: PubSub) -> None:
        """One that was put down while nobody cut our line goes on talking, to itself. Raises RedisError."""
        pool: Any = self._redis.connection_pool
        line: Any = ears.connection
        host, port = await pool.get_master_address()
        if (host, port) != (line.host, line.port):
            raise RedisError(f"the master is at {host}:{port} now")

    def _hear(self, message: dict[str, Any], heard: Callable[[int], None], told: Callable[[str], None]) -> None:
        text = message["data"].decode("utf-8", "replace")
        if message["channel"] == WORDS.encode():
            node, _, words = text.partition(" ")
            if node != self._node:
                told(words)
            return
        node, _, position = text.rpartition(" ")
        if node != self._node and position.isdecimal():
            heard(int(position))
