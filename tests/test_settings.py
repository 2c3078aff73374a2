"""Settings: the published example says the defaults, a misspelt name is refused, no secret is repeated."""

import os
from pathlib import Path

import pytest

from alarmd.errors import CannotStart
from alarmd.settings import ServiceManager, Settings, load, service_manager

EXAMPLE = Path(__file__).parents[1] / "config" / "alarmd.env.example"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal() -> str:
    with pytest.raises(CannotStart) as refused:
        load()
    return str(refused.value)


def test_the_example_file_says_the_defaults_and_names_every_setting(folder: Path) -> None:
    default = load()
    (folder / ".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert load() == default
    for name in Settings.model_fields:
        assert f"\nALARMD_{name.upper()}=" in EXAMPLE.read_text(encoding="utf-8")


def test_a_misspelt_name_is_refused_in_the_environment_and_in_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("ALARMD_TWILIO_FORM=+4721000000\n", encoding="utf-8")
    assert "ALARMD_TWILIO_FORM: no such setting" in refusal()
    (folder / ".env").unlink()
    monkeypatch.setenv("ALARMD_TWILIO_SID", "AC1")
    assert "ALARMD_TWILIO_SID: no such setting" in refusal()


@pytest.mark.parametrize(
    ("name", "value"), [("MQTT_URL", "tcp://u:geheim@host"), ("DATABASE_URL", "mysql://u:geheim@host/alarmd")]
)
def test_an_error_names_the_setting_and_repeats_no_password(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ALARMD_{name}", value)
    words = refusal()
    assert words.startswith(f"ALARMD_{name}: must be")
    assert "geheim" not in words


@pytest.mark.parametrize("name", ["vakt 1", "vakt/1", "vakt+", "#", "-vakt", "vakt\n1", "vaktå", "v" * 65])
def test_a_nodes_name_is_one_word(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a blank in it sisters would not understand each other, with a slash the broker would not."""
    monkeypatch.setenv("ALARMD_NODE_NAME", name)
    assert refusal() == (
        "ALARMD_NODE_NAME: must be 1 to 64 letters a to z, digits, dots, hyphens and underscores, such as node-1"
        f" (it is {name!r})"
    )


@pytest.mark.parametrize("name", ["Node_1.kommune.example", "v" * 64, "7"])
def test_machines_names_will_do_as_they_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARMD_NODE_NAME", name)
    assert load().node_name == name
    assert Settings.model_fields["node_name"].validate_default, "the machine's own is looked at, too"


def test_a_harmless_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALARMD_HTTP_PORT", "eighty")
    assert "it is 'eighty'" in refusal()


def test_a_service_manager_is_heard_only_by_the_process_that_it_means(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    assert service_manager() == ServiceManager("", None)
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert service_manager() == ServiceManager("/run/notify", 30.0)
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert service_manager() == ServiceManager("/run/notify", None)
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert service_manager() == ServiceManager("/run/notify", 30.0)
