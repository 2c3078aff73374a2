"""Presses over MQTT while nodes die, stop, leave and come back, and the broker restarts: each is exactly one signal."""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support import servers
from tests.support.daemon import Daemon, daemon, sister
from tests.support.presses import Buttons, Witness, judge, left_at_the_broker, span
from tests.support.servers import HOST

DEVICES = ("desk-1", "desk-2", "silent")
BURST, LIVES = 300, 3


def until(holds: Callable[[], object], within: float = 40.0) -> None:
    over = threading.Event()
    timer = threading.Timer(within, over.set)
    timer.start()
    try:
        while not holds():
            assert not over.is_set(), "it did not come to hold in time"
            over.wait(0.02)
    finally:
        timer.cancel()


def goes_on(witness: Witness, presses: int = 40) -> None:
    """So many more come to be in the log."""
    enough = len(witness.signals) + presses
    until(lambda: len(witness.signals) >= enough)


def mqtt(node: Daemon) -> str:
    state: str = httpx.get(node.url + "/readyz", trust_env=False, timeout=5).json()["mqtt"]
    return state


def holder(nodes: Sequence[Daemon], within: float = 40.0) -> Daemon:
    """The one that takes the presses."""
    found: list[Daemon] = []

    def there() -> bool:
        found[:] = [node for node in nodes if mqtt(node) == "subscribed"]
        return len(found) == 1

    until(there, within)
    return found[0]


def marks(file: Path) -> int:
    """How many presses the broker may deliver again."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        count: int = database.execute("SELECT count(*) FROM marks").fetchone()[0]
        return count


def burst(port: int, presses: int) -> None:
    """So many empty messages, as quickly as the broker takes them."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.max_inflight_messages_set(0)
    client.connect(HOST, port)
    client.loop_start()
    for sent in [client.publish(f"alarmd/v1/signal/{DEVICES[n % 3]}", b"", qos=1) for n in range(presses)]:
        sent.wait_for_publish(20)
    client.disconnect()
    client.loop_stop()


@pytest.mark.timeout(300)
def test_three_nodes_and_a_broker_in_trouble_each_press_is_one_signal_in_time(
    tmp_path: Path, postgres_url: str
) -> None:
    folders = [tmp_path / name for name in ("north", "south", "west")]
    for folder in folders:
        folder.mkdir()
    with servers.mosquitto(tmp_path) as broker:
        shared = {"database_url": postgres_url, "mqtt_url": f"mqtt://{HOST}:{broker.port}"}
        with (
            daemon(folders[0], **shared) as north,
            sister(folders[1], **shared) as south,
            sister(folders[2], **shared) as west,
            Witness(postgres_url) as witness,
        ):
            nodes = [north, south, west]
            for node in nodes:
                node.start()
            excused: list[tuple[float, float]] = []
            with Buttons(broker.port, DEVICES, every=0.1) as buttons:
                goes_on(witness)

                killed = holder(nodes)
                killed.kill()
                nodes.remove(killed)
                stopped = holder(nodes, within=5)
                goes_on(witness)

                stopped.pause()
                other = holder([node for node in nodes if node is not stopped], within=5)
                goes_on(witness)
                stopped.resume()
                until(lambda: mqtt(stopped) == "standby")
                goes_on(witness)

                killed.settings["ALARMD_NODE_NAME"] = "renamed"
                killed.start()
                assert mqtt(killed) == "standby"
                other.stop()
                nodes = [killed, stopped]
                holder(nodes, within=2)
                goes_on(witness)

                with span(excused):
                    broker.stop()
                    broker.start()
                    holder(nodes)
                goes_on(witness)
            sure = [press for press in buttons.presses if press.taken is not None]
            until(lambda: len(witness.signals) >= len(sure))
            for node in nodes:
                node.stop()
            assert left_at_the_broker(broker.port, "alarmd") == (True, [])
            for name in ("renamed", *(f"node-{node.port}" for node in (north, south, west))):
                for client_id in (f"alarmd-{name}", f"alarmd.{name}"):
                    assert left_at_the_broker(broker.port, client_id) == (False, [])
        assert len(sure) > 200
        assert judge(buttons.presses, witness.signals, within=5.0, excused=excused) == []
        assert all("Traceback" not in node.log for node in (north, south, west))


@pytest.mark.timeout(200)
def test_killed_in_a_burst_of_presses_without_a_ref_each_is_one_signal(tmp_path: Path) -> None:
    """Whatever was stored and not acknowledged is delivered again after the restart, and is known."""
    with servers.mosquitto(tmp_path) as broker, daemon(tmp_path, mqtt_url=f"mqtt://{HOST}:{broker.port}") as one:
        with Witness(one.environment["ALARMD_DATABASE_URL"], every=0.01) as witness:
            for life in range(LIVES):
                one.start()
                until(lambda: mqtt(one) == "subscribed")
                burst(broker.port, BURST)
                goes_on(witness, presses=20 * (life + 1))
                one.kill()
            one.start()
            until(lambda: len(witness.signals) >= LIVES * BURST)
            until(lambda: marks(tmp_path / "alarmd.db") == 0)  # the broker knows that all are taken
        one.stop()
        assert left_at_the_broker(broker.port, "alarmd") == (True, [])
        assert len(witness.signals) == LIVES * BURST
        assert one.do("verify").startswith("the log is whole")


def old_session(port: int, node: str, *presses: bytes) -> None:
    """What a node of the version before leaves at the broker when it is stopped, and what is pressed meanwhile."""
    client = paho.Client(CallbackAPIVersion.VERSION2, f"alarmd-{node}", protocol=paho.MQTTv5)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    keeps = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types the rest
    keeps.SessionExpiryInterval = 600
    client.connect(HOST, port, clean_start=False, properties=keeps)
    client.loop_start()
    client.subscribe([(f"alarmd/v1/{word}/+", 1) for word in ("signal", "heartbeat", "status")])
    assert subscribed.wait(10)
    client.disconnect()
    client.loop_stop()
    button = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    button.max_inflight_messages_set(0)
    button.connect(HOST, port)
    button.loop_start()
    button.publish("alarmd/v1/heartbeat/desk-1", b"", qos=1)
    for press in presses:
        button.publish("alarmd/v1/signal/desk-1", press, qos=1).wait_for_publish(10)
    button.disconnect()
    button.loop_stop()


@pytest.mark.timeout(120)
def test_what_the_version_before_left_at_the_broker_is_taken_once_and_its_session_ends(tmp_path: Path) -> None:
    with servers.mosquitto(tmp_path) as broker, daemon(tmp_path, mqtt_url=f"mqtt://{HOST}:{broker.port}") as one:
        name = f"node-{one.port}"
        old_session(broker.port, name, b'{"note":"bare"}', b'{"ref":"r-1"}', b'{"ref":"r-1"}', *[b""] * 50)
        with Witness(one.environment["ALARMD_DATABASE_URL"]) as witness:
            one.start()
            until(lambda: len(witness.signals) >= 52)
            until(lambda: "the session of the version before is ended" in one.log)
            one.kill()
            one.start()
            until(lambda: mqtt(one) == "subscribed")
            burst(broker.port, 3)
            until(lambda: len(witness.signals) >= 55)
        one.stop()
        assert left_at_the_broker(broker.port, f"alarmd-{name}") == (False, [])
        assert len(witness.signals) == 55, "a bare one, one of its ref, the empty ones, and three new"
        assert one.do("verify").startswith("the log is whole")
