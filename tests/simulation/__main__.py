"""`make simulate SEEDS=10000` lives through so many worlds, `make simulate SEED=7` tells one."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.story import told
from tests.simulation.world import run

AT_ONCE = 10
"""Worlds that a process takes in one go."""
NEWS = 1000
"""After so many it is said how far it has come."""

Broken = tuple[str, str]
"""The story of a world that has broken a truth, and the first of what was found."""


def main() -> int:
    """Live through what was asked for; 1 when a truth was broken."""
    parser = argparse.ArgumentParser(description="Live through simulated worlds and judge them.")
    parser.add_argument("--seeds", type=int, default=300, help="so many worlds")
    parser.add_argument("--first", type=int, default=1, help="beginning with this seed")
    parser.add_argument("--seed", type=int, help="this world alone, with its story")
    asked = parser.parse_args()
    if asked.seed is not None:
        verdict = run(asked.seed)
        print(told(verdict))
        return 1 if verdict.findings else 0
    return _many(range(asked.first, asked.first + asked.seeds))


def _many(seeds: range) -> int:
    """In as many processes as there are processors, told in the order of the seeds."""
    began, bad = time.perf_counter(), 0
    with ProcessPoolExecutor() as processes:
        for seed, story, first in _told(processes.map(_live, seeds, chunksize=AT_ONCE), seeds, began):
            bad += 1
            print(story if bad == 1 else f"seed {seed}: {first}", flush=True)
    print(f"{_pace(len(seeds), began)}; {bad} broke a truth")
    return 1 if bad else 0


def _told(lived: Iterable[Broken | None], seeds: range, began: float) -> Iterator[tuple[int, str, str]]:
    """Those of worlds that have broken a truth."""
    for number, (seed, broken) in enumerate(zip(seeds, lived, strict=True), 1):
        if number % NEWS == 0:
            print(_pace(number, began), file=sys.stderr, flush=True)
        if broken is not None:
            yield seed, *broken


def _live(seed: int) -> Broken | None:
    verdict = run(seed)
    return (told(verdict), verdict.findings[0]) if verdict.findings else None


def _pace(worlds: int, began: float) -> str:
    took = time.perf_counter() - began
    return f"{worlds} worlds in {took:.0f} s, {worlds / took * 60:.0f} a minute"


if __name__ == "__main__":
    sys.exit(main())
