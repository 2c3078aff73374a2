"""Twilio's REST API: who may ask, what is refused and how, and the lists that alarmd reconciles by."""

from collections.abc import Mapping

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.rehearsal.world import KARI, OLA, SERVICE, SID, TOKEN, TWILIO_WARNS, World

pytestmark = TWILIO_WARNS

ROOT = f"/2010-04-01/Accounts/{SID}"
MESSAGE = {"To": OLA, "From": SERVICE, "Body": "hei"}
CALL = {"To": OLA, "From": SERVICE, "Url": "http://127.0.0.1:9/voice"}
# The fields of the resources in Twilio's published API description, version 2010-04-01.
MESSAGE_FIELDS = frozenset(
    [
        "account_sid",
        "api_version",
        "body",
        "date_created",
        "date_sent",
        "date_updated",
        "direction",
        "error_code",
        "error_message",
        "from",
        "messaging_service_sid",
        "num_media",
        "num_segments",
        "price",
        "price_unit",
        "sid",
        "status",
        "subresource_uris",
        "to",
        "uri",
    ]
)
CALL_FIELDS = frozenset(
    [
        "account_sid",
        "answered_by",
        "api_version",
        "caller_name",
        "date_created",
        "date_updated",
        "direction",
        "duration",
        "end_time",
        "forwarded_from",
        "from",
        "from_formatted",
        "group_sid",
        "parent_call_sid",
        "phone_number_sid",
        "price",
        "price_unit",
        "queue_time",
        "sid",
        "start_time",
        "status",
        "subresource_uris",
        "to",
        "to_formatted",
        "trunk_sid",
        "uri",
    ]
)
ACCOUNT_FIELDS = frozenset(
    [
        "auth_token",
        "date_created",
        "date_updated",
        "friendly_name",
        "owner_account_sid",
        "sid",
        "status",
        "subresource_uris",
        "type",
        "uri",
    ]
)
LIST_FIELDS = frozenset(
    ["end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start", "uri"]
)


async def post(
    rehearsal: World, path: str, form: Mapping[str, str], password: str = TOKEN
) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": aiohttp.encode_basic_auth(SID, password)}
    async with rehearsal.http.post(rehearsal.url + path, data=dict(form), headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(("sid", "token"), [(SID, "wrong"), ("AC" + "6" * 32, TOKEN)])
async def test_only_the_account_gets_in(rehearsal: World, sid: str, token: str) -> None:
    client = Client(sid, token, http_client=rehearsal.client.http_client)
    client.api.base_url = rehearsal.url
    with pytest.raises(TwilioRestException) as refused:
        await client.messages.create_async(to=OLA, from_=SERVICE, body="hei")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    assert not rehearsal.exchange.phones.texts


async def test_the_right_password_opens_no_other_account(rehearsal: World) -> None:
    status, body = await post(rehearsal, f"/2010-04-01/Accounts/AC{'6' * 32}/Messages.json", MESSAGE)
    assert (status, body["code"]) == (401, 20003)


async def test_a_refusal_has_twilios_shape(rehearsal: World) -> None:
    status, body = await post(rehearsal, f"{ROOT}/Messages.json", MESSAGE | {"To": "90000022"})
    assert status == 400
    assert body == {
        "code": 21211,
        "message": "Invalid 'To' Phone Number: 90000022",
        "more_info": "https://www.twilio.com/docs/errors/21211",
        "status": 400,
    }


@pytest.mark.parametrize(
    ("path", "form", "code"),
    [
        ("Messages", MESSAGE | {"To": ""}, 21604),
        ("Messages", MESSAGE | {"From": ""}, 21603),
        ("Messages", MESSAGE | {"From": "alarm!"}, 21212),
        ("Messages", MESSAGE | {"Body": ""}, 21602),
        ("Messages", MESSAGE | {"Body": "x" * 1601}, 21617),
        ("Messages", MESSAGE | {"StatusCallback": "/v1/hooks"}, 21609),
        ("Calls", CALL | {"To": ""}, 21201),
        ("Calls", CALL | {"To": "+0"}, 21211),
        ("Calls", CALL | {"From": ""}, 21213),
        ("Calls", CALL | {"Url": ""}, 21205),
        ("Calls", CALL | {"Url": "voice"}, 21205),
        ("Calls", CALL | {"Twiml": "x" * 4001}, 20001),
        ("Calls", CALL | {"Timeout": "0"}, 20001),
        ("Calls", CALL | {"Method": "PUT"}, 20001),
        ("Calls", CALL | {"MachineDetection": "yes"}, 20001),
        ("Calls", CALL | {"StatusCallbackEvent": "ringing answer"}, 21626),
    ],
)
async def test_what_twilio_would_refuse_is_refused(
    rehearsal: World, path: str, form: dict[str, str], code: int
) -> None:
    status, body = await post(rehearsal, f"{ROOT}/{path}.json", form)
    assert (status, body["code"]) == (400, code)
    assert not rehearsal.exchange.phones.texts
    assert not rehearsal.exchange.phones.calls


async def test_what_is_not_there_is_404_in_twilios_shape(rehearsal: World) -> None:
    for path in (f"{ROOT}/Calls/CA{'0' * 32}.json", f"{ROOT}/Faxes.json"):
        status, body = await post(rehearsal, path, {"Status": "completed"})
        assert (status, body["code"]) == (404, 20404)
    status, body = await post(rehearsal, f"{ROOT}/Calls/CA{'0' * 32}.json", {"Status": "paused"})
    assert (status, body["code"]) == (400, 20001)


async def test_a_messaging_service_may_be_the_sender(rehearsal: World) -> None:
    service = "MG" + "1" * 32
    made = await rehearsal.client.messages.create_async(to=OLA, messaging_service_sid=service, body="hei")
    assert made.messaging_service_sid == service


async def test_lists_are_paged_newest_first_and_filtered(rehearsal: World) -> None:
    sids = [await rehearsal.text(OLA if number % 2 else KARI, f"nr. {number}") for number in range(7)]
    listed = await rehearsal.client.messages.list_async(page_size=3)
    assert [text.sid for text in listed] == sids[::-1]
    assert [text.sid for text in await rehearsal.client.messages.list_async(to=OLA)] == sids[5::-2]
    await rehearsal.until(lambda: len(rehearsal.alarmd.told) == 14)
    today = rehearsal.clock.now().date()
    assert len(await rehearsal.client.messages.list_async(date_sent=today)) == 7
    assert not await rehearsal.client.messages.list_async(date_sent_after="2026-03-03")
    await rehearsal.put(KARI, reachable=False)
    call = await rehearsal.call(KARI)
    await rehearsal.until(lambda: rehearsal.alarmd.statuses() == ["initiated", "no-answer"])
    assert [one.sid for one in await rehearsal.client.calls.list_async(to=KARI, status="no-answer")] == [call]
    assert not await rehearsal.client.calls.list_async(status="busy")


async def test_every_field_is_one_of_twilios(rehearsal: World) -> None:
    _, text = await post(rehearsal, f"{ROOT}/Messages.json", MESSAGE)
    _, call = await post(rehearsal, f"{ROOT}/Calls.json", CALL)
    assert set(text) == MESSAGE_FIELDS
    assert set(call) == CALL_FIELDS
    headers = {"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}
    async with rehearsal.http.get(f"{rehearsal.url}{ROOT}.json", headers=headers) as response:
        assert set(await response.json()) <= ACCOUNT_FIELDS
    for name in ("messages", "calls"):
        async with rehearsal.http.get(f"{rehearsal.url}{ROOT}/{name.title()}.json", headers=headers) as response:
            assert set(await response.json()) == LIST_FIELDS | {name}
