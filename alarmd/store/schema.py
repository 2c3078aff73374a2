"""Brings a database to this version's tables. An empty one gets them at once; one from an older alarmd is migrated,
which alone loads the migration library.

Old and new nodes serve one database while an installation is upgraded, one node after the other. So within a
generation, the first digit of a revision, migrations only add: what an older node reads and writes stays as it is, and
it goes on with tables that a newer one has made. Across generations nothing is promised: `alarmd upgrade` alone does
that step, while no node runs; a database of a later generation is refused, untouched.
"""

from importlib import import_module

from sqlalchemy import Connection, insert, inspect, text

from alarmd.errors import CannotStart
from alarmd.store.backend import Backend
from alarmd.store.chain import NOTHING
from alarmd.store.tables import head, metadata, seat

REVISION = "0003"
"""The newest of `migrations/versions`; what this page's `metadata` builds."""

VERSION_TABLE = """
    CREATE TABLE alembic_version (
        version_num VARCHAR(32) NOT NULL,
        CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
    )
"""
BEGINNING = {
    "id": 1,
    "position": 0,
    "hash": NOTHING,
    "organisation": 0,
    "access": 0,
    "opened": 0,
    "audit_position": 0,
    "audit_hash": NOTHING,
}
NOBODY = {"id": 1, "holder": "", "term": 0, "beat": 0, "session": 0}


def fits(found: str | None) -> bool:
    """Can this version work with tables of this revision? With its own, and with newer ones of its generation."""
    return found is not None and generation(found) == generation(REVISION) and found >= REVISION


def generation(revision: str) -> str:
    """Revisions with the same one live together."""
    return revision[:1]


def bring_up(connection: Connection, backend: Backend, *, new_generation: bool = False) -> None:
    """In a transaction of the writer: make or migrate the tables. Raises CannotStart for a database that is not ours to
    change.
    """
    backend.lock_schema(connection)
    found = revision_of(connection)
    if found is None:
        _create(connection, backend)
    elif not fits(found):
        if generation(found) < generation(REVISION) and not new_generation:
            raise CannotStart(
                f"{backend.place} is from an alarmd that cannot run beside this one"
                f" (revision {found}, here {REVISION}); make a backup, stop every node, and run `alarmd upgrade`"
            )
        # A dotted name, because loading the library takes longer than everything else at a start that need not migrate.
        upgrade = import_module("alarmd.store.upgrade").upgrade
        backend.lock_tables(connection)
        upgrade(connection, found, backend.place)


def revision_of(connection: Connection) -> str | None:
    """As the database says; None where alarmd has made no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _create(connection: Connection, backend: Backend) -> None:
    strangers = set(inspect(connection).get_table_names()) & set(metadata.tables)
    if strangers:
        names = ", ".join(sorted(strangers))
        raise CannotStart(
            f"{backend.place} holds tables that alarmd did not make ({names}); give alarmd a database of its own"
        )
    metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(head), BEGINNING)
    connection.execute(insert(seat), NOBODY)
    # As the migration library would have left it.
    connection.execute(text(VERSION_TABLE))
    connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": REVISION})
