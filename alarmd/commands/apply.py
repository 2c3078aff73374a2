"""`alarmd apply FILE`, `alarmd export`: the organisation goes in whole or not at all, and comes out as it went in."""

import sys
from datetime import datetime
from pathlib import Path

from alarmd.clock import SystemClock
from alarmd.commands.calendars import Read, with_calendars
from alarmd.commands.common import current, opened, whoever
from alarmd.commands.public_holidays import look_up
from alarmd.errors import AlarmdError, Malformed
from alarmd.escalation.readiness import Severity, readiness
from alarmd.organisation.difference import difference
from alarmd.organisation.file import Parsed, parse
from alarmd.organisation.file import export as to_text
from alarmd.organisation.model import Organisation
from alarmd.ports import Registry
from alarmd.settings import Settings

MOST_UNCLEAR = 20
"""So many events of calendars are told one by one; how many there are is told anyway."""


def apply(settings: Settings, file: Path, *, dry_run: bool, accept: str | None) -> None:
    """Show what changes and store it. Raises FaultyFile with a line for each fault; refuses a chain that can reach
    nobody or that nobody can answer, and a calendar of which nothing is known, unless a reason is given.
    """
    parsed, now = read(file), SystemClock().now()
    with opened(settings) as database:
        with database.snapshot() as reading:
            version = reading.head().organisation
            held = reading.organisation(version) if version else None
        found = with_calendars(parsed.organisation, held, file.parent, now)
        _judge(found, parsed, now, accept)
        with database.transaction() as unit:
            _store(unit, found.organisation, now, dry_run=dry_run, accept=accept)


def _judge(found: Read, parsed: Parsed, now: datetime, accept: str | None) -> None:
    """Tell what is lacking. Raises Malformed where that needs a reason and has none."""
    findings = readiness(found.organisation, now)
    blocking = [(each.path, each.words) for each in findings if each.severity is Severity.BLOCKS]
    warning = [(each.path, each.words) for each in findings if each.severity is not Severity.BLOCKS]
    for path, words in (*found.faults, *blocking):
        print(parsed.told(path, words), file=sys.stderr)
    for path, words in (*found.warnings, *found.unclear[:MOST_UNCLEAR], *warning):
        print(f"warning: {parsed.told(path, words)}", file=sys.stderr)
    if blocking and not accept:
        raise Malformed(
            "refused: whoever presses there would reach nobody, or nobody whose answer counts; mend it, or say why with"
            " --accept REASON"
        )
    if found.faults and not accept:
        raise Malformed("refused: nobody would know of these duties; mend it, or say why with --accept REASON")


def _store(unit: Registry, organisation: Organisation, now: datetime, *, dry_run: bool, accept: str | None) -> None:
    version = unit.head().organisation
    changes = difference(unit.organisation(version) if version else None, organisation)
    for change in changes:
        print(change)
    if not changes:
        print(f"nothing to change: version {version} is the same")
    elif dry_run:
        print(f"not applied: {len(changes)} changes shown")
    else:
        version = unit.add_organisation(organisation, by=whoever(), now=now, why=accept)
        print(f"applied as version {version}: {len(changes)} changes")


def export(settings: Settings) -> None:
    """The organisation that holds now, in the file's format, on stdout."""
    with opened(settings) as database, database.snapshot() as reading:
        sys.stdout.write(to_text(current(reading)))


def read(file: Path) -> Parsed:
    """What the file says; its warnings go to stderr."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as fault:
        raise AlarmdError(f"{file}: cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise AlarmdError(f"{file}: byte {fault.start} is not UTF-8; save the file as UTF-8") from fault
    parsed = parse(text, str(file), look_up(SystemClock().now()))
    for warning in parsed.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return parsed
