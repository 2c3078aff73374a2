"""What is wrong with a body or a parameter, in words of our own: key, fault and what would be right. Never repeats a
value, for it may be a password. Asked by `answers.py` for the faults that pydantic finds.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from alarmd.console.shapes import PATTERNS

BODY = "body"
OUTSIDE = frozenset({BODY, "query", "path"})
"""Where FastAPI found it; the key alone is what the caller wrote."""

WORDS = {
    "missing": "missing",
    "extra_forbidden": "not known here; look for a misspelling",
    "model_type": "not an object",
    "json_invalid": "not JSON in UTF-8: {error}",
    "string_type": "not a text",
    "string_too_short": "empty",
    "string_too_long": "longer than {max_length} characters",
    "string_pattern_mismatch": "{wanted}",
    "enum": "not known; expected {expected}",
}
"""By pydantic's name of the fault, with what it tells of it."""
ELSE = "cannot be read; /openapi.json says what is expected"


def told(errors: Iterable[Mapping[str, Any]]) -> str:
    """`person: missing; password: empty`. `errors` are pydantic's."""
    return "; ".join(f"{_place(error['loc'])}: {_words(error)}" for error in errors)


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(key) for key in loc if key not in OUTSIDE) or BODY


def _words(error: Mapping[str, Any]) -> str:
    more = error.get("ctx", {})
    return WORDS.get(error["type"], ELSE).format(**more, wanted=PATTERNS.get(more.get("pattern", ""), ELSE))
