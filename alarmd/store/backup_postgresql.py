"""Backups of PostgreSQL by its own tools: pg_dump writes what one snapshot shows, the same in which everything is
verified; pg_restore turns it into SQL again, which runs in one transaction with the removal of what was there, the
migration, the verification and the line in the audit log. So whatever goes wrong, nothing has happened. A backup of
SQLite is taken too. Called by `backup.py`.

A password never stands on a command line: the tools get it from a file that lives as long as they run.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import psycopg
from psycopg import conninfo, sql
from sqlalchemy import Connection, delete, insert, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from alarmd.errors import AlarmdError
from alarmd.store import backup_sqlite
from alarmd.store.copies import POSTGRESQL, Content, Wish, head, kind_of, made, note, require_whole, survey
from alarmd.store.database import open_database
from alarmd.store.link import Link
from alarmd.store.memory import Memory
from alarmd.store.postgresql import Postgresql, several_hosts
from alarmd.store.registry import StoredRegistry
from alarmd.store.schema import bring_up, fits, revision_of
from alarmd.store.tables import metadata

PACKAGE = "postgresql-client (Debian, Ubuntu), postgresql (Fedora, Red Hat)"
OURS = {*metadata.tables, "alembic_version"}
PATIENTLY = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0"
"""A large database takes longer than a press may."""
AT_ONCE = 2000


def back_up(url: str, target: Path) -> Content:
    """Dump and verify one snapshot. Raises AlarmdError."""
    backend = Postgresql(url, node="", daemon=False)
    dump, read = _tool("pg_dump"), _tool("pg_restore")
    try:
        with made(target) as partial, backend.readers.begin() as connection:
            connection.execute(text(PATIENTLY))
            found = revision_of(connection)
            if found is None:
                raise AlarmdError(f"{backend.place} holds no tables of alarmd; there is nothing to back up")
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            with _without_password(url) as given:
                _run(dump, "--format=custom", f"--snapshot={snapshot}", f"--file={partial}", f"--dbname={given}")
            _run(read, "--file=/dev/null", str(partial))  # every byte of it can be read again
            return survey(Link(connection, backend)) if fits(found) else Content(None)
    except SQLAlchemyError as error:
        raise AlarmdError(backend.explain(error)) from error
    finally:
        backend.close()


def restore(url: str, wish: Wish) -> Content:
    """Put a dump in the place of what the database holds. Raises AlarmdError, and then nothing has changed."""
    kind = kind_of(wish.source)
    backend = Postgresql(url, node="", daemon=False)
    read = _tool("pg_restore") if kind is POSTGRESQL else ""
    try:
        with backend.writer.begin() as connection:
            connection.execute(text(PATIENTLY))
            backend.lock_schema(connection)
            _make_room(connection, backend, wish)
            if kind is POSTGRESQL:
                _fill(connection, read, wish)
            bring_up(connection, backend, new_generation=True)
            if kind is not POSTGRESQL:
                _pour(connection, wish.source)
            link = Link(connection, backend)
            content = survey(link)
            require_whole(content, wish)
            unit = StoredRegistry(link, Memory(), head(link))
            note(unit, content, wish)
            unit.flush()
            _require_no_daemon(backend)
            return content
    except SQLAlchemyError as error:
        raise AlarmdError(f"{backend.explain(error)}; nothing was changed") from error
    finally:
        backend.close()


def _require_no_daemon(backend: Postgresql) -> None:
    if backend.daemon_runs():
        raise AlarmdError(
            f"an alarmd node serves {backend.place}; stop every node, restore, and start them again."
            " Nothing was changed"
        )


def _make_room(connection: Connection, backend: Postgresql, wish: Wish) -> None:
    """Remove our tables, where that is wished for, and nobody else's."""
    _require_no_daemon(backend)
    present = set(inspect(connection).get_table_names())
    if strangers := sorted(present - OURS):
        raise AlarmdError(
            f"{backend.place} holds tables that this alarmd did not make ({', '.join(strangers)});"
            " restore into an empty database, and name that in ALARMD_DATABASE_URL"
        )
    if present and not wish.replace:
        raise AlarmdError(
            f"{backend.place} is not empty; restore into an empty database and name that in ALARMD_DATABASE_URL, or"
            " give up what is there with --replace"
        )
    for table in sorted(present):
        connection.execute(text(f'DROP TABLE "{table}"'))


def _fill(connection: Connection, read: str, wish: Wish) -> None:
    """Run the dump's SQL in the present transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    path = connection.execute(text("SHOW search_path")).scalar_one()
    command = [read, "--no-owner", "--no-privileges", "--file=-", str(wish.source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tool:  # noqa: S603 - our own words
        assert tool.stdout is not None
        assert tool.stderr is not None
        try:
            _run_script(driver, tool.stdout)
        except psycopg.Error as error:
            tool.kill()
            said = str(error).strip().partition("\n")[0]
            raise AlarmdError(f"{wish.source} cannot be restored: {said}. Nothing was changed") from error
        complaint = tool.stderr.read().decode(errors="replace").strip()
    if tool.returncode:
        raise AlarmdError(f"{wish.source} cannot be restored: {complaint}. Nothing was changed")
    driver.execute(sql.SQL("SELECT set_config('search_path', {}, false)").format(path))  # the dump has emptied it
    if revision_of(connection) is None:
        raise AlarmdError(f"{wish.source} holds no database of alarmd; nothing was changed")


def _pour(connection: Connection, source: Path) -> None:
    """Row by row out of an SQLite file, brought to this version: how one machine becomes several nodes."""
    with tempfile.TemporaryDirectory(prefix="alarmd-") as folder:
        scratch = Path(folder) / "alarmd.db"
        backup_sqlite.copy(source, scratch)
        backup_sqlite.revision(scratch)
        url = f"sqlite:///{scratch}"
        with closing(open_database(url, node="", new_generation=True)) as opened, opened.reading() as (link, _):
            for table in metadata.sorted_tables:
                connection.execute(delete(table))
                rows = link.stream(select(table))
                while some := [row._asdict() for row in islice(rows, AT_ONCE)]:
                    connection.execute(insert(table), some)


def _run_script(driver: "psycopg.Connection[object]", script: Iterable[bytes]) -> None:
    """Statements as they stand, rows by COPY. A line that begins with a backslash outside of rows is for psql."""
    lines, waiting = iter(script), bytearray()
    for line in lines:
        if line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
            driver.execute(bytes(waiting))
            waiting.clear()
            with driver.cursor() as cursor, cursor.copy(line) as rows:
                for row in _until_end(lines):
                    rows.write(row)
        elif not line.startswith(b"\\"):
            waiting += line
    driver.execute(bytes(waiting))


def _until_end(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line == b"\\.\n":
            return
        yield line


def _tool(name: str) -> str:
    """Where the program is. Raises AlarmdError that says what to install."""
    found = shutil.which(name)
    if found is None:
        raise AlarmdError(f"{name} is not on this machine; install the client of your server's version: {PACKAGE}")
    return found


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise AlarmdError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")


@contextmanager
def _without_password(url: str) -> Iterator[str]:
    """The connection string for a command line; the password is in a file that it names."""
    given: Mapping[str, str | int | None] = conninfo.conninfo_to_dict(url)
    if "sslpassword" in given:
        raise AlarmdError("ALARMD_DATABASE_URL: sslpassword would stand on a command line; use an sslkey without one")
    password = given.get("password")
    rest = several_hosts(given) | {k: v for k, v in given.items() if k != "password"}
    if password is None:
        yield conninfo.make_conninfo("", **rest)
        return
    with tempfile.NamedTemporaryFile("w", prefix="alarmd-", encoding="utf-8") as passwords:  # for this user alone: 0600
        escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
        passwords.write(f"*:*:*:*:{escaped}\n")
        passwords.flush()
        yield conninfo.make_conninfo("", **rest, passfile=passwords.name)
