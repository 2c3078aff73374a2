"""The webhook: signed, at least once, and honest about what it knows."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from alarmd.alarm.effects import EndCall
from alarmd.alarm.model import Alarm, AttemptState, Purpose
from alarmd.channels.http_client import open_session
from alarmd.channels.webhook import SIGNATURE, Webhook
from alarmd.organisation.model import Contact
from alarmd.ports import Outcome
from tests.channels.provider import DROP, HANG, Provider, message, provider
from tests.wording.cases import alarm, told

SECRET = "hemmelig"


@pytest.fixture
async def server() -> AsyncIterator[Provider]:
    async with provider() as known:
        yield known


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    async with open_session(timeout=1) as session:
        yield Webhook(session)


def contact(server: Provider, secret: str | None = SECRET) -> Contact:
    return Contact("webhook", f"{server.url}/hook", secret)


async def test_the_body_says_which_alarm_where_and_to_whom(server: Provider, webhook: Webhook) -> None:
    outcome = await webhook.send(message(told(alarm(note="kom")), contact(server)))
    assert outcome == Outcome(AttemptState.DELIVERED)
    asked = server.asked[0]
    assert (asked.method, asked.path, asked.headers["Content-Type"]) == ("POST", "/hook", "application/json")
    body = json.loads(asked.raw)
    known = body["alarm"]
    assert (known["id"], known["state"], known["kind"], known["drill"]) == ("a1", "raised", "panic", False)
    assert (known["site"], known["zone"], known["opened_at"]) == (
        "fjordvik",
        "fjordvik/reception",
        "2027-07-01T12:05:00.000Z",
    )
    assert known["place"] == {"site": "Nav Fjordvik", "zone": "Mottak", "floor": "1. etg.", "way": "Inngang A"}
    assert [(s["ref"], s["note"], s["at"]) for s in body["signals"]] == [("ref-1", "kom", "2027-07-01T12:05:00.000Z")]
    assert (body["event"], body["person"], body["attempt"]) == ("raised", "ola", "t1")


async def test_with_a_secret_the_raw_body_is_signed(server: Provider, webhook: Webhook) -> None:
    await webhook.send(message(told(alarm(note="på vei")), contact(server)))
    asked = server.asked[0]
    assert asked.headers[SIGNATURE] == hmac.new(SECRET.encode(), asked.raw, hashlib.sha256).hexdigest()


async def test_without_a_secret_nothing_is_signed(server: Provider, webhook: Webhook) -> None:
    await webhook.send(message(told(alarm()), contact(server, None)))
    assert SIGNATURE not in server.asked[0].headers


@pytest.mark.parametrize(
    ("about", "purpose", "event"),
    [
        (told(alarm()), Purpose.STEP, "raised"),
        (told(alarm(), step=2), Purpose.STEP, "step"),
        (told(alarm(), round=2), Purpose.STEP, "step"),
        (alarm(), Purpose.STEP, "raised"),
        (told(alarm(zone=None)), Purpose.ALL_CLEAR, "all_clear"),
    ],
)
async def test_the_event_says_why_it_comes(
    server: Provider, webhook: Webhook, about: Alarm, purpose: Purpose, event: str
) -> None:
    await webhook.send(message(about, contact(server), purpose=purpose))
    assert json.loads(server.asked[0].raw)["event"] == event


async def test_a_place_that_nobody_knows_is_null(server: Provider, webhook: Webhook) -> None:
    await webhook.send(message(told(alarm(zone=None)), contact(server)))
    place = json.loads(server.asked[0].raw)["alarm"]["place"]
    assert place == {"site": "Nav Fjordvik", "zone": None, "floor": None, "way": None}


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ((200, ""), Outcome(AttemptState.DELIVERED)),
        ((204, ""), Outcome(AttemptState.DELIVERED)),
        ((302, ""), Outcome(AttemptState.FAILED, "refused")),
        ((404, ""), Outcome(AttemptState.FAILED, "refused")),
        ((401, ""), Outcome(AttemptState.FAILED, "not_allowed")),
        ((429, ""), Outcome(AttemptState.FAILED, "too_many", again_in=4.0)),
        ((503, "x" * 100_000), Outcome(AttemptState.FAILED, "provider_trouble", again_in=4.0)),
        (DROP, Outcome(AttemptState.UNKNOWN, "connection_lost", again_in=4.0)),
    ],
)
async def test_what_it_answers_becomes_an_outcome(
    server: Provider, webhook: Webhook, answer: tuple[int, object] | str, wanted: Outcome
) -> None:
    server.answers.append(answer)
    known = told(alarm())
    third = replace(known.notifications[0].attempts[0], tried=2)
    known = replace(known, notifications=(replace(known.notifications[0], attempts=(third,)),))
    assert await webhook.send(message(known, contact(server))) == wanted
    assert len(server.asked) == 1


async def test_one_that_hangs_is_given_up_in_time(server: Provider) -> None:
    server.answers.append(HANG)
    async with open_session(timeout=0.05) as session:
        outcome = await Webhook(session).send(message(told(alarm()), contact(server)))
    assert outcome == Outcome(AttemptState.UNKNOWN, "timeout", again_in=1.0)


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("http://127.0.0.1:{port}/", Outcome(AttemptState.FAILED, "no_connection", again_in=1.0)),
        ("ftp://127.0.0.1/", Outcome(AttemptState.FAILED, "invalid_address")),
        ("http://", Outcome(AttemptState.FAILED, "invalid_address")),
        ("nowhere", Outcome(AttemptState.FAILED, "invalid_address")),
    ],
)
async def test_an_address_where_nobody_is(
    webhook: Webhook, unused_tcp_port: int, address: str, wanted: Outcome
) -> None:
    nobody = Contact("webhook", address.format(port=unused_tcp_port))
    assert await webhook.send(message(told(alarm()), nobody)) == wanted


async def test_there_is_nothing_to_end(server: Provider, webhook: Webhook) -> None:
    await webhook.end(EndCall("e2", "t1", "webhook", "x"))
    assert server.asked == []
