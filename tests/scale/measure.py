"""Measures what the simulation reckons with, and writes it to `figures.json`: `python -m tests.scale.measure`. Every
figure is CPU of the process that is meant, from `/proc`, so that neighbours on the machine matter little; only a commit
is timed by the wall, its disk belongs to it.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device, Kind
from alarmd.clock import SystemClock, new_id
from alarmd.commands.storm_office import buttons, office
from alarmd.dispatch.take import Taker
from alarmd.organisation.file import parse
from alarmd.rehearsal.line import Line, Mailbox
from alarmd.rehearsal.storm.nodes import used
from alarmd.store import open_database
from tests.support import servers
from tests.support.daemon import daemon
from tests.support.servers import HOST

FIGURES = Path(__file__).with_name("figures.json")
HELLOS, PRESSES, ROUNDS = 40_000, 3000, 12
SLOWLY, EYES = 200, 300
EVENTS = 4
"""Of a press whose commit is timed: it is raised, its first step is due, a guard and the control room are told."""
GROUPS = (1, 32, 256)
BUTTONS = ROUNDS * sum(GROUPS)
"""Each is pressed once, so that every press opens an alarm."""


def main() -> None:
    found = {**hellos(), **presses(), **commits()}
    FIGURES.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(FIGURES.read_text(encoding="utf-8"))


def hellos() -> dict[str, float]:
    """What one heartbeat costs a node, and the broker that hands it on."""
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.mosquitto(Path(folder), "max_inflight_messages 1000") as broker,
        daemon(Path(folder), mqtt_url=f"mqtt://{HOST}:{broker.port}") as one,
    ):
        one.start()
        assert broker.process is not None
        before = _cpu(one.pid), _cpu(broker.process.pid)
        asyncio.run(_flood(broker.port))
        _until(lambda: _taken(one.url) >= HELLOS)
        node, middle = _cpu(one.pid) - before[0], _cpu(broker.process.pid) - before[1]
        one.stop()
    return {"hello": round(node / HELLOS, 7), "forward": round(middle / HELLOS, 7)}


def presses() -> dict[str, float]:
    """What one press costs a node with all that follows, and what a frame to a console does: where presses come slowly,
    so that hardly any go together."""
    storm, few, many = _storm(PRESSES, 100, 1), _storm(SLOWLY, 10, 1), _storm(SLOWLY, 10, 1 + EYES)
    frame = (many["nodes"][0]["cpu"] - few["nodes"][0]["cpu"]) / (EYES * many["frames"])
    return {
        "press": round(storm["nodes"][0]["cpu"] / PRESSES, 6),
        "frame": round(frame, 7),
        "after": round(storm["events"] / storm["accepted"] / EVENTS - 1, 2),
    }


def commits() -> dict[str, dict[str, float]]:
    """The time of a group commit as a line, fixed + each x size, on both databases, with fsync."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"sqlite": _line(_timed(f"sqlite:///{folder}/alarmd.db"))}
    with servers.postgres(sync=True) as server, servers.postgres_database(server) as url:
        found["postgresql"] = _line(_timed(url))
    return found


def _timed(url: str) -> dict[int, float]:
    """Seconds of a transaction with so many first presses: the quickest of some, which neighbours disturbed least."""
    clock, taker, found, fresh = SystemClock(), Taker("one", new_id), {}, iter(buttons(BUTTONS))
    organisation = parse(office(BUTTONS, "http://127.0.0.1:9/alarm"), "", lambda _: frozenset()).organisation
    with closing(open_database(url, node="one")) as database:
        with database.transaction() as unit:
            unit.add_organisation(organisation, by="test", now=clock.now(), why=None)
        for size in GROUPS:
            times = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                with database.transaction() as unit:
                    for _ in range(size):
                        pressed = Pressed(Device(button := next(fresh)), device=button, kind=Kind.PANIC, ref=new_id())
                        assert len(taker.take(unit, pressed, clock.now()).decision.events) == EVENTS
                times.append(time.perf_counter() - began)
            found[size] = min(times)
    return found


def _line(times: dict[int, float]) -> dict[str, float]:
    """Through the smallest and the greatest group; what lies between shows that it is one."""
    small, great = min(times), max(times)
    each = (times[great] - times[small]) / (great - small)
    rates = {f"a second in groups of {size}": round(size / took) for size, took in times.items()}
    return {"fixed": round(times[small] - each, 6), "each": round(each, 7), **rates}


def _storm(presses: int, rate: int, consoles: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        verdict = Path(folder) / "verdict.json"
        words = ["--nodes", "1", "--mqtt", "own", "--presses", f"{presses}", "--rate", f"{rate}", "--devices", "2000"]
        words += ["--consoles", f"{consoles}", "--patience", "120", "--steps-within", "60", "--json", str(verdict)]
        subprocess.run([sys.executable, "-m", "alarmd", "storm", *words], check=True)
        found: dict[str, Any] = json.loads(verdict.read_text(encoding="utf-8"))
        return found


async def _flood(port: int) -> None:
    line = Line("scale", lambda *_: None, lambda: None)
    await line.open(Mailbox(HOST, port), ["nothing/comes/here"])
    for number in range(HELLOS):
        line.say("alarmd/v1/heartbeat/desk-1", b'{"battery":87}')
        if number % 100 == 0:
            await asyncio.sleep(0.005)
    await asyncio.sleep(2)
    await line.close()


def _taken(url: str) -> int:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next(
        (int(float(x.split()[1])) for x in lines if x.startswith('alarmd_mqtt_messages_total{what="heartbeat"')), 0
    )


def _cpu(pid: int) -> float:
    found = used(pid)
    assert found is not None
    return found[1]


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.1)
    raise SystemExit("it did not come to hold in two minutes")


if __name__ == "__main__":
    main()
