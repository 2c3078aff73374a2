"""`alarmd storm`: many presses against an alarmd that runs, a progress bar while they last, a table at the end. The
exit status says whether the promise held: every press accepted, none lost, none twice. Called by `cli.py`.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from alarmd.clock import SystemClock
from alarmd.errors import AlarmdError, Malformed
from alarmd.observe.logging import configure
from alarmd.rehearsal.line import read_mailbox
from alarmd.rehearsal.storm import Door, Storm, Weather
from alarmd.rehearsal.storm_doors import HttpDoor, MqttDoor, Watcher, devices_of
from alarmd.rehearsal.tally import Latency, Tally, Verdict
from alarmd.settings import LogFormat


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `devices`: ids with commas between, or `all`. Without `mqtt` presses go by HTTP, with `key`;
    without `read_key` no console looks on.
    """

    url: str
    presses: int
    devices: str
    rate: float
    seed: int
    patience: float
    key: str | None
    read_key: str | None
    mqtt: str | None
    json: Path | None


def storm(wish: Wish) -> None:
    """Exits with status 1 when the promise did not hold. Raises AlarmdError."""
    if not wish.url.startswith(("http://", "https://")):
        raise Malformed(f"--url {wish.url}: expected http://HOST:PORT")
    if wish.mqtt is None and wish.key is None:
        raise Malformed("nobody may press without a key: give one by --key, or a broker by --mqtt")
    configure(LogFormat.CONSOLE)
    # The stock loop, whose time is finer than a millisecond.
    with asyncio.Runner() as runner:
        verdict = runner.run(_run(wish))
    if wish.json is not None:
        _write(wish.json, verdict)
    if not verdict.held:
        sys.exit(1)


async def _run(wish: Wish) -> Verdict:
    clock, ticks = SystemClock(), asyncio.get_running_loop().time
    console = Console(highlight=False)
    tally = Tally(watched=wish.read_key is not None)
    url = wish.url.rstrip("/")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=HttpDoor.at_once)) as session:
        weather = Weather(wish.presses, await _devices(wish, session, url), wish.rate, wish.seed, wish.patience)
        watcher = Watcher(url, wish.read_key, clock, ticks) if wish.read_key else None
        async with _door(wish, session, url) as door:
            with _progress(console) as progress:
                shown = _Bars(progress, tally, wish.presses)
                seconds = await Storm(weather, tally, clock, ticks).run(door, watcher, shown.look)
    verdict = tally.verdict(wish.presses, seconds)
    console.print(_table(verdict, f"{len(weather.devices)} devices, {_pace(wish.rate)}, seed {wish.seed}"))
    for what, times in verdict.faults.items():
        console.print(f"{times} times: {what}")
    console.print("[bold green]held[/]: nothing lost, nothing twice" if verdict.held else "[bold red]NOT held[/]")
    return verdict


async def _devices(wish: Wish, session: aiohttp.ClientSession, url: str) -> tuple[str, ...]:
    if wish.devices != "all":
        named = tuple(filter(None, (word.strip() for word in wish.devices.split(","))))
    else:
        named = await devices_of(session, url, wish.read_key or wish.key)
    if not named:
        raise Malformed("no devices to press: name them by --devices ID,ID, or load an organisation that has some")
    return named


@asynccontextmanager
async def _door(wish: Wish, session: aiohttp.ClientSession, url: str) -> AsyncIterator[Door]:
    if wish.mqtt is None:
        yield HttpDoor(session, url, wish.key)
        return
    door = MqttDoor()
    await door.open(read_mailbox(wish.mqtt))
    try:
        yield door
    finally:
        await door.close()


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


class _Bars:
    """One bar for what was accepted, one for what the console has seen."""

    def __init__(self, progress: Progress, tally: Tally, presses: int) -> None:
        self._progress = progress
        self._tally = tally
        self._accepted = progress.add_task("accepted", total=presses)
        self._seen: TaskID | None = progress.add_task("on console", total=presses) if tally.watched else None

    def look(self) -> None:
        self._progress.update(self._accepted, completed=len(self._tally.accepted))
        if self._seen is not None:
            self._progress.update(self._seen, completed=len(self._tally.seen))


def _table(verdict: Verdict, title: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    watched = verdict.to_console is not None
    for what, value in (
        ("presses", f"{verdict.presses}"),
        ("accepted", f"{verdict.accepted}"),
        ("never accepted", f"{verdict.unanswered}"),
        ("lost", f"{verdict.lost}" if watched else "nobody looked"),
        ("repeated", f"{verdict.repeated}" if watched else "nobody looked"),
        ("tried again", f"{verdict.tried_again}"),
        ("alarms", f"{verdict.alarms}"),
        ("accepted a second", f"{verdict.per_second}"),
    ):
        table.add_row(what, value)
    table.add_section()
    _waits(table, "accepted", verdict.to_accepted)
    if verdict.to_console is not None:
        _waits(table, "console", verdict.to_console)
    return table


def _waits(table: Table, what: str, waits: Latency) -> None:
    for name, value in (("p50", waits.p50), ("p95", waits.p95), ("p99", waits.p99), ("max", waits.max)):
        table.add_row(f"press -> {what} {name}", "-" if value is None else f"{value:.2f} ms")


def _pace(rate: float) -> str:
    return f"{rate:g} a second" if rate else "all at once"


def _write(file: Path, verdict: Verdict) -> None:
    try:
        file.write_bytes(orjson.dumps(verdict.plain(), option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as fault:
        raise AlarmdError(f"{file}: cannot be written: {fault.strerror}") from fault
