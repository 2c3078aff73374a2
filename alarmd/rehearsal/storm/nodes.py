"""Daemons that the storm starts, looks at, kills with SIGKILL and starts again; never a process that it has not
started. Made by `commands/storm.py`.
"""

import asyncio
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import aiohttp

from alarmd.errors import CannotStart
from alarmd.ports import Clock
from alarmd.rehearsal.storm.addresses import Addresses
from alarmd.rehearsal.storm.consoles import Ticks
from alarmd.rehearsal.storm.samples import Sample, Samples

READY_WITHIN = timedelta(seconds=30)
ENDS_WITHIN = 15.0
LOOKS = timedelta(milliseconds=50)
EVERY, SAMPLES = 1.0, 720
"""Seconds between two samples of a node; more in a long storm, which has no more than so many samples."""
TASKS = re.compile(r"^alarmd_tasks (\d+)", re.MULTILINE)
PROC = Path("/proc")


@dataclass(slots=True)
class Daemon:
    """One node: where it answers, with which environment it is started, and where its log goes."""

    name: str
    url: str
    environment: Mapping[str, str]
    folder: Path
    process: asyncio.subprocess.Process | None = None
    ready: bool = False
    spent: float = 0.0
    """CPU seconds of its lives that are over."""
    used: float = 0.0
    """And of this one, at the last look."""

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"


@dataclass(slots=True)
class Nodes:
    """All of them. `database`: the file in which everything is kept, if it is one."""

    daemons: Sequence[Daemon]
    session: aiohttp.ClientSession
    addresses: Addresses
    samples: Samples
    clock: Clock
    ticks: Ticks
    database: Path | None = None
    dark: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Spans in which none of them lived."""
    _dark_since: datetime | None = None

    @property
    def living(self) -> list[Daemon]:
        return [daemon for daemon in self.daemons if daemon.ready]

    async def start(self) -> None:
        """All, one after the other: the first may have tables to make. Raises CannotStart."""
        for daemon in self.daemons:
            await self._launch(daemon)
            await self._until_ready(daemon)

    async def kill(self, which: float) -> None:
        """Kill one that lives, by chance (`which` is between 0 and 1), and start it again. Raises CannotStart."""
        living = self.living
        if not living:
            return
        daemon = living[int(which * len(living))]
        assert daemon.process is not None
        self.look()
        daemon.ready = False
        self.addresses.down(daemon.url)
        daemon.process.kill()
        self.samples.kills.append((self.ticks(), daemon.name))
        self._mark()
        await daemon.process.wait()
        daemon.spent, daemon.used = daemon.spent + daemon.used, 0.0
        await self._launch(daemon)
        await self._until_ready(daemon)
        self.samples.back.append((self.ticks(), daemon.name))

    async def watch(self, span: float) -> None:
        """For ever: what each uses, now and then in a storm that lasts so many seconds."""
        every = timedelta(seconds=max(EVERY, span / SAMPLES))
        while True:
            tasks = {daemon.name: await self._tasks(daemon) for daemon in self.living}
            self.look(tasks)
            await self.clock.sleep_until(self.clock.now() + every)

    def look(self, tasks: Mapping[str, int | None] | None = None) -> None:
        """What each uses now."""
        size = _size(self.database) if self.database is not None else None
        for daemon in self.living:
            assert daemon.process is not None
            found = used(daemon.process.pid)
            if found is not None:
                memory, daemon.used, files = found
                cpu, under_way = daemon.spent + daemon.used, (tasks or {}).get(daemon.name)
                self.samples.taken.append(Sample(self.ticks(), daemon.name, memory, cpu, files, size, under_way))

    async def stop(self) -> None:
        """End all in good order, and without mercy who takes too long."""
        for daemon in self.daemons:
            if daemon.process is not None and daemon.process.returncode is None:
                daemon.process.terminate()
        for daemon in self.daemons:
            if daemon.process is not None:
                await _ended(daemon.process)
            daemon.process, daemon.ready = None, False

    async def _launch(self, daemon: Daemon) -> None:
        with daemon.log.open("ab") as log:
            daemon.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "alarmd",
                "run",
                cwd=daemon.folder,
                env=daemon.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the storm's: it ends its nodes itself
            )

    async def _until_ready(self, daemon: Daemon) -> None:
        assert daemon.process is not None
        until = self.clock.now() + READY_WITHIN
        while not await self._answers(daemon):
            if daemon.process.returncode is not None or self.clock.now() > until:
                raise CannotStart(f"{daemon.name} does not start; its log ends with\n{_tail(daemon.log)}")
            await self.clock.sleep_until(self.clock.now() + LOOKS)
        daemon.ready = True
        self.addresses.up(daemon.url)
        self._mark()

    async def _answers(self, daemon: Daemon) -> bool:
        try:
            async with self.session.get(f"{daemon.url}/readyz", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                return answer.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _tasks(self, daemon: Daemon) -> int | None:
        """How much is under way in its loop; None where it does not say so now."""
        try:
            async with self.session.get(f"{daemon.url}/metrics", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                found = TASKS.search(await answer.text())
        except (aiohttp.ClientError, TimeoutError):
            return None
        return int(found[1]) if found else None

    def _mark(self) -> None:
        """Note when the last one went, and when the first one came back."""
        if not self.living and self._dark_since is None:
            self._dark_since = self.clock.now()
        elif self.living and self._dark_since is not None:
            self.dark.append((self._dark_since, self.clock.now()))
            self._dark_since = None


def used(pid: int) -> tuple[int, float, int] | None:
    """Bytes of resident memory, seconds of CPU, open files; None where the system does not tell, or it is gone. Source:
    proc(5)."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        pages = int((PROC / str(pid) / "statm").read_text().split()[1])
        files = sum(1 for _ in (PROC / str(pid) / "fd").iterdir())
    except OSError:
        return None
    ticks = int(fields[11]) + int(fields[12])
    return pages * os.sysconf("SC_PAGE_SIZE"), ticks / os.sysconf("SC_CLK_TCK"), files


def _size(database: Path) -> int:
    """Of an SQLite file with what stands beside it."""
    files = (database, database.with_name(database.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-1500:]


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(ENDS_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
