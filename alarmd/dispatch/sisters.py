"""What a node says to its sisters over the relay, and what it hears from them: how long the log is, and small things
that may be lost, such as who has tried a wrong password. Whoever says something never waits for the relay.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import structlog

from alarmd.ports import Committed, Relay

log = structlog.get_logger()

MOST = 1000
"""Words that wait for a relay that is slow; the oldest are given up first."""

Hear = Callable[[dict[str, Any]], None]


class Sisters:
    """One for each node. `offer` is a listener of the dispatcher; of the log only the newest length matters."""

    def __init__(self) -> None:
        self._position = 0
        self._announced = 0
        self._words: deque[str] = deque(maxlen=MOST)
        self._listeners: dict[str, Hear] = {}
        self._wake = asyncio.Event()

    def offer(self, committed: Sequence[Committed]) -> None:
        """What this node has just committed."""
        for one in committed:
            if one.logged:
                self._position = one.logged[-1].position
                self._wake.set()

    def say(self, topic: str, what: dict[str, Any]) -> None:
        """Tell the sisters that listen to this topic; JSON without names that matter to nobody."""
        self._words.append(orjson.dumps([topic, what]).decode())
        self._wake.set()

    def listen(self, topic: str, hear: Hear) -> None:
        """From now on `hear` is called with what sisters say of it."""
        self._listeners[topic] = hear

    def told(self, words: str) -> None:
        """What a sister has said. Of another version she may be: what is not understood is let by."""
        try:
            topic, what = orjson.loads(words)
            hear = self._listeners.get(topic)
            if hear is not None:
                hear(what)
        except (ValueError, TypeError, KeyError) as fault:
            log.debug("not understood", why=str(fault))

    async def run(self, relay: Relay) -> None:
        """For ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._announced != self._position:
                self._announced = self._position
                await relay.publish(self._announced)
            while self._words:
                await relay.say(self._words.popleft())
