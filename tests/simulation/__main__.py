"""`make simulate SEEDS=10000` lives through so many worlds, `make simulate SEED=7` tells one."""

import argparse
import sys
import time

from tests.simulation.story import told
from tests.simulation.world import run


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
    began, bad = time.perf_counter(), 0
    for seed in seeds:
        verdict = run(seed)
        if verdict.findings:
            bad += 1
            print(told(verdict) if bad == 1 else f"seed {seed}: {verdict.findings[0]}", flush=True)
    took = time.perf_counter() - began
    print(f"{len(seeds)} worlds in {took:.0f} s, {len(seeds) / took * 60:.0f} a minute; {bad} broke a truth")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
