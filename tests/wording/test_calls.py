"""Calls: what they say, the keys, and the XML they travel in."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from alarmd.alarm.model import Alarm, Kind
from alarmd.organisation.model import Organisation, Site, Zone
from alarmd.wording.calls import announcement, menu, voice
from alarmd.wording.texts import LANGUAGES
from alarmd.wording.twiml import LONGEST, TIMES, alarm_call, last_words, text_answer
from tests.support.organisations import office
from tests.wording.cases import OFFICE, alarm, coming, linked, parsed, technical, told

WORDS = (
    "Alarm fra Nav Fjordvik. Overfallsalarm. Sted: Mottak, 1. etasje (Inngang A), Nav Fjordvik. "
    "Utløst klokken 14.05. Melding: kom bakveien. Trykk 1 hvis du kommer. Trykk 2 hvis du ikke kan. "
    "Trykk 3 når du er fremme. Trykk 9 for å høre alt en gang til."
)
ACTION = "https://alarm.example/v1/hooks/twilio/voice?alarm=a1&attempt=t1"


def heard(about: Alarm, language: str = "nb", organisation: Organisation = OFFICE) -> ET.Element:
    document = alarm_call(about, organisation, language, ACTION, attempt="t1")
    assert len(document) <= LONGEST
    return parsed(document)


def says(document: ET.Element) -> list[str]:
    return [say.text or "" for say in document.iter("Say")]


def test_a_call_says_where_then_which_keys_and_listens_for_one() -> None:
    document = heard(told(alarm(note="kom bakveien")))
    gather = document[0]
    assert (document.tag, gather.tag) == ("Response", "Gather")
    assert (gather.get("numDigits"), gather.get("action"), gather.get("method")) == ("1", ACTION, "POST")
    words = says(gather)
    assert len(words) == TIMES
    assert set(words) == {WORDS}
    assert says(document)[-1] == "Vi fikk ikke noe svar, og varsler videre."


def test_a_drill_says_so_first_a_silent_alarm_how_to_come_a_late_call_who_comes() -> None:
    assert announcement(replace(alarm(), drill=True), OFFICE, "nn")[0] == "Dette er ei øving."
    assert "Kom diskret, ikke ring dit." in announcement(alarm(Kind.DURESS), OFFICE, "nb")
    coerced = announcement(replace(alarm(Kind.DURESS), coerced=True), OFFICE, "nn")
    assert coerced[-2:] == ("TVANGSKODE brukt: der ser alarmen ut som avblåsen.", "Kom diskret, ikkje ring dit.")
    late = told(coming(alarm(), "per"), step=3)
    assert announcement(late, OFFICE, "en", attempt="t1")[-1] == "1 of 2 on the way."
    assert announcement(alarm(), OFFICE, "nb")[-1] == "Utløst klokken 14.05."


def test_a_call_for_a_helper_who_needs_help_himself_says_whose_it_is() -> None:
    assert announcement(linked(alarm(), "Ola Nes"), OFFICE, "nb")[-1] == "Ola Nes var på vei til en annen alarm."


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_of_a_technical_alarm_ask_nobody_to_run(language: str) -> None:
    assert "3" not in menu(technical(), language)
    assert "3" in menu(alarm(), language)


def test_each_language_has_its_voice_and_nynorsk_borrows_one() -> None:
    assert [voice(language) for language in ("nb", "nn", "en", "sma")] == ["nb-NO", "nb-NO", "en-GB", "nb-NO"]
    assert {say.get("language") for say in heard(alarm(), "en").iter("Say")} == {"en-GB"}


def test_a_call_that_would_be_too_long_to_send_is_said_once() -> None:
    zone = Zone("fjordvik/reception", "fjordvik", "&" * 80, "&" * 80, "&" * 200)
    site = office(sites={"fjordvik": Site("fjordvik", "&" * 80, {zone.id: zone})})
    worst = told(replace(alarm(Kind.DURESS, note="&" * 300), drill=True, coerced=True), step=2)
    assert len(says(heard(worst, "nb", site)[0])) == 1


def test_the_answer_to_a_wrong_key_is_said_once_before_it_all_comes_again() -> None:
    document = parsed(alarm_call(alarm(), OFFICE, "nb", ACTION, first="Den tasten gjelder ikke her."))
    assert says(document)[0] == "Den tasten gjelder ikke her."
    assert len(says(document)) == 1 + TIMES + 1


def test_last_words_end_the_call_and_a_text_answers_a_text() -> None:
    document = parsed(last_words("Takk <3 & hei", "en"))
    assert [(e.tag, e.text, e.get("language")) for e in document] == [
        ("Say", "Takk <3 & hei", "en-GB"),
        ("Hangup", None, None),
    ]
    assert parsed(text_answer("Takk")).findtext("Message") == "Takk"
