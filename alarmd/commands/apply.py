"""`alarmd apply FILE`, `alarmd export`: the organisation goes in whole or not at all, and comes out as it went in."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from alarmd.clock import SystemClock
from alarmd.commands.calendars import Read, with_calendars
from alarmd.commands.common import current, not_configured, opened, whoever
from alarmd.commands.public_holidays import look_up
from alarmd.errors import AlarmdError, Malformed
from alarmd.escalation.readiness import WORKING, Finding, Severity, readiness
from alarmd.organisation.difference import difference
from alarmd.organisation.file import Parsed, parse
from alarmd.organisation.file import export as to_text
from alarmd.organisation.model import Organisation, Recipient
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
        findings = readiness(found.organisation, now)
        _warn_of_lacking(found.organisation, parsed, findings, now, not_configured(settings))
        _judge(found, parsed, findings, accept)
        with database.transaction() as unit:
            _store(unit, found.organisation, now, dry_run=dry_run, accept=accept)


def _judge(found: Read, parsed: Parsed, findings: Sequence[Finding], accept: str | None) -> None:
    """Tell what is lacking. Raises Malformed where that needs a reason and has none."""
    blocking = [(each.path, each.words) for each in _blocking(findings)]
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


def _warn_of_lacking(
    organisation: Organisation,
    parsed: Parsed,
    findings: Sequence[Finding],
    now: datetime,
    lacking: Mapping[str, str],
) -> None:
    """Tell of ways that somebody has and that lack a setting here, and of chains that reach somebody by those alone.
    No reason to refuse: a daemon may run with settings of its own.
    """
    owners: list[Recipient] = [*organisation.people.values(), *organisation.externals.values()]
    used = Counter(contact.kind for owner in owners for contact in owner.contact if contact.kind in lacking)
    for kind, times in used.items():
        print(f"warning: {kind}: {lacking[kind]}; nothing leaves by it (contacts: {times})", file=sys.stderr)
    for each in _blocking(readiness(organisation, now, WORKING - used.keys())) if used else ():
        if each not in findings:
            print(f"warning: {parsed.told(each.path, each.words)} (as configured here)", file=sys.stderr)


def _blocking(findings: Iterable[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity is Severity.BLOCKS]


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
