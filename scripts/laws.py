"""Laws of the house that no linter knows; `make check` runs them. Prints each fault as FILE:LINE, then status 1.

A file is at most 400 lines and a function at most 60, a silenced check says why, no test is skipped or waits by the
wall, a file that calls itself PURE stands under the import contract of the pure rooms, and no tracked file names a
package registry.
"""

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
SILENCED = re.compile(r"#\s*(type: ignore|noqa|pragma: no (?:cover|branch))(\S*\]|:?[ A-Z0-9,]*)(?P<reason>.*)")
SKIPPED = re.compile(r"\b(pytest\.skip|pytest\.importorskip|mark\.skip|mark\.skipif|mark\.xfail|wait_for_timeout)\b")
# In two parts each, so that this file does not name them.
REGISTRIES = [
    f"{name}.{end}" for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("yarnpkg", "com"))
]


def main() -> int:
    """Check every tracked or new file; return the exit status."""
    faults = [fault for path in _files() for fault in faults_in(path)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print("laws kept")
    return 1 if faults else 0


def faults_in(path: Path) -> Iterator[str]:
    """Every law that the file breaks, as PLACE:LINE: what."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # a picture or a font: nothing to read
        return
    place = path.relative_to(ROOT)
    found = list(_registries(text))
    if path.suffix == ".py":
        found += [*_length(text), *_silenced(text), *_purity(place, text)]
    if path.suffix == ".py" and place.parts[0] == "tests":
        found += _skipped(text)
    for line, what in found:
        yield f"{place}:{line}: {what}"


def _files() -> Iterator[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            yield path


def _registries(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        for host in REGISTRIES:
            if host in line:
                yield number, f"names the package registry {host}; whoever builds this may use another"


def _length(text: str) -> Iterator[tuple[int, str]]:
    lines = text.count("\n")
    if lines > LONGEST_FILE:
        yield lines, f"{lines} lines; a file has at most {LONGEST_FILE}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield node.lineno, f"{node.name} has {length} lines; a function has at most {LONGEST_FUNCTION}"


def _silenced(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        found = SILENCED.search(line)
        if found and len(re.findall(r"[a-zæøå]{2,}", found["reason"])) < 2:
            yield number, f"`{found[1]}` without the reason beside it"


def _skipped(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := SKIPPED.search(line):
            yield number, f"{found[1]}: a test is run, and waits for events, not for the wall"


def _purity(place: Path, text: str) -> Iterator[tuple[int, str]]:
    """A module whose docstring calls it PURE must be named in the contract that forbids the impure imports."""
    law = ast.get_docstring(ast.parse(text)) or ""
    if place.parts[0] != "alarmd" or not re.search(r"\bPURE\b", law):
        return
    module = ".".join(place.with_suffix("").parts)
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    pure = contracts["importlinter:contract:pure"]["source_modules"].split()
    if not any(module == name or module.startswith(f"{name}.") for name in pure):
        yield 1, f"says PURE, but .importlinter does not hold {module} to it"


if __name__ == "__main__":
    sys.exit(main())
