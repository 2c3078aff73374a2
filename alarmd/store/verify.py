"""Is everything as it was written? Reads both hash chains from their beginning and, alarm by alarm, whether the log
makes of each what the other tables say. One snapshot, so it may run beside a daemon; writes nothing. Called by `alarmd
verify`, and on every backup.

The chains prove the log and the audit log. Alarms, answered refs and waiting effects must follow from the log;
organisation versions, keys, accounts and sessions from the digests in the audit log.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from alarmd.store import stories
from alarmd.store.chain import audit_hash, event_hash
from alarmd.store.database import Database
from alarmd.store.digests import Administered
from alarmd.store.link import Link
from alarmd.store.reading import HeadRow
from alarmd.store.tables import audit, events

MOST = 100
"""Findings told in full; one change of a hash can be the cause of many."""

_EVENTS = select(events.c.position, events.c.body, events.c.hash).order_by(events.c.position)
_AUDIT = select(audit).order_by(audit.c.position)


@dataclass(frozen=True, slots=True)
class Report:
    """How much was read, and a line for each thing that is not as it was written."""

    findings: tuple[str, ...]
    events: int
    changes: int


def verify(database: Database) -> Report:
    """Read everything. Raises NotDurable when the database cannot be read."""
    with database.reading() as (link, head):
        return examine(link, head)


def examine(link: Link, head: HeadRow) -> Report:
    """The same inside a transaction of the caller's. Raises NotDurable."""
    log, administered = _Chain("the log", "event"), Administered()
    findings = [*_log(link, log), *log.end(head.position, head.hash)]
    findings += stories.findings(link)
    changes = _Chain("the audit log", "change")
    findings += [*_audit(link, changes, administered), *changes.end(head.audit_position, head.audit_hash)]
    findings += administered.findings(link, head.organisation)
    more = len(findings) - MOST
    shown = findings if more <= 0 else [*findings[:MOST], f"and {more} more"]
    return Report(tuple(shown), log.length, changes.length)


@dataclass(slots=True)
class _Chain:
    """One chain, as far as it was read. After a fault it goes on from what is stored, so each fault is told once."""

    log: str
    entry: str
    length: int = 0
    hash: bytes = bytes(32)

    def add(self, position: int, stored: object, computed: bytes | None) -> str | None:
        """What is wrong with the next entry."""
        before, self.length = self.length, position
        self.hash = stored if isinstance(stored, bytes) else bytes(32)
        if position != before + 1:
            return f"{self.log}: {self.entry}s {before + 1} to {position - 1} are missing"
        if stored != computed:
            return f"{self.log}: {self.entry} {position} is not what was written; its hash does not fit"
        return None

    def end(self, position: int, hash: bytes) -> Iterator[str]:
        """Does the head know the same end?"""
        if position != self.length:
            yield f"{self.log} ends with {self.entry} {self.length}, and the head says {position}"
        elif hash != self.hash:
            yield f"{self.log}: the hash of its end is not what the head says"


def _log(link: Link, chain: _Chain) -> Iterator[str]:
    for row in link.stream(_EVENTS):
        fault = chain.add(row.position, row.hash, _made(event_hash, chain.hash, row.position, row.body))
        if fault is not None:
            yield fault


def _audit(link: Link, chain: _Chain, administered: Administered) -> Iterator[str]:
    for row in link.stream(_AUDIT):
        computed = _made(audit_hash, chain.hash, row.position, row.at, row.by, row.action, row.detail)
        fault = chain.add(row.position, row.hash, computed)
        if fault is not None:
            yield fault
        administered.learn(row.action, row.detail)


def _made(hash: Callable[..., bytes], *values: object) -> bytes | None:
    """The hash of what is stored, or None where something is stored that was never written, such as a number for a
    text.
    """
    try:
        return hash(*values)
    except (TypeError, AttributeError, OverflowError, UnicodeError):
        return None
