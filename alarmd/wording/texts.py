"""The sentences of `messages/*.json` and `screens/*.json`: read once, when this is imported, and never again. PURE.

Reading the package's own data is the one thing here that is not a value: it gives the same on every machine, and at
import a broken file stops the start instead of the first alarm. Used by the rest of wording and by the hooks.
"""

import json
from collections.abc import Mapping
from importlib import resources

LANGUAGES = ("nb", "nn", "en")
FALLBACK = "nb"


def _read(what: str, language: str) -> Mapping[str, str]:
    folder = resources.files("alarmd.wording").joinpath(what)
    texts: dict[str, str] = json.loads(folder.joinpath(f"{language}.json").read_text(encoding="utf-8"))
    return texts


CATALOGUE: Mapping[str, Mapping[str, str]] = {language: _read("messages", language) for language in LANGUAGES}
SCREENS: Mapping[str, Mapping[str, str]] = {language: _read("screens", language) for language in LANGUAGES}
"""What the web pages say, which read the same files."""


def say(language: str, key: str, **values: object) -> str:
    """The sentence, with its values in place. A language that nobody wrote is answered in bokmål. Raises KeyError for
    a key or placeholder that does not exist: a fault of the program, which the tests look for.
    """
    texts = CATALOGUE.get(language, CATALOGUE[FALLBACK])
    return texts[key].format_map(values)


def screen(language: str, key: str, **values: object) -> str:
    """The sentence of a screen. Raises KeyError for a language, key or placeholder that does not exist."""
    return SCREENS[language][key].format_map(values)


def word(language: str, prefix: str, name: str) -> str:
    """What a screen calls a channel or a state; by its own name where it has none."""
    return SCREENS[language].get(f"{prefix}.{name}", name)
