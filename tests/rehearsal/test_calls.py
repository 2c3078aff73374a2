"""Calls to simulated phones, asked for by Twilio's own library."""

import pytest
from starlette.responses import Response
from twilio.base.exceptions import TwilioRestException

from alarmd.rehearsal.phones import Call, CallStatus
from tests.rehearsal.world import OLA, TWILIO_WARNS, World

pytestmark = TWILIO_WARNS

ASK = (
    '<Gather numDigits="1" timeout="5" action="/voice?step=2"><Say language="nb-NO">Alarm i Mottak.</Say><Pause/>'
    "<Say>Trykk 1.</Say></Gather><Say>Ingen svarte.</Say>"
)


def xml(inside: str) -> Response:
    return Response(f"<Response>{inside}</Response>", media_type="text/xml")


def ask_and_thank(form: dict[str, str]) -> Response:
    return xml("<Say>Takk.</Say><Hangup/>" if "Digits" in form else ASK)


def ended(rehearsal: World, sid: str) -> bool:
    """The call is over, and alarmd has been told."""
    return rehearsal.exchange.phones.call(sid).status.ended and "CallDuration" in rehearsal.alarmd.told[-1].form


def line(rehearsal: World) -> Call:
    call = rehearsal.exchange.phones.line(OLA)
    assert call is not None
    return call


def said(rehearsal: World, sid: str) -> list[str]:
    return [spoken.words for spoken in rehearsal.exchange.phones.call(sid).spoken]


async def test_a_hand_answers_hears_and_presses(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = ask_and_thank
    sid = await rehearsal.call(machine_detection="Enable")
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    assert await rehearsal.hand(OLA, "call/keys", {"keys": "1"}) == 409
    assert await rehearsal.hand(OLA, "call/answer") == 200
    await rehearsal.until(lambda: line(rehearsal).listening)
    assert await rehearsal.hand(OLA, "call/keys", {"keys": "x"}) == 422
    assert await rehearsal.hand(OLA, "call/keys", {"keys": "1"}) == 200
    await rehearsal.settle(lambda: "Digits" in rehearsal.alarmd.told[-1].form)
    await rehearsal.until(lambda: ended(rehearsal, sid))
    assert said(rehearsal, sid) == ["Alarm i Mottak.", "Takk."]
    assert [(told.path, told.form["CallStatus"], told.form.get("Digits")) for told in rehearsal.alarmd.told] == [
        ("status", "initiated", None),
        ("status", "ringing", None),
        ("status", "in-progress", None),
        ("voice", "in-progress", None),
        ("voice", "in-progress", "1"),
        ("status", "completed", None),
    ]
    assert all(told.signed and told.form["CallSid"] == sid for told in rehearsal.alarmd.told)
    assert rehearsal.alarmd.told[3].form["AnsweredBy"] == "human"
    fetched = await rehearsal.client.calls(sid).fetch_async()
    assert (fetched.status, fetched.answered_by, fetched.to) == ("completed", "human", OLA)
    assert fetched.start_time <= fetched.end_time
    assert await rehearsal.hand(OLA, "call/hang_up") == 409


async def test_keys_that_do_not_come_let_the_document_go_on(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = ask_and_thank
    sid = await rehearsal.call()
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    await rehearsal.hand(OLA, "call/answer")
    await rehearsal.until(lambda: ended(rehearsal, sid))
    assert said(rehearsal, sid) == ["Alarm i Mottak.", "Trykk 1.", "Ingen svarte."]
    assert "AnsweredBy" not in rehearsal.alarmd.told[3].form
    assert int(rehearsal.alarmd.told[-1].form["CallDuration"]) >= 6


async def test_the_finish_key_ends_a_longer_number(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = lambda form: xml(
        "" if "Digits" in form else "<Gather><Say>Kode?</Say></Gather>"
    )
    sid = await rehearsal.call()
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    await rehearsal.hand(OLA, "call/answer")
    await rehearsal.until(lambda: line(rehearsal).listening)
    await rehearsal.hand(OLA, "call/keys", {"keys": "4"})
    await rehearsal.hand(OLA, "call/keys", {"keys": "7#"})
    await rehearsal.until(lambda: ended(rehearsal, sid))
    asked = [told.form for told in rehearsal.alarmd.told if told.path == "voice"]
    assert (asked[1]["Digits"], asked[1]["FinishedOnKey"]) == ("47", "#")


async def test_a_scripted_phone_answers_and_presses(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = ask_and_thank
    await rehearsal.put(OLA, answers="press", says="2", after=4)
    sid = await rehearsal.call()
    await rehearsal.until(lambda: ended(rehearsal, sid))
    call = rehearsal.exchange.phones.call(sid)
    assert call.started is not None
    assert 4 <= (call.started - call.created).total_seconds() < 20
    assert rehearsal.exchange.phones.call(sid).pressed == "2"
    assert "Digits" in rehearsal.alarmd.told[-2].form


async def test_inline_twiml_is_spoken_without_being_fetched(rehearsal: World) -> None:
    await rehearsal.put(OLA, answers="press", after=0)
    sid = await rehearsal.call(url=None, twiml='<Response><Say loop="2">Hei</Say></Response>')
    await rehearsal.until(lambda: ended(rehearsal, sid))
    assert said(rehearsal, sid) == ["Hei", "Hei"]
    assert {told.path for told in rehearsal.alarmd.told} == {"status"}


async def test_voicemail_takes_the_call_and_presses_nothing(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = ask_and_thank
    await rehearsal.put(OLA, voicemail=True)
    sid = await rehearsal.call(machine_detection="DetectMessageEnd")
    await rehearsal.until(lambda: rehearsal.exchange.phones.call(sid).status is CallStatus.IN_PROGRESS)
    assert await rehearsal.hand(OLA, "call/keys", {"keys": "1"}) == 409
    await rehearsal.until(lambda: ended(rehearsal, sid))
    asked = [told for told in rehearsal.alarmd.told if told.path == "voice"]
    assert [told.form["AnsweredBy"] for told in asked] == ["machine_end_beep"]


async def test_nobody_answers_in_time(rehearsal: World) -> None:
    rang = rehearsal.clock.now()
    sid = await rehearsal.call(timeout=20)
    await rehearsal.until(lambda: ended(rehearsal, sid))
    assert rehearsal.alarmd.statuses() == ["initiated", "ringing", "no-answer"]
    assert 20 <= (rehearsal.clock.now() - rang).total_seconds() < 40


async def test_an_unreachable_phone_never_rings(rehearsal: World) -> None:
    await rehearsal.put(OLA, reachable=False)
    sid = await rehearsal.call()
    await rehearsal.until(lambda: ended(rehearsal, sid))
    assert rehearsal.alarmd.statuses() == ["initiated", "no-answer"]


async def test_declining_is_busy_and_so_is_a_second_call(rehearsal: World) -> None:
    first = await rehearsal.call()
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    second = await rehearsal.call()
    await rehearsal.until(lambda: ended(rehearsal, second))
    assert rehearsal.exchange.phones.call(second).status is CallStatus.BUSY
    await rehearsal.hand(OLA, "call/hang_up")
    await rehearsal.until(lambda: rehearsal.exchange.phones.call(first).status is CallStatus.BUSY)


async def test_hanging_up_ends_what_is_being_said(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = lambda _: xml(f"<Say>{'lang tale ' * 100}</Say><Say>slutt</Say>")
    sid = await rehearsal.call()
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    await rehearsal.hand(OLA, "call/answer")
    await rehearsal.until(lambda: said(rehearsal, sid))
    await rehearsal.hand(OLA, "call/hang_up")
    await rehearsal.settle(lambda: ended(rehearsal, sid))
    assert len(said(rehearsal, sid)) == 1


async def test_the_api_ends_a_ringing_call_once(rehearsal: World) -> None:
    sid = await rehearsal.call()
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    changed = await rehearsal.client.calls(sid).update_async(status="completed")
    assert changed.status == "canceled"
    await rehearsal.settle(lambda: ended(rehearsal, sid))
    assert rehearsal.alarmd.statuses()[-1] == "canceled"
    assert rehearsal.exchange.phones.line(OLA) is None
    with pytest.raises(TwilioRestException) as refused:
        await rehearsal.client.calls(sid).update_async(status="completed")
    assert (refused.value.status, refused.value.code) == (400, 21220)


async def test_canceling_leaves_a_call_that_talks_alone_and_completing_ends_it(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = lambda _: xml('<Pause length="600"/>')
    sid = await rehearsal.call()
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    await rehearsal.hand(OLA, "call/answer")
    assert (await rehearsal.client.calls(sid).update_async(status="canceled")).status == "in-progress"
    assert (await rehearsal.client.calls(sid).update_async(status="completed")).status == "completed"
    await rehearsal.settle(lambda: ended(rehearsal, sid))


async def test_the_api_gives_a_talking_call_another_document(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = lambda _: xml('<Pause length="600"/>')
    sid = await rehearsal.call()
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    await rehearsal.hand(OLA, "call/answer")
    await rehearsal.client.calls(sid).update_async(twiml="<Response><Say>Noen er på vei.</Say></Response>")
    await rehearsal.until(lambda: ended(rehearsal, sid))
    assert said(rehearsal, sid) == ["Noen er på vei."]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(status_code=500), 11200),
        (Response("<Response><Say>", media_type="text/xml"), 12100),
        (Response('{"say": "hei"}', media_type="application/json"), 12300),
        (Response("<Response><Dial>+4711111111</Dial></Response>", media_type="text/xml"), 12200),
        (Response("<Response><Redirect>ftp://x</Redirect></Response>", media_type="text/xml"), 11100),
    ],
)
async def test_what_twilio_cannot_read_is_said_and_shown(rehearsal: World, answer: Response, code: int) -> None:
    rehearsal.alarmd.answers["voice"] = lambda _: answer
    await rehearsal.put(OLA, answers="press", after=0)
    sid = await rehearsal.call()
    await rehearsal.until(lambda: ended(rehearsal, sid))
    fault = rehearsal.exchange.phones.phone(OLA).fault
    assert fault is not None
    assert fault.code == code
    assert said(rehearsal, sid) == ["We are sorry, an application error has occurred. Goodbye."]


async def test_the_fallback_is_asked_when_the_first_document_fails(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = lambda _: Response(status_code=500)
    rehearsal.alarmd.answers["fallback"] = lambda form: xml(f"<Say>{form['ErrorCode']}</Say>")
    await rehearsal.put(OLA, answers="press", after=0)
    sid = await rehearsal.call(fallback_url=f"{rehearsal.alarmd.url}/fallback")
    await rehearsal.until(lambda: ended(rehearsal, sid))
    assert said(rehearsal, sid) == ["11200"]


async def test_documents_that_redirect_to_each_other_end_some_time(rehearsal: World) -> None:
    rehearsal.alarmd.answers["voice"] = lambda _: xml("<Redirect>/voice</Redirect>")
    await rehearsal.put(OLA, answers="press", after=0)
    sid = await rehearsal.call()
    await rehearsal.until(lambda: ended(rehearsal, sid))
    assert len([told for told in rehearsal.alarmd.told if told.path == "voice"]) == 50


async def test_only_the_end_is_told_when_no_events_are_asked_for(rehearsal: World) -> None:
    await rehearsal.put(OLA, reachable=False)
    sid = await rehearsal.call(status_callback_event=None, status_callback_method="GET")
    await rehearsal.until(lambda: rehearsal.alarmd.told)
    (told,) = rehearsal.alarmd.told
    assert (told.method, told.signed, told.form["CallStatus"], told.form["CallSid"]) == ("GET", True, "no-answer", sid)
