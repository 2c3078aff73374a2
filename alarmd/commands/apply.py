"""`alarmd apply FILE`, `alarmd export`: the organisation goes in whole or not at all, and comes out as it went in."""

import sys
from pathlib import Path

from alarmd.clock import SystemClock
from alarmd.commands.common import current, opened, whoever
from alarmd.commands.public_holidays import look_up
from alarmd.errors import AlarmdError, Malformed
from alarmd.escalation.readiness import Severity, readiness
from alarmd.organisation.difference import difference
from alarmd.organisation.file import Parsed, parse
from alarmd.organisation.file import export as to_text
from alarmd.settings import Settings


def apply(settings: Settings, file: Path, *, dry_run: bool, accept: str | None) -> None:
    """Show what changes and store it. Raises FaultyFile with a line for each fault; refuses a chain that can reach
    nobody unless a reason is given.
    """
    parsed = read(file)
    organisation, now = parsed.organisation, SystemClock().now()
    findings = readiness(organisation, now)
    for finding in findings:
        mark = "" if finding.severity is Severity.BLOCKS else "warning: "
        print(f"{mark}{parsed.told(finding.path, finding.words)}", file=sys.stderr)
    if any(f.severity is Severity.BLOCKS for f in findings) and not accept:
        raise Malformed(
            "refused: somebody who presses there would reach nobody; mend it, or say why with --accept REASON"
        )
    with opened(settings) as database, database.transaction() as unit:
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
