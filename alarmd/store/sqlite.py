"""SQLite: one file, one daemon. Every commit is on disk before it returns (WAL, synchronous=FULL); a write transaction
takes the write lock when it begins, so it can neither deadlock nor be refused half-way.
"""

import fcntl
import os
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from alarmd.errors import CannotStart
from alarmd.store.backend import LOCK_WAIT, first_line, sync
from alarmd.store.prepared import Prepared, wrapped

_FLOCK = "hhqqi4x"
"""struct flock of Linux on 64 bits: l_type, l_whence, l_start, l_len, l_pid."""

_ADVICE = (
    ("is full", "the disk that holds {place} is full; free some space, alarmd goes on by itself"),
    ("is locked", "another program holds {place} locked; close it, alarmd goes on by itself"),
    ("readonly", "{place} or its folder may not be written to; give alarmd's user the right to write there"),
    (
        "unable to open",
        "{place} cannot be opened; alarmd's user must be able to read and write the file and its folder",
    ),
    ("not a database", "{place} is no SQLite database; give alarmd a file of its own, or none and it makes one"),
    ("malformed", "{place} is damaged; stop alarmd and put back the last backup"),
    (
        "disk I/O error",
        "the disk that holds {place} failed; look into the system's log, alarmd goes on by itself when it works",
    ),
)


class Sqlite:
    """The database in one file, or, with an empty path, in memory: nothing of that outlives the process; rehearsals use
    it.
    """

    alone = True
    clock: Prepared | None = None

    def __init__(self, url: str) -> None:
        self._file = file_of(url)
        self.place = str(self._file) if self._file else "memory"
        self._identity: tuple[int, int] | None = None
        self._lock: int | None = None
        self._unsynced: list[Path] = []
        self._memory: sqlite3.Connection | None = None
        self.writer = self._engine("BEGIN IMMEDIATE", 1)
        self.readers = self._engine("BEGIN", 2)

    def create(self) -> None:
        if self._file is None:
            self._memory = self._connect()  # it lives as long as one connection does
            return
        try:
            self.make_folder()
            # Phone numbers stand in it: for alarmd's user alone.
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as fault:
            raise CannotStart(
                f"{self.place} cannot be made: {fault.strerror}; give ALARMD_DATABASE_URL another place"
            ) from fault
        self._identity = _identity(self._file)

    def make_folder(self) -> None:
        """Where the file stands, or will. Raises OSError."""
        assert self._file is not None
        folder = self._file.absolute().parent
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        if not self._file.exists():
            self._unsynced = [folder, *(place.parent for place in missing)]

    def settle(self) -> None:
        # SQLite syncs the file; that its folder names it, and new folders are named by theirs, is ours to sync.
        while self._unsynced:
            sync(self._unsynced.pop())

    def still_there(self) -> str | None:
        if self._file is not None and _identity(self._file) != self._identity:
            return (
                f"{self.place} was removed or replaced while alarmd ran; stop alarmd, put the file back and start again"
            )
        return None

    def lock_schema(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE has done it."""

    def lock_tables(self, connection: Connection) -> None:
        """The same."""

    def hold(self) -> None:
        if self._file is None:
            return
        self._lock = os.open(self._lock_file(), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.fcntl(self._lock, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK))
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            raise CannotStart(
                f"another alarmd daemon serves {self.place}; stop it, or give this one a database of its own"
            ) from None

    def take_name(self, connection: Connection, *, patient: bool) -> None:
        """There is one daemon, whatever its name."""

    def keep_name(self, connection: Connection) -> None:
        """The same."""

    def daemon_runs(self) -> bool:
        """Asks about the lock without taking it, so that a daemon that starts this very moment is not turned away."""
        if self._file is None or not self._lock_file().exists():
            return False
        lock = os.open(self._lock_file(), os.O_RDWR)
        try:
            held = struct.unpack(_FLOCK, fcntl.fcntl(lock, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK)))
        finally:
            os.close(lock)
        return bool(held[0] != fcntl.F_UNLCK)

    def explain(self, error: SQLAlchemyError) -> str:
        return told(first_line(error), self.place)

    def unreachable(self, error: SQLAlchemyError) -> bool:  # noqa: ARG002 - part of the protocol; a file is never merely away
        return False

    def waits_on(self, connection: Connection | None) -> None:
        """A file has no line that could be cut."""

    def cut(self, thread: int) -> None:
        """Nobody can help a disk that does not answer."""

    def hang_up(self) -> None:
        """The same: what it has begun to write is waited for."""

    def close(self) -> None:
        self.writer.dispose()
        self.readers.dispose()
        if self._memory is not None:
            self._memory.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _engine(self, begin: str, connections: int) -> Engine:
        engine = create_engine(
            "sqlite+pysqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=2 * connections - 2,
        )
        event.listen(engine, "begin", _beginner(begin))
        return engine

    def _connect(self) -> sqlite3.Connection:
        """Never makes a file: one that has gone away while alarmd ran must be noticed, not replaced by an empty one."""
        where = (
            f"{self._file.absolute().as_uri()}?mode=rw" if self._file else f"file:{id(self)}?mode=memory&cache=shared"
        )
        # isolation_level None: the driver begins nothing by itself, the listeners above do.
        connection = sqlite3.connect(where, uri=True, timeout=LOCK_WAIT, isolation_level=None, check_same_thread=False)
        try:
            if self._file is not None:
                connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _lock_file(self) -> Path:
        return Path(f"{self._file}.lock")


def file_of(url: str) -> Path | None:
    """The file of a URL; None: in memory."""
    name = url.removeprefix("sqlite://").removeprefix("/")
    return Path(name) if name else None


def told(said: str, place: object) -> str:
    """What SQLite said about a file, with what to do."""
    advice = next(
        (text for word, text in _ADVICE if word in said), "{place} did not take it; look into the system's log"
    )
    return f"{advice.format(place=place)} (SQLite: {said})"


def _beginner(begin: str) -> Callable[[Connection], None]:
    def on_begin(connection: Connection) -> None:
        try:
            connection.connection.cursor().execute(begin)
        except sqlite3.Error as error:
            raise wrapped(connection, error, begin) from error

    return on_begin


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _flock(kind: int) -> bytes:
    """The first byte of the file, by the open file description: released when the process ends, however it ends."""
    return struct.pack(_FLOCK, kind, os.SEEK_SET, 0, 1, 0)
