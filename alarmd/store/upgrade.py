"""Runs the migrations, inside the caller's transaction: all of them or none. Loaded only where there is something to
migrate, or to tell about it.
"""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from alarmd.errors import CannotStart
from alarmd.store.database import backend_of, open_database
from alarmd.store.schema import REVISION, fits, generation, revision_of
from alarmd.store.sqlite import file_of

FOLDER = Path(__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a database is. `found`: its revision, None where there are no tables yet; `steps`: what is to be done, a
    line for each; `alone`: no node may run meanwhile.
    """

    place: str
    found: str | None
    steps: tuple[str, ...]
    alone: bool

    @property
    def newer(self) -> bool:
        """A newer alarmd has made tables with which this one lives."""
        return self.found is not None and self.found > REVISION


def look(url: str) -> Standing:
    """What an upgrade would do; changes nothing. Raises CannotStart."""
    backend = backend_of(url, "shell", daemon=False)
    file = file_of(url) if url.startswith("sqlite:") else None
    try:
        if file is not None and not file.exists():
            return Standing(backend.place, None, (), alone=False)
        with backend.readers.connect() as connection:
            found = revision_of(connection)
        if found is None or fits(found):
            return Standing(backend.place, found, (), alone=False)
        steps = _steps(found, backend.place)
        alone = generation(found) != generation(REVISION)
        if alone and backend.daemon_runs():
            raise CannotStart(f"an alarmd daemon serves {backend.place}; stop every node for this upgrade")
        return Standing(backend.place, found, steps, alone)
    except SQLAlchemyError as error:
        raise CannotStart(backend.explain(error)) from error
    finally:
        backend.close()


def perform(url: str) -> None:
    """Bring a database to this version, whatever it takes. Raises CannotStart, and then nothing has changed."""
    open_database(url, node="shell", new_generation=True).close()


def upgrade(connection: Connection, found: str | None, place: str, to: str = "head") -> None:
    """From revision `found`, None for an empty database, to the newest. Raises CannotStart for a revision that is not
    known here.
    """
    if found is not None:
        _steps(found, place)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def revisions() -> tuple[str, ...]:
    """All that are known here, the oldest first."""
    return tuple(reversed([script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def _steps(found: str, place: str) -> tuple[str, ...]:
    if found not in revisions():
        raise CannotStart(
            f"{place} is from a newer alarmd (revision {found});"
            " start that version, or put back the backup made before it ran"
        )
    later = ScriptDirectory.from_config(_config()).iterate_revisions("head", found)
    return tuple(reversed([f"{script.revision}: {script.doc}" for script in later]))
