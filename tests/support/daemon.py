"""alarmd as a process of its own, seen from outside: started, asked over HTTP, killed, started again."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support import servers
from tests.support.servers import HOST, Server

ALARMD = (sys.executable, "-W", "error", "-m", "alarmd")
OFFICE = """\
alarmd: 1
name: Nav Prøvevik
time_zone: Europe/Oslo
language: nb
sites:
  vik:
    name: Nav Prøvevik
    zones: {mottak: {name: Mottak, floor: 1. etg.}, rom-2: {name: Samtalerom 2, floor: 2. etg.}}
devices:
  desk-1: {zone: vik/mottak, kind: panic}
  desk-2: {zone: vik/mottak, kind: panic}
  silent: {zone: vik/rom-2, kind: duress}
people:
  kari: {name: Kari Prøve, roles: [staff], at: vik/mottak, contact: [{sms: "+4790000021"}]}
  ola: {name: Ola Prøve, roles: [guard], contact: [{sms: "+4790000022"}, {voice: "+4790000022"}]}
teams: {guards: [ola]}
chains:
  technical:
    for: {kinds: [technical, test]}
    steps: [{after: 0s, notify: [{team: guards}], by: [console]}, {after: 1h, notify: [{team: guards}], by: [console]}]
    repeat: {from: 2, every: 1h}
  rest:
    for: {}
    steps: [{after: 0s, notify: [{team: guards}], by: [console]}, {after: 1h, notify: [{team: guards}], by: [console]}]
    repeat: {from: 2, every: 1h}
    acknowledge: {by_roles: [guard], needed: 1, arrive_within: 5m}
joining: {same_device: false}
"""
TWILIO = {
    "ALARMD_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "ALARMD_TWILIO_AUTH_TOKEN": "a-token",
    "ALARMD_TWILIO_FROM": "+4721000000",
}


@dataclass
class Daemon:
    """One installation: its folder, its settings and, while it runs, its process. `code`: a folder with another version
    of alarmd than this one.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    prefix: Sequence[str] = ()
    port: int = field(default_factory=servers.free_port)
    code: Path | None = None
    _server: Server | None = None
    _keys: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        scheme = "https" if self.settings.get("ALARMD_TLS_CERT") else "http"
        return f"{scheme}://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "ALARMD_DATABASE_URL": f"sqlite:///{self.folder}/alarmd.db",
            "ALARMD_HTTP_PORT": str(self.port),
            "ALARMD_PUBLIC_URL": self.url,
            "ALARMD_NODE_NAME": f"node-{self.port}",
        }
        code = {"PYTHONPATH": str(self.code)} if self.code else {}
        return {k: v for k, v in os.environ.items() if not k.startswith("ALARMD_")} | own | code | self.settings

    def run(self, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """A command of the command line in a process of its own, whatever its exit status."""
        return subprocess.run(
            [*ALARMD, *words],
            cwd=self.folder,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def do(self, *words: str, typed: str = "") -> str:
        """A command that must succeed; what it printed."""
        done = self.run(*words, typed=typed)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, text: str = OFFICE) -> None:
        (self.folder / "organisation.yaml").write_text(text, encoding="utf-8")
        self.do("apply", "organisation.yaml")

    def headers(self, *scope: str) -> dict[str, str]:
        """For a key of this scope, made when it is asked for first: headers("answer", "--person", "ola")."""
        if scope not in self._keys:
            name = f"key-{self.port}-{len(self._keys)}"
            self._keys[scope] = self.do("key", "create", "--name", name, "--scope", *scope).strip().splitlines()[-1]
        return {"Authorization": f"Bearer {self._keys[scope]}"}

    def start(self) -> None:
        """Start the daemon and return when it is ready."""
        pairs = [f"{k}={v}" for k, v in self.environment.items() if k.startswith(("ALARMD_", "PYTHONPATH"))]
        command = [*self.prefix, "/usr/bin/env", "-C", str(self.folder), *pairs, *ALARMD, "run"]
        self._server = Server("alarmd", command, self.port, self.folder / "alarmd.log", self._ready)
        self._server.start()

    def _ready(self, _port: int) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=2, verify=False).status_code == 200  # noqa: S501 - whoever it is, on loopback
        except httpx.HTTPError:
            return False

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.process is not None

    @property
    def pid(self) -> int:
        assert self._server is not None
        assert self._server.process is not None
        return self._server.process.pid

    def stop(self) -> None:
        assert self._server is not None
        self._server.stop()

    def kill(self) -> None:
        """kill -9."""
        assert self._server is not None
        self._server.kill()

    def pause(self) -> None:
        """SIGSTOP: it keeps its connections and its locks, and does nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT: it goes on as if no time had passed."""
        os.kill(self.pid, signal.SIGCONT)

    @property
    def log(self) -> str:
        return (self.folder / "alarmd.log").read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, *scope: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=self.headers(*(scope or ("read",))), trust_env=False, timeout=20)

    def post(self, path: str, body: object, *scope: str) -> httpx.Response:
        return httpx.post(self.url + path, json=body, headers=self.headers(*scope), trust_env=False, timeout=20)

    def press(self, device: str = "desk-1", **body: object) -> httpx.Response:
        return self.post("/v1/signals", {"device": device, **body}, "press")


@contextlib.contextmanager
def daemon(folder: Path, prefix: Sequence[str] = (), **settings: str) -> Iterator[Daemon]:
    """An installation with the small office above; started by the test; ended, however the test ends."""
    with sister(folder, prefix, **settings) as one:
        one.apply()
        yield one


@contextlib.contextmanager
def sister(folder: Path, prefix: Sequence[str] = (), **settings: str) -> Iterator[Daemon]:
    """One more node of an installation that has its office already."""
    one = Daemon(folder, {f"ALARMD_{k.upper()}": v for k, v in settings.items()}, prefix)
    try:
        yield one
    finally:
        if one.running:
            one.kill()
