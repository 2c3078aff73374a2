"""The model of the phones and the reading of TwiML: no loop, no wire."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alarmd.errors import NotFound, Refused
from alarmd.rehearsal import phones as model
from alarmd.rehearsal.phones import (
    MOVES,
    Answers,
    Call,
    CallStatus,
    Habit,
    PhoneOwner,
    Phones,
    Text,
    TextStatus,
    scripted_reply,
    segments,
)
from alarmd.rehearsal.twiml import Gather, Hangup, Message, Pause, Redirect, Say, TwimlFault, replies, voice

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OLA, SERVICE = "+4790000022", "+4759440000"


def text(sid: str, to: str = OLA, body: str = "Svar 1 hvis du kommer") -> Text:
    return Text(sid, "outbound-api", SERVICE, to, body, NOON, NOON, TextStatus.QUEUED)


def book() -> tuple[Phones, list[str]]:
    changes: list[str] = []
    return Phones([PhoneOwner("Ola Nes", OLA)], changes.append), changes


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("", 1),
        ("æøå" * 53, 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("«" * 70, 1),
        ("«" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 1600, 11),
    ],
)
def test_a_text_is_counted_in_parts(body: str, parts: int) -> None:
    assert segments(body) == parts


def test_an_answered_call_has_a_length_and_frees_the_line() -> None:
    phones, changes = book()
    phones.add_call(Call("CA1", SERVICE, OLA, NOON, NOON))
    assert phones.line(OLA) is None
    phones.move_call("CA1", CallStatus.RINGING, NOON)
    assert phones.line(OLA) is not None
    phones.move_call("CA1", CallStatus.IN_PROGRESS, NOON, "human")
    call = phones.move_call("CA1", CallStatus.COMPLETED, NOON + timedelta(seconds=42))
    assert (call.seconds, call.answered_by, phones.line(OLA)) == (42, "human", None)
    assert set(changes) == {OLA}


@pytest.mark.parametrize("ended", [status for status in CallStatus if status.ended])
def test_what_has_ended_never_moves_again(ended: CallStatus) -> None:
    phones, _ = book()
    phones.add_call(replace(Call("CA1", SERVICE, OLA, NOON, NOON), status=ended))
    for status in CallStatus:
        with pytest.raises(Refused):
            phones.move_call("CA1", status, NOON)
    assert not MOVES[ended]


def test_what_is_over_is_forgotten_in_time_and_what_lives_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "REMEMBERED", 3)
    phones, _ = book()
    phones.add_text(text("SM-lives"))
    for number in range(5):
        phones.add_text(text(f"SM{number}"))
        phones.move_text(f"SM{number}", TextStatus.DELIVERED, NOON)
    assert list(phones.texts) == ["SM-lives", "SM2", "SM3", "SM4"]
    with pytest.raises(NotFound):
        phones.text("SM0")


def test_numbers_nobody_owns_give_way_and_owners_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "CARDS", 3)
    phones, _ = book()
    for last in "345":
        phones.add_text(text(f"SM{last}", "+479000002" + last))
    assert [phone.owner.number[-1] for phone in phones.all()] == ["2", "4", "5"]
    assert phones.habit("+4790000023") == Habit()


def test_keys_count_from_the_moment_somebody_listens() -> None:
    phones, _ = book()
    phones.add_call(Call("CA1", SERVICE, OLA, NOON, NOON))
    phones.move_call("CA1", CallStatus.RINGING, NOON)
    phones.move_call("CA1", CallStatus.IN_PROGRESS, NOON, "human")
    phones.press("CA1", "9", NOON)
    phones.listen("CA1", True)
    phones.press("CA1", "1", NOON)
    assert (phones.call("CA1").keys, phones.call("CA1").pressed) == ("1", "91")


@pytest.mark.parametrize(
    ("body", "says", "reply"),
    [
        ("Svar 1 hvis du kommer", "1", "1"),
        ("Svar «1 47» hvis du kommer", "1", "1 47"),
        ("Reply 1 47 if you are coming", "2", "2 47"),
        ("Svar 1 47", "kommer", "kommer"),
        ("Svar 12", "1", None),
        ("Faren er over", "1", None),
    ],
)
def test_a_scripted_reply_follows_the_text(body: str, says: str, reply: str | None) -> None:
    assert scripted_reply(text("SM1", body=body), Habit(Answers.REPLY, says)) == reply
    assert scripted_reply(text("SM1", body=body), Habit(Answers.PRESS, says)) is None
    answer = replace(text("SM1", body=body), direction="outbound-reply")
    assert scripted_reply(answer, Habit(Answers.REPLY, says)) is None


def test_a_voice_document_becomes_verbs() -> None:
    document = """<?xml version="1.0" encoding="UTF-8"?>
    <Response>
      <Gather action="/v" method="get" numDigits="1" timeout="3" finishOnKey="" actionOnEmptyResult="true">
        <Say language="nb-NO">Hei <emphasis>du</emphasis>
        der</Say><Pause length="2"/>
      </Gather>
      <Redirect>/v?x=1</Redirect><Hangup/>
    </Response>"""
    assert voice(document) == (
        Gather((Say("Hei du der", "nb-NO"), Pause(2)), "/v", "GET", 1, "", 3, True),
        Redirect("/v?x=1", "POST"),
        Hangup(),
    )


def test_the_answer_to_a_text_becomes_verbs() -> None:
    document = "<Response><Message>Takk</Message><Message><Body>Hei</Body></Message></Response>"
    assert replies(document) == (Message("Takk"), Message("Hei"))
    assert replies("  ") == ()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("", 12100),
        ("<Answer/>", 12100),
        ("<Response><say>hei</say></Response>", 12200),
        ("<Response><Gather input='speech'/></Response>", 12200),
        ("<Response><Gather timeout='auto'/></Response>", 12200),
        ("<Response><Gather><Hangup/></Gather></Response>", 12200),
        ("<Response><Redirect method='PUT'>/v</Redirect></Response>", 12200),
    ],
)
def test_a_document_with_a_fault_is_refused_with_twilios_code(document: str, code: int) -> None:
    with pytest.raises(TwimlFault) as fault:
        voice(document)
    assert fault.value.code == code


def test_a_call_verb_is_no_answer_to_a_text() -> None:
    with pytest.raises(TwimlFault):
        replies("<Response><Say>hei</Say></Response>")
