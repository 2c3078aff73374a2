"""The files of docker/, with real servers: the broker with its users, Caddy before two nodes, and a node that may write
to its own folder alone. What only Docker itself could show (that the image builds) is not shown here.
"""

import json
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.support import servers
from tests.support.daemon import Daemon, daemon
from tests.support.rolling import Load, alarms_of, lateness, office, provider

pytestmark = pytest.mark.timeout(240)  # whole processes, started and stopped

PASSWORDS = {"alarmd": "alarmds", "desk-1": "eins", "desk-2": "zwei"}
CONFINED = """
mount --bind {folder} {folder} && mount -o remount,bind,ro / && mount -t tmpfs none /var/tmp &&
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


@contextmanager
def button(port: int, name: str) -> Iterator[tuple[paho.Client, list[str]]]:
    """A device at the broker, and the refs by which its light was answered."""
    lit: list[str] = []
    there = threading.Event()
    device = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    device.username_pw_set(name, PASSWORDS[name])
    device.on_message = lambda _c, _u, m: lit.append(json.loads(m.payload)["ref"])

    def connected(*_: object) -> None:
        device.subscribe(f"alarmd/v1/feedback/{name}", 1)

    device.on_connect = connected
    device.on_subscribe = lambda *_: there.set()
    device.connect("127.0.0.1", port)
    device.loop_start()
    assert there.wait(10)
    try:
        yield device, lit
    finally:
        device.disconnect()
        device.loop_stop()


def test_the_broker_lets_each_device_press_itself_alone(tmp_path: Path) -> None:
    with servers.guarded_mosquitto(tmp_path, PASSWORDS) as (broker, port):
        own = f"mqtt://alarmd:{PASSWORDS['alarmd']}@127.0.0.1:{port}"
        with daemon(tmp_path, mqtt_url=own) as one:
            one.headers("read")
            one.start()
            assert one.get("/readyz").json()["mqtt"] == "subscribed"
            with button(broker.port, "desk-1") as (device, _):
                gone = threading.Event()
                device.on_disconnect = lambda *_: gone.set()
                device.publish("alarmd/v1/signal/desk-2", json.dumps({"ref": "by-1-for-desk-2"}))
                gone.wait(2)  # Mosquitto 2.0.11 hangs up on him; later ones say nothing
            with button(broker.port, "desk-1") as (device, lit):
                words = json.dumps({"ref": "by-1-for-desk-1"})
                device.publish("alarmd/v1/signal/desk-1", words, qos=1).wait_for_publish(10)
                while not lit:
                    assert one.get("/healthz").status_code == 200
            assert lit == ["by-1-for-desk-1"]
            pressed = [a["device"] for a in one.get("/v1/alarms?state=open").json()["alarms"]]
            assert pressed == ["desk-1"]
            assert "does not say whether it drops" not in one.log, "the broker tells the daemon of what it drops"
            one.stop()
            swallow_presses(broker.port)
            with button(broker.port, "desk-1") as (device, lit):
                device.publish("alarmd/v1/signal/desk-1", json.dumps({"ref": "kept"}), qos=1).wait_for_publish(10)
                swallow_presses(broker.port)
                one.start()
                while "kept" not in lit:
                    assert one.get("/healthz").status_code == 200
            one.stop()
        assert not lets_in(broker.port, "desk-2", "wrong")
        assert lets_in(broker.port, "desk-2", PASSWORDS["desk-2"])


def test_what_the_broker_drops_while_alarmd_is_away_is_told(tmp_path: Path) -> None:
    with servers.guarded_mosquitto(tmp_path, PASSWORDS, "sys_interval 1\nmax_queued_messages 1") as (broker, port):
        own = f"mqtt://alarmd:{PASSWORDS['alarmd']}@127.0.0.1:{port}"
        leave_too_much(broker.port, port)
        with daemon(tmp_path, mqtt_url=own) as one:
            one.headers("read")
            one.start()
            told: list[str] = []
            while "mqtt_drops" not in told:
                told = [a["cause"] for a in one.get("/v1/alarms?state=open").json()["alarms"]]
            one.stop()


def leave_too_much(port: int, own: int) -> None:
    """For a device that is away and has room for one: what is more the broker drops."""
    away = paho.Client(CallbackAPIVersion.VERSION2, clean_session=False, client_id="desk-1", protocol=paho.MQTTv311)
    away.username_pw_set("desk-1", PASSWORDS["desk-1"])
    subscribed: list[int] = []

    def connected(*_: object) -> None:
        away.subscribe("alarmd/v1/feedback/desk-1", 1)

    away.on_connect = connected
    away.on_subscribe = lambda *_: subscribed.append(1)
    away.connect("127.0.0.1", port)
    while not subscribed:
        away.loop(1)
    away.disconnect()
    lights = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    lights.username_pw_set("alarmd", PASSWORDS["alarmd"])
    lights.connect("127.0.0.1", own)
    lights.loop_start()
    for sent in [lights.publish("alarmd/v1/feedback/desk-1", b"{}", qos=1) for _ in range(60)]:
        sent.wait_for_publish(10)
    lights.disconnect()
    lights.loop_stop()


def swallow_presses(port: int) -> None:
    """A device that calls itself alarmd, to get what the broker keeps for that, and to end it."""
    for clean in (False, True):
        thief = paho.Client(CallbackAPIVersion.VERSION2, "alarmd", clean_session=clean, protocol=paho.MQTTv311)
        thief.username_pw_set("desk-2", PASSWORDS["desk-2"])
        present: list[bool] = []
        thief.on_connect = lambda _c, _u, flags, *_, present=present: present.append(flags.session_present)
        thief.connect("127.0.0.1", port)
        while not present:
            thief.loop(1)
        thief.disconnect()
        assert present == [False]


def lets_in(port: int, name: str, password: str) -> bool:
    """Does the broker take this password?"""
    answers: list[bool] = []
    device = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    device.username_pw_set(name, password)
    device.on_connect = lambda _c, _u, _f, code, _p: answers.append(not code.is_failure)
    device.connect("127.0.0.1", port)
    while not answers:
        device.loop(1)
    device.disconnect()
    return answers[0]


def test_behind_caddy_a_rolling_restart_is_not_noticed(tmp_path: Path, postgres_url: str) -> None:
    folders = [tmp_path / name for name in ("a", "b", "caddy")]
    for folder in folders:
        folder.mkdir()
    settings = {"database_url": postgres_url, "trusted_proxies": "127.0.0.1"}
    with (
        provider() as (receiver, heard),
        daemon(folders[0], **settings) as a,
        daemon(folders[1], **settings) as b,
        servers.caddy(folders[2], a.port, b.port) as proxy,
    ):
        front = f"https://localhost:{proxy.port}"
        for node in (a, b):
            node.settings["ALARMD_PUBLIC_URL"] = front
        a.apply(office(receiver))
        a.start()
        b.start()
        trust = known(folders[2], front)
        with httpx.Client(verify=trust, trust_env=False, base_url=front) as http:
            assert http.get("/healthz").status_code == 200
            assert http.get("/metrics").status_code == 404, "not for everybody"
            assert "secure" in signed_in(a, http).lower()
        load = Load((a, b), front=front, trust=trust)
        with load.running():
            for node in (a, b):
                node.stop()
                node.start()
        for node in (a, b):
            node.stop()
    late = lateness(postgres_url)
    assert load.accepted
    assert alarms_of(postgres_url, list(load.accepted)) == load.accepted
    assert {s: by for s, by in late.items() if by > timedelta(seconds=1 + load.stall)} == {}
    assert heard
    assert max(heard.values()) == 1, "nobody was told twice"
    assert load.seen == list(range(1, len(load.seen) + 1))
    assert set(load.closes) == {1012}


def known(folder: Path, front: str) -> ssl.SSLContext:
    """Trust Caddy's own authority, once it has made a certificate and found a node."""
    root = servers.authority(folder)
    while not root.exists():
        """It is made at the start."""
    trust = ssl.create_default_context(cafile=str(root))
    with httpx.Client(verify=trust, trust_env=False) as http:
        while True:
            try:
                if http.get(f"{front}/healthz", timeout=12).status_code == 200:
                    return trust
            except httpx.HTTPError:
                """Not yet."""


def signed_in(one: Daemon, http: httpx.Client) -> str:
    """The cookie of somebody who signs in by the proxy, after somebody else has guessed there for a while."""
    one.do("account", "create", "--person", "ola", typed="et-langt-nok-passord\net-langt-nok-passord\n")
    body = {"person": "ola", "password": "feil"}
    codes = [
        http.post("/v1/session", json=body, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(24)
    ]
    assert 429 in codes, "what a client says of itself is not believed: it is counted by where it comes from"
    done = httpx.post(
        f"{one.url}/v1/session",
        json=body | {"password": "et-langt-nok-passord"},
        headers={"X-Forwarded-For": "192.0.2.9"},
        trust_env=False,
    )
    assert done.status_code == 200, "whom a named proxy speaks for is counted for himself"
    return done.headers["set-cookie"]


def test_it_needs_one_folder_and_nothing_else(tmp_path: Path) -> None:
    """The file system read-only, no capability, no new privilege: what the compose files and the unit give it."""
    rootless = () if os.getuid() == 0 else ("--map-root-user", "--user")
    script = CONFINED.format(folder=tmp_path)
    confined = ("unshare", *rootless, "--mount", "sh", "-euc", script, "confined")
    with daemon(tmp_path, confined, mqtt_url=f"embedded:{servers.free_port()}") as one:
        one.start()
        assert one.press(ref="r").status_code == 202
        status = Path(f"/proc/{one.pid}/status").read_text(encoding="utf-8")
        assert "CapEff:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status
        one.stop()
        assert "Traceback" not in one.log
