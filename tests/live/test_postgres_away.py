"""PostgreSQL goes away, freezes, and fails over to a standby, under a running daemon: no yes that is not kept, and what
fell due meanwhile is done on return, with its lateness told.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from alarmd.clock import SystemClock
from tests.support import servers
from tests.support.daemon import Daemon, daemon, sister
from tests.support.rolling import Load, alarms_of, lateness, office, provider, tellings
from tests.support.servers import Server

pytestmark = pytest.mark.timeout(240)  # whole processes, started and stopped


@pytest.fixture
def cluster() -> Iterator[Server]:
    with servers.postgres() as server:
        yield server


@pytest.fixture
def url(cluster: Server) -> str:
    return f"postgresql://alarmd@127.0.0.1:{cluster.port}/postgres"


def frame(feed: ClientConnection, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The next one of which this holds."""
    while True:
        found: dict[str, Any] = json.loads(feed.recv(30))
        if wanted(found):
            return found


def until(one: Daemon, status: int) -> None:
    """Until /readyz says so."""
    clock = SystemClock()
    over = clock.now().timestamp() + 40
    while one.get("/readyz").status_code != status:
        assert clock.now().timestamp() < over


@contextmanager
def watching(one: Daemon) -> Iterator[ClientConnection]:
    with connect(
        one.url.replace("http", "ws") + "/v1/live", additional_headers=one.headers("read"), proxy=None
    ) as feed:
        yield feed


def causes(one: Daemon) -> list[str | None]:
    """What was found unwell, and is or was told of."""
    return [a["cause"] for s in ("open", "closed") for a in one.get(f"/v1/alarms?state={s}").json()["alarms"]]


def test_away_it_takes_nothing_says_so_and_makes_up_for_it(tmp_path: Path, cluster: Server, url: str) -> None:
    with provider() as (receiver, heard), daemon(tmp_path, database_url=url) as one:
        one.apply(office(receiver))
        one.headers("press")
        one.start()
        with watching(one) as feed:
            alarm = one.press(ref="before").json()["alarm"]
            frame(feed, lambda f: any(e["kind"] == "receipt" for e in f.get("events", ())))
            cluster.stop(signal.SIGINT)
            refused = one.press(ref="away")
            assert refused.status_code == 503
            assert "cannot be reached" in refused.json()["detail"]
            told = frame(feed, lambda f: f.get("unwell"))["unwell"]
            assert [fault["cause"] for fault in told] == ["store"]
            body = one.get("/readyz").json()
            assert (body["ready"], body["store"]) == (False, "does not commit")
            frame(feed, lambda f: f["type"] == "beat")  # by now the second step is due
            cluster.start()
            late = frame(feed, lambda f: any(e["kind"] == "step_due" for e in f.get("events", ())))
            data = next(e for e in late["events"] if e["kind"] == "step_due" and e["alarm"] == alarm)["data"]
            assert data["step"] == 2
            assert data["late"] >= 1
            until(one, 200)
            frame(feed, lambda f: f["type"] == "beat" and "unwell" not in f)
        assert one.press(ref="away").json()["joined"] is False, "what was refused had not happened"
        while f"store:node-{one.port}" not in causes(one):
            """It is said as soon as something can be stored; the test has a time limit."""
        assert "alarmd_step_late_seconds_sum" in one.get("/metrics").text
        assert heard
        one.stop()
        assert one.do("verify").startswith("the log is whole")
        assert one.log.count("the log cannot be read") <= 2, "once for each time, and not five times a second"


def test_frozen_it_answers_honestly_and_goes_on_when_it_thaws(tmp_path: Path, cluster: Server, url: str) -> None:
    """Every line stays open and silent: the press waits, is told no, and the same ref says later what became of it."""
    with daemon(tmp_path, database_url=url) as one:
        one.headers("press")
        one.headers("read")
        one.start()
        assert one.press(ref="before").status_code == 202
        with frozen(cluster):
            clock = SystemClock()
            began = clock.now()
            refused = one.press(ref="frozen")
            took = (clock.now() - began).total_seconds()
            assert refused.status_code == 503
            assert took < 15
            assert "try again" in refused.json()["detail"] or "cannot be reached" in refused.json()["detail"]
            until(one, 503)
        until(one, 200)
        first = one.press(ref="frozen")
        assert first.status_code == 202
        assert one.press(ref="frozen").json() == first.json()


def test_frozen_it_ends_all_the_same_when_it_is_told_to(tmp_path: Path, cluster: Server, url: str) -> None:
    """Its threads wait for answers that do not come, on lines that stay open."""
    with daemon(tmp_path, database_url=url) as one:
        one.headers("press")
        one.start()
        assert one.press(ref="before").status_code == 202
        with frozen(cluster):
            assert one.press(ref="frozen").status_code == 503, "one thread, at least, has been waiting for long"
            clock = SystemClock()
            began = clock.now()
            one.stop()
            took = (clock.now() - began).total_seconds()
            assert took < servers.ENDED_WITHIN, "then it would have been killed"
        assert "leases run out by themselves" in one.log
        assert "Traceback" not in one.log


def test_a_node_that_was_killed_has_its_name_again_at_once_and_nobody_else_has(tmp_path: Path, url: str) -> None:
    twins = tmp_path / "twin"
    twins.mkdir()
    with daemon(tmp_path, database_url=url) as one, sister(twins, database_url=url) as twin:
        twin.settings["ALARMD_NODE_NAME"] = one.environment["ALARMD_NODE_NAME"]
        one.start()
        one.headers("press")
        for n in range(3):
            assert one.press(ref=f"{n}").status_code == 202
            one.kill()
            clock = SystemClock()
            began = clock.now()
            one.start()
            assert (clock.now() - began).total_seconds() < 10, "it did not wait for its name"
        refused = twin.run("run")
        assert refused.returncode != 0
        assert f"another node named '{twin.settings['ALARMD_NODE_NAME']}' runs on PostgreSQL" in refused.stderr
        assert one.press(ref="0").status_code == 202


def test_a_failover_loses_nothing_that_was_accepted(tmp_path: Path, cluster: Server, url: str) -> None:
    with servers.standby(cluster) as second, provider() as (receiver, _):
        both = url.replace(f":{cluster.port}", f":{cluster.port},127.0.0.1:{second.port}")
        with daemon(tmp_path, database_url=both) as one:
            one.apply(office(receiver))
            one.headers("press")
            one.start()
            accepted = {f"before-{n}": one.press(ref=f"before-{n}").json()["alarm"] for n in range(20)}
            with watching(one) as feed:
                position = json.loads(feed.recv(5))["position"]
                cluster.kill()
                assert one.press(ref="between").status_code == 503
                servers.promote(second)
                until(one, 200)
                accepted["between"] = one.press(ref="between").json()["alarm"]
                after = frame(feed, lambda f: f["type"] == "events" and f["position"] > position)
                assert after["events"], "the same console goes on"
            assert one.press(ref="before-7").json()["alarm"] == accepted["before-7"]
            one.stop()
            assert one.do("verify").startswith("the log is whole")
        assert alarms_of(both, list(accepted)) == accepted
        assert max(lateness(both).values()).total_seconds() < 60


def test_two_nodes_fail_over_under_load_and_nobody_is_left_out(tmp_path: Path, cluster: Server, url: str) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    with servers.standby(cluster) as second, provider() as (receiver, heard):
        both = url.replace(f":{cluster.port}", f":{cluster.port},127.0.0.1:{second.port}")
        with daemon(folders[0], database_url=both) as a, daemon(folders[1], database_url=both) as b:
            a.apply(office(receiver))
            a.start()
            b.start()
            b.headers("read")
            load = Load((a, b), every=0.1)
            with load.running():
                load.until_taken(10)
                cluster.kill()
                for node in (a, b):
                    until(node, 503)
                servers.promote(second)
                for node in (a, b):
                    until(node, 200)
                load.until_taken(len(load.accepted) + 10)
            for node in (a, b):
                node.stop()
                assert "Traceback" not in node.log
            assert a.do("verify").startswith("the log is whole")
        assert alarms_of(both, list(load.accepted)) == load.accepted, "each press is in the alarm that was told"
        assert load.seen == list(range(1, len(load.seen) + 1)), "a console sees every event once, in order"
        assert tellings(both, before_the_end=timedelta(seconds=3)) <= heard.keys(), "whom the log names was told"
        assert max(lateness(both).values()).total_seconds() < 60


@contextmanager
def frozen(cluster: Server) -> Iterator[None]:
    """It keeps every line, and says nothing any more."""
    family = _family(cluster)
    for process in family:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            os.kill(process, signal.SIGCONT)


def _family(server: Server) -> list[int]:
    """The server and every process that it has made."""
    assert server.process is not None
    own = server.process.pid
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(own)], capture_output=True, text=True, check=True)
    return [own, *map(int, found.stdout.split())]
