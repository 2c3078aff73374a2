"""`alarmd upgrade [--check]`: bring the database to this version, and say what that is before it is done."""

from alarmd.errors import AlarmdError
from alarmd.settings import Settings
from alarmd.store import upgrade as migrations
from alarmd.store.upgrade import Standing


def upgrade(settings: Settings, *, check: bool) -> None:
    """Raises CannotStart, and with `check` AlarmdError where there is something to do."""
    standing = migrations.look(settings.database_url)
    if check and standing.steps:
        raise AlarmdError("\n".join(_told(standing)))
    for line in _told(standing):
        print(line)
    if not check:
        migrations.perform(settings.database_url)
        if standing.steps or standing.found is None:
            print("done")


def _told(standing: Standing) -> list[str]:
    if standing.found is None:
        return [f"{standing.place} has no tables yet; they are made by `alarmd upgrade`, or by the first command"]
    if standing.newer:
        return [f"{standing.place} is of a newer alarmd (revision {standing.found}), beside which this one can run"]
    if not standing.steps:
        return [f"{standing.place} is up to date (revision {standing.found})"]
    how = "no node may run meanwhile" if standing.alone else "nodes may go on running meanwhile, old and new ones"
    return [f"{standing.place} is at revision {standing.found}; {how}. To be done:", *standing.steps]
