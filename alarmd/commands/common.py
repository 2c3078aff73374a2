"""What several commands need: the database of the settings, for the time of one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from getpass import getuser

from alarmd.alarm.times import asked
from alarmd.channels.registry import CHANNELS, why_not
from alarmd.clock import SystemClock
from alarmd.errors import Malformed, NotFound
from alarmd.organisation.model import Organisation
from alarmd.organisation.sense import NOT_BUILT
from alarmd.ports import Reading
from alarmd.settings import Settings
from alarmd.store import Database, open_database


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database, brought to this version, closed afterwards."""
    database = open_database(settings.database_url, node=settings.node_name)
    try:
        yield database
    finally:
        database.close()


def current(reading: Reading) -> Organisation:
    """The organisation that holds now. Raises NotFound where none was applied yet."""
    version = reading.head().organisation
    if not version:
        raise NotFound("no organisation yet; load one with `alarmd apply FILE`")
    return reading.organisation(version)


def instant(option: str, text: str | None, organisation: Organisation) -> datetime:
    """What an option such as `--at` says, local to the site; now without it. Raises Malformed."""
    if text is None:
        return SystemClock().now()
    try:
        return asked(text, organisation.time_zone)
    except ValueError as fault:
        raise Malformed(f"{option} {text}: {fault}") from None


def not_configured(settings: Settings) -> dict[str, str]:
    """The kinds of contact that are built and lack a setting here, each with the words of `why_not`. A daemon with
    settings of its own may know better.
    """
    faults = {kind: why_not(kind, settings) for kind in CHANNELS if kind not in NOT_BUILT}
    return {kind: why for kind, why in faults.items() if why is not None}


def whoever() -> str:
    """Who changes something from a shell, for the audit log."""
    try:
        return f"shell:{getuser()}"
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "shell"
