"""PostgreSQL through psycopg 3: several nodes, one order. Every commit waits for the server's disk
(synchronous_commit=on); nobody can hold the head's lock for more than seconds, however he ended.
"""

import hashlib
import os
import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg import conninfo
from sqlalchemy import Connection, Engine, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from alarmd.errors import CannotStart
from alarmd.store.backend import LOCK_WAIT, first_line
from alarmd.store.prepared import Prepared

DAEMON, SHELL = "alarmd node", "alarmd shell"
_SCHEMA_LOCK = 0x616C61726D64
"""`alarmd` in ASCII: the advisory lock under which tables are made."""
_ENDS = "alarmd ends"
_SESSION = {
    "synchronous_commit": "on",
    "timezone": "UTC",
    # A node that was stopped inside a transaction must not hold the lock of all others for long: within 5 s they must
    # have noticed that it is gone and have stored the presses that it had.
    "idle_in_transaction_session_timeout": "2s",
    "lock_timeout": f"{LOCK_WAIT:.0f}s",
    "statement_timeout": "30s",
    # The server, too, knows within seconds that a node's machine has died: until then it keeps the node's name.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}
NAME_WAIT, NAME_TRY = 15, 1
"""Seconds for which a daemon waits for its name: longer than the server needs to forget a machine that has died; and
where presses wait meanwhile."""
_NAMED = "alarmd name"
"""In what is known of a line: it holds the name of its node."""


class Postgresql:
    """A database by libpq's URL, several hosts too. `daemon`: shown in `application_name`, by which shells see that one
    runs.
    """

    alone = False
    clock: Prepared | None = Prepared(select(func.clock_timestamp()))  # now() would be the beginning of the transaction

    def __init__(self, url: str, *, node: str, daemon: bool) -> None:
        try:
            given = conninfo.conninfo_to_dict(url)
        except psycopg.ProgrammingError as fault:
            raise CannotStart(f"ALARMD_DATABASE_URL cannot be read: {fault}") from None
        host, port = given.get("host", "localhost"), given.get("port", 5432)
        self._node = node
        self._name = int.from_bytes(hashlib.sha256(f"{DAEMON} {node}".encode()).digest()[:8], signed=True)
        self.place = f"PostgreSQL {host}, port {port}, database {given.get('dbname')}"
        self._connection_string = _with_defaults(given, f"{DAEMON} {node}" if daemon else SHELL)
        self._lines: dict[int, psycopg.Connection[Any] | None] = {}
        self._open: WeakSet[psycopg.Connection[Any]] = WeakSet()
        self._connecting = threading.Lock()
        self._hung_up = threading.Event()
        self.writer = self._engine(1)
        self.readers: Engine = self._engine(2).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    def create(self) -> None:
        """A database is made by its administrator; here only its tables are."""

    def settle(self) -> None:
        """The server's word is enough."""

    def still_there(self) -> str | None:
        return None

    def lock_schema(self, connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SCHEMA_LOCK})

    def lock_tables(self, connection: Connection) -> None:
        """Everybody asks the head first, so whoever has it alone cannot meet anybody half-way: no deadlock. Presses
        wait meanwhile, so this does not wait long for whoever reads everything, such as a backup.
        """
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        connection.execute(text("LOCK TABLE head IN ACCESS EXCLUSIVE MODE"))

    def hold(self) -> None:
        """Any number of nodes may; each takes its name."""

    def take_name(self, connection: Connection, *, patient: bool) -> None:
        wait = NAME_WAIT if patient else NAME_TRY
        connection.execute(text(f"SET LOCAL lock_timeout = '{wait}s'"))
        try:
            connection.execute(text("SELECT pg_advisory_lock(:name)"), {"name": self._name})
        except DBAPIError as error:
            if _state(error) != "55P03":
                raise
            raise CannotStart(
                f"another node named {self._node!r} runs on {self.place}; give each its own ALARMD_NODE_NAME"
                f" (the name of a machine that has died is free within {NAME_WAIT} s)"
            ) from None
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT:.0f}s'"))
        connection.info[_NAMED] = True

    def keep_name(self, connection: Connection) -> None:
        if _NAMED in connection.info:
            return
        query = text("SELECT pg_try_advisory_lock(:name)")
        if connection.execute(query, {"name": self._name}).scalar_one():
            connection.info[_NAMED] = True

    def daemon_runs(self) -> bool:
        query = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND starts_with(application_name, :daemon)"
        )
        with self.readers.connect() as connection:
            return bool(connection.execute(query, {"daemon": DAEMON}).scalar_one())

    def explain(self, error: SQLAlchemyError) -> str:
        said = first_line(error)
        if _state(error) == "55P03":
            return f"others held {self.place} for long; is it overloaded, or is a backup being made? ({said})"
        if self.unreachable(error):
            return f"{self.place} cannot be reached or has gone away; alarmd goes on by itself when it is back ({said})"
        return f"{self.place} did not take it; look into the server's log ({said})"

    def unreachable(self, error: SQLAlchemyError) -> bool:
        state = _state(error)
        # Without an SQLSTATE nobody answered; 57P0x: it shuts down, starts up or was told to end us; 53300: it is
        # crowded.
        away = state is None or state.startswith(("08", "57P")) or state == "53300"
        return away and isinstance(error, OperationalError | InterfaceError)

    def waits_on(self, connection: Connection | None) -> None:
        line = None if connection is None else connection.connection.driver_connection
        assert line is None or isinstance(line, psycopg.Connection)
        self._lines[threading.get_ident()] = line

    def cut(self, thread: int) -> None:
        """A server that was frozen keeps its lines open, and the kernel answers for it: TCP itself never gives up."""
        line = self._lines.get(thread)
        if line is not None:
            _shut(line)

    def hang_up(self) -> None:
        with self._connecting:
            self._hung_up.set()
            lines = tuple(self._open)
        for line in lines:
            _shut(line)

    def close(self) -> None:
        self.writer.dispose()
        self.readers.dispose()

    def _engine(self, connections: int) -> Engine:
        return create_engine(
            "postgresql+psycopg://",
            creator=self._connect,  # what SQLAlchemy makes of a URL knows one host
            pool_size=connections,
            max_overflow=2 * connections - 2,
            use_native_hstore=False,  # saves its question for the type at each connect
        )

    def _connect(self) -> psycopg.Connection[Any]:
        if self._hung_up.is_set():
            raise psycopg.OperationalError(_ENDS)
        line = psycopg.connect(self._connection_string)
        with self._connecting:
            if not self._hung_up.is_set():
                self._open.add(line)
                return line
        line.close()
        raise psycopg.OperationalError(_ENDS)


def _shut(line: psycopg.Connection[Any]) -> None:
    """Whoever waits on it, in whichever thread, is told that it has ended."""
    with (
        suppress(psycopg.Error, OSError, ValueError),  # it has been closed meanwhile
        socket.socket(fileno=os.dup(line.fileno())) as same,
    ):
        same.shutdown(socket.SHUT_RDWR)


def _leave_pipeline(pipeline: Any) -> Generator[Any, Any, None]:
    """As psycopg leaves the pipeline of an `executemany`, without the flush that it sends behind its Sync. The server
    starts its clock over an idle transaction at a Sync and stops it at whatever comes next: after that flush it waited
    for ever for a node that had been stopped.
    """
    try:
        pipeline._enqueue_sync()  # noqa: SLF001  # psycopg has no public place for this
        yield from pipeline._communicate_gen()  # noqa: SLF001  # as above
    finally:
        yield from pipeline._fetch_gen(flush=False)  # noqa: SLF001  # as above


psycopg.Pipeline._exit_gen = _leave_pipeline  # type: ignore[assignment,method-assign]  # noqa: SLF001  # as above


def several_hosts(given: Mapping[str, str | int | None]) -> dict[str, str | int | None]:
    """Of several hosts the one that takes writes, never a standby."""
    return {"target_session_attrs": "read-write"} if "," in str(given.get("host", "")) else {}


def _with_defaults(given: Mapping[str, str | int | None], name: str) -> str:
    """What the URL says, and for the rest what makes a dead server known within seconds."""
    options = " ".join(f"-c {key}={value}" for key, value in _SESSION.items())
    defaults: dict[str, str | int | None] = {
        "connect_timeout": 5,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "application_name": name[:63],
    }
    said = {**defaults, **several_hosts(given), **given, "options": f"{given.get('options', '')} {options}".strip()}
    return conninfo.make_conninfo("", **said)


def _state(error: SQLAlchemyError) -> str | None:
    """The server's five letters for what went wrong; None when it said nothing."""
    state: str | None = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return state
