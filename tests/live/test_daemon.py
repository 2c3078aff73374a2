"""The daemon as a process: it starts, says what is wrong, loses nothing when it is killed or the disk is full, and goes
on by itself.
"""

import json
import resource
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support import servers
from tests.support.daemon import Daemon, daemon

pytestmark = pytest.mark.timeout(180)  # whole processes, started and killed again and again


def until(ask: Callable[[], object], seconds: float = 15) -> None:
    """Ask until it holds; the pause is a bound on how hard is asked, not a time that is trusted."""
    over = threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.start()
    try:
        while not ask():
            assert not over.is_set(), "it did not come to hold in time"
            over.wait(0.05)
    finally:
        timer.cancel()


def _closed(feed: ClientConnection) -> bool:
    """Has the daemon hung up?"""
    try:
        feed.recv(0.05)
    except TimeoutError:
        return False
    except ConnectionClosed:
        return True
    return False


def test_it_starts_takes_a_press_and_stops_in_good_order(tmp_path: Path) -> None:
    with daemon(tmp_path) as one:
        one.start()
        answer = one.press(ref="r1")
        assert answer.status_code == 202
        assert answer.json()["state"] == "raised"
        assert one.get("/readyz").json()["store"] == "commits"
        assert "alarmd_commit_seconds_count" in one.get("/metrics").text
        one.stop()
        assert "Traceback" not in one.log
        one.start()
        assert one.press(ref="r1").json() == answer.json(), "the same ref is the same signal after a restart"


def test_a_full_disk_is_no_yes_and_is_over_by_itself(tmp_path: Path) -> None:
    with daemon(tmp_path) as one:
        one.start()
        assert one.press(ref="before").status_code == 202
        taken = max((tmp_path / name).stat().st_size for name in ("alarmd.db", "alarmd.db-wal"))
        before = resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (taken, resource.RLIM_INFINITY))
        answers = [one.press(ref=f"full-{n}") for n in range(200)]
        refused = [a for a in answers if a.status_code != 202]
        assert refused, "the limit on the size of files was never met"
        assert {a.status_code for a in refused} == {503}
        assert refused[0].headers["content-type"].startswith("application/problem+json")
        # A small commit may find room in between, and then it is well again.
        until(lambda: one.press(ref="full").status_code == 503 and one.get("/readyz").status_code == 503)
        resource.prlimit(one.pid, resource.RLIMIT_FSIZE, before)
        until(lambda: one.get("/readyz").status_code == 200)
        assert one.press(ref="full-199").status_code == 202
        until(
            lambda: (
                f"store:node-{one.port}"
                in [a["cause"] for s in ("open", "closed") for a in one.get(f"/v1/alarms?state={s}").json()["alarms"]]
            )
        )
        assert one.do("verify").startswith("the log is whole")


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        one = Daemon(tmp_path, port=taken.getsockname()[1])
        done = one.run("run")
    assert done.returncode == 1
    assert f"port {one.port} on 127.0.0.1 is taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_daemon_on_one_sqlite_file_is_refused(tmp_path: Path) -> None:
    with daemon(tmp_path) as one:
        one.start()
        other = Daemon(tmp_path, {"ALARMD_DATABASE_URL": one.environment["ALARMD_DATABASE_URL"]})
        done = other.run("run")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("ALARMD_HTTP_PORT", "eighty", "ALARMD_HTTP_PORT"),
        ("ALARMD_DATABASE_URL", "mysql://x", "must begin with sqlite:/// or postgresql://"),
        ("ALARMD_MQTT_URL", "broker:1883", "must be empty, `embedded`"),
        ("ALARMD_TWILIO_SID", "AC1", "no such setting"),
    ],
)
def test_a_wrong_setting_is_told_with_its_name(tmp_path: Path, setting: str, value: str, words: str) -> None:
    done = Daemon(tmp_path, {setting: value}).run("run")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_that_comes_later_is_caught_up_with(tmp_path: Path) -> None:
    port = servers.free_port()
    with daemon(tmp_path, mqtt_url=f"mqtt://127.0.0.1:{port}") as one:
        one.start()
        assert one.get("/readyz").json()["mqtt"] == "unreachable"
        with servers.mosquitto(tmp_path, port=port):
            until(lambda: one.get("/readyz").json()["mqtt"] == "subscribed", 30)
            lit: list[str] = []
            button = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
            button.on_message = lambda _c, _u, m: lit.append(json.loads(m.payload)["ref"])
            button.connect("127.0.0.1", port)
            button.subscribe("alarmd/v1/feedback/desk-1", 1)
            button.loop_start()
            button.publish("alarmd/v1/signal/desk-1", json.dumps({"ref": "m1"}), qos=1).wait_for_publish(10)
            until(lambda: "m1" in lit)
            button.disconnect()
            button.loop_stop()


def test_what_a_shell_changes_beside_the_daemon_is_noticed(tmp_path: Path) -> None:
    with daemon(tmp_path) as one:
        one.start()
        headers = one.headers("read")
        with connect(one.url.replace("http", "ws") + "/v1/live", additional_headers=headers, proxy=None) as feed:
            assert json.loads(feed.recv(5))["type"] == "hello"
            assert json.loads(feed.recv(5))["type"] == "snapshot"
            assert "raised alarm" in one.do("press", "desk-2", "--ref", "shell-1")
            frame = next(f for f in map(json.loads, feed) if f["type"] == "events")
            assert frame["events"][0]["data"]["ref"] == "shell-1"
            one.do("key", "revoke", f"key-{one.port}-0")
            until(lambda: _closed(feed))
        assert one.get("/v1/alarms", "read").status_code == 401


def test_two_nodes_see_each_others_events_with_and_without_redis(tmp_path: Path, postgres_url: str) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    with servers.redis_server(tmp_path) as redis:
        shared = {"database_url": postgres_url, "redis_url": f"redis://127.0.0.1:{redis.port}"}
        with daemon(folders[0], **shared) as a, daemon(folders[1], **shared) as b:
            a.start()
            b.start()
            headers = b.headers("read")
            with connect(b.url.replace("http", "ws") + "/v1/live", additional_headers=headers, proxy=None) as feed:
                assert json.loads(feed.recv(5))["type"] == "hello"
                position = json.loads(feed.recv(5))["position"]
                for n in range(40):
                    if n == 20:
                        redis.stop()
                    assert a.press(ref=f"n{n}").status_code == 202
                seen: list[str] = []
                while len(seen) < 40:
                    frame = json.loads(feed.recv(10))
                    for event in frame.get("events", ()):
                        assert event["position"] == position + 1
                        position = event["position"]
                        if event["kind"] == "raised" and event["data"]["kind"] != "technical":
                            seen.append(event["data"]["ref"])
                assert seen == [f"n{n}" for n in range(40)]
            alarm = a.get("/v1/alarms?state=open").json()["alarms"][0]["id"]
            done = b.post(f"/v1/alarms/{alarm}/acknowledge", {}, "answer", "--person", "ola")
            assert done.status_code == 200
            assert a.get(f"/v1/alarms/{alarm}").json()["state"] == "acknowledged"
