"""A disk that fails as disks do, under the real store: SQLite in memory whose driver refuses, lies about or dies in the
middle of what the next transaction asks of it.
"""

import itertools
import sqlite3
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from alarmd.store import open_database
from alarmd.store.backend import LOCK_WAIT
from alarmd.store.database import Database
from alarmd.store.sqlite import Sqlite


class Fate(StrEnum):
    """What the next transaction meets."""

    GOOD = "good"
    REFUSED = "its commit is refused"
    BROKEN = "a statement in it is refused"
    UNKNOWN = "it is committed, and reported as failed"
    CRASH_BEFORE = "the node dies before its commit"
    CRASH_AFTER = "the node dies right after its commit"


class CrashError(BaseException):
    """The process is no more."""


_names = itertools.count()
_tables: list[str] = []


class Disk:
    """One database that outlives its nodes. `committed` is called right after every durable change with the length of
    the log; `clock` is its own, by which nodes go that share it, None for a file.
    """

    def __init__(self, committed: Callable[[int], None], clock: Callable[[], datetime] | None) -> None:
        self.clock = clock
        self.uri = f"file:simulated-{next(_names)}?mode=memory&cache=shared"
        self.committed = committed
        self._keeper = sqlite3.connect(self.uri, uri=True, isolation_level=None)
        self._keeper.executescript(_script())

    def ask(self, sql: str) -> list[Any]:
        """What stands there, past every fault."""
        return self._keeper.execute(sql).fetchall()

    def close(self) -> None:
        self._keeper.close()

    def open(self, node: str, *, shared: bool) -> "NodesDatabase":
        """As `open_database` does for a daemon. `shared`: by several nodes, as PostgreSQL can be."""
        database = NodesDatabase(NodesSqlite(self, shared=shared), node)
        database.prepare()
        return database


class NodesSqlite(Sqlite):
    """The real backend with connections that have a fate."""

    def __init__(self, disk: Disk, *, shared: bool) -> None:
        self.fate = Fate.GOOD
        self.disk = disk
        self.alone = not shared
        self.clock: Any = _Asked(disk.clock) if disk.clock is not None else None
        super().__init__("sqlite://")

    def create(self) -> None:
        """The disk has made it."""

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.disk.uri, uri=True, timeout=LOCK_WAIT, isolation_level=None, check_same_thread=False, factory=_Driver
        )
        assert isinstance(connection, _Driver)
        connection.backend = self
        return connection


class _Asked:
    """What the database shows when it is asked for the time; stands for a statement."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def rows(self, _connection: object, _values: object) -> list[tuple[datetime]]:
        return [(self._clock(),)]


class NodesDatabase(Database):
    """The real core; several nodes may share it."""

    def __init__(self, backend: NodesSqlite, node: str) -> None:
        super().__init__(backend, node, daemon=True)
        self.backend = backend

    @property
    def alone(self) -> bool:
        return self.backend.alone


class _Driver(sqlite3.Connection):
    backend: NodesSqlite

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or _Cursor)

    def commit(self) -> None:
        backend, written = self.backend, self.in_transaction
        fate, backend.fate = backend.fate, Fate.GOOD
        if fate is Fate.CRASH_BEFORE:
            raise CrashError
        if fate is Fate.REFUSED:
            raise sqlite3.OperationalError("database or disk is full")
        super().commit()
        if written:
            backend.disk.committed(self.execute("SELECT position FROM head").fetchone()[0])
        if fate is Fate.CRASH_AFTER:
            raise CrashError
        if fate is Fate.UNKNOWN:
            raise sqlite3.OperationalError("disk I/O error")


class _Cursor(sqlite3.Cursor):
    def executemany(self, sql: str, parameters: Any, /) -> Any:
        connection = self.connection
        assert isinstance(connection, _Driver)
        if connection.backend.fate is Fate.BROKEN:
            connection.backend.fate = Fate.GOOD
            raise sqlite3.OperationalError("disk I/O error")
        return super().executemany(sql, parameters)


def _script() -> str:
    """An empty database with today's tables, made once by the real store and copied for each world."""
    if not _tables:
        database = open_database("sqlite://", node="template")
        with database.reading() as (link, _):
            source = link._connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            _tables.append("\n".join(source.iterdump()))
        database.close()
    return _tables[0]
