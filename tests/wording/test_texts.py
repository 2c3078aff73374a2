"""The catalogue: the same keys and placeholders in every language, and letters that every phone shows."""

import ast
import json
import re
from pathlib import Path

import pytest

from alarmd.alarm.incoming import Outcome
from alarmd.alarm.model import Kind
from alarmd.wording.texts import CATALOGUE, LANGUAGES, say
from tests.wording.cases import GSM

ALARMD = Path(__file__).parents[2] / "alarmd"
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(language: str) -> None:
    nb, other = CATALOGUE["nb"], CATALOGUE[language]
    assert list(other) == list(nb)
    for key, text in other.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(nb[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_needs_more_than_the_plain_alphabet_of_text_messages(language: str) -> None:
    for key, text in CATALOGUE[language].items():
        left = set(PLACEHOLDER.sub("", text)) - GSM
        assert left <= ({"–"} if key == "text.drill" else set()), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_outcome_has_its_words(language: str) -> None:
    wanted = {f"kind.{kind}" for kind in Kind} | {f"outcome.{outcome}" for outcome in Outcome}
    assert wanted <= CATALOGUE[language].keys()


def test_every_key_that_the_code_names_is_there_and_every_text_is_used() -> None:
    said = set[str]()
    for path in (*ALARMD.glob("wording/*.py"), *ALARMD.glob("intake/*.py")):
        words = (n.value for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Constant))
        said |= {w for w in words if isinstance(w, str)}
    begun = tuple(w for w in said if w.endswith(".") and w.count(".") == 1 and w.isascii())
    keys = CATALOGUE["nb"].keys()
    assert {w for w in said if re.fullmatch(r"(kind|text|cause|call|answer|reply|outcome)\.\w+", w)} <= keys
    assert [k for k in keys if k not in said and not k.startswith(begun)] == []


def test_an_unknown_language_is_answered_in_bokmal_and_an_unknown_key_is_a_fault() -> None:
    assert say("sma", "call.drill") == say("nb", "call.drill") == "Dette er en øvelse."
    with pytest.raises(KeyError):
        say("nb", "no.such")
    with pytest.raises(KeyError):
        say("nb", "text.note")


def test_braces_in_a_value_are_only_braces() -> None:
    assert say("en", "text.note", note="{code} {0}") == "Note: {code} {0}"


def test_the_screens_say_in_norwegian_what_a_norwegian_would_say() -> None:
    nb, nn = (
        json.loads((ALARMD / f"wording/screens/{language}.json").read_text(encoding="utf-8"))
        for language in ("nb", "nn")
    )
    assert (nb["state.attended"], nn["state.attended"]) == ("nok er fremme", "nok er framme")
    assert nb["fail.conflict"].format(state=nb["state.attended"]) == "Passer ikke lenger. Alarmen nå: nok er fremme."
    assert nn["kind.lone_worker"] == "Utebliven innsjekk"
    assert nn["list.group.answered"] == "Svara på, ingen på veg"
