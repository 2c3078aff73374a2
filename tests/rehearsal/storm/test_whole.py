"""Whole storms by the command line: a small one against a daemon that runs, one with everything on over nodes of its
own, and what is said when it cannot begin."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.daemon import ALARMD, Daemon, daemon
from tests.support.servers import HOST, free_port

EVERYTHING = (
    *("--nodes", "1", "--mqtt", "own", "--presses", "120", "--rate", "20", "--devices", "24", "--seed", "11"),
    *("--kinds", "panic=5,assist=2,medical=1,duress=1", "--repeats", "0.2", "--late", "0.1", "--garbled", "0.05"),
    *("--consoles", "8", "--cut-every", "0.7", "--answers", "0.8", "--answer-after", "0.5"),
    *("--slow", "0.2", "--failing", "0.2", "--kill-every", "3.5", "--patience", "60", "--steps-within", "10"),
)
"""Limits on time are wide here: what is shown is that nothing is lost, on however busy a machine."""


@pytest.mark.timeout(150)
def test_a_small_storm_with_everything_on(tmp_path: Path) -> None:
    done = run(tmp_path, *EVERYTHING, "--json", "verdict.json", "--page", "verdict.html")
    assert done.returncode == 0, done.stdout + done.stderr
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    held = {promise["name"]: promise["held"] for promise in verdict["promises"]}
    assert set(held.values()) == {True}, {name: held for name, held in held.items() if not held}
    assert verdict["held"]
    assert verdict["presses"] == 120
    assert verdict["accepted"] + verdict["garbled"] == 120
    assert verdict["garbled"] > 0
    assert verdict["consoles"] == 8
    assert verdict["cuts"] > 0
    assert verdict["answers"] > 0
    assert verdict["provider_requests"] > 0
    (node,) = verdict["nodes"]
    assert node["kills"] >= 1
    assert node["back"]
    assert 50 < node["peak"] < 400
    for figure in ("to_accepted", "to_console", "to_every_console", "to_provider", "to_answer", "answer_to_console"):
        assert 0 < verdict[figure]["p50"] <= verdict[figure]["p99"] <= verdict[figure]["max"], figure
    assert "every promise held" in (tmp_path / "verdict.html").read_text()
    assert "alarmd storm --nodes 1 --mqtt own --presses 120" in done.stdout
    assert not list(tmp_path.glob("alarmd-storm-*")), "what held leaves nothing behind"


@pytest.mark.timeout(150)
def test_a_storm_against_a_daemon_that_runs(tmp_path: Path) -> None:
    with daemon(tmp_path, mqtt_url=f"embedded:{(broker := free_port())}") as one:
        one.start()
        key, look = _key(one, "press"), _key(one, "read")
        to = ["storm", "--url", one.url, "--json", "verdict.json", "--key", key, "--read-key", look]
        for way in ([], ["--mqtt", f"mqtt://{HOST}:{broker}", "--garbled", "0.1", "--consoles", "3"]):
            said = one.do(*to, "--presses", "100", "--rate", "200", "--repeats", "0.1", *way)
            assert "nothing lost, nothing twice" in said
            assert key not in said
            verdict = json.loads((tmp_path / "verdict.json").read_text())
            assert verdict["held"]
            assert (verdict["presses"], verdict["lost"], verdict["repeated"]) == (100, 0, 0)
            assert verdict["accepted"] + verdict["garbled"] == 100
            assert verdict["to_accepted"]["count"] == verdict["to_console"]["count"] == verdict["accepted"]
        for wrong, words in (
            (["--key", "alarmd_wrong"], "HTTP 401"),
            (["--read-key", "alarmd_wrong"], "HTTP 401"),
            (["--devices", "desk-9"], "no device 'desk-9'"),
            (["--mqtt", f"mqtt://{HOST}:{free_port()}"], "no line to the broker"),
            (["--answers", "1", "--answer-key", key, "--answer-after", "0.1"], "HTTP 403"),
        ):
            done = one.run(*to, "--presses", "5", *wrong)
            assert done.returncode == 1, wrong
            assert words in done.stderr
            assert "Traceback" not in done.stderr
        dead = f"http://{HOST}:{free_port()}"
        assert "is alarmd running there?" in one.run("storm", "--url", dead, "--key", key).stderr
        assert "held" in one.do(*to, "--url", dead, "--presses", "20", "--consoles", "4"), (
            "of two nodes one that lives is enough"
        )
        one.stop()
        one.do("verify")


def test_an_installation_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    with daemon(tmp_path) as one:
        (tmp_path / "storm.env").write_text(f"ALARMD_DATABASE_URL={one.environment['ALARMD_DATABASE_URL']}\n")
        done = run(tmp_path, "--nodes", "1", "--settings", "storm.env", "--presses", "1")
        assert done.returncode == 1
        assert "holds the organisation 'Nav Prøvevik'" in done.stderr
        assert "key-" not in one.do("key", "list")


def test_a_storm_that_is_told_to_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [*ALARMD, "storm", "--nodes", "1", "--presses", "1000", "--rate", "1"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE) as storm:
        until(lambda: list(tmp_path.glob("alarmd-storm-*/alarmd.db")))
        until(lambda: len(living_in(tmp_path)) >= 2, "the node, and the broker")
        storm.terminate()
        storm.communicate(timeout=60)
    assert storm.returncode == 130
    assert not list(tmp_path.glob("alarmd-storm-*"))
    assert living_in(tmp_path) == []


def living_in(folder: Path) -> list[int]:
    """Processes of a storm's own installation: those that work in its folder, or were told of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().decode()
            if f"{folder}/alarmd-storm-" in f"{(process / 'cwd').readlink()} {words}":
                found.append(int(process.name))
    return found


def until(holds: Callable[[], object], what: str = "") -> None:
    """Ask until it holds; the pause is a bound on how hard is asked, not a time that is trusted."""
    over = threading.Event()
    for _ in range(600):
        if holds():
            return
        over.wait(0.1)
    raise AssertionError(f"it did not come to hold in time: {what}")


def environment(folder: Path) -> dict[str, str]:
    """Nothing is set, and what is temporary is ours."""
    own = {k: v for k, v in Daemon(folder).environment.items() if not k.startswith("ALARMD_")}
    return {**own, "TMPDIR": str(folder), "COLUMNS": "200"}


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command with nothing set in its environment."""
    return subprocess.run(
        [*ALARMD, "storm", *words],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=140,
        check=False,
    )


def _key(one: Daemon, scope: str) -> str:
    return one.headers(scope)["Authorization"].removeprefix("Bearer ")
