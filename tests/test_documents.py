"""What the documents tell a reader to do works, where they point is something, and the contract forgets nothing."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alarmd.access.model import Scope
from alarmd.alarm.events import EventKind, Reason
from alarmd.alarm.model import AttemptState, Kind, State
from alarmd.settings import Settings
from tests.support.daemon import Daemon
from tests.support.house import house

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CONTRACT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "web_console" / "README.md"]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md"))
NODE = re.compile(r"`(tests/[^`]*::[^`]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def run_it() -> str:
    """The commands below `Run it`."""
    found = re.search(r"## Run it\n.*?```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_commands_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    commands = run_it()
    assert commands.splitlines()[-1] == "alarmd run"
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    done = subprocess.run(
        ["/bin/bash", "-e", "-c", commands.removesuffix("alarmd run\n")],
        cwd=tmp_path,
        env={k: v for k, v in Daemon(tmp_path).environment.items() if not k.startswith("ALARMD_")},
        input="en lang og riktig hest\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "applied as version 1" in done.stdout
    assert "skranke-1 pressed " in done.stdout
    assert "arne can sign in" in done.stdout
    assert (tmp_path / "var" / "alarmd.db").is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_points_to_something(document: Path) -> None:
    missing = [
        link for link in LINK.findall(document.read_text(encoding="utf-8")) if not (document.parent / link).exists()
    ]
    assert missing == []


def test_the_contract_names_every_setting() -> None:
    missing = [name for name in Settings.model_fields if f"`{name.upper()}`" not in CONTRACT]
    assert missing == []


@pytest.mark.parametrize("words", [EventKind, Reason, AttemptState, Kind, State], ids=lambda words: words.__name__)
def test_the_contract_names_every_word_that_is_sent(words: type[EventKind]) -> None:
    assert [word.value for word in words if f"`{word.value}`" not in CONTRACT] == []


async def test_the_contract_names_every_route(tmp_path: Path) -> None:
    async with house(tmp_path / "alarmd.db") as made, made.client(await made.key(Scope.READ)) as http:
        assert (await http.get("/v1/alarms")).status_code == 200
        paths = (await http.get("/openapi.json")).json()["paths"]
    routes = [path.removeprefix("/v1/alarms/{id}/") for path in paths]
    assert [route for route in routes if not re.search(rf"(?<!\w){re.escape(route)}(?!\w)", CONTRACT)] == []


def test_every_test_that_the_lessons_name_is_there() -> None:
    named = NODE.findall((ROOT / "docs" / "lessons.md").read_text(encoding="utf-8"))
    assert len(named) > 50
    assert [node for node in named if not is_there(node)] == []


def test_every_lesson_names_a_test_or_says_why_there_is_none() -> None:
    text = (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")
    rows = [
        row for row in re.findall(r"^\| (.*) \|$", text, re.MULTILINE) if not row.startswith(("| what", "tag |", "---"))
    ]
    numbers = {int(number) for row in rows for number in re.findall(r"\d+", row.partition("|")[0]) if row[0] != "F"}
    assert numbers == set(range(1, 43))
    assert [row for row in rows if not NODE.search(row) and "no test: " not in row] == []


def is_there(node: str) -> bool:
    """Does this test exist, its class's own or inherited?"""
    path, *names = node.split("::")
    found: object = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    for name in names:
        found = getattr(found, name, None)
    return callable(found)
