"""Backups of an SQLite file, by SQLite's own way to copy one while others write. A restore builds the new file beside
the present one and gives it the name in one step; the present one stays, as `.before-restore`. Called by `backup.py`.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from alarmd.errors import AlarmdError, CannotStart
from alarmd.store.backend import LOCK_WAIT, sync
from alarmd.store.copies import SQLITE, Content, Wish, kind_of, made, note, require_whole, survey
from alarmd.store.database import open_database
from alarmd.store.schema import fits
from alarmd.store.sqlite import Sqlite, file_of, told

SHELL = "shell"
BESIDE = ("", "-wal", "-journal")
"""What may belong to a database, behind its name; `-shm` is made anew."""


def back_up(url: str, target: Path) -> Content:
    """Copy the database to a file that is not there yet. Raises AlarmdError."""
    source = _file(url)
    if not source.exists():
        raise AlarmdError(f"{source}: there is no database to back up; does ALARMD_DATABASE_URL name the right one?")
    with made(target) as partial:
        copy(source, partial)
        content = _content(partial) if fits(revision(partial)) else Content(None)
        _require_sound(partial, source)
    return content


def restore(url: str, wish: Wish) -> tuple[Content, Path | None]:
    """Put a backup in the place of the present database; what it holds, and where the present one is now. Raises
    AlarmdError, and then nothing has changed.
    """
    if kind_of(wish.source) is not SQLITE:
        raise AlarmdError(f"{wish.source} is a backup of PostgreSQL; ALARMD_DATABASE_URL names an SQLite file")
    place = _file(url)
    backend = Sqlite(url)
    try:
        backend.make_folder()
        _require_no_daemon(backend, place)
        new = place.with_name(f"{place.name}.restoring")
        try:
            content = _built(new, wish)
            return content, _put_in_place(new, place)
        finally:
            _remove(new)
    except OSError as fault:
        raise AlarmdError(
            f"{place} cannot be restored: {fault.strerror} ({fault.filename}); nothing was changed"
        ) from fault
    finally:
        backend.close()


def _file(url: str) -> Path:
    file = file_of(url)
    if file is None:
        raise AlarmdError("ALARMD_DATABASE_URL names a database in memory; there is nothing to back up or restore")
    return file


def _require_no_daemon(backend: Sqlite, place: Path) -> None:
    """Takes the daemon's own lock, so that none starts meanwhile either."""
    try:
        backend.hold()
    except CannotStart:
        raise AlarmdError(f"an alarmd daemon serves {place}; stop it, restore, and start it again") from None


def _built(new: Path, wish: Wish) -> Content:
    """The whole new database, on the disk, under a name that nobody opens."""
    _remove(new)
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    copy(wish.source, new)
    revision(new)
    content = _content(new)
    require_whole(content, wish)
    with closing(open_database(f"sqlite:///{new.absolute()}", node=SHELL)) as database, database.transaction() as unit:
        note(unit, content, wish)
    _require_sound(new, wish.source)
    sync(new)
    return content


def copy(source: Path, target: Path) -> None:
    """All of a database that others may be writing to, as it is at one instant. Raises AlarmdError."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT)) as of,
            closing(sqlite3.connect(target)) as to,
        ):
            of.backup(to)
    except sqlite3.Error as error:
        place = target if "full" in str(error) else source
        raise AlarmdError(told(str(error), place)) from error


def revision(copy: Path) -> str:
    """Of the tables in this file. Raises AlarmdError where they are none of ours."""
    try:
        with closing(sqlite3.connect(copy)) as connection:
            (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise AlarmdError(f"{copy.name.removesuffix('.partial')} holds no database of alarmd ({error})") from error
    return str(found)


def _content(copy: Path) -> Content:
    """Brought to this version, and read from end to end."""
    url = f"sqlite:///{copy.absolute()}"
    with closing(open_database(url, node=SHELL, new_generation=True)) as opened, opened.reading() as (link, _):
        return survey(link)


def _require_sound(copy: Path, source: Path) -> None:
    """SQLite's own word, and then one file that needs no other beside it."""
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise AlarmdError(f"{source} is damaged: {said}; nothing was changed. Keep the file, and take another backup")


def _put_in_place(new: Path, place: Path) -> Path | None:
    """At every instant one of the two bears the name; nobody writes while it changes hands."""
    aside, folder = _free_name(place), place.absolute().parent
    there = place.exists()
    with _nobody_writes(place) if there else nullcontext():
        try:
            _set_aside(place, aside)
            new.rename(place)
        except OSError:
            _undo(place, aside)
            raise
        sync(folder)
    return aside if there else None


def _set_aside(place: Path, aside: Path) -> None:
    """What belongs to the old file must not be taken for the new one's. Left is a file that was written out whole, or
    one that cannot be read, of which everything is kept aside.
    """
    for end in BESIDE:
        with suppress(FileNotFoundError):
            os.link(f"{place}{end}", f"{aside}{end}")
    sync(place.absolute().parent)
    _remove(place, besides=place)


def _undo(place: Path, aside: Path) -> None:
    """What still has its own name needs no second one."""
    for end in BESIDE:
        if Path(f"{place}{end}").exists():
            Path(f"{aside}{end}").unlink(missing_ok=True)


@contextmanager
def _nobody_writes(place: Path) -> Iterator[None]:
    """All that was committed is written out into the one file, and it is locked; whoever waited for it looks again
    whether it is still the same. A file that cannot be read is nobody's to write.
    """
    with closing(sqlite3.connect(place, isolation_level=None, timeout=LOCK_WAIT)) as connection:
        try:
            if not _locked(connection):
                raise AlarmdError(
                    f"other programs go on writing to {place}; end them and try again. Nothing was changed"
                )
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise AlarmdError(
                    f"another program has {place} open; end it and try again. Nothing was changed"
                ) from error
            # Damaged: that is why it is replaced.
        yield


def _locked(connection: sqlite3.Connection) -> bool:
    """Without a log beside it, and ours alone. Between the one and the other somebody may have come in."""
    for _ in range(10):
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        if connection.execute("PRAGMA journal_mode").fetchone() == ("delete",):
            return True
        connection.execute("ROLLBACK")
    return False


def _free_name(place: Path) -> Path:
    aside, more = place.with_name(f"{place.name}.before-restore"), 1
    while aside.exists():
        more += 1
        aside = place.with_name(f"{place.name}.before-restore-{more}")
    return aside


def _remove(place: Path, *, besides: Path | None = None) -> None:
    for end in (*BESIDE, "-shm"):
        if Path(f"{place}{end}") != besides:
            Path(f"{place}{end}").unlink(missing_ok=True)
