"""What the backups of both databases have in common: the file that is made, what is read out of a copy before anybody
relies on it, and the line in the audit log that says what was restored.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import func, select, true

from alarmd.errors import AlarmdError
from alarmd.ports import RESTORED
from alarmd.store.backend import sync
from alarmd.store.link import Link
from alarmd.store.reading import HEAD, HeadRow
from alarmd.store.registry import StoredRegistry
from alarmd.store.tables import alarms, events
from alarmd.store.verify import Report, examine

SQLITE, POSTGRESQL = b"SQLite format 3\x00", b"PGDMP"
"""How a file begins that is a backup of one or the other."""
PARTIAL = ".partial"
"""Behind the name while a backup is being made: what bears its own name is whole."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a copy holds. `report`: what `verify` says of it, None where this version cannot read the tables of an older
    one; `until`: when its last event happened; `open_alarms`: how many are not over in it.
    """

    report: Report | None
    until: datetime | None = None
    open_alarms: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """A restore. `replace`: what PostgreSQL holds now may go; `accept`: why a copy with findings is taken all the same;
    `by` and `now` are for its audit log.
    """

    source: Path
    by: str
    now: datetime
    replace: bool = False
    accept: str | None = None


def survey(link: Link) -> Content:
    """Read everything, in the caller's transaction. Raises NotDurable."""
    report = examine(link, head(link))
    last = link.rows(select(events.c.body).order_by(events.c.position.desc()).limit(1))
    count = link.rows(select(func.count()).where(alarms.c.open == true()))[0][0]
    until = datetime.fromisoformat(orjson.loads(last[0].body)["at"]) if last else None
    return Content(report, until, count)


def require_whole(content: Content, wish: Wish) -> None:
    """Raises AlarmdError with a line for each finding, unless a reason to take it was given."""
    if content.report is not None and content.report.findings and wish.accept is None:
        findings = "\n".join(content.report.findings)
        raise AlarmdError(
            f"{findings}\n{wish.source} is not as it was written; nothing was changed."
            " Take another backup, or say why this one will do with --accept REASON"
        )


def note(unit: StoredRegistry, content: Content, wish: Wish) -> None:
    """A line in the audit log of what was restored: by whom, from what, and why it was taken in spite of findings."""
    findings = len(content.report.findings) if content.report else 0
    unit.note(RESTORED, {"from": wish.source.name, "findings": findings, "why": wish.accept}, by=wish.by, now=wish.now)


def kind_of(source: Path) -> bytes:
    """SQLITE or POSTGRESQL. Raises AlarmdError for what is neither, or cannot be read."""
    try:
        with source.open("rb") as file:
            begins = file.read(len(SQLITE))
    except OSError as fault:
        raise AlarmdError(f"{source}: cannot be read: {fault.strerror}") from fault
    for kind in (SQLITE, POSTGRESQL):
        if begins.startswith(kind):
            return kind
    raise AlarmdError(f"{source} is no backup of alarmd; it must be a file that `alarmd backup` made")


@contextmanager
def made(target: Path) -> Iterator[Path]:
    """Where to write: a file beside `target`, for this user alone, which gets its name when the block is left and is
    removed when it fails. Raises AlarmdError.
    """
    partial = target.with_name(target.name + PARTIAL)
    if target.exists():
        raise AlarmdError(f"{target} is there already; a backup replaces nothing, so give it a name of its own")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise AlarmdError(
            f"{partial} is there already: this backup is being made, or one was ended half-way; then remove the file"
        ) from None
    except OSError as fault:
        raise AlarmdError(f"{partial} cannot be made: {fault.strerror}") from fault
    try:
        yield partial
        sync(partial)
        partial.rename(target)
        sync(target.absolute().parent)
    except BaseException as fault:
        with suppress(FileNotFoundError):
            partial.unlink()
        if isinstance(fault, OSError):
            raise AlarmdError(f"{target} cannot be written: {fault.strerror}") from fault
        raise


def head(link: Link) -> HeadRow:
    """As it stands in the caller's transaction."""
    return HeadRow(*link.fetch(HEAD, {})[0])
