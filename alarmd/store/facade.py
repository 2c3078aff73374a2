"""The store as the loop sees it: the port `Store` over the synchronous core. `ThreadedStore` for the daemon: one thread
writes, two read, the loop never waits for a disk. `InlineStore` for the simulated world, where nothing may happen
beside it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from alarmd.ports import Reading, Registry
from alarmd.store.database import Database

T = TypeVar("T")
READERS = 2


class ThreadedStore:
    """Fulfils `ports.Store`. Close it after the loop's last question and before the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._readers = ThreadPoolExecutor(READERS, "store-reader")

    @property
    def alone(self) -> bool:
        return self._database.alone

    async def transact(self, work: Callable[[Registry], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, _write, self._database, work)

    async def read(self, work: Callable[[Reading], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, _read, self._database, work)

    def close(self) -> None:
        """Wait for what is under way; the threads end."""
        self._writer.shutdown()
        self._readers.shutdown()


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
