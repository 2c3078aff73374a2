"""`alarmd storm`: many presses against an alarmd that runs, or against nodes that it starts itself; progress while they
last, figures and promises at the end. The exit status says whether the promises held. Called by `cli.py`.

`storm_wish.py` has what may be asked for, `storm_cast.py` makes those who play, `storm_words.py` says what came of it;
the storm itself is in `rehearsal/storm/`.
"""

import asyncio
import shutil
import signal
import sys
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import aiohttp
import orjson
from rich.console import Console

from alarmd.app.files import allow_many_files
from alarmd.clock import SystemClock
from alarmd.commands.common import opened
from alarmd.commands.storm_cast import Casting
from alarmd.commands.storm_wish import Wish
from alarmd.commands.storm_words import progress, promises, tables
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import AlarmdError
from alarmd.observe.logging import configure
from alarmd.rehearsal.mood import Mood
from alarmd.rehearsal.storm.conductor import Storm
from alarmd.rehearsal.storm.page import page
from alarmd.rehearsal.storm.promises import Ending
from alarmd.rehearsal.storm.verdict import Verdict, verdict
from alarmd.settings import LogFormat
from alarmd.store.verify import verify

LOG = "storm.log"


def storm(wish: Wish) -> None:
    """Exits with status 1 when a promise was broken. Raises AlarmdError."""
    wish.check()
    allow_many_files()
    # However it is told to stop, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    console = Console(highlight=False)
    folder = Path(mkdtemp(prefix="alarmd-storm-"))
    keep = False
    try:
        found = _play(wish, folder, console)
        keep = wish.nodes > 0 and not found.held
    except AlarmdError:
        keep = any(folder.glob("node-*.log"))
        raise
    finally:
        if keep:
            console.print(f"What the nodes logged and stored is kept in {folder}.")
        else:
            shutil.rmtree(folder)
    if wish.json is not None:
        _write(wish.json, orjson.dumps(found.plain(), option=orjson.OPT_INDENT_2) + b"\n")
    if wish.page is not None:
        _write(wish.page, page(found, _title(wish), wish.again).encode())
    if not found.held:
        sys.exit(1)


def _play(wish: Wish, folder: Path, console: Console) -> Verdict:
    """The storm, and what is said of it."""
    with ExitStack() as stack:
        if wish.nodes:  # what the simulated telephones log is of no use among the bars
            log = stack.enter_context((folder / LOG).open("a", buffering=1, encoding="utf-8"))
            configure(LogFormat.CONSOLE, log)
        else:
            configure(LogFormat.CONSOLE)
        # The stock loop, whose time is finer than a millisecond.
        runner = stack.enter_context(asyncio.Runner())
        found = runner.run(_run(wish, folder, console))
    console.print()
    for figures in tables(found, _title(wish)):
        console.print(figures)
    for what, times in found.faults.items():
        console.print(f"{times} times: {what}")
    console.print(promises(found))
    console.print(f"[dim]To have it again: {wish.again}[/]", soft_wrap=True)
    console.print("[bold green]held[/]: nothing lost, nothing twice" if found.held else "[bold red]NOT held[/]")
    return found


async def _run(wish: Wish, folder: Path, console: Console) -> Verdict:
    clock, ticks = SystemClock(), asyncio.get_running_loop().time
    async with AsyncExitStack() as stack:
        supervisor = await stack.enter_async_context(Supervisor())
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        casting = Casting(wish, folder, clock, ticks, stack, supervisor, session)
        books = casting.books()
        ground, receiver = await casting.ground(books)
        cast, nodes = await casting.cast(ground, receiver, books)
        conductor = Storm(wish.weather(ground.devices), books, cast, clock, ticks)
        with progress(
            console, books, wish.presses, nodes, lambda: cast.provider.now if cast.provider else Mood()
        ) as look:
            await conductor.run(look)
        ending = Ending(steps_within=wish.steps_within)
        if nodes is not None:
            books.steps.dark += nodes.dark
            ending = replace(ending, dead=tuple(d.name for d in nodes.daemons if not d.ready))
        if books.sights:
            ending = replace(ending, overdue=tuple(books.steps.overdue(clock.now(), wish.steps_within)))
        if nodes is not None and ground.own is not None:
            nodes.look()
            await nodes.stop()
            with opened(ground.own.settings) as database:
                ending = replace(ending, log=tuple(verify(database).findings))
        return verdict(books, ending, conductor.troubles)


def _title(wish: Wish) -> str:
    """What storm it was, in a line."""
    pace = f"{wish.rate:g} a second" if wish.rate else "all at once"
    where = ", ".join(wish.urls) if not wish.nodes else f"{wish.nodes} node{'s' * (wish.nodes > 1)} of its own"
    return f"{wish.presses} presses, {pace}, seed {wish.seed}, against {where}"


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as fault:
        raise AlarmdError(f"{file}: cannot be written: {fault.strerror}") from fault
