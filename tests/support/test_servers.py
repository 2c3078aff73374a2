"""The servers that other tests rely on: they answer, keep their data over a restart, and end when they should."""

import threading
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
import redis
from paho.mqtt.enums import CallbackAPIVersion

from tests.support import servers
from tests.support.servers import HOST, Server, ServerError


def test_mosquitto_keeps_what_was_retained_over_a_restart(tmp_path: Path) -> None:
    with servers.mosquitto(tmp_path) as server:
        _publish(server.port, "kept", b"yes")
        server.stop()
        server.start()
        assert _retained(server.port, "kept") == b"yes"


def test_the_broker_does_not_write_all_that_it_has_at_every_message() -> None:
    """Met by a flood of hellos: waiting for the disk with each, it took 150 messages a second."""
    said = (servers.DOCKER / "mosquitto" / "conf.d" / "promises.conf").read_text(encoding="utf-8").splitlines()
    assert "autosave_on_changes false" in said
    assert any(line.startswith("autosave_interval ") and line != "autosave_interval 0" for line in said)


def test_a_wrong_line_in_the_configuration_is_told_with_the_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerError, match="Unknown configuration variable"),
        servers.mosquitto(tmp_path, extra="nonsense"),
    ):
        pytest.fail("it started")


def test_redis_answers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()


def test_each_test_has_an_empty_database(postgres_server: Server) -> None:
    urls = []
    for _ in range(2):
        with servers.postgres_database(postgres_server) as url, psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE only_here (id integer)")
            urls.append(url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(urls[0])


def test_a_server_that_was_killed_no_longer_answers(tmp_path: Path) -> None:
    with servers.redis_server(tmp_path) as server:
        port = server.port
        server.kill()
        with pytest.raises(redis.ConnectionError):
            redis.Redis(HOST, port).ping()


def test_a_missing_server_names_the_debian_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(ServerError, match="apt-get install redis-server"), servers.redis_server(tmp_path):
        pytest.fail("it started")


def _publish(port: int, topic: str, payload: bytes) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect(HOST, port)
    client.loop_start()
    client.publish(topic, payload, qos=1, retain=True).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def _retained(port: int, topic: str) -> bytes | None:
    arrived = threading.Event()
    got: list[bytes] = []

    def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        got.append(bytes(message.payload))
        arrived.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = on_message
    client.connect(HOST, port)
    client.loop_start()
    client.subscribe(topic, qos=1)
    arrived.wait(5)
    client.disconnect()
    client.loop_stop()
    return got[0] if got else None
