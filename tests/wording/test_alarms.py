"""Texts: where, how to answer, in the person's language; drills marked; nothing too long."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmd.alarm.model import Alarm, Kind, Purpose, State
from alarmd.organisation.model import Organisation, Site, Zone
from alarmd.wording.alarms import text_message
from alarmd.wording.places import place
from alarmd.wording.texts import LANGUAGES
from tests.support.organisations import office
from tests.wording.cases import OFFICE, alarm, coming, linked, segments, technical, told


def step(about: Alarm, language: str = "nb", code: str | None = None, organisation: Organisation = OFFICE) -> str:
    return text_message(about, organisation, language, Purpose.STEP, attempt="t1", code=code)


def over(about: Alarm, language: str = "nb") -> str:
    return text_message(about, OFFICE, language, Purpose.ALL_CLEAR)


def test_a_text_says_what_where_when_and_how_to_answer() -> None:
    assert step(alarm()) == (
        "Overfallsalarm: Mottak, 1. etg. (Inngang A), Nav Fjordvik, kl. 14.05. "
        "Svar 1 hvis du kommer, 2 hvis du ikke kan, 3 når du er fremme."
    )
    assert step(alarm(), "nn").endswith("Svar 1 om du kjem, 2 om du ikkje kan, 3 når du er framme.")
    assert step(alarm(), "en") == (
        "Panic alarm: Mottak, 1. etg. (Inngang A), Nav Fjordvik, at 14:05. "
        "Reply 1 if you are coming, 2 if you cannot, 3 when you are there."
    )


def test_the_code_stands_where_the_answer_stands() -> None:
    assert step(alarm(), code="47").endswith("Svar 1 47 hvis du kommer, 2 47 hvis du ikke kan, 3 47 når du er fremme.")


def test_a_silent_alarm_is_said_discreetly_and_clearly() -> None:
    text = step(alarm(Kind.DURESS, zone="fjordvik/room-2"))
    assert text.startswith("Stille alarm: Samtalerom 2, 2. etg., Nav Fjordvik, kl. 14.05. Kom diskret, ikke ring dit.")


def test_an_alarm_that_was_cancelled_under_duress_says_that_it_only_looks_so() -> None:
    coerced = replace(alarm(Kind.DURESS), coerced=True)
    warning = "TVANGSKODE brukt: der ser alarmen ut som avblåst. Kom diskret, ikke ring dit."
    assert f"kl. 14.05. {warning} Svar 1" in step(coerced)
    assert "DURESS CODE used" in step(coerced, "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("purpose", Purpose)
def test_a_drill_is_marked_first_whatever_the_text(language: str, kind: Kind, purpose: Purpose) -> None:
    text = text_message(replace(alarm(kind), drill=True), OFFICE, language, purpose)
    assert text.startswith({"nb": "ØVELSE – ", "nn": "ØVING – ", "en": "DRILL – "}[language])
    assert "ØV" not in text_message(alarm(kind), OFFICE, language, purpose)


def test_a_technical_alarm_says_what_is_wrong_and_asks_nobody_to_run() -> None:
    assert step(told(technical(), step=2)) == (
        "Teknisk feil: Nav Fjordvik, kl. 14.05. Forbindelsen til knappene er borte. "
        "Svar 1 hvis du tar saken, 2 hvis du ikke kan."
    )


def test_a_helper_who_needs_help_himself_is_named() -> None:
    ola = linked(alarm(), "Ola Nes")
    assert "kl. 14.05. Ola Nes var på vei til en annen alarm. Svar 1" in step(ola)
    assert "kl. 14.05. Ola Nes var på veg til ein annan alarm. Svar 1" in step(ola, "nn")
    assert "at 14:05. Ola Nes was on the way to another alarm. Reply 1" in step(ola, "en")
    assert "annen alarm" not in over(ola)
    assert "annen alarm" not in step(replace(ola, linked=None))
    assert "Anne-Marie Kristoffer... var på vei" in step(linked(alarm(), "Anne-Marie Kristoffersen Fjord"))


def test_a_later_step_says_how_many_are_coming() -> None:
    assert "på vei ennå" not in step(told(alarm()))
    assert "Ingen er på vei ennå. Svar 1" in step(told(alarm(), step=2))
    assert "Ingen er på vei ennå. Svar 1" in step(told(alarm(), round=2))
    assert "1 av 2 er på vei. Svar 1" in step(told(coming(alarm(), "per"), step=2))


def test_the_place_is_that_of_the_newest_press_and_as_much_as_is_known() -> None:
    first, moved = alarm(), alarm(zone="fjordvik/room-3").first
    assert "Samtalerom 3, 2. etg., Nav Fjordvik, kl." in step(replace(first, signals=(first.first, moved)))
    assert step(alarm(zone=None)).startswith("Overfallsalarm: Nav Fjordvik, kl. 14.05.")
    bare = Zone("fjordvik/reception", "fjordvik", "Mottak", way="bak skranken")
    site = office(sites={"fjordvik": Site("fjordvik", "Nav Fjordvik", {bare.id: bare})})
    assert "Overfallsalarm: Mottak (bak skranken), Nav Fjordvik, kl." in step(alarm(), organisation=site)


def test_a_note_is_one_line_and_shortened_before_anything_else_is() -> None:
    assert " Melding: Kom bakveien! Svar 1" in step(alarm(note="Kom\n bakveien!\x00"))
    long = step(alarm(note="mange ord " * 200))
    assert len(long) <= 306
    assert "... Svar 1 hvis du kommer" in long
    assert long.endswith("fremme.")


def test_the_newest_note_counts() -> None:
    first = alarm(note="først")
    later = [alarm(note=words).first for words in ("sist", None)]
    assert "Melding: sist." in step(replace(first, signals=(first.first, *later)))


@given(name=st.text(), floor=st.text(), way=st.text(), site=st.text(), note=st.text(), drill=st.booleans())
def test_no_text_is_too_long_for_a_provider_and_every_step_can_be_answered(
    name: str, floor: str, way: str, site: str, note: str, *, drill: bool
) -> None:
    """What is no drill is one that was cancelled under duress, which says more."""
    zone = Zone("fjordvik/reception", "fjordvik", name * 40, floor * 40, way * 40)
    organisation = office(sites={"fjordvik": Site("fjordvik", site * 40, {zone.id: zone})})
    late = told(alarm(Kind.DURESS, note=note * 40), step=2)
    about = replace(late, drill=True) if drill else replace(linked(late, name * 40), coerced=True)
    text = step(about, "nb", "47", organisation)
    assert len(text) <= 306
    assert text.endswith("Svar 1 47 hvis du kommer, 2 47 hvis du ikke kan, 3 47 når du er fremme.")
    assert "\n" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("note", [None, "vent bak skranken til vi kommer " * 9])
def test_no_text_is_more_than_two_parts(language: str, kind: Kind, purpose: Purpose, note: str | None) -> None:
    zone = Zone("fjordvik/reception", "fjordvik", "Samtalerommet ved " * 3, "andre etasje " * 4, "forbi heisen og " * 9)
    organisation = office(sites={"fjordvik": Site("fjordvik", "Nav Fjordvik og omland " * 3, {zone.id: zone})})
    whole = alarm(kind, note=note)
    linked_one = linked(whole, "Anne-Marie Kristoffersen Fjord")
    for about in (whole, replace(whole, drill=True), linked_one, replace(linked_one, coerced=True)):
        late = told(about, step=2)
        assert segments(text_message(late, organisation, language, purpose, attempt="t1", code="47")) <= 2


def test_parts_are_counted_as_providers_count_them() -> None:
    assert [segments("a" * n) for n in (160, 161, 306, 307)] == [1, 2, 2, 3]
    assert [segments("č" + "a" * n) for n in (69, 70, 133, 134)] == [1, 2, 2, 3]
    assert segments("[" * 81) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_silent_alarm_from_a_short_place_is_one_part(language: str) -> None:
    zone = Zone("fjordvik/reception", "fjordvik", "Mottak", "1. etg.")
    organisation = office(sites={"fjordvik": Site("fjordvik", "Nav Fjordvik", {zone.id: zone})})
    assert segments(step(alarm(Kind.DURESS), language, organisation=organisation)) == 1


def test_a_long_place_keeps_the_room_and_the_site_and_loses_the_way_first() -> None:
    def where(room: int) -> str:
        zone = Zone("fjordvik/reception", "fjordvik", "Samtalerom 2", "2. etasje", "forbi heisen og til venstre")
        site = Site("fjordvik", "Nav Fjordvik", {zone.id: zone})
        return place(alarm(), office(sites={"fjordvik": site}), room)

    assert where(70) == "Samtalerom 2, 2. etasje (forbi heisen og til venstre), Nav Fjordvik"
    assert where(60) == "Samtalerom 2, 2. etasje (forbi heisen og t...), Nav Fjordvik"
    assert where(50) == "Samtalerom 2, 2. etasje, Nav Fjordvik"
    assert where(30) == "Samtalerom 2, Nav Fjordvik"
    assert where(24) == "Samtaler..., Nav Fjor..."


def test_the_all_clear_says_how_it_ended_and_offers_no_answer() -> None:
    ended = replace(alarm(), state=State.RESOLVED)
    assert over(ended) == (
        "Alarmen er avsluttet: Overfallsalarm, Mottak, 1. etg. (Inngang A), Nav Fjordvik, kl. 14.05. Faren er over."
    )
    assert over(replace(ended, outcome="false")).endswith("Det var falsk alarm.")
    assert over(replace(ended, outcome="mistake"), "nn").endswith("Han vart utløyst ved ein feil.")
    assert over(replace(ended, state=State.CANCELLED)).endswith("Du trenger ikke komme.")
    assert over(replace(ended, drill=True)).startswith("ØVELSE – Øvelsen er over: ")
    assert over(replace(technical(), state=State.RESOLVED)) == "I orden igjen: Teknisk feil, Nav Fjordvik, kl. 14.05."
    for state in (State.RESOLVED, State.CANCELLED):
        for language in LANGUAGES:
            said = over(replace(ended, state=state), language).casefold()
            assert not [w for w in ("svar", "reply", " 1 ", " 3 ") if w in said]
