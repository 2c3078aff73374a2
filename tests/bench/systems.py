"""What is measured: alarmd, and the floor beside it, each as a process of its own behind one face. Every press has a
`ref` by which it is found again in frames and webhooks; presses never join, so that one press is one alarm.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support import servers
from tests.support.daemon import Daemon
from tests.support.servers import HOST, Server, free_port

FLOOR, SQLITE, POSTGRESQL = "floor", "alarmd", "alarmd on PostgreSQL"
DEVICES = 200
BROKER = "max_inflight_messages 1000"
OFFICE = """\
alarmd: 1
name: Bench
time_zone: Europe/Oslo
language: en
sites: {bench: {name: Bench, zones: {hall: {name: Hall, floor: "1"}}}}
devices: {DEVICES}
people: {guard: {name: Guard, roles: [guard], contact: [CONTACT]}}
teams: {guards: [guard]}
chains:
  only:
    for: {}
    steps:
      - {after: 0s, notify: [{team: guards}], by: [BY]}
      - {after: 1h, notify: [{team: guards}], by: [console]}
    repeat: {from: 2, every: 1h}
    acknowledge: {by_roles: [guard], needed: 1, arrive_within: 1h}
joining: {same_device: false}
"""
TICK = os.sysconf("SC_CLK_TCK")


def office(hook: str = "") -> str:
    """Devices, and one guard: told by console, and by this webhook where there is one."""
    devices = ", ".join(f"dev-{n}: {{zone: bench/hall, kind: panic}}" for n in range(DEVICES))
    contact, by = (f'{{webhook: "{hook}"}}', "console, webhook") if hook else ("", "console")
    return OFFICE.replace("DEVICES", devices).replace("CONTACT", contact).replace("BY", by)


class System:
    """Where one presses, looks on and answers. `hook`: the port of the webhook that is told, 0: none is. `start` and
    `end` at will.
    """

    def __init__(self, folder: Path, broker: int, hook: int) -> None:
        self.folder = folder
        self.broker = broker
        self.hook = hook
        self.http = free_port()
        self.console = self.http

    def start(self) -> None:
        raise NotImplementedError

    def end(self) -> None:
        raise NotImplementedError

    def kill(self) -> None:
        raise NotImplementedError

    @property
    def pid(self) -> int:
        raise NotImplementedError

    def headers(self, _scope: str) -> Mapping[str, str]:
        return {}

    def answer(self, alarm: str) -> tuple[str, bytes]:
        """Where and how somebody says that he is coming."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.http}"

    @property
    def hook_url(self) -> str:
        return f"http://{HOST}:{self.hook}/" if self.hook else ""

    @property
    def cpu(self) -> float:
        """Seconds of processor that it has had."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self, what: str = "VmRSS") -> float:
        """MiB; VmHWM: the most it ever had."""
        found = re.search(what + r":\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return round(int(found[1]) / 1024, 1)


class Alarmd(System):
    """The daemon."""

    def __init__(self, folder: Path, broker: int, hook: int, settings: Mapping[str, str]) -> None:
        super().__init__(folder, broker, hook)
        own = {"ALARMD_MQTT_URL": f"mqtt://{HOST}:{broker}", **settings}
        self.daemon = Daemon(folder, own, port=self.http)
        self.daemon.apply(office(self.hook_url))
        for scope in ("press", "read", "answer"):
            self.headers(scope)

    def start(self) -> None:
        self.daemon.start()

    def end(self) -> None:
        self.daemon.stop()

    def kill(self) -> None:
        self.daemon.kill()

    @property
    def pid(self) -> int:
        return self.daemon.pid

    def headers(self, scope: str) -> Mapping[str, str]:
        return self.daemon.headers(*([scope, "--person", "guard"] if scope == "answer" else [scope]))

    def answer(self, alarm: str) -> tuple[str, bytes]:
        return f"{self.url}/v1/alarms/{alarm}/acknowledge", b"{}"


class Bare(System):
    """The floor, which takes an answer as it takes anything else."""

    def __init__(self, folder: Path, broker: int, hook: int) -> None:
        super().__init__(folder, broker, hook)
        self.console = free_port()
        ports = ["--mqtt", str(broker), "--http", str(self.http), "--console", str(self.console)]
        more = ["--database", str(folder / "floor.db"), "--hook", self.hook_url]
        command = [sys.executable, "-m", "tests.bench.floor", *ports, *more]
        self.server = Server("floor", command, self.http, folder / "floor.log", servers._listens)

    def start(self) -> None:
        self.server.start()

    def end(self) -> None:
        self.server.stop()

    def kill(self) -> None:
        self.server.kill()

    @property
    def pid(self) -> int:
        assert self.server.process is not None
        return self.server.process.pid

    def answer(self, alarm: str) -> tuple[str, bytes]:
        return self.url, json.dumps({"acknowledged": alarm}).encode()


@contextmanager
def installed(name: str, *, told: bool = True) -> Iterator[System]:
    """A system in a folder of its own, with all servers that it needs; not started. `told`: it has a webhook to
    tell."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        broker, hook = stack.enter_context(servers.mosquitto(folder, BROKER)), free_port() if told else 0
        settings: dict[str, str] = {}
        if name == POSTGRESQL:
            cluster = stack.enter_context(servers.postgres(sync=True))
            redis = stack.enter_context(servers.redis_server(folder))
            settings["ALARMD_DATABASE_URL"] = stack.enter_context(servers.postgres_database(cluster))
            settings["ALARMD_REDIS_URL"] = f"redis://{HOST}:{redis.port}"
        yield Bare(folder, broker.port, hook) if name == FLOOR else Alarmd(folder, broker.port, hook, settings)


@contextmanager
def running(name: str, *, told: bool = True) -> Iterator[System]:
    with installed(name, told=told) as system:
        system.start()
        try:
            yield system
        finally:
            system.end()
