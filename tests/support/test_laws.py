"""The checks of scripts/laws.py and scripts/locks.py find what they are there to find."""

from pathlib import Path

import pytest

from scripts import laws, locks

REGISTRY = laws.REGISTRIES[0]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project for the scripts to judge."""
    monkeypatch.setattr(laws, "ROOT", tmp_path)
    (tmp_path / "alarmd" / "alarm").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / ".importlinter").write_text("[importlinter:contract:pure]\nsource_modules =\n    alarmd.alarm\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("alarmd/a.py", "#\n" * 401, "401 lines"),
        ("alarmd/a.py", "def f():\n" + "    pass\n" * 60, "f has 61 lines"),
        ("alarmd/a.py", "x = 1  # " + "noqa: A001", "without the reason"),
        ("alarmd/a.py", "x = 1  # " + "type: ignore[misc]", "without the reason"),
        ("alarmd/a.py", '"""PURE: it is not."""', "does not hold alarmd.a to it"),
        ("tests/test_a.py", "pytest." + "skip('later')", "a test is run"),
        ("docs.md", f"install it from https://{REGISTRY}/simple", "names the package registry"),
    ],
)
def test_a_broken_law_is_told(project: Path, name: str, text: str, fault: str) -> None:
    path = project / name
    path.write_text(text)
    (told,) = laws.faults_in(path)
    assert told.startswith(f"{name}:")
    assert fault in told


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alarmd/a.py", "def f():\n" + "    pass\n" * 59),
        ("alarmd/a.py", "x = 1  # " + "noqa: A001 (the name that the standard uses)"),
        ("alarmd/a.py", "x = 1  # " + "type: ignore[misc]  # gmqtt carries no types"),
        ("alarmd/alarm/a.py", '"""PURE: values only."""'),
        ("picture.png", b"\x89PNG"),
    ],
)
def test_what_keeps_the_laws_passes(project: Path, name: str, text: str | bytes) -> None:
    path = project / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert list(laws.faults_in(path)) == []


@pytest.mark.parametrize(
    ("lock", "fault"),
    [
        ("--find-links https://mirror.example\n", "an address"),
        ("redis==8.1.0\n    # via alarmd\n", "no hash: redis==8.1.0"),
    ],
)
def test_a_lock_that_is_bound_to_a_place_is_told(tmp_path: Path, lock: str, fault: str) -> None:
    path = tmp_path / "requirements.lock"
    path.write_text(lock)
    (told,) = locks.python_faults(path)
    assert fault in told


def test_locks_that_differ_are_told(tmp_path: Path) -> None:
    small, large = tmp_path / "small.lock", tmp_path / "large.lock"
    small.write_text("redis==8.1.0 \\\n    --hash=sha256:00\n")
    large.write_text("redis==8.0.0 \\\n    --hash=sha256:00\n")
    assert len(list(locks.differences(small, large))) == 1
