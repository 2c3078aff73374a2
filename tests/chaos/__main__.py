"""`make chaos`: twenty minutes, or as many as one likes, of all that can break; exits with 1 when a promise did."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.day import Wish, day
from tests.chaos.history import History


def main() -> None:
    words = argparse.ArgumentParser(prog="make chaos")
    words.add_argument("--minutes", type=float, default=20)
    words.add_argument("--rate", type=float, default=8, help="presses a second")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--keep", type=Path, help="a folder for logs and history")
    wish = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="alarmd-chaos-") as temporary:
        folder = wish.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        history, findings = asyncio.run(day(folder, Wish(60 * wish.minutes, wish.rate, wish.seed), _say))
        if wish.keep:
            (folder / "history.json").write_text(json.dumps({"findings": findings, "log": history.log}, indent=1))
    _tell(history, findings)
    sys.exit(bool(findings))


def _say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {what}", flush=True)


def _tell(history: History, findings: list[str]) -> None:
    kinds = Counter(event["kind"] for event in history.log)
    bare = len(history.bare)
    print(f"{len(history.faults)} faults, {len(history.accepted)} presses accepted, and {bare} without a ref")
    print(f"{len(history.log)} events: {', '.join(f'{n} {kind}' for kind, n in kinds.most_common())}")
    print(f"{len(history.told)} tellings, {len({t.attempt for t in history.told})} of them different")
    print("\n".join(findings[:50]) or "every promise held")


if __name__ == "__main__":
    main()
