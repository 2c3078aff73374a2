"""What the service manager hears from a daemon, on a real socket, and that the unit file is sound."""

import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.daemon import Daemon, daemon

UNIT = Path(__file__).parents[2] / "systemd" / "alarmd.service"
EXPOSED_AT_MOST = 15
"""Of 100, as systemd reckons; a service without any hardening has 96."""

pytestmark = pytest.mark.timeout(120)  # whole processes, started and stopped


class Manager:
    """systemd's end of the socket. `says` waits for the next words in which these stand."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.settimeout(30)

    def says(self) -> list[str]:
        return self._socket.recv(4096).decode().split("\n")

    def until(self, *wanted: str) -> list[list[str]]:
        """Everything up to the message that holds this."""
        heard: list[list[str]] = []
        while not heard or not all(any(w in word for word in heard[-1]) for w in wanted):
            heard.append(self.says())
        return heard

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@{tmp_path}/notify"
    with closing(Manager(address)) as made:
        yield made


def watched(one: Daemon, manager: Manager, seconds: float) -> None:
    one.prefix = ["/usr/bin/env", f"NOTIFY_SOCKET={manager.address}", f"WATCHDOG_USEC={int(seconds * 1e6)}"]


def test_it_says_that_it_is_ready_alive_and_stopping(tmp_path: Path, manager: Manager) -> None:
    with daemon(tmp_path) as one:
        watched(one, manager, 0.9)
        one.start()
        manager.until("READY=1", "STATUS=")
        manager.until("WATCHDOG=1", "STATUS=ready")
        one.stop()
        heard = manager.until("STOPPING=1")
        assert heard[-1] == ["STOPPING=1", "STATUS=stopping"]
        assert "Traceback" not in one.log


def test_a_store_that_does_not_answer_stops_the_signs_of_life(tmp_path: Path) -> None:
    """Not one that says no: that is clear, and starting again would mend nothing."""
    with closing(Manager(str(tmp_path / "notify"))) as manager, daemon(tmp_path) as one:
        watched(one, manager, 0.9)
        one.start()
        manager.until("WATCHDOG=1")
        with closing(sqlite3.connect(tmp_path / "alarmd.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            manager.until("STATUS=the store does not answer")
            heard = [manager.says() for _ in range(3)]
            assert not any("WATCHDOG=1" in words for words in heard)
            manager.until("WATCHDOG=1", "STATUS=the store does not commit")
            other.execute("ROLLBACK")
        manager.until("WATCHDOG=1", "STATUS=ready")


def test_the_unit_is_sound_and_lets_it_do_little(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("alarmd")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/alarmd/bin/alarmd", str(program)), encoding="utf-8")
    analyze = shutil.which("systemd-analyze")
    assert analyze, "run `make servers`"
    sound = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (sound.returncode, sound.stdout + sound.stderr) == (0, "")
    judged = subprocess.run(
        [analyze, "security", "--offline=true", f"--threshold={EXPOSED_AT_MOST}", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout
