"""Texts and calls through the real library, to a provider on loopback."""

import base64
import logging
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from alarmd.alarm.effects import EndCall
from alarmd.alarm.model import AttemptState, Purpose
from alarmd.channels.http_client import open_session
from alarmd.channels.twilio_client import connect
from alarmd.channels.twilio_sms import TwilioSms
from alarmd.channels.twilio_voice import TwilioVoice
from alarmd.organisation.model import Contact
from alarmd.ports import Outcome
from tests.channels.provider import DROP, HANG, NUMBER, SENDER, SID, TOKEN, Provider, account, message, provider
from tests.wording.cases import alarm, parsed, told

SMS, VOICE = Contact("sms", NUMBER), Contact("voice", NUMBER)
END = EndCall("e2", "t1", "voice", "CA1")
STATUS_URL = "https://alarm.example/v1/hooks/twilio/status?alarm=a1&attempt=t1"


@pytest.fixture
async def twilio() -> AsyncIterator[Provider]:
    async with provider() as known:
        yield known


@pytest.fixture
async def sms(twilio: Provider) -> AsyncIterator[TwilioSms]:
    async with open_session(timeout=1) as session:
        yield TwilioSms(connect(account(twilio.url), session))


@pytest.fixture
async def voice(twilio: Provider) -> AsyncIterator[TwilioVoice]:
    async with open_session(timeout=1) as session:
        yield TwilioVoice(connect(account(twilio.url), session))


async def test_a_text_is_sent_as_twilio_wants_it(twilio: Provider, sms: TwilioSms) -> None:
    outcome = await sms.send(message(told(alarm()), SMS, code="47"))
    assert outcome == Outcome(AttemptState.ACCEPTED, provider="SM1")
    asked = twilio.asked[0]
    assert (asked.method, asked.path) == ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json")
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    form = asked.form
    assert form.pop("Body")[0].endswith("Svar 1 47 hvis du kommer, 2 47 hvis du ikke kan, 3 47 når du er fremme.")
    assert form == {"To": [NUMBER], "From": [SENDER], "StatusCallback": [STATUS_URL], "SmartEncoded": ["true"]}


async def test_an_all_clear_is_a_text_without_a_way_to_answer(twilio: Provider, sms: TwilioSms) -> None:
    await sms.send(message(told(alarm()), SMS, purpose=Purpose.ALL_CLEAR))
    assert twilio.asked[0].form["Body"][0].startswith("Alarmen er avsluttet: ")


async def test_texts_may_leave_by_a_messaging_service(twilio: Provider) -> None:
    async with open_session() as session:
        await TwilioSms(connect(account(twilio.url, "MG" + "1" * 32), session)).send(message(told(alarm()), SMS))
    form = twilio.asked[0].form
    assert form["MessagingServiceSid"] == ["MG" + "1" * 32]
    assert "From" not in form


async def test_a_call_carries_its_words_and_asks_to_be_told_of_every_step(twilio: Provider, voice: TwilioVoice) -> None:
    outcome = await voice.send(message(told(alarm()), VOICE))
    assert outcome.state is AttemptState.ACCEPTED
    form = twilio.asked[0].form
    assert twilio.asked[0].path == f"/2010-04-01/Accounts/{SID}/Calls.json"
    gather = parsed(form.pop("Twiml")[0])[0]
    action = urlsplit(gather.get("action", ""))
    assert (action.hostname, action.path) == ("alarm.example", "/v1/hooks/twilio/voice")
    assert parse_qs(action.query) == {"alarm": ["a1"], "attempt": ["t1"]}
    assert "Mottak" in ET.tostring(gather, encoding="unicode")
    assert form == {
        "To": [NUMBER],
        "From": [SENDER],
        "Timeout": ["30"],
        "StatusCallback": [STATUS_URL],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "StatusCallbackMethod": ["POST"],
    }


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ((400, {"code": 21211, "message": NUMBER, "status": 400}), Outcome(AttemptState.FAILED, "invalid_number")),
        ((401, {"code": 20003, "message": "no", "status": 401}), Outcome(AttemptState.FAILED, "not_allowed")),
        ((429, {"code": 20429, "message": "no"}), Outcome(AttemptState.FAILED, "too_many", again_in=1.0)),
        ((500, "oh"), Outcome(AttemptState.FAILED, "provider_trouble", again_in=1.0)),
        ((302, ""), Outcome(AttemptState.FAILED, "refused")),
        ((201, "<html>"), Outcome(AttemptState.UNKNOWN, "unreadable_answer", again_in=1.0)),
        ((201, {}), Outcome(AttemptState.UNKNOWN, "unreadable_answer", again_in=1.0)),
        ((201, {"sid": "X1", "status": "failed"}), Outcome(AttemptState.FAILED, "provider_failed", "X1")),
        (DROP, Outcome(AttemptState.UNKNOWN, "connection_lost", again_in=1.0)),
    ],
)
async def test_what_twilio_answers_becomes_an_outcome(
    twilio: Provider, sms: TwilioSms, voice: TwilioVoice, answer: tuple[int, object] | str, wanted: Outcome
) -> None:
    for channel, contact in ((sms, SMS), (voice, VOICE)):
        twilio.answers.append(answer)
        assert await channel.send(message(told(alarm()), contact)) == wanted
    assert len(twilio.asked) == 2


async def test_a_twilio_that_hangs_is_given_up_in_time(twilio: Provider) -> None:
    twilio.answers.append(HANG)
    async with open_session(timeout=0.05) as session:
        outcome = await TwilioSms(connect(account(twilio.url), session)).send(message(told(alarm()), SMS))
    assert outcome == Outcome(AttemptState.UNKNOWN, "timeout", again_in=1.0)


async def test_nobody_at_the_address(unused_tcp_port: int) -> None:
    async with open_session() as session:
        channel = TwilioSms(connect(account(f"http://127.0.0.1:{unused_tcp_port}"), session))
        outcome = await channel.send(message(told(alarm()), SMS))
    assert outcome == Outcome(AttemptState.FAILED, "no_connection", again_in=1.0)


async def test_a_call_is_ended(twilio: Provider, voice: TwilioVoice) -> None:
    twilio.answers.append((200, {"sid": "CA1", "status": "completed"}))
    await voice.end(END)
    assert twilio.asked[0].path == f"/2010-04-01/Accounts/{SID}/Calls/CA1.json"
    assert twilio.asked[0].form == {"Status": ["completed"]}


@pytest.mark.parametrize("answer", [(404, {"code": 20404, "message": "-"}), (400, {"code": 21220, "message": "-"})])
async def test_a_call_that_is_over_already_is_no_fault(
    twilio: Provider, voice: TwilioVoice, answer: tuple[int, object]
) -> None:
    twilio.answers.append(answer)
    with capture_logs() as logs:
        await voice.end(END)
    assert logs == []


@pytest.mark.parametrize(("answer", "why"), [((500, "oh"), "provider_trouble"), (DROP, "connection_lost")])
async def test_a_call_that_cannot_be_ended_is_said_in_the_log(
    twilio: Provider, voice: TwilioVoice, answer: tuple[int, object] | str, why: str
) -> None:
    twilio.answers.append(answer)
    with capture_logs() as logs:
        await voice.end(END)
    assert logs == [{"event": "call not ended", "attempt": "t1", "why": why, "log_level": "warning"}]


async def test_a_text_channel_has_nothing_to_end(twilio: Provider, sms: TwilioSms) -> None:
    await sms.end(END)
    assert twilio.asked == []


async def test_no_number_and_no_token_stands_in_a_log_or_an_outcome(
    twilio: Provider, sms: TwilioSms, voice: TwilioVoice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    with capture_logs() as logs:
        for channel, contact in ((sms, SMS), (voice, VOICE)):
            for answer in (
                (201, {"sid": "X1", "to": NUMBER}),
                (400, {"code": 21211, "message": f"bad {NUMBER}"}),
                DROP,
            ):
                twilio.answers.append(answer)
                said += repr(await channel.send(message(told(alarm()), contact)))
        twilio.answers.append((500, NUMBER))
        await voice.end(END)
    said += repr(logs) + caplog.text + repr(message(alarm(), SMS)) + repr(account("x"))
    assert [secret for secret in (NUMBER, NUMBER[1:], TOKEN, SENDER) if secret in said] == []
