"""`alarmd backup FILE` and `alarmd restore FILE`: everything that must survive, as one file, and back."""

from pathlib import Path

from alarmd.alarm.times import stamp
from alarmd.clock import SystemClock
from alarmd.commands.common import whoever
from alarmd.errors import AlarmdError
from alarmd.settings import Settings
from alarmd.store import backup as copies
from alarmd.store.copies import Content, Wish


def backup(settings: Settings, file: Path) -> None:
    """Make it and say what it holds. Raises AlarmdError; also, with the backup made, for whatever is not as it was
    written.
    """
    content = copies.back_up(settings.database_url, file)
    print(f"{file}: {_told(content)}")
    if content.report is None:
        print("not verified, since another alarmd has made the tables; `alarmd restore` verifies it")
    elif content.report.findings:
        raise AlarmdError(
            "\n".join(content.report.findings) + f"\n{file} was made, and holds what is not as it was written"
        )


def restore(settings: Settings, file: Path, *, replace: bool, accept: str | None) -> None:
    """Put it back and say what that means. Raises AlarmdError, and then nothing has changed."""
    wish = Wish(file, whoever(), SystemClock().now(), replace, accept)
    content, aside = copies.restore(settings.database_url, wish)
    for finding in content.report.findings if content.report else ():
        print(f"accepted: {finding}")
    print(f"restored {file}: {_told(content)}")
    if aside is not None:
        print(f"what was there before is kept as {aside}; remove it when you are sure")
    if content.open_alarms:
        print(f"{content.open_alarms} alarms are open in it: `alarmd run` goes on asking people to come")
    print("what was done since then must be done again: keys revoked, passwords changed, organisations applied")


def _told(content: Content) -> str:
    size = f"{content.report.events} events, {content.report.changes} changes" if content.report else "all tables"
    return f"{size}, the last event at {stamp(content.until)}" if content.until else size
