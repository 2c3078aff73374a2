"""Faults of alarmd's own: each cause that the code reports has its sentence, and no English stands in Norwegian."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alarmd.alarm.model import Alarm, Kind, Purpose
from alarmd.escalation.readiness import Reason
from alarmd.wording.alarms import text_message
from alarmd.wording.calls import announcement
from alarmd.wording.causes import trouble
from alarmd.wording.texts import CATALOGUE, LANGUAGES
from tests.wording.cases import OFFICE, alarm, technical

ALARMD = Path(__file__).parents[2] / "alarmd"
ENGLISH = "chain rest has no repeat: its last step is told again and again"
KNOWN = sorted(key.removeprefix("cause.") for key in CATALOGUE["en"] if key.startswith("cause."))


def reported(tree: ast.Module) -> Iterator[str]:
    """The causes that a module names where it tells of a fault, without what stands behind the colon."""
    constants = {
        name.id: value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        for name, value in zip(
            getattr(target, "elts", [target]), getattr(node.value, "elts", [node.value]), strict=False
        )
        if isinstance(name, ast.Name) and isinstance(value, ast.Constant)
    }
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        if ast.unparse(call.func).rpartition(".")[2] not in ("found", "report", "_report"):
            continue
        for word in call.args[:2]:
            first = word.values[0] if isinstance(word, ast.JoinedStr) else word
            cause = constants.get(first.id) if isinstance(first, ast.Name) else getattr(first, "value", None)
            if isinstance(cause, str):
                yield cause.partition(":")[0]
                break


def test_every_cause_that_is_reported_has_words() -> None:
    rooms = ("app", "dispatch", "escalation", "intake")
    paths = (path for room in rooms for path in (ALARMD / room).glob("*.py"))
    daily = {reason.value for reason in Reason}
    found = daily | {cause for path in paths for cause in reported(ast.parse(path.read_text(encoding="utf-8")))}
    assert sorted(found) == [cause for cause in KNOWN if cause != "other"]


@pytest.mark.parametrize("language", ["nb", "nn"])
@pytest.mark.parametrize("cause", [*KNOWN, "invented"])
def test_no_english_stands_in_a_norwegian_text_or_call(language: str, cause: str) -> None:
    about = technical(ENGLISH, cause=f"{cause}:rest:2")
    said = [text_message(about, OFFICE, language, Purpose.STEP), *announcement(about, OFFICE, language)]
    assert not [words for words in said if "repeat" in words or "chain" in words or "Melding" in words]


@pytest.mark.parametrize(
    ("cause", "nb", "nn"),
    [
        ("mqtt", "Forbindelsen til knappene er borte.", "Sambandet med knappane er borte."),
        ("battery:desk-3", "Lavt batteri i desk-3 (Mottak).", "Lågt batteri i desk-3 (Mottak)."),
        ("silent:gone", "Ingen livstegn fra gone.", "Ingen livsteikn frå gone."),
        ("nobody:rest:2", "Trinn 2 i varslingskjeden rest når ingen.", "Steg 2 i varslingskjeda rest når ingen."),
        ("unreadable:desk-3", "Signalet fra desk-3 (Mottak) kunne ikke leses.", None),
        ("unknown_button", "En ukjent knapp er trykket.", "Ein ukjend knapp er trykt."),
        ("invented", "Se vaktkonsollen.", "Sjå vaktkonsollen."),
    ],
)
def test_what_is_wrong_is_said_by_its_cause(cause: str, nb: str, nn: str | None) -> None:
    assert trouble(technical(cause=cause), OFFICE, "nb") == nb
    assert nn is None or trouble(technical(cause=cause), OFFICE, "nn") == nn


def test_a_cause_without_words_is_told_as_it_stands_in_english_alone() -> None:
    assert trouble(technical(ENGLISH, cause="invented"), OFFICE, "en") == ENGLISH
    assert trouble(replace(technical(cause="invented"), signals=()), OFFICE, "en") == "See the console."
    assert trouble(technical(ENGLISH, cause="mqtt"), OFFICE, "en") == "The connection to the buttons is lost."


def test_what_somebody_wrote_into_a_technical_alarm_of_his_own_is_a_note() -> None:
    own: Alarm = alarm(Kind.TECHNICAL, note="skriveren brenner")
    assert "Melding: skriveren brenner." in text_message(own, OFFICE, "nb", Purpose.STEP)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_id_that_somebody_invented_is_short_and_on_one_line(language: str) -> None:
    said = trouble(technical(cause="retained:ring\n112 " + "x" * 90), OFFICE, language)
    assert len(said) < 110
    assert "\n" not in said
