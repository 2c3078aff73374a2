"""What the store asks of a database beyond SQL: two engines, a lock for the daemon, and words for its faults.
`sqlite.py` and `postgresql.py` are the two; nothing else in the store knows which one it has.
"""

import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from alarmd.store.prepared import Prepared

LOCK_WAIT = 5.0
"""Seconds a writer waits for another one's transaction."""


class Backend(Protocol):
    """One database. `place` names it in messages, without password."""

    place: str
    alone: bool
    """Can there be one daemon only?"""
    clock: Prepared | None
    """Asks for its own time, with time zone; None: it has none but this machine's."""
    writer: Engine
    """One connection; its transaction locks out every other writer at once, or when it takes the head."""
    readers: Engine
    """A few connections; a transaction on one sees one snapshot."""

    def create(self) -> None:
        """Make an empty database where there can be one and is none. Raises CannotStart."""
        ...

    def settle(self) -> None:
        """After the schema stands: make sure that what was created survives a power cut."""
        ...

    def still_there(self) -> str | None:
        """None, or why what is written now would be lost; asked before each transaction."""
        ...

    def lock_schema(self, connection: Connection) -> None:
        """In a transaction of `writer`: nobody else makes or changes tables until it ends."""
        ...

    def lock_tables(self, connection: Connection) -> None:
        """The same, once there are tables: nobody reads or writes until it ends, and nobody had begun to."""
        ...

    def hold(self) -> None:
        """This process is a daemon on it from now on. Raises CannotStart where there may be one only."""
        ...

    def take_name(self, connection: Connection, *, patient: bool) -> None:
        """This process alone is the daemon of its name, as long as this line of `writer` holds. `patient`: it may wait
        until one that has just died is forgotten. Raises CannotStart.
        """
        ...

    def keep_name(self, connection: Connection) -> None:
        """The same on a line that took another's place, if it can be had at once: a daemon that works goes on."""
        ...

    def daemon_runs(self) -> bool:
        """Does any daemon serve it now?"""
        ...

    def explain(self, error: SQLAlchemyError) -> str:
        """What is wrong, where, and what to do."""
        ...

    def unreachable(self, error: SQLAlchemyError) -> bool:
        """Is it merely away, so that waiting helps?"""
        ...

    def waits_on(self, connection: Connection | None) -> None:
        """From now on this thread waits for answers on this line; None: on none."""
        ...

    def cut(self, thread: int) -> None:
        """Cut the line on which this thread waits."""
        ...

    def hang_up(self) -> None:
        """Cut every line, and make no new one: the process ends."""
        ...

    def close(self) -> None:
        """Give back connections and locks."""
        ...


def first_line(error: SQLAlchemyError) -> str:
    """What the driver said, without SQLAlchemy's additions, which would show statements and values."""
    said = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
    return said.strip().splitlines()[0] if said.strip() else type(error).__name__


def sync(place: Path) -> None:
    """Onto the disk: a file, or which files a folder names."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
