"""One node after the other is stopped and started under load: nobody who presses, is told or looks on notices."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.daemon import Daemon, daemon
from tests.support.rolling import Load, alarms_of, lateness, office, provider

pytestmark = pytest.mark.timeout(240)  # whole processes, started and stopped


def test_a_rolling_restart_under_load_is_not_noticed(tmp_path: Path, postgres_url: str) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    with provider() as (receiver, heard):
        with daemon(folders[0], database_url=postgres_url) as a, daemon(folders[1], database_url=postgres_url) as b:
            a.apply(office(receiver))
            a.start()
            b.start()
            load = Load((a, b))
            with load.running():
                for node in (a, b, a):
                    node.stop()
                    node.start()
            for node in (a, b):
                node.stop()
                assert "Traceback" not in node.log
        late = lateness(postgres_url)
        assert load.accepted
        assert alarms_of(postgres_url, list(load.accepted)) == load.accepted, "each press is in the alarm that was told"
        in_time = timedelta(seconds=1 + load.stall)
        assert {step: by for step, by in late.items() if by > in_time} == {}
        assert heard
        assert {attempt: times for attempt, times in heard.items() if times > 1} == {}, "nobody was told twice"
        assert load.seen == list(range(1, len(load.seen) + 1)), "a console sees every event once, in order"
        assert set(load.closes) == {1012}
        assert load.slowest < 1 + load.stall


def test_told_to_stop_a_node_says_so_and_takes_presses_until_it_closes(tmp_path: Path, postgres_url: str) -> None:
    with daemon(tmp_path, database_url=postgres_url) as one:
        one.headers("press")
        headers = one.headers("read")
        one.start()
        with connect(one.url.replace("http", "ws") + "/v1/live", additional_headers=headers, proxy=None) as feed:
            os.kill(one.pid, signal.SIGTERM)
            until_stopping(one)
            body = one.get("/readyz").json()
            assert (body["ready"], body["stopping"], body["store"]) == (False, True, "commits")
            answer = one.press(ref="late")
            assert answer.status_code == 202
            frames = list(frames_of(feed))
        assert feed.protocol.close_code == 1012
        assert answer.json()["alarm"] in {event["alarm"] for f in frames for event in f.get("events", ())}
        one.stop()
        one.start()
        assert one.press(ref="late").json()["signal"] == answer.json()["signal"]
        os.kill(one.pid, signal.SIGTERM)
        os.kill(one.pid, signal.SIGTERM)
        one.stop()
        assert "at once" in one.log
        assert "Traceback" not in one.log


def until_stopping(one: Daemon) -> None:
    while one.get("/readyz").status_code != 503:
        """It has two seconds to be seen in."""


def frames_of(feed: ClientConnection) -> Iterator[dict[str, Any]]:
    """All, until it is closed."""
    with suppress(ConnectionClosed):
        while True:
            yield json.loads(feed.recv(10))
