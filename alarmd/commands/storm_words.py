"""How a storm is shown in a terminal: bars while it lasts, a table of figures and a list of promises at its end. Called
by `storm.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from alarmd.rehearsal.mood import Mood
from alarmd.rehearsal.storm.books import Books
from alarmd.rehearsal.storm.nodes import Nodes
from alarmd.rehearsal.storm.rows import counts, node_rows, waits
from alarmd.rehearsal.storm.verdict import Verdict

MARKS = {True: "[green]held[/]", False: "[bold red]BROKEN[/]", None: "[dim]not looked at[/]"}


@contextmanager
def progress(
    console: Console, books: Books, presses: int, nodes: Nodes | None, mood: Callable[[], Mood]
) -> Iterator[Callable[[], None]]:
    """Bars for what was accepted, shown and told, and a line about everybody else; call what is given, now and then."""
    bars = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    accepted = bars.add_task("accepted", total=presses)
    shown = bars.add_task("on every console", total=presses) if books.sights else None
    told = bars.add_task("alarms told", total=None) if books.told is not None and books.sights else None
    line = Text()

    def look() -> None:
        tally = books.tally
        bars.update(accepted, completed=len(tally.accepted) + sum(tally.garbled.values()))
        if shown is not None:
            bars.update(shown, completed=len(tally.everywhere) + sum(tally.unreadable.values()))
        if told is not None and books.told is not None:
            bars.update(told, completed=books.told.heard_of, total=max(1, len(books.told.opened)))
        line.plain = "  ".join(_news(books, nodes, mood()))

    with Live(Group(bars, line), console=console, refresh_per_second=5):
        yield look


def _news(books: Books, nodes: Nodes | None, mood: Mood) -> Iterator[str]:
    if nodes is not None:
        yield f"nodes {len(nodes.living)} of {len(nodes.daemons)}"
        if books.samples.kills:
            yield f"kills {len(books.samples.kills)}"
    if mood.fails or mood.slow:
        yield "provider fails" if mood.fails else "provider is slow"
    if books.answers.said:
        yield f"answers {len(books.answers.said)}"
    if books.tally.tried_again:
        yield f"tried again {books.tally.tried_again}"


def tables(verdict: Verdict, title: str) -> Iterator[Table]:
    """Every figure that there is."""
    found = Table(title=title, title_justify="left", show_header=False)
    _fill(found, ("", ""), counts(verdict))
    yield found
    _fill(found := Table(), ("ms", "p50", "p95", "p99", "max"), waits(verdict))
    yield found
    if verdict.nodes:
        _fill(found := Table(), ("node", "peak MiB", "CPU s", "of a core", "kills", "back, s"), node_rows(verdict))
        yield found


def promises(verdict: Verdict) -> Table:
    """Each promise, and what broke it."""
    found = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    found.add_column(no_wrap=True)
    found.add_column()
    for promise in verdict.promises:
        more = f" [dim]({promise.unseen})[/]" if promise.unseen else ""
        found.add_row(MARKS[promise.held], promise.name + more)
        if promise.times:
            found.add_row("", f"[red]{promise.times} times:[/] {'; '.join(promise.examples)}")
    return found


def _fill(found: Table, heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    for number, head in enumerate(heads):
        found.add_column(head, no_wrap=True, justify="right" if number else "left")
    for row in rows:
        found.add_row(*row)
