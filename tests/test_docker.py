"""The files of docker/ name what there is, and give a node no more than it needs."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from alarmd.settings import PREFIX, Settings

TOP = Path(__file__).parents[1]
DOCKER = TOP / "docker"
COMPOSES = ("compose.yaml", "compose.three-nodes.yaml")
MADE_LATER = ("config/alarmd.env", "docker/mosquitto/secret")
"""What an administrator makes; never in the repository."""


@pytest.fixture(params=COMPOSES)
def compose(request: pytest.FixtureRequest) -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load((DOCKER / request.param).read_text(encoding="utf-8"))
    return read


def nodes(compose: dict[str, Any]) -> list[dict[str, Any]]:
    return [service for service in compose["services"].values() if service["image"] == "alarmd"]


def test_every_file_that_is_mounted_or_read_is_there(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        mounted = [volume.partition(":")[0] for volume in service.get("volumes", ()) if volume.startswith(".")]
        for name in (*mounted, *service.get("env_file", ())):
            place = (DOCKER / name).resolve()
            assert place.exists() or str(place.relative_to(TOP)) in MADE_LATER, name
        for volume in service.get("volumes", ()):
            assert volume.startswith(".") or volume.partition(":")[0] in compose["volumes"], volume


def test_every_setting_is_one_that_alarmd_knows(compose: dict[str, Any]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for node in nodes(compose):
        assert node["environment"].keys() <= known
        assert "0.0.0.0/0" not in node["environment"]["ALARMD_TRUSTED_PROXIES"]


def test_the_proxy_that_is_trusted_has_the_address_that_is_named(compose: dict[str, Any]) -> None:
    (trusted,) = {node["environment"]["ALARMD_TRUSTED_PROXIES"] for node in nodes(compose)}
    network = compose["networks"]["default"]["ipam"]["config"][0]
    caddy = compose["services"].get("caddy")
    assert trusted == (caddy["networks"]["default"]["ipv4_address"] if caddy else network["gateway"])


def test_a_node_may_do_no_more_than_it_needs(compose: dict[str, Any]) -> None:
    for node in nodes(compose):
        assert node["read_only"]
        assert node["cap_drop"] == ["ALL"]
        assert node["security_opt"] == ["no-new-privileges:true"]
        assert node["restart"] == "always"
        assert int(node["stop_grace_period"].rstrip("s")) > 10, "longer than it takes to stop in good order"


def test_what_the_image_is_made_of_goes_to_the_builder() -> None:
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    sent = re.findall(r"^!(\S+)$", (TOP / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for word in line.split()[:-1]]
    assert copied
    for name in copied:
        assert (TOP / name).exists(), name
        assert any(name == each or name.startswith(f"{each}/") for each in sent), name
    assert re.search(r"^USER \d+$", text, re.MULTILINE), "a number, which every host can tell from root's"
    assert "HEALTHCHECK" in text
