"""Every kind of event and every reason is a sentence in every language, for screens and for the log."""

from typing import Any

import pytest

from alarmd.alarm.events import EventKind, Reason
from alarmd.alarm.model import AttemptState, Kind
from alarmd.wording.story import QUIET, sentence
from alarmd.wording.texts import LANGUAGES, SCREENS, screen, word

DATA: dict[EventKind, dict[str, Any]] = {
    EventKind.RAISED: {"kind": "panic", "note": "a name"},
    EventKind.JOINED: {"kind": "panic", "reason": None, "note": "a name"},
    EventKind.UPGRADED: {"kind": "duress"},
    EventKind.STEP_DUE: {"step": 2, "round": 1, "reason": "step_is_due", "tell": ["ola", "per"]},
    EventKind.NOTIFIED: {"person": "ola", "purpose": "step", "reason": "not_delivered"},
    EventKind.RECEIPT: {"person": "ola", "channel": "sms", "state": "delivered"},
    EventKind.ACKNOWLEDGED: {"person": "ola"},
    EventKind.EN_ROUTE: {"person": "ola"},
    EventKind.ARRIVED: {"person": "ola"},
    EventKind.DECLINED: {"person": "ola"},
    EventKind.LAPSED: {"people": ["ola"], "reason": "not_arrived"},
    EventKind.ESCALATED: {"step": 2, "reason": "asked_for_more"},
    EventKind.ATTENDED: {},
    EventKind.NOTED: {"text": "a name"},
    EventKind.RESOLVED: {"outcome": "false", "reason": "a name"},
    EventKind.CANCELLED: {"reason": "a name"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_is_told_and_a_duress_code_most_of_all(language: str) -> None:
    honest = sentence(EventKind.CANCELLED, {"reason": None, "pin": True}, "Eva Moe", language)
    duress = sentence(EventKind.UPGRADED, {"kind": "duress", "pin": True, "reason": "a name"}, "Eva Moe", language)
    assert honest != sentence(EventKind.CANCELLED, DATA[EventKind.CANCELLED], "Eva Moe", language)
    assert "Eva Moe" in honest
    assert duress.startswith(f"{screen(language, 'coerced.tag')} ")
    assert "a name" not in duress


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_is_a_sentence_of_its_own_in_every_language(kind: EventKind) -> None:
    said = [sentence(kind, DATA[kind], "Eva Moe", language) for language in LANGUAGES]
    assert said[-1] not in said[:-1]
    others = {sentence(other, DATA[other], "Eva Moe", "en") for other in EventKind if other is not kind}
    assert said[-1] not in others
    for words in said:
        assert not {*"{}_"} & {*words}
        assert "None" not in words
        assert "a name" not in words, "what somebody wrote is not repeated"


@pytest.mark.parametrize(
    ("language", "late"), [("nb", "12.5 s forsinket"), ("nn", "12.5 s forseinka"), ("en", "12.5 s late")]
)
def test_a_step_after_its_time_says_how_late_it_is(language: str, late: str) -> None:
    data = DATA[EventKind.STEP_DUE] | {"late": 12.5}
    plain = sentence(EventKind.STEP_DUE, DATA[EventKind.STEP_DUE], "alarmd", language)
    assert sentence(EventKind.STEP_DUE, data, "alarmd", language) == f"{plain} ({late})"
    why = screen(language, "reason.new_round")
    both = sentence(EventKind.STEP_DUE, data | {"reason": "new_round"}, "alarmd", language)
    assert both.endswith(f"({why}, {late})")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_words_on_the_screens_and_in_the_log(language: str) -> None:
    plain = sentence(EventKind.STEP_DUE, DATA[EventKind.STEP_DUE], "alarmd", language)
    for reason in Reason:
        words = screen(language, f"reason.{reason}")
        assert words
        assert words != reason
        said = sentence(EventKind.STEP_DUE, DATA[EventKind.STEP_DUE] | {"reason": reason.value}, "alarmd", language)
        assert said == (plain if reason in QUIET else f"{plain} ({words})")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_of_an_attempt_and_every_kind_of_alarm_has_its_words(language: str) -> None:
    assert {f"attempt.{state}" for state in AttemptState} <= SCREENS[language].keys()
    assert {f"kind.{kind}" for kind in Kind} <= SCREENS[language].keys()
    assert word(language, "channel", "pigeon") == "pigeon"


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        (EventKind.STEP_DUE, {}, "Step 2: notifying ola, per"),
        (EventKind.STEP_DUE, {"round": 3, "reason": "new_round"}, "Step 2, round 3: notifying ola, per (a new round)"),
        (EventKind.ESCALATED, {"reason": "nobody_reached"}, "Step 2: reached nobody"),
        (
            EventKind.ESCALATED,
            {"reason": "kept_inside"},
            "Step 2: only for those outside the organisation, who are not told in a drill or test",
        ),
        (
            EventKind.ESCALATED,
            {"reason": "every_way_failed"},
            "Step 2: nobody could be reached, so the next step follows at once",
        ),
        (EventKind.ESCALATED, {}, "Notifying more now, asked by Eva Moe"),
        (EventKind.LAPSED, {}, "Acknowledgement lapsed: ola did not arrive in time"),
        (EventKind.JOINED, {}, "Pressed again: Panic alarm"),
        (EventKind.NOTIFIED, {}, "Notifying ola (not delivered in time)"),
        (EventKind.NOTIFIED, {"purpose": "all_clear", "reason": "ended"}, "Sending the all-clear to ola"),
        (EventKind.RECEIPT, {}, "ola: text delivered"),
        (EventKind.RESOLVED, {}, "Closed by Eva Moe: False alarm"),
    ],
)  # fmt: skip
def test_how_it_reads(kind: EventKind, data: dict[str, Any], words: str) -> None:
    assert sentence(kind, DATA[kind] | data, "Eva Moe", "en") == words
