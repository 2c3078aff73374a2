"""What may be asked of a storm, and what is said of a wish that cannot be."""

from pathlib import Path
from typing import Any

import pytest

from alarmd.alarm.model import Kind
from alarmd.commands.storm_office import NAME, buttons, office
from alarmd.commands.storm_wish import Wish
from alarmd.errors import CannotStart, Malformed
from alarmd.escalation.readiness import readiness
from alarmd.organisation.file import parse
from alarmd.settings import environment_of, read_file
from tests.support.story import BEGAN


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"url": ["ftp://x"]}, "--url ftp://x: expected http://HOST:PORT"),
        ({}, "nobody may press without a key: give one by --key, or a broker by --mqtt"),
        (
            {"key": "k", "garbled": 0.1},
            "--garbled: over HTTP what cannot be read is refused with 422; send it by --mqtt",
        ),
        ({"key": "k", "kinds": "panik=1"}, "--kinds panik=1: expected KIND=WEIGHT, with one of duress, panic"),
        ({"key": "k", "kinds": "panic"}, "--kinds panic: expected KIND=WEIGHT"),
        ({"key": "k", "kinds": "panic=0"}, "--kinds panic=0: a weight is a number above nought"),
        ({"key": "k", "kinds": "panic=nan"}, "--kinds panic=nan: a weight is a number above nought"),
        ({"key": "k", "rate": 0.001}, "1000 presses at 0.001 a second take more than a day; fewer, or faster"),
        (
            {"key": "k", "kill_every": 5},
            "--kill-every: only nodes that the storm has started are killed; add --nodes N",
        ),
        ({"key": "k", "mqtt": "own"}, "--mqtt own: only with --nodes; else name the broker"),
        ({"key": "k", "answers": 1}, "--answers: who answers sees alarms by --read-key, and does so by --answer-key"),
        ({"key": "k", "slow": 1}, "--slow, --failing: whose? give --receiver PORT, or --phones URL"),
        (
            {"key": "k", "settings": Path("x")},
            "--settings: they are those of nodes that the storm starts; add --nodes N",
        ),
        ({"nodes": 2}, "--nodes 2: several nodes need a PostgreSQL and a broker"),
        ({"nodes": 1, "key": "k", "phones": "x"}, "--key, --phones: nodes that the storm starts have their own keys"),
        ({"nodes": 1, "mqtt": "mqtt://x"}, "--mqtt mqtt://x: with --nodes write --mqtt own"),
        ({"nodes": 1, "devices": "desk-1"}, "--devices desk-1: buttons of the storm's own have no names; say how many"),
    ],
    ids=lambda each: str(each)[:60],
)
def test_what_cannot_be_is_told_with_what_would_be_right(wish: dict[str, Any], told: str) -> None:
    with pytest.raises(Malformed) as refused:
        Wish(**wish).check()
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "wish",
    [
        {"key": "k"},
        {"mqtt": "mqtt://broker", "garbled": 0.1},
        {"key": "k", "read_key": "r", "answer_key": ["a", "b"], "answers": 0.5},
        {"key": "k", "receiver": 9000, "failing": 0.1},
        {"nodes": 1, "mqtt": "own", "garbled": 0.1, "answers": 1, "slow": 0.2, "kill_every": 5},
        {"nodes": 3, "settings": Path("three.env")},
    ],
    ids=str,
)
def test_what_can_be_is_let_pass(wish: dict[str, Any]) -> None:
    Wish(**wish).check()


def test_the_weather_is_as_it_was_asked_for() -> None:
    weather = Wish(key="k", rate=5, seed=9, kinds="panic=3, duress=1", late=0.1, cut_every=2).weather(("a", "b"))
    assert (weather.devices, weather.rate, weather.seed) == (("a", "b"), 5, 9)
    assert weather.kinds == {Kind.PANIC: 3, Kind.DURESS: 1}
    assert (weather.late, weather.cut_every, weather.kill_every) == (0.1, 2, None)


def test_a_storm_can_be_had_again_without_its_secrets_being_told() -> None:
    wish = Wish(
        key="secret", answer_key=["secret-1", "secret-2"], mqtt="mqtt://ola:secret@broker", rate=5, json=Path("f")
    )
    assert "secret" not in wish.again
    assert wish.again == "alarmd storm --key ... --mqtt ... --rate 5 --seed 1 --answer-key ... --answer-key ..."
    assert (
        Wish(nodes=1, url=["http://a"], devices="30").again
        == "alarmd storm --url http://a --nodes 1 --devices 30 --seed 1"
    )


@pytest.mark.parametrize("devices", [1, 4, 5, 101, 1000])
def test_the_office_of_a_storm_is_a_good_one(devices: int) -> None:
    parsed = parse(office(devices, "http://127.0.0.1:9000/alarm"), "storm.yaml", lambda _: frozenset())
    organisation = parsed.organisation
    assert list(organisation.devices) == buttons(devices)
    assert organisation.name == NAME
    assert not parsed.warnings
    assert not readiness(organisation, BEGAN)


def test_settings_of_a_file_are_read_by_their_names(tmp_path: Path) -> None:
    file = tmp_path / "three.env"
    file.write_text(
        "# three nodes\nALARMD_DATABASE_URL=postgresql://x\nalarmd_redis_url='redis://y'\nALARMD_MQTT_URL=\n"
    )
    assert read_file(file) == {"database_url": "postgresql://x", "redis_url": "redis://y", "mqtt_url": ""}
    file.write_text("ALARMD_DATABSE_URL=postgresql://x\n")
    with pytest.raises(CannotStart, match="ALARMD_DATABSE_URL: no such setting"):
        read_file(file)
    with pytest.raises(CannotStart, match="no such file"):
        read_file(tmp_path / "nowhere.env")


def test_a_daemon_that_is_started_from_here_has_none_of_our_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARMD_TWILIO_AUTH_TOKEN", "of the office in earnest")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    monkeypatch.setenv("LANG", "nb_NO.UTF-8")
    found = environment_of({"http_port": "8081"})
    assert found["ALARMD_HTTP_PORT"] == "8081"
    assert found["LANG"] == "nb_NO.UTF-8"
    assert "ALARMD_TWILIO_AUTH_TOKEN" not in found
    assert "NOTIFY_SOCKET" not in found
