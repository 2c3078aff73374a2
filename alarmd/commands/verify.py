"""`alarmd verify`: is the log as it was written? Reads every hash chain from its beginning; writes nothing."""

from alarmd.commands.common import opened
from alarmd.errors import AlarmdError
from alarmd.settings import Settings
from alarmd.store.verify import verify as check


def verify(settings: Settings) -> None:
    """Say how much was read. Raises AlarmdError with a line for each thing that is not as it was written."""
    with opened(settings) as database:
        report = check(database)
    if report.findings:
        raise AlarmdError("\n".join(report.findings))
    print(f"the log is whole: {report.events} events, {report.changes} changes")
