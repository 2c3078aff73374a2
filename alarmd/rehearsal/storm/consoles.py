"""Consoles that look on: each follows the feed of some node, and takes it up again where it was cut off, at another if
need be. What they see is judged in their books. Made by `commands/storm.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from alarmd.alarm.times import moment
from alarmd.errors import CannotStart, Refused
from alarmd.ports import Clock
from alarmd.rehearsal.storm.addresses import Addresses
from alarmd.rehearsal.storm.books import Books, Event
from alarmd.rehearsal.storm.doors import bearer, told, why
from alarmd.rehearsal.storm.sight import Sight

AGAIN_AFTER = timedelta(milliseconds=500)
AT_ONCE = 50
"""So many shake hands side by side: five hundred at once would be a storm of their own."""

Ticks = Callable[[], float]
"""Seconds of a clock that only goes forward, finer than a millisecond."""
News = Callable[[Sequence[Event]], None]


class Consoles:
    """All of them. `news` is told of events that no console had seen before."""

    def __init__(self, books: Books, addresses: Addresses, key: str | None, clock: Clock, ticks: Ticks) -> None:
        self.news: list[News] = []
        self._books = books
        self._addresses = addresses
        self._headers = bearer(key)
        self._clock = clock
        self._ticks = ticks
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._connected: dict[str, ClientConnection] = {}
        self._begun: set[str] = set()
        self._ahead = timedelta(0)

    @property
    def looking(self) -> bool:
        """Does nothing go by unseen any more?"""
        return len(self._begun) == len(self._books.sights)

    @property
    def now(self) -> datetime:
        """The instant of the nodes' clock, as far as it is known from here."""
        return datetime.fromtimestamp(self._clock.now().timestamp(), UTC) + self._ahead

    def cut(self, which: float) -> None:
        """Cut the line of one of them, as a bad network would: `which` is between 0 and 1."""
        lines = list(self._connected.values())
        if lines:
            lines[int(which * len(lines))].transport.abort()

    async def watch(self, sight: Sight, number: int) -> None:
        """For ever, one console. Raises Refused, and CannotStart where no node answers at the beginning."""
        urls = self._addresses.urls
        url, dead = urls[number % len(urls)], set[str]()
        while True:
            try:
                await self._follow(sight, url)
            except InvalidStatus as refused:
                self._judge(refused)
                self._books.tally.fault(f"feed: HTTP {refused.response.status_code}")
            except (OSError, InvalidHandshake, TimeoutError, ConnectionClosed) as fault:
                dead.add(url)
                if sight.name not in self._begun and len(dead) == len(urls):
                    raise CannotStart(f"the feed of {url} does not answer: {told(fault)}") from fault
                self._books.tally.fault(f"feed: {type(fault).__name__}")
            self._addresses.failed(url)
            await self._clock.sleep_until(self._clock.now() + AGAIN_AFTER)
            url = self._addresses.pick()

    async def _follow(self, sight: Sight, url: str) -> None:
        """One connection, to its end."""
        after = "" if sight.position is None else f"?after={sight.position}"
        async with self._hands:
            feed = await connect(
                f"ws{url.removeprefix('http')}/v1/live{after}",
                additional_headers=self._headers,
                compression=None,
                max_size=None,
                ping_interval=None,  # the feed beats by itself, and that is judged
                close_timeout=1,
                proxy=None,
            )
        async with feed:
            sight.opened(self._ticks())
            self._connected[sight.name] = feed
            try:
                async for text in feed:
                    self._take(sight, _read(text))
            finally:
                del self._connected[sight.name]
                sight.closed(self._ticks())

    def _take(self, sight: Sight, frame: dict[str, Any]) -> None:
        if frame.get("type") == "hello":
            self._ahead = moment(frame["time"]) - self._clock.now()
        news = self._books.frame(sight, frame, self._ticks(), self.now)
        if sight.position is not None:
            self._begun.add(sight.name)
        if news:
            for hear in self.news:
                hear(news)

    def _judge(self, refused: InvalidStatus) -> None:
        status = refused.response.status_code
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            body = orjson.loads(refused.response.body or b"{}")
            raise Refused(f"the console's feed is refused: {why(status, body)}; give a key that may read by --read-key")


@lru_cache(64)
def _read(text: str | bytes) -> dict[str, Any]:
    """A node sends everybody the same text; it is read once."""
    frame: dict[str, Any] = orjson.loads(text)
    return frame
