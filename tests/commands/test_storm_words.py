"""What a storm shows while it lasts."""

import io

from rich.console import Console

from alarmd.commands.storm_words import progress
from alarmd.rehearsal.mood import Mood
from alarmd.rehearsal.storm.books import Books
from alarmd.rehearsal.storm.sight import Sight
from alarmd.rehearsal.storm.told import Told


def bars(books: Books, presses: int) -> dict[str, str]:
    """Each bar's name and how far it is, as they stand at the end."""
    screen = Console(file=io.StringIO(), width=100)
    with progress(screen, books, presses, None, Mood) as look:
        look()
    assert isinstance(screen.file, io.StringIO)
    lines = screen.file.getvalue().splitlines()
    return {line.partition("  ")[0].split(" \u2501")[0].strip(): line.split()[-2] for line in lines if "/" in line}


def test_of_the_alarms_told_only_those_of_the_storm_are_shown() -> None:
    told = Told()
    told.opened = {"a": 1.0, "b": 1.0}
    for alarm in ("a", "technical", "b", "not-on-a-console-yet"):
        told.asked(alarm, 2.0, taken=True)
    assert bars(Books([Sight("one")], told), 3)["alarms told"] == "2/2"


def test_without_a_console_nobody_knows_which_alarms_are_the_storms() -> None:
    told = Told()
    told.asked("a", 2.0, taken=True)
    assert set(bars(Books(told=told), 3)) == {"accepted"}
