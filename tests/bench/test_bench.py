"""The benchmark runs, says what it found, and judges rightly. Nothing here is judged by the clock."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.report import Run
from tests.bench.table import ROWS


@pytest.mark.timeout(180)
def test_a_tiny_run_leaves_figures_and_plots(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench", "--tiny", "--store", str(tmp_path)]
    done = subprocess.run([*command, "one", "crash", "decided"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    for row in ("one", "crash", "decided"):
        assert set(found["rounds"][row]) == set(ROWS[row].systems)
        for goal in ROWS[row].goals:
            assert goal.title in done.stdout
            assert all(each[goal.figure] > 0 for rounds in found["rounds"][row].values() for each in rounds)
    assert {file.name for file in tmp_path.glob("*.svg")} == {"performance-one.svg"}


def run(**console: tuple[float, ...]) -> Run:
    found = Run("2026-01-01T00:00:00+00:00")
    for system, times in console.items():
        figures = [{"console p50": t, "webhook p50": 1.0, "acknowledge p50": 1.0} for t in times]
        found.rounds.setdefault("one", {})[system] = figures
    return found


@pytest.mark.parametrize(("mine", "verdict"), [(1.2, "aim"), (1.9, "must"), (2.1, "**missed**")])
def test_what_holds_is_told_by_the_median_and_the_floor_of_the_same_run(mine: float, verdict: str) -> None:
    found = run(floor=(2.0, 2.0, 9.0), alarmd=(2 * mine, 0.1, 99.0))
    assert verdict in report.table(found).splitlines()[2].split(" | ")
    assert report.missed(found) == ([ROWS["one"].goals[0].title] if verdict == "**missed**" else [])


def test_slower_is_what_is_slower_in_every_round_and_beside_the_floor() -> None:
    before = run(floor=(1.0, 1.0), alarmd=(1.5, 2.0))
    assert not list(report.slower(before, run(floor=(1.0, 1.0), alarmd=(2.1, 9.0)))), "one round is like before"
    assert not list(report.slower(before, run(floor=(4.0, 4.0), alarmd=(8.0, 8.0)))), "the machine is slower"
    assert list(report.slower(before, run(floor=(1.0, 1.0), alarmd=(2.3, 9.0))))


def test_what_a_run_did_not_measure_is_kept() -> None:
    before, now = run(floor=(1.0,), alarmd=(1.0,)), Run("2026-02-01T00:00:00+00:00")
    assert now.beside(before).rounds == before.rounds
    assert run(floor=(2.0,), alarmd=(2.0,)).beside(before).middle("one", "floor", "console p50") == 2.0
