"""`make bench`: measures alarmd beside a floor that does the least that must be done, in turn, in one run. Only the
ratios of one run tell something: whatever else the machine does makes every figure worse, and the ratios less true.
Says of each row what must hold and what is aimed at, and exits with 1 where something that must hold does not.

Figures and plots go to var/bench/, and are compared with those of the run before; `--write` puts them into docs/, too.
"""

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.bench import report
from tests.bench.report import Run
from tests.bench.rows import TINY, LostError, Measured, Size
from tests.bench.systems import POSTGRESQL
from tests.bench.table import ROWS, Row

STORED = Path(__file__).with_name("figures.json")
"""What docs/performance.md shows."""


def main() -> None:
    given = _given()
    run, size = Run(datetime.now(UTC).isoformat(timespec="seconds")), TINY if given.tiny else Size()
    for name in given.rows or ROWS:
        row = ROWS[name]
        run.load[name] = os.getloadavg()[0]
        print(f"{row.goals[0].title} (the machine's load is {run.load[name]:.1f}) ...", flush=True)
        for number in range(1 if given.tiny else row.rounds):
            for system in row.systems:
                if number == 0 or system != POSTGRESQL:  # which is judged by twice the time: one round tells
                    run.add(name, system, _measured(row, system, size))
    file = given.store / "figures.json"
    before = Run.read(file if file.exists() else STORED) if file.exists() or STORED.exists() else None
    run.write(file)
    report.draw(run, given.store)
    print("", report.table(run), "", *(report.slower(before, run) if before else ()), f"figures: {file}", sep="\n")
    if given.write:
        whole = run.beside(Run.read(STORED)) if STORED.exists() else run
        whole.write(STORED)
        report.publish(whole)
    lacking = report.missed(run)
    sys.exit("\n".join(f"must hold, and does not: {what}" for what in lacking) if lacking and not given.tiny else 0)


def _measured(row: Row, system: str, size: Size) -> Measured:
    async def measure() -> Measured:
        return await row.measure(system, size)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(measure())
        except LostError as lost:
            sys.exit(f"{system}: {lost}")


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; none: all")
    parser.add_argument("--store", type=Path, default=Path("var/bench"), help="a folder for figures and plots")
    parser.add_argument("--write", action="store_true", help="put table and plots into docs/, too")
    parser.add_argument("--tiny", action="store_true", help="hardly anything of everything: does it run?")
    given = parser.parse_args()
    unknown = [name for name in given.rows if name not in ROWS]
    if unknown:
        parser.error(f"there is no row {unknown[0]}; there are {', '.join(ROWS)}")
    return given


if __name__ == "__main__":
    main()
