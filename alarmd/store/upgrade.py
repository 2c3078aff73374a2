"""Runs the migrations, inside the caller's transaction: all of them or none. Loaded only where there is something to
migrate.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from alarmd.errors import CannotStart

FOLDER = Path(__file__).with_name("migrations")


def upgrade(connection: Connection, found: str | None, place: str) -> None:
    """From revision `found`, None for an empty database, to the newest. Raises CannotStart for a revision that is not
    known here.
    """
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise CannotStart(
            f"{place} is from a newer alarmd (revision {found});"
            " start that version, or put back the backup made before it ran"
        )
    command.upgrade(config, "head")
