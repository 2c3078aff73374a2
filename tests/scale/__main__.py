"""`make simulate-scale`: lives through a power cut at every size, prints the table and, with `--write`, puts it into
docs/scale.md with its plots. The figures it reckons with are those of `figures.json` (`python -m tests.scale.measure`).
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from alarmd.rehearsal.storm.plots import Line, Plot, standalone
from tests.scale.country import Figures, Outcome, Size, live_through
from tests.scale.measure import FIGURES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "scale.md"
BEGIN, END = "<!-- scale -->", "<!-- end of scale -->"

SIZES = (
    Size("one office", 50, 1, consoles=3),
    Size("a region of 50 offices", 2_500, 50, consoles=60),
    Size("22,000 staff, 500 sites", 30_000, 500, nodes=3, consoles=600),
    Size("100,000 devices, one installation", 100_000, 2_000, nodes=3, consoles=600),
    Size("1,000,000 devices, one installation", 1_000_000, 20_000, nodes=3, consoles=2_000),
    Size("1,000,000 devices, 10 installations", 1_000_000, 20_000, installations=10, nodes=3, consoles=600),
    Size("1,000,000 devices, 30 installations", 1_000_000, 20_000, installations=30, nodes=3, consoles=200),
)
GROWING = (1_000, 3_000, 10_000, 30_000, 60_000, 100_000, 150_000, 200_000, 300_000, 500_000, 1_000_000)
TEXTS = (10, 30, 100, 300)


def main() -> None:
    words = argparse.ArgumentParser(prog="make simulate-scale")
    words.add_argument("--write", action="store_true", help="put table and plots into docs/")
    words.add_argument("--seed", type=int, default=1)
    wish = words.parse_args()
    measured = json.loads(FIGURES.read_text(encoding="utf-8"))
    table = [_row(live_through(size, _figures(measured, size), wish.seed)) for size in SIZES]
    text = "\n".join([_line(HEADS), _line("---" for _ in HEADS), *table])
    print(text)
    if wish.write:
        for name, plot in _plots(measured, wish.seed):
            (DOCS / "pictures" / f"{name}.svg").write_text(standalone(plot), encoding="utf-8")
        page = PAGE.read_text(encoding="utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


HEADS = (
    "",
    "devices for each installation",
    "presses",
    "quiet: a node, the broker",
    "busy: a node, the database",
    "press to commit: p50, p99, longest",
    "if presses went first: p99",
    "first person told: p50, p99",
    "the last told after",
    "holds",
)


def _row(outcome: Outcome) -> str:
    size = outcome.size
    nodes = f"{size.nodes} node{'s' * (size.nodes > 1)}"
    cells = (
        size.name,
        f"{size.devices // size.installations:,}, {nodes}",
        f"{outcome.presses:,}",
        f"{outcome.quiet_node:.0%}, {outcome.quiet_broker:.0%}",
        f"{outcome.busy_node:.0%}, {outcome.busy_database:.0%}",
        ", ".join(map(_time, outcome.committed)),
        _time(outcome.committed_apart[1]),
        ", ".join(map(_time, outcome.first_told)),
        _time(outcome.last_told),
        "yes" if outcome.holds else "**no**",
    )
    return _line(cells)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plots(measured: dict[str, object], seed: int) -> Iterator[tuple[str, Plot]]:
    grown = [replace(SIZES[3], name=f"{devices}", devices=devices) for devices in GROWING]
    found = [live_through(size, _figures(measured, size), seed) for size in grown]
    points = list(zip(GROWING, found, strict=True))
    yield (
        "scale-commit",
        Plot(
            "A press until it is stored, p99, in an installation of 3 nodes",
            "devices that say hello",
            "seconds",
            [
                Line("behind the hellos", [(devices, o.committed[1]) for devices, o in points]),
                Line("if presses went first", [(devices, o.committed_apart[1]) for devices, o in points]),
            ],
            log_x=True,
            log_y=True,
        ),
    )
    lines = []
    for texts in TEXTS:
        told = [live_through(replace(size, texts=texts), _figures(measured, size), seed) for size in grown[:6]]
        lines.append(Line(f"{texts} texts a second", [(o.size.devices, o.first_told[1]) for o in told]))
    yield (
        "scale-told",
        Plot("The first person of an alarm told by text, p99", "devices", "seconds", lines, log_x=True, log_y=True),
    )


def _figures(measured: dict[str, object], size: Size) -> Figures:
    """One node keeps SQLite, several a PostgreSQL."""
    line = measured["sqlite" if size.nodes == 1 else "postgresql"]
    assert isinstance(line, dict)
    numbers = {key: float(str(measured[key])) for key in ("forward", "hello", "press", "after", "frame")}
    return Figures(**numbers, fixed=line["fixed"], each=line["each"], group=256)


def _time(seconds: float) -> str:
    """Short, in the unit in which one would say it."""
    for limit, unit, scale, digits in ((1, "ms", 1000, 0), (100, "s", 1, 1), (7200, "min", 1 / 60, 0)):
        if seconds < limit:
            return f"{seconds * scale:.{digits}f} {unit}"
    return f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
