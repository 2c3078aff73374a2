"""What a run leaves: figures in a file, the table, plots, and what has become slower since the run before."""

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from alarmd.rehearsal.storm.plots import Line, Plot, standalone
from tests.bench.rows import Figures, Measured, Points
from tests.bench.systems import FLOOR, POSTGRESQL, SQLITE
from tests.bench.table import POSTGRESQL_MUST, ROWS, Goal

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "performance.md"
BEGIN, END = "<!-- bench -->", "<!-- end of bench -->"
NOISE = 1.1
"""Slower by less than this is none."""
HEADS = ("", "floor", "alarmd", "", "must, aim", "", "on PostgreSQL and Redis")


@dataclass
class Run:
    """`rounds`: by row and system, the figures of each round; `curves`: of the last. `load`: what else the machine did
    when a row began, as /proc/loadavg tells."""

    at: str
    load: dict[str, float] = field(default_factory=dict)
    rounds: dict[str, dict[str, list[Figures]]] = field(default_factory=dict)
    curves: dict[str, dict[str, Points]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Self:
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(vars(self)) + "\n", encoding="utf-8")

    def add(self, row: str, system: str, measured: Measured) -> None:
        self.rounds.setdefault(row, {}).setdefault(system, []).append(measured.figures)
        self.curves.setdefault(row, {})[system] = measured.curve

    def beside(self, before: "Run") -> "Run":
        """This one, with what it did not measure from the one before."""
        both: dict[str, Any] = {
            what: {**getattr(before, what), **getattr(self, what)} for what in ("load", "rounds", "curves")
        }
        return Run(self.at, **both)

    def middle(self, row: str, system: str, figure: str) -> float | None:
        """The median of the rounds."""
        rounds = self.rounds.get(row, {}).get(system)
        return statistics.median(each[figure] for each in rounds) if rounds else None


def table(run: Run) -> str:
    """Every figure that was measured, and whether it holds."""
    cells = [_cells(run, row, goal) for row in ROWS if row in run.rounds for goal in ROWS[row].goals]
    return "\n".join(f"| {' | '.join(line)} |" for line in [HEADS, ["---"] * len(HEADS), *cells])


def missed(run: Run) -> list[str]:
    """Whatever must hold, and does not."""
    goals = [(row, goal) for row in ROWS if row in run.rounds for goal in ROWS[row].goals]
    return [goal.title for row, goal in goals if _verdict(run, row, goal) == "**missed**"]


def slower(before: Run, run: Run) -> Iterator[str]:
    """Where the best round of now is worse than the worst of then, measured by the floor of the same run where there is
    one: the machine may be another, or busier."""
    for row in run.rounds:
        goal = ROWS[row].goals[0]
        then, now = (_costs(each, row, goal) for each in (before, run))
        if then and min(now) > max(then) * NOISE:
            yield f"slower than in the run before: {goal.title}: {min(now):.3g} at best, was {max(then):.3g} at worst"


def draw(run: Run, folder: Path) -> None:
    """The plots, each in a file."""
    for row, title, x, y, log_x in (
        ("one", "One press until a console shows it", "milliseconds", "presses, %", False),
        ("one-to-many", "One press until the last of 500 consoles shows it", "milliseconds", "presses, %", False),
        ("burst", "10,000 presses at once", "seconds", "told by webhook", False),
        ("growth", "One press as the log grows", "events in the log", "milliseconds to 202", True),
    ):
        if row in run.curves:
            lines = [Line(system, points) for system, points in run.curves[row].items()]
            drawn = standalone(Plot(title, x, y, lines, log_x=log_x))
            (folder / f"performance-{row}.svg").write_text(drawn, encoding="utf-8")


def publish(run: Run) -> None:
    """The table and the plots, in docs/."""
    page = PAGE.read_text(encoding="utf-8")
    head, foot = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n\n{table(run)}\n\n{END}{foot}", encoding="utf-8")
    draw(run, DOCS / "pictures")


def _cells(run: Run, row: str, goal: Goal) -> Sequence[str]:
    floor, mine, other = (run.middle(row, system, goal.figure) for system in (FLOOR, SQLITE, POSTGRESQL))
    ratio = f"x {mine / floor:.2f}" if mine and floor and not goal.absolute else ""
    wanted = [f"{limit:,g}" for limit in (goal.must, goal.aim) if limit is not None]
    sign = "" if goal.absolute else "x "
    shown = ", ".join(f"{'≥' if goal.high else '≤'} {sign}{limit}" for limit in wanted)
    return goal.title, _number(floor), _number(mine), ratio, shown, _verdict(run, row, goal), _beside(mine, other, goal)


def _verdict(run: Run, row: str, goal: Goal) -> str:
    mine, floor = run.middle(row, SQLITE, goal.figure), run.middle(row, FLOOR, goal.figure)
    assert mine is not None
    beside = 1.0 if goal.absolute or floor is None else floor
    if goal.aim is not None and goal.held(mine, goal.aim, beside):
        return "aim"
    if goal.must is None:
        return "" if goal.aim is None else "not yet"
    return "must" if goal.held(mine, goal.must, beside) else "**missed**"


def _beside(mine: float | None, other: float | None, goal: Goal) -> str:
    """On PostgreSQL, and whether that is near enough to SQLite. Its processor time and memory are shared with
    others."""
    if mine is None or other is None or goal.figure in {"cpu seconds", "MiB"}:
        return ""
    limit = 1 / POSTGRESQL_MUST if goal.high else POSTGRESQL_MUST
    return f"{_number(other)}, x {other / mine:.2f}{'' if goal.held(other, limit, mine) else ' **missed**'}"


def _costs(run: Run, row: str, goal: Goal) -> list[float]:
    """Of each round; more is worse."""
    systems = run.rounds.get(row, {})
    mine = [each[goal.figure] for each in systems.get(SQLITE, [])]
    floor = [each[goal.figure] for each in systems.get(FLOOR, [])]
    beside = floor if floor and not goal.absolute else [1.0] * len(mine)
    ratios = [ours / theirs for ours, theirs in zip(mine, beside, strict=True)]
    return [1 / ratio for ratio in ratios] if goal.high else ratios


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
