"""The store as the loop sees it: the port `Store` over the synchronous core. `ThreadedStore` for the daemon: one thread
writes, two read, the loop never waits for a disk. `InlineStore` for the simulated world, where nothing may happen
beside it.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Generic, TypeVar

from alarmd.ports import Reading, Registry
from alarmd.store.database import Database

T = TypeVar("T")
READERS = 2
PATIENCE = 10.0
"""Seconds for one transaction or question, twice at most: longer, and nobody is there."""
AT_THE_END = 0.5
"""Seconds for what is under way when the store is closed."""


class ThreadedStore:
    """Fulfils `ports.Store`. Close it after the loop's last question and before the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._readers = ThreadPoolExecutor(READERS, "store-reader")
        self._under_way: set[Future[Any]] = set()

    @property
    def alone(self) -> bool:
        return self._database.alone

    async def transact(self, work: Callable[[Registry], T]) -> T:
        return await self._in_time(self._writer, partial(_write, self._database, work))

    async def read(self, work: Callable[[Reading], T]) -> T:
        return await self._in_time(self._readers, partial(_read, self._database, work))

    async def _in_time(self, threads: ThreadPoolExecutor, ask: Callable[[], T]) -> T:
        """A database that has stopped without a word would hold a thread for ever: its line is cut, which comes out as
        NotDurable, and the next transaction looks for one that answers.
        """
        loop = asyncio.get_running_loop()
        asked = _Asked(ask, self._database.cut, loop)
        asked.watch()
        try:
            under_way = threads.submit(asked)
            self._under_way.add(under_way)
            under_way.add_done_callback(self._under_way.discard)
            return await asyncio.wrap_future(under_way)
        finally:
            asked.timer.cancel()

    def close(self) -> None:
        """Wait a moment for what is under way; what a database that says nothing holds then is cut off. The threads
        end.
        """
        if wait(tuple(self._under_way), AT_THE_END).not_done:
            self._database.hang_up()
        self._writer.shutdown()
        self._readers.shutdown()


class _Asked(Generic[T]):
    """A question on its way through a thread; cut off again and again while it takes too long there. Waiting for its
    turn is no fault of its own.
    """

    __slots__ = ("_ask", "_cut", "_loop", "_seen", "_thread", "timer")

    def __init__(self, ask: Callable[[], T], cut: Callable[[int], None], loop: asyncio.AbstractEventLoop) -> None:
        self._ask = ask
        self._cut = cut
        self._loop = loop
        self._thread: int | None = None
        self._seen = False

    def __call__(self) -> T:
        self._thread = threading.get_ident()
        try:
            return self._ask()
        finally:
            self._thread = None

    def watch(self) -> None:
        """From now on."""
        self.timer = self._loop.call_later(PATIENCE, self._overdue)

    def _overdue(self) -> None:
        """It may have begun just now: it is cut off when it is found there twice."""
        if self._thread is not None and self._seen:
            self._cut(self._thread)
        self._seen = self._thread is not None
        self.watch()


class InlineStore:
    """Fulfils `ports.Store` in the caller's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def alone(self) -> bool:
        return self._database.alone

    async def transact(self, work: Callable[[Registry], T]) -> T:
        return _write(self._database, work)

    async def read(self, work: Callable[[Reading], T]) -> T:
        return _read(self._database, work)


def _write(database: Database, work: Callable[[Registry], T]) -> T:
    with database.transaction() as unit:
        return work(unit)


def _read(database: Database, work: Callable[[Reading], T]) -> T:
    with database.snapshot() as reading:
        return work(reading)
