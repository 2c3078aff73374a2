"""`make mutants`: every small wrong must be found by the simulated world within so many seeds."""

import argparse
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.simulation.mutants import Mutant, switched_on
from tests.simulation.world import run
from tests.simulation.wrongs_of_telling import TELLING
from tests.simulation.wrongs_of_the_engine import ENGINE
from tests.simulation.wrongs_of_the_loop import LOOP

AT_MOST = 1000
"""Seeds: more than every test run lives through, since some wrongs want a coincidence."""
PAGE = Path("docs/simulation.md")
BEGIN, END = "<!-- mutants -->", "<!-- end of mutants -->"


def main() -> int:
    """Hunt, as many at once as there are processors; 1 when one got away. With --write the page is told."""
    parser = argparse.ArgumentParser(description="Switch on each small wrong and see whether it is found.")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE}")
    parser.add_argument("--only", default="", help="those whose text has this in it")
    asked = parser.parse_args()
    hunted = [mutant for mutant in (*LOOP, *ENGINE, *TELLING) if asked.only in mutant.wrong]
    with ProcessPoolExecutor() as processes:
        found = dict(zip(hunted, processes.map(hunt, hunted), strict=True))
    if asked.write:
        _write(found)
    loose = sum(seeds is None for seeds in found.values())
    print(f"{len(found) - loose} of {len(found)} caught")
    return 1 if loose else 0


def hunt(mutant: Mutant) -> int | None:
    """After how many seeds it is found, None for never; says by which truth."""
    with switched_on(mutant):
        for seed in range(1, AT_MOST + 1):
            verdict = run(seed)
            if verdict.findings:
                print(f"{seed:4}  {mutant.wrong}: {verdict.findings[0]}"[:200], flush=True)
                return seed
    print(f"LOOSE {mutant.wrong}", flush=True)
    return None


def _write(found: Mapping[Mutant, int | None]) -> None:
    lines = ["| what is wrong | in | seeds until it is found |", "| --- | --- | --- |"]
    lines += [f"| {m.wrong} | `{m.where.partition(':')[2]}` | {seeds or 'never'} |" for m, seeds in found.items()]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
