"""Texts to and from simulated phones, asked for by Twilio's own library."""

from starlette.responses import Response

from alarmd.rehearsal.phones import TextStatus
from tests.rehearsal.world import KARI, OLA, SERVICE, STRANGER, TWILIO_WARNS, Told, World

pytestmark = TWILIO_WARNS


def xml(inside: str) -> Response:
    return Response(f"<Response>{inside}</Response>", media_type="text/xml")


async def test_a_text_is_sent_and_delivered_and_both_are_told_and_signed(rehearsal: World) -> None:
    sid = await rehearsal.text()
    await rehearsal.until(lambda: len(rehearsal.alarmd.told) == 2)
    assert rehearsal.alarmd.statuses("MessageStatus") == ["sent", "delivered"]
    assert all(told.signed and told.form["MessageSid"] == sid for told in rehearsal.alarmd.told)
    fetched = await rehearsal.client.messages(sid).fetch_async()
    assert (fetched.status, fetched.to, fetched.from_, fetched.error_code) == ("delivered", OLA, SERVICE, None)
    assert fetched.date_sent is not None


async def test_a_phone_that_cannot_be_reached_gets_no_text(rehearsal: World) -> None:
    await rehearsal.put(OLA, reachable=False)
    sid = await rehearsal.text()
    await rehearsal.until(lambda: len(rehearsal.alarmd.told) == 2)
    assert rehearsal.alarmd.statuses("MessageStatus") == ["sent", "undelivered"]
    assert rehearsal.alarmd.told[-1].form["ErrorCode"] == "30003"
    assert (await rehearsal.client.messages(sid).fetch_async()).error_code == 30003


async def test_a_slow_phone_gets_its_text_later_than_alarmd_waits(rehearsal: World) -> None:
    await rehearsal.put(OLA, slow=True)
    sent = rehearsal.clock.now()
    await rehearsal.text()
    await rehearsal.until(lambda: len(rehearsal.alarmd.told) == 2)
    assert (rehearsal.clock.now() - sent).total_seconds() > 15


async def test_a_scripted_phone_replies_once_with_the_code_that_the_text_asks_for(rehearsal: World) -> None:
    rehearsal.alarmd.answers["in"] = lambda _: xml("<Message>Takk. Svar 1 igjen?</Message>")
    await rehearsal.put(OLA, answers="reply", says="1", after=3)
    await rehearsal.text(body="Alarm. Svar 1 47 hvis du kommer, 2 47 hvis du ikke kan")
    await rehearsal.until(lambda: len(rehearsal.exchange.phones.texts) == 3 and all_over(rehearsal))
    (reply,) = replies(rehearsal)
    assert (reply.form["Body"], reply.form["From"], reply.form["To"], reply.signed) == ("1 47", OLA, SERVICE, True)
    thanks = list(rehearsal.exchange.phones.texts.values())[-1]
    assert (thanks.direction, thanks.body) == ("outbound-reply", "Takk. Svar 1 igjen?")
    await rehearsal.hand(OLA, "texts", {"body": "kommer"})
    await rehearsal.until(lambda: len(replies(rehearsal)) == 2)
    assert replies(rehearsal)[-1].form["Body"] == "kommer"


async def test_a_text_that_asks_nothing_gets_no_scripted_reply(rehearsal: World) -> None:
    await rehearsal.put(OLA, answers="reply", after=0)
    await rehearsal.text(body="Faren er over.")
    await rehearsal.until(lambda: all_over(rehearsal))
    assert [text.direction for text in rehearsal.exchange.phones.texts.values()] == ["outbound-api"]


async def test_redirects_and_plain_words_answer_a_reply_too(rehearsal: World) -> None:
    rehearsal.alarmd.answers["in"] = lambda _: xml("<Redirect method='GET'>/further?a=1</Redirect>")
    rehearsal.alarmd.answers["further"] = lambda _: Response("Takk", media_type="text/plain")
    await rehearsal.text()
    await rehearsal.hand(OLA, "texts", {"body": "1"})
    await rehearsal.until(lambda: len(rehearsal.exchange.phones.texts) == 3)
    further = next(told for told in rehearsal.alarmd.told if told.path == "further")
    assert further.signed
    assert (further.method, further.form["a"], further.form["Body"]) == ("GET", "1", "1")
    assert list(rehearsal.exchange.phones.texts.values())[-1].body == "Takk"


async def test_a_reply_that_alarmd_refuses_is_shown_as_a_fault(rehearsal: World) -> None:
    rehearsal.alarmd.answers["in"] = lambda _: Response(status_code=403)
    await rehearsal.text(STRANGER)
    await rehearsal.hand(STRANGER, "texts", {"body": "1"})
    await rehearsal.until(lambda: rehearsal.exchange.phones.phone(STRANGER).fault)
    fault = rehearsal.exchange.phones.phone(STRANGER).fault
    assert fault is not None
    assert fault.code == 11200
    assert list(rehearsal.exchange.phones.texts.values())[-1].status is TextStatus.FAILED


async def test_nobody_can_reply_before_anybody_wrote(rehearsal: World) -> None:
    assert await rehearsal.hand(KARI, "texts", {"body": "hei"}) == 409
    assert await rehearsal.hand(STRANGER, "texts", {"body": "hei"}) == 404
    assert await rehearsal.hand(KARI, "texts", {"words": "hei"}) == 422


def replies(rehearsal: World) -> list[Told]:
    return [told for told in rehearsal.alarmd.told if told.path == "in"]


def all_over(rehearsal: World) -> bool:
    ended = (TextStatus.DELIVERED, TextStatus.RECEIVED, TextStatus.UNDELIVERED, TextStatus.FAILED)
    return all(text.status in ended for text in rehearsal.exchange.phones.texts.values())
