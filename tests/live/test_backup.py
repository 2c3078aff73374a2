"""A backup beside a running daemon, and what buttons and consoles meet after it was put back."""

import json
import threading
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.support.daemon import Daemon, daemon

pytestmark = pytest.mark.timeout(180)  # whole processes, started and stopped


def first_frames(one: Daemon, after: int, log: str | None = None) -> tuple[int, str, str]:
    """What a console is told first that comes back with a position: how long the log is, which one it is, and how it
    goes on.
    """
    url = f"{one.url.replace('http', 'ws')}/v1/live?after={after}{f'&log={log}' if log else ''}"
    with connect(url, additional_headers=one.headers("read"), proxy=None) as feed:
        hello = json.loads(feed.recv(5))
        return hello["position"], hello["log"], json.loads(feed.recv(10))["type"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_beside_a_daemon_and_back(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    settings = {"database_url": request.getfixturevalue("postgres_url")} if kind == "postgresql" else {}
    with daemon(tmp_path, **settings) as one:
        one.headers("press")
        one.headers("read")
        one.start()
        before = one.press(ref="before").json()
        made = threading.Event()
        statuses: list[int] = []

        def pressing() -> None:
            while not made.is_set():
                statuses.append(one.press("desk-2", ref=f"meanwhile-{len(statuses)}").status_code)

        hand = threading.Thread(target=pressing)
        hand.start()
        said = one.do("backup", "copy")
        made.set()
        hand.join()
        assert statuses
        assert set(statuses) == {202}, "no press waits for a backup"
        assert said.startswith("copy: ")
        assert one.press(ref="after").status_code == 202
        head, log, _ = first_frames(one, 0)
        refused = one.run("restore", "copy", "--replace")
        assert refused.returncode == 1
        assert "stop" in refused.stderr
        one.stop()

        assert "restored copy: " in one.do("restore", "copy", "--replace")
        one.start()
        position, other, then = first_frames(one, head)
        assert position < head
        assert other != log
        assert then == "snapshot", "a console that has seen more than there is begins anew"
        assert one.press(ref="before").json() == before
        assert one.press(ref="after").json()["joined"] is False, "its button asks until it is answered"
        assert first_frames(one, position, other)[2] == "events"
        while first_frames(one, 0)[0] <= head:
            assert one.press("desk-2").status_code == 202
        assert first_frames(one, head, log)[2] == "snapshot", "what it has seen is not what came before here"
