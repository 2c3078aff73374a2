"""Small wrongs, each of them one that somebody has once made or nearly made here. `make mutants` switches them on one
after the other: the simulated world must find every one. A wrong is a change of a function's text, made in memory; one
whose text is no longer there fails loudly, so that the list follows the code. They stand in `wrongs_of_the_loop.py`,
`wrongs_of_the_engine.py` and `wrongs_of_telling.py`.
"""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """What is wrong, in which function (`module:Class.function`), and how its text differs."""

    wrong: str
    where: str
    right: str
    instead: str


@contextmanager
def switched_on(mutant: Mutant) -> Iterator[None]:
    """The wrong holds inside the block. Raises LookupError where the right text is not found exactly once."""
    function = _function(mutant.where)
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(mutant.right) != 1:
        raise LookupError(f"{mutant.where} has {mutant.right!r} {source.count(mutant.right)} times, not once")
    lines = source.splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith(("def ", "async def ")))
    changed = "\n".join(lines[start:]).replace(mutant.right, mutant.instead)
    made: dict[str, Any] = {}
    exec(compile(changed, f"<{mutant.wrong}>", "exec"), function.__globals__, made)
    before, function.__code__ = function.__code__, made[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = before


def _function(where: str) -> FunctionType:
    module, _, path = where.partition(":")
    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    found = found.fget if isinstance(found, property) else found
    assert isinstance(found, FunctionType)
    return found
