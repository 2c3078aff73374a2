"""`alarmd demo` as a user starts it: one process, tried from outside by the addresses that it prints, and ended."""

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from alarmd.commands.demo_office import DURESS_PIN, OFFICE, PIN, WORD
from tests.support.daemon import ALARMD, Daemon
from tests.support.servers import HOST, free_port

OLA, PER, NILS = "+4790000021", "+4790000022", "+4790000012"
PATIENCE = 40


@dataclass(slots=True)
class Demo:
    """A running demo: what it has said, and where it is."""

    process: "subprocess.Popen[str]"
    said: str
    console: str
    phones: str

    @property
    def log(self) -> Path:
        found = re.search(r"^ +Log +(\S+)", self.said, re.MULTILINE)
        assert found, self.said
        return Path(found[1])

    def children(self) -> list[int]:
        """The processes that it has started."""
        pid = self.process.pid
        threads = Path(f"/proc/{pid}/task").iterdir()
        return [int(child) for thread in threads for child in (thread / "children").read_text().split()]

    def end(self, how: signal.Signals) -> str:
        """As a terminal does it: the signal goes to the whole group. What was said until the end."""
        os.killpg(self.process.pid, how)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        return rest


@contextmanager
def demo(*words: str) -> Iterator[Demo]:
    """A demo on ports of its own, in a process group of its own; ready."""
    console, phones, broker = free_port(), free_port(), free_port()
    ports = ["--port", str(console), "--phones-port", str(phones), "--mqtt-port", str(broker)]
    process = subprocess.Popen(
        ["/usr/bin/env", "COLUMNS=200", *ALARMD, "demo", *ports, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        assert "Ctrl-C" in said, said
        url = f"http://{HOST}:{console}"
        assert httpx.get(f"{url}/healthz", trust_env=False, timeout=PATIENCE).status_code == 200
        yield Demo(process, said, url, f"http://{HOST}:{phones}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


class Board:
    """The page of phones and buttons, followed as a browser follows it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, stream: aiohttp.StreamReader) -> None:
        self._http = http
        self._url = url
        self._stream = stream
        self.phones: dict[str, dict[str, Any]] = {}
        self.buttons: dict[str, dict[str, Any]] = {}

    async def until(self, fits: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not fits():
                event = (await self._stream.readline()).decode().removeprefix("event: ").strip()
                cards = json.loads((await self._stream.readline()).removeprefix(b"data: "))
                await self._stream.readline()
                known, key = (self.buttons, "device") if event == "buttons" else (self.phones, "number")
                known.update({card[key]: card for card in cards})

    def light(self, device: str) -> str:
        return str(self.buttons[device]["light"]) if device in self.buttons else ""

    def texts(self, number: str) -> list[str]:
        return [text["body"] for text in self.phones[number]["texts"] if text["status"] == "delivered"]

    def call(self, number: str) -> dict[str, Any]:
        """The call that rings or talks there."""
        line = self.phones[number]["line"]
        return next((call for call in self.phones[number]["calls"] if call["sid"] == line), {})

    async def post(self, path: str, body: object = None) -> None:
        async with self._http.post(self._url + path, json=body) as answer:
            assert answer.status in (200, 202), await answer.text()


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """In a folder with the same office, whose guards are called after one second instead of fifteen."""
    folder = tmp_path_factory.mktemp("demo")
    office = OFFICE.read_text(encoding="utf-8")
    assert "{after: 15s, notify: [{on_call: guard-duty}], by: [voice]" in office
    Daemon(folder).apply(office.replace("{after: 15s, notify: [{on_call", "{after: 1s, notify: [{on_call"))
    with demo("--folder", str(folder)) as running:
        yield running


@pytest.mark.timeout(150)
async def test_from_the_button_to_the_phone_and_back_to_its_light(quick: Demo) -> None:
    async with aiohttp.ClientSession() as http, http.get(quick.phones + "/phones/live") as stream:
        board = Board(http, quick.phones, stream.content)
        await board.until(lambda: board.light("skranke-1") == "idle" and board.phones)
        await board.post("/buttons/skranke-1/press", {})
        await board.until(lambda: board.light("skranke-1") == "raised" and board.texts(OLA))
        assert "Skranke" in board.texts(OLA)[0]
        assert "Svar 1" in board.texts(OLA)[0]
        assert "Reply 1" in board.texts(PER)[0] if board.texts(PER) else True
        await board.until(lambda: board.call(OLA) or board.call(PER))
        called = OLA if board.call(OLA) else PER
        assert board.call(called)["status"] == "ringing"
        await board.post(f"/phones/{called}/call/answer")
        await board.until(lambda: board.call(called)["listening"])
        await board.post(f"/phones/{called}/call/keys", {"keys": "1"})
        await board.until(lambda: board.light("skranke-1") == "en_route")

        await board.post("/buttons/mottak-1/press", {})
        await board.until(lambda: board.texts(NILS))
        code = re.search(r"Svar (1(?: \d\d)?)", board.texts(NILS)[-1])
        assert code
        await board.post(f"/phones/{NILS}/texts", {"body": code[1]})
        await board.until(lambda: board.light("mottak-1") == "en_route")

        await board.post("/buttons/under-bordet/press", {})
        await board.until(lambda: any("Stille alarm" in text for text in board.texts(OLA)))
        assert board.light("under-bordet") == "dark"


@pytest.mark.timeout(90)
async def test_who_is_named_can_sign_in(quick: Demo) -> None:
    assert WORD in quick.said
    assert f"PIN {PIN}, duress PIN {DURESS_PIN}" in quick.said
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        for person in ("kari", "ola", "eva"):
            assert re.search(rf"^ +{person} ", quick.said, re.MULTILINE)
            body = {"person": person, "password": WORD}
            async with http.post(quick.console + "/v1/session", json=body) as answer:
                assert answer.status == 200, await answer.text()
        async with http.get(quick.console + "/readyz") as answer:
            assert (await answer.json())["mqtt"] == "subscribed"


@pytest.mark.timeout(90)
def test_the_printed_storm_can_be_pasted(quick: Demo) -> None:
    found = re.search(r"^ +alarmd (storm .+)$", quick.said, re.MULTILINE)
    assert found, quick.said
    done = subprocess.run(
        [*ALARMD, *shlex.split(found[1]), "--presses", "20"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(90)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_everything_that_it_started(how: signal.Signals) -> None:
    with demo() as running:
        folder, children = running.log.parent, running.children()
        assert folder.is_dir()
        assert len(children) == 1, "the broker alone is a process of its own"
        rest = running.end(how)
        assert running.process.returncode == 0, rest
        assert rest.strip() == "alarmd demo: stopped."
        assert not any(Path(f"/proc/{child}").exists() for child in children)
        assert not folder.exists()


@pytest.mark.timeout(90)
def test_a_folder_that_was_named_keeps_everything(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    for _ in range(2):
        with demo("--folder", str(folder)) as running:
            rest = running.end(signal.SIGINT)
            assert f"kept in {folder}" in rest
            assert "Traceback" not in running.log.read_text(encoding="utf-8")
    assert Daemon(folder).do("export").count("skranke-1") >= 1


@pytest.mark.timeout(90)
def test_one_folder_serves_one_demo(quick: Demo) -> None:
    words = ["--port", str(free_port()), "--phones-port", str(free_port()), "--folder", str(quick.log.parent)]
    done = subprocess.run([*ALARMD, "demo", *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "another --folder" in done.stderr


@pytest.mark.parametrize("option", ["--port", "--phones-port", "--mqtt-port"])
def test_a_taken_port_is_told_with_its_option(option: str, quick: Demo) -> None:
    taken = quick.console.rpartition(":")[2]
    others = {"--port": str(free_port()), "--phones-port": str(free_port())} | {option: taken}
    words = [word for pair in others.items() for word in pair]
    done = subprocess.run([*ALARMD, "demo", *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"port {taken} on {HOST} is taken" in done.stderr
    assert f"{option} PORT" in done.stderr
    assert "Traceback" not in done.stderr
