"""Locks must install from any mirror and nothing else: every file has a hash, and no address stands in them.

Run by `make check` and `make lock`. Prints each fault and ends with status 1.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Check the Python locks and the npm lock; return the exit status."""
    locks = sorted(ROOT.glob("requirements*.lock"))
    faults = [fault for lock in locks for fault in python_faults(lock)]
    faults += differences(ROOT / "requirements.lock", ROOT / "requirements-dev.lock")
    faults += npm_faults(ROOT / "web_console" / "package-lock.json")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(locks)} Python locks and the npm lock hold hashes and no address")
    return 1 if faults else 0


def python_faults(lock: Path) -> Iterator[str]:
    """What is wrong with a lock of Python packages."""
    for block in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8")):
        if "://" in block:
            yield f"{lock.name}: an address: {block.splitlines()[0]}"
        if "==" in block and "--hash=sha256:" not in block:
            yield f"{lock.name}: no hash: {block.splitlines()[0]}"


def differences(small: Path, large: Path) -> Iterator[str]:
    """Tests must run on what is shipped: the developers' lock pins the same versions."""
    pins = set(_pins(large))
    for pin in _pins(small):
        if pin not in pins:
            yield f"{large.name} does not hold {pin} of {small.name}: run make lock"


def npm_faults(lock: Path) -> Iterator[str]:
    """What is wrong with the lock of the web pages."""
    text = lock.read_text(encoding="utf-8")
    if '"resolved"' in text:
        yield f"{lock.name}: addresses of a registry; install with web_console/.npmrc in force"
    if '"integrity"' not in text:
        yield f"{lock.name}: no hashes"


def _pins(lock: Path) -> list[str]:
    return re.findall(r"^([a-z0-9][^ ]*==[^ ]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)


if __name__ == "__main__":
    sys.exit(main())
