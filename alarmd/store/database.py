"""The store's synchronous core: transactions and snapshots on one database. The command line and the simulated world
use it as it is; the daemon through `facade.ThreadedStore`. Whatever the database does wrong comes out as NotDurable,
the connection is thrown away, and the next transaction makes a new one: nothing need be restarted.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import SQLAlchemyError

from alarmd.errors import CannotStart, NotDurable
from alarmd.store.backend import Backend
from alarmd.store.link import Link
from alarmd.store.memory import Memory
from alarmd.store.prepared import Prepared
from alarmd.store.reading import HEAD, HeadRow, StoredReading
from alarmd.store.registry import StoredRegistry
from alarmd.store.schema import bring_up, fits, revision_of
from alarmd.store.sqlite import Sqlite
from alarmd.store.tables import effects, events, head

FAR_BEHIND = 10_000
"""So many events of others, and it is quicker to forget than to look which alarms they changed."""

_LOCKED_HEAD = Prepared(select(head).with_for_update())
_SINCE = select(events.c.position, events.c.hash, events.c.alarm)


def open_database(url: str, *, node: str, daemon: bool = False, new_generation: bool = False) -> "Database":
    """The database of a URL (`sqlite:///relative/path`, `sqlite:////absolute/path`, `sqlite://` in memory for
    rehearsals, or `postgresql://` as libpq has it), with the tables of this version. `node` must be this process's own
    name among all nodes.

    A daemon keeps a second daemon off an SQLite file, and off its own name on PostgreSQL, takes back the leases of its
    earlier life, and may start while PostgreSQL is away: then `prepared` is false, every transaction raises NotDurable,
    and the first that reaches it makes the tables. `new_generation`: tables may be made that no older alarmd can live
    with, unless a daemon runs.
    Raises CannotStart.
    """
    backend = backend_of(url, node, daemon=daemon)
    database = Database(backend, node, daemon=daemon)
    try:
        backend.create()
        if daemon:
            backend.hold()
        database.prepare(patient=daemon, new_generation=new_generation)
    except BaseException:
        database.close()
        raise
    return database


def backend_of(url: str, node: str, *, daemon: bool) -> Backend:
    """The means of the database that a URL names, nothing opened yet. Raises CannotStart."""
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        return Sqlite(url)
    if scheme in ("postgresql", "postgres"):
        # Its driver is loaded only where it is used: an office with SQLite starts sooner, and smaller.
        backend: Backend = import_module("alarmd.store.postgresql").Postgresql(url, node=node, daemon=daemon)
        return backend
    raise CannotStart(f"ALARMD_DATABASE_URL begins with {scheme!r}; it must begin with sqlite:/// or postgresql://")


class Database:
    """One process's way to the store. Transactions come one after the other, from whichever thread; snapshots beside
    them.
    """

    def __init__(self, backend: Backend, node: str, *, daemon: bool) -> None:
        self.prepared = False
        self._backend = backend
        self._node = node
        self._daemon = daemon
        self._memory = Memory()
        self._one_at_a_time = threading.Lock()
        self._one_prepares = threading.Lock()
        self._writer: Connection | None = None

    @property
    def place(self) -> str:
        """Which database it is, for people; no password."""
        return self._backend.place

    @property
    def alone(self) -> bool:
        """This process is the one daemon that an SQLite file has."""
        return self._daemon and isinstance(self._backend, Sqlite)

    def daemon_runs(self) -> bool:
        """Does a daemon serve this database now? Raises NotDurable when it cannot be asked."""
        try:
            return self._backend.daemon_runs()
        except SQLAlchemyError as error:
            raise NotDurable(self._backend.explain(error)) from error

    @contextmanager
    def transaction(self) -> Iterator[StoredRegistry]:
        """All or nothing, durable when the block is left; what the block raises undoes it. Raises NotDurable."""
        with self._one_at_a_time:
            self._require_prepared()
            try:
                link, row = self._begin()
                unit = StoredRegistry(link, self._memory, row)
                try:
                    yield unit
                    unit.flush()
                    if unit.wrote or link.fault is not None:
                        link.commit()
                except BaseException:
                    self._abandon(link)
                    raise
                self._end(unit)
            finally:
                self._backend.waits_on(None)

    @contextmanager
    def snapshot(self) -> Iterator[StoredReading]:
        """Questions, all within one snapshot. Raises NotDurable."""
        with self.reading() as (link, row):
            yield StoredReading(link, self._memory, row)

    @contextmanager
    def reading(self) -> Iterator[tuple[Link, HeadRow]]:
        """A snapshot in SQL, with the head as it stands in it; for `verify`."""
        self._require_prepared()
        try:
            connection, row = self._look()
        except SQLAlchemyError as error:
            raise NotDurable(self._backend.explain(error)) from error
        link = Link(connection, self._backend)
        try:
            yield link, row
        finally:
            with suppress(
                SQLAlchemyError
            ):  # giving back what has failed can fail; the block's own error is the one to tell
                if link.fault is not None:
                    connection.invalidate()
                connection.close()
            self._backend.waits_on(None)

    def prepare(self, *, patient: bool = False, new_generation: bool = False) -> None:
        """Make or migrate the tables. Raises CannotStart, unless `patient` and the database is merely away."""
        try:
            with self._backend.readers.connect() as connection:
                current = fits(revision_of(connection))
            if self._daemon or not current:
                with self._backend.writer.begin() as connection:
                    if self._daemon:
                        self._backend.take_name(connection, patient=patient)
                    if not current:
                        bring_up(connection, self._backend, new_generation=new_generation)
                    if self._daemon:
                        self._release(connection)
        except SQLAlchemyError as error:
            if patient and self._backend.unreachable(error):
                return
            raise CannotStart(self._backend.explain(error)) from error
        self._backend.settle()
        self.prepared = True

    def cut(self, thread: int) -> None:
        """What this thread waits for does not answer any more: end that, from whichever thread. It gets NotDurable."""
        self._backend.cut(thread)

    def hang_up(self) -> None:
        """Every thread that waits for the database gets NotDurable, and so does whoever asks from now on."""
        self._backend.hang_up()

    def close(self) -> None:
        """Give back every connection and the daemon's lock."""
        with self._one_at_a_time:
            self._drop()
            self._backend.close()

    def _release(self, connection: Connection) -> None:
        """What this node held in an earlier life nobody works on any more; where it is alone, whatever its name was
        then.
        """
        held = update(effects).where(effects.c.claimed_until > 0).values(claimed_until=0)
        connection.execute(held if self._backend.alone else held.where(effects.c.claimed_by == self._node))

    def _require_prepared(self) -> None:
        with self._one_prepares:
            if self.prepared:
                return
            try:
                self.prepare()
            except CannotStart as fault:
                raise NotDurable(str(fault)) from fault

    def _begin(self) -> tuple[Link, HeadRow]:
        """Lock the head. A connection that died while it was idle is replaced: nothing was asked of it yet, so nothing
        is lost.
        """
        self._require_place()
        stale = self._writer is not None
        try:
            connection, row = self._lock_head()
        except SQLAlchemyError as error:
            self._drop()
            if not stale or not self._backend.unreachable(error):
                raise NotDurable(self._backend.explain(error)) from error
            try:
                connection, row = self._lock_head()
            except SQLAlchemyError as again:
                self._drop()
                raise NotDurable(self._backend.explain(again)) from again
        try:
            self._require_place()  # while we waited for the lock it may have been replaced by a backup
        except NotDurable:
            self._drop()
            raise
        link = Link(connection, self._backend)
        self._catch_up(link, row)
        return link, row

    def _require_place(self) -> None:
        gone = self._backend.still_there()
        if gone is not None:
            raise NotDurable(gone)

    def _lock_head(self) -> tuple[Connection, HeadRow]:
        if self._writer is None:
            self._writer = self._backend.writer.connect()
        self._backend.waits_on(self._writer)
        self._writer.begin()
        if self._daemon:
            self._backend.keep_name(self._writer)
        return self._writer, HeadRow(*_LOCKED_HEAD.rows(self._writer, {})[0])

    def _catch_up(self, link: Link, head: HeadRow) -> None:
        """What has been written since, by others or by a commit of our own that seemed to fail, is read again when it
        is needed. The hash tells whether it is still the same log: a database may come back without its last events.
        """
        memory = self._memory
        if (memory.position, memory.hash) == (head.position, head.hash):
            return
        if 0 < memory.position < head.position <= memory.position + FAR_BEHIND:
            try:
                rows = link.rows(_SINCE.where(events.c.position >= memory.position).order_by(events.c.position))
            except NotDurable:
                self._abandon(link)
                raise
            if rows and rows[0].hash == memory.hash:
                memory.moved_on(head.position, head.hash, {row.alarm for row in rows[1:]})
                return
        memory.forget(head.position, head.hash)

    def _look(self) -> tuple[Connection, HeadRow]:
        try:
            return self._first_look()
        except SQLAlchemyError as error:
            if not self._backend.unreachable(error):
                raise
        self._backend.readers.dispose()  # its idle connections had died: nothing was asked of them yet
        return self._first_look()

    def _first_look(self) -> tuple[Connection, HeadRow]:
        connection = self._backend.readers.connect()
        try:
            self._backend.waits_on(connection)
            connection.begin()
            return connection, HeadRow(*HEAD.rows(connection, {})[0])
        except BaseException:
            connection.invalidate()
            connection.close()
            raise

    def _end(self, unit: StoredRegistry) -> None:
        if unit.wrote:
            self._memory.committed(*unit.end(), unit.written.values())
            return
        assert self._writer is not None
        try:
            self._writer.rollback()  # nothing was written: no commit, no sync
        except SQLAlchemyError:
            self._drop()

    def _abandon(self, link: Link) -> None:
        """Undo. After a fault of the database begin again with a new connection; whether it has kept what it should
        have committed is seen then, by the end of the log.
        """
        if link.fault is not None:
            self._drop()
            return
        try:
            assert self._writer is not None
            self._writer.rollback()
        except SQLAlchemyError:
            self._drop()

    def _drop(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(SQLAlchemyError):  # it is thrown away because it does not work
                writer.invalidate()
                writer.close()
