"""Wakes sister nodes over Redis, by publish and subscribe: a hint that the log has grown, never the news itself. The
only door of redis. Whatever is lost here costs milliseconds: every node asks the log again anyway.

Nothing is raised to the caller, and nobody waits for a Redis that is away.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from alarmd.errors import CannotStart
from alarmd.ports import Clock

log = structlog.get_logger()

CHANNEL = "alarmd:log"
ANSWERS_WITHIN = 1.0
"""Seconds for a connection, and for each word of an answer."""
QUIET = 2.0
"""Seconds of silence after which Redis is asked whether it is there; as long again, and it is not."""
FIRST_WAIT, LONGEST_WAIT = timedelta(milliseconds=100), timedelta(seconds=5)


class RedisRelay:
    """Fulfils `ports.Relay`. Raises CannotStart for a URL that is none."""

    def __init__(self, url: str, node: str, clock: Clock) -> None:
        self._node = node
        self._clock = clock
        self._healthy = False
        try:
            # No retries inside the library: it would subscribe again in silence, and what was said meanwhile would be
            # lost without anybody looking.
            self._redis = Redis.from_url(
                url,
                socket_timeout=ANSWERS_WITHIN,
                socket_connect_timeout=ANSWERS_WITHIN,
                socket_keepalive=True,
                health_check_interval=0,
                retry=Retry(NoBackoff(), 0),
                client_name=f"alarmd-{node}",
                protocol=2,  # in RESP3 the answer to PING is no message, and the library cannot tell it from one
            )
        except ValueError as fault:
            raise CannotStart(
                "ALARMD_REDIS_URL: no such address; expected redis://[USER:PASSWORD@]HOST[:PORT][/DB] or rediss://..."
            ) from fault

    @property
    def healthy(self) -> bool:
        return self._healthy

    async def publish(self, position: int) -> None:
        if not self._healthy:
            return
        try:
            await self._redis.publish(CHANNEL, f"{self._node} {position}")
        except (RedisError, OSError) as fault:
            log.debug("sister nodes not told", why=str(fault))

    async def run(self, heard: Callable[[int], None]) -> None:
        """Also calls `heard` with 0, "look yourself", whenever it has begun to listen: what was said before is lost."""
        wait, said = FIRST_WAIT, False
        try:
            while True:
                why = await self._listen(heard)
                if self._healthy or not said:
                    log.warning("redis is away; nodes hear of each other through the database", why=why)
                wait, said = (FIRST_WAIT if self._healthy else min(wait * 2, LONGEST_WAIT)), True
                self._healthy = False
                await self._clock.sleep_until(self._clock.now() + wait * (0.5 + secrets.randbelow(1000) / 1000))
        finally:
            self._healthy = False
            await self._redis.aclose()

    async def _listen(self, heard: Callable[[int], None]) -> str:
        """Until the connection is gone; why it is."""
        try:
            async with self._redis.pubsub() as ears:
                await ears.subscribe(CHANNEL)
                while message := await self._next(ears):
                    if message["type"] == "subscribe":
                        self._healthy = True
                        log.info("listening to sister nodes")
                        heard(0)
                    elif message["type"] == "message":
                        self._hear(message["data"], heard)
        except (RedisError, OSError) as fault:
            return str(fault)
        return f"silent for {2 * QUIET:.0f} s"

    async def _next(self, ears: PubSub) -> dict[str, Any] | None:
        """The next message of any kind; None when Redis does not even answer a PING: a dead line is silent."""
        message: dict[str, Any] | None = await ears.get_message(timeout=QUIET)
        if message is None:
            await ears.ping()
            message = await ears.get_message(timeout=QUIET)
        return message

    def _hear(self, words: bytes, heard: Callable[[int], None]) -> None:
        node, _, position = words.decode("utf-8", "replace").rpartition(" ")
        if node != self._node and position.isdecimal():
            heard(int(position))
