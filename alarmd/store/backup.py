"""The whole database as one file, made while daemons run, and put back while none does. The door of `alarmd backup` and
`alarmd restore`: `backup_sqlite.py` and `backup_postgresql.py` do the work, each with its database's own means.

Nothing that is there now is given up before the copy stands in its place, whole, on the disk.
"""

from pathlib import Path

from alarmd.store import backup_postgresql, backup_sqlite
from alarmd.store.copies import Content, Wish


def back_up(url: str, target: Path) -> Content:
    """Make a copy, read it, and give it its name. It stands there also where `verify` has findings. Raises
    AlarmdError."""
    return backup_sqlite.back_up(url, target) if _is_file(url) else backup_postgresql.back_up(url, target)


def restore(url: str, wish: Wish) -> tuple[Content, Path | None]:
    """Put a copy in the place of what is there; what it holds, and where the present database is kept, if it is. Raises
    AlarmdError, and then nothing has changed.
    """
    return backup_sqlite.restore(url, wish) if _is_file(url) else (backup_postgresql.restore(url, wish), None)


def _is_file(url: str) -> bool:
    return url.startswith("sqlite:")
