"""What people write back: taken when it is sure, asked back when it is not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmd.alarm.model import Kind
from alarmd.organisation.model import Site, Zone
from alarmd.wording.choices import choices
from alarmd.wording.replies import Answer, confirmation, not_understood, read_answer, read_key, text_confirmation, which
from tests.support.organisations import office
from tests.wording.cases import AT, OFFICE, alarm, technical

COMING = """
1|1.|"1"|'1'|«1»| 1 |1a|1 a|1A|Svar 1|svar: 1|Reply 1|1️⃣|１|1!|1 ja|1 kommer|ja|Ja!|JA|ok|OK.|Okay|okei|kommer
Kommer!|Jeg kommer|eg kjem|eg kjem no|kjem|ja, jeg kommer|yes|Yes, I'm coming|yep|on my way|I am on my way|på vei
er på veg|Er på veg no|kommer om 3 min|ja, 5 minutter|1 om 10 min|fremme om 2 min|ok takk|👍|👍🏽|jau|kommer nå
kjem straks|coming in 5 minutes
"""
CANNOT = """
2|2.|"2"|nei|Nei.|kan ikke|Jeg kan ikke komme|eg kan ikkje|kan ikkje kome|kommer ikke|kjem ikkje|no|No!|cannot
can't|can’t come|I cannot come|2 nei|2 kan ikke|opptatt|er opptatt|nei, kommer ikke|not coming|👎|nei forhindret
"""
ARRIVED = "3|3.|'3'|fremme|Framme|jeg er her|eg er framme|arrived|I am here|3 fremme|3a|ankommet"
UNSURE = """
?|hva|stop|STOP|stopp|cancel|end|quit|avslutt|slutt|unsubscribe|avbryt|start|help|hjelp|0|4|9|12|1 2|1 eller 2
1 2 3|3 min|om 3 min|1 time|1t|3 t|112|110|113|1 stop|1 ikke|2 ja|3 nei|nei, fremme|hvem er dette|no way
ikke fremme|100aa|1 47 nei|1 4 7|1477|3 om 2 min|kommer kanskje|fremme kommer|jeg|takk|mottatt
"""


def cases(table: str) -> list[str]:
    return [text for line in table.strip("\n").splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", cases(COMING))
def test_i_am_coming(text: str) -> None:
    assert read_answer(text) == (Answer.COMING, None)


@pytest.mark.parametrize("text", cases(CANNOT))
def test_i_cannot(text: str) -> None:
    assert read_answer(text) == (Answer.CANNOT, None)


@pytest.mark.parametrize("text", cases(ARRIVED))
def test_i_have_arrived(text: str) -> None:
    assert read_answer(text) == (Answer.ARRIVED, None)


@pytest.mark.parametrize("text", cases(UNSURE))
def test_what_is_not_sure_and_what_would_end_something_is_no_answer(text: str) -> None:
    assert read_answer(text) is None


@pytest.mark.parametrize(
    "text", ["1 47", "147", "1-47", '"1 47"', "1.47", "Svar 1 47", "47 1", "1 47 kommer", "1 kode 47"]
)
def test_the_code_tells_which_alarm(text: str) -> None:
    assert read_answer(text) == (Answer.COMING, "47")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 47", (Answer.CANNOT, "47")),
        ("347", (Answer.ARRIVED, "47")),
        ("12 1", (Answer.COMING, "12")),
        ("1 12", (Answer.COMING, "12")),
        ("2 01", (Answer.CANNOT, "01")),
        ("1 47 om 5 min", (Answer.COMING, "47")),
    ],
)
def test_codes_that_look_like_answers(text: str, wanted: tuple[Answer, str]) -> None:
    assert read_answer(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *(
            (text, (Answer.COMING, "47"))
            for text in ("ja 47", "ok 47", "Kommer 47!", "yes 47", "47 ja", "ja47", "👍 47")
        ),
        *((text, (Answer.COMING, "47")) for text in ("ja, kode 47", "kjem 47 om 5 min", "fremme 47 om 5 min")),
        *((text, (Answer.CANNOT, "47")) for text in ("nei 47", "47 kan ikke", "no 47")),
        *((text, (Answer.ARRIVED, "47")) for text in ("fremme 47", "47: her")),
        *((text, None) for text in ("takk 47", "stop 47", "kanskje 47", "ja 47 48", "ja 4", "ja 112", "ja 5 47")),
    ],
)
def test_a_word_with_a_code_is_an_answer_to_that_alarm(text: str, wanted: tuple[Answer, str] | None) -> None:
    assert read_answer(text) == wanted


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    found = read_answer(text)
    assert found is None or (found[0] is not Answer.AGAIN and (found[1] is None or len(found[1]) == 2))


def test_keys() -> None:
    assert [read_key(k) for k in ("1", "2", "3", "9")] == [
        Answer.COMING,
        Answer.CANNOT,
        Answer.ARRIVED,
        Answer.AGAIN,
    ]
    assert [read_key(k) for k in ("", "0", "4", "*", "#", "11")] == [None] * 6


def test_thanks_say_what_he_is_now_shown_as() -> None:
    assert confirmation(Answer.COMING, alarm(), OFFICE, "nb") == "Takk, du er meldt som på vei til Mottak."
    assert confirmation(Answer.ARRIVED, alarm(), OFFICE, "nn") == "Takk, du er registrert som framme: Mottak."
    assert "unable" in confirmation(Answer.CANNOT, alarm(), OFFICE, "en")
    assert confirmation(Answer.COMING, technical(), OFFICE, "nb") == "Takk, det er notert."
    drill = replace(alarm(), drill=True)
    assert confirmation(Answer.COMING, drill, OFFICE, "nb") == "ØVELSE – Takk, du er meldt som på vei til Mottak."


def test_thanks_by_text_say_what_to_answer_next() -> None:
    by_text = text_confirmation(Answer.COMING, alarm(), OFFICE, "nb", "47")
    assert by_text == "Takk, du er meldt som på vei til Mottak. Svar 3 47 når du er fremme."
    assert text_confirmation(Answer.COMING, technical(), OFFICE, "nb", None) == "Takk, det er notert."
    assert (
        text_confirmation(Answer.ARRIVED, alarm(), OFFICE, "nb", None) == "Takk, du er registrert som fremme: Mottak."
    )


def test_several_alarms_are_told_apart_by_their_codes_the_newest_first() -> None:
    other = replace(alarm(zone="fjordvik/room-2"), id="a2", code="48", opened_at=AT - timedelta(minutes=1))
    both = [(other, OFFICE), (alarm(), OFFICE)]
    asked = which(Answer.COMING, both, "nb", None)
    assert asked == "Flere alarmer er åpne. Svar 1 47 for Mottak, 1 48 for Samtalerom 2."
    assert which(Answer.CANNOT, both, "nb", "99").startswith("Ingen åpen alarm har kode 99. Svar 2 47 for Mottak, ")
    drill = replace(other, drill=True)
    assert "1 48 for Samtalerom 2 (øvelse)" in which(Answer.COMING, [(drill, OFFICE)], "nb", "47")
    assert len(which(Answer.COMING, both * 400, "nb", None)) < 1600


def test_what_was_not_understood_is_answered_with_how_to_answer() -> None:
    one = not_understood([(alarm(), OFFICE)], "nb")
    assert one == "Det forsto vi ikke. Svar 1 hvis du kommer, 2 hvis du ikke kan, 3 når du er fremme."
    two = not_understood(
        [(alarm(), OFFICE), (replace(alarm(), code="48", opened_at=AT - timedelta(minutes=4)), OFFICE)], "en"
    )
    assert two == (
        "We did not understand that. Several alarms are open. "
        "Reply 1 47 for Mottak (at 14:05), 1 48 for Mottak (at 14:01)."
    )


def test_choices_that_share_a_place_are_told_apart_by_kind_then_time_then_note() -> None:
    panic, medical = alarm(), alarm(Kind.MEDICAL)
    later = replace(panic, opened_at=AT + timedelta(minutes=2))
    assert choices([(panic, OFFICE), (medical, OFFICE)], "nb") == [
        "Mottak (Overfallsalarm)",
        "Mottak (Medisinsk hjelp)",
    ]
    assert choices([(panic, OFFICE), (later, OFFICE)], "nn") == ["Mottak (kl. 14.05)", "Mottak (kl. 14.07)"]
    assert choices([(panic, OFFICE), (later, OFFICE), (medical, OFFICE)], "en") == [
        "Mottak (Panic alarm, at 14:05)",
        "Mottak (Panic alarm, at 14:07)",
        "Mottak (Medical help needed)",
    ]
    noted = alarm(note="ved døra til arkivet")
    assert choices([(panic, OFFICE), (noted, OFFICE)], "nb") == ["Mottak", "Mottak (ved døra til arkivet)"]
    assert choices([(panic, OFFICE), (alarm(zone="fjordvik/room-2"), OFFICE)], "nb") == ["Mottak", "Samtalerom 2"]


def test_choices_at_several_sites_name_the_site() -> None:
    zones = {site: Zone(f"{site}/reception", site, "Mottak") for site in ("fjordvik", "sund")}
    two = office(sites={s: Site(s, f"Nav {s.capitalize()}", {z.id: z}) for s, z in zones.items()})
    both = [(replace(alarm(zone=zone.id), site=site), two) for site, zone in zones.items()]
    assert choices(both, "nb") == ["Mottak (Nav Fjordvik)", "Mottak (Nav Sund)"]


def test_a_fault_and_a_drill_are_called_what_they_are_among_choices() -> None:
    faults = [(technical(cause=cause), OFFICE) for cause in ("mqtt", "battery:desk-3")]
    assert choices([(alarm(), OFFICE), faults[0], (replace(alarm(), drill=True), OFFICE)], "nb") == [
        "Mottak",
        "Nav Fjordvik (Teknisk feil)",
        "Mottak (øvelse)",
    ]
    assert choices(faults, "nb") == [
        "Nav Fjordvik (Teknisk feil, Forbindelsen til knappene er borte.)",
        "Nav Fjordvik (Teknisk feil, Lavt batteri i desk-3 (Mottak).)",
    ]
