"""Twilio's hooks: who may knock, what a status means, what a text and a key lead to."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.message import MessageInstance

from alarmd.alarm.incoming import Action, Answered, Reported
from alarmd.alarm.model import Alarm, AttemptState, Responder, ResponderState, State
from alarmd.alarm.model import Person as By
from alarmd.errors import AlarmdError, NotDurable, NotFound, Undecidable
from alarmd.escalation.draft import Decision, Refusal
from alarmd.intake.answers import Asked
from alarmd.intake.twilio_hooks import COMPLETED, LARGEST, STATES, WHY, twilio_hooks
from alarmd.organisation.model import Organisation
from tests.wording.cases import AT, OFFICE, alarm, parsed, told

TOKEN, PUBLIC, NUMBER = "a-token", "https://alarm.example/office", "+4790000022"
OLA = OFFICE.people["ola"]
IDS = "?alarm=a1&attempt=t1"


@dataclass
class Desk:
    """What the dispatcher would be: knows some alarms, and remembers what it was handed."""

    alarms: dict[str, Alarm] = field(default_factory=dict)
    people: Sequence[Asked] = ()
    handed: list[Answered | Reported] = field(default_factory=list)
    refusal: Refusal | None = None
    fails: Exception | None = None
    deaf: Exception | None = None

    async def submit(self, incoming: Answered | Reported) -> Decision:
        if self.fails:
            raise self.fails
        self.handed.append(incoming)
        return Decision(self.alarms.get(incoming.alarm), refusal=self.refusal)

    async def alarm(self, id: str) -> tuple[Alarm, Organisation] | None:
        if self.deaf:
            raise self.deaf
        return (self.alarms[id], OFFICE) if id in self.alarms else None

    async def asked(self, number: str) -> Sequence[Asked]:
        if self.deaf:
            raise self.deaf
        return self.people if number == NUMBER else ()


@dataclass
class Twilio:
    """Knocks as Twilio does."""

    client: httpx.AsyncClient
    token: str = TOKEN

    async def post(self, path: str, **form: str) -> httpx.Response:
        url = f"/v1/hooks/twilio/{path}"
        signature = RequestValidator(self.token).compute_signature(PUBLIC + url, form)
        return await self.client.post(url, data=form, headers={"X-Twilio-Signature": signature})

    async def text(self, body: str, number: str = NUMBER) -> str:
        answer = await self.post("message", From=number, Body=body)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
        return parsed(answer.text).findtext("Message") or ""

    async def key(self, digits: str) -> tuple[list[str], bool]:
        """What is said next, and whether the call listens on."""
        answer = await self.post(f"voice{IDS}", Digits=digits, CallStatus="in-progress", From="+4721000000", To=NUMBER)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
        document = parsed(answer.text)
        gather = document.find("Gather")
        assert gather is None or gather.get("action") == f"{PUBLIC}/v1/hooks/twilio/voice{IDS}"
        return [say.text or "" for say in document.iter("Say")], gather is not None


@pytest.fixture
def desk() -> Desk:
    about = told(alarm())
    return Desk({"a1": about}, ((OLA, about, OFFICE),))


def calling(desk: Desk, token: str = TOKEN) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(twilio_hooks(auth_token=token, public_url=PUBLIC + "/", desk=desk))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080")


@pytest.fixture
async def twilio(desk: Desk) -> AsyncIterator[Twilio]:
    async with calling(desk) as client:
        yield Twilio(client)


# --- who may knock


@pytest.mark.parametrize("hook", ["message", "voice", "status"])
async def test_what_twilio_did_not_sign_is_refused_and_changes_nothing(hook: str, twilio: Twilio, desk: Desk) -> None:
    form = {"From": NUMBER, "Body": "1", "Digits": "1", "MessageStatus": "delivered"}
    url = f"/v1/hooks/twilio/{hook}{IDS}"
    right = RequestValidator(TOKEN).compute_signature
    wrong: dict[str, dict[str, str]] = {
        "no signature": {},
        "nonsense": {"X-Twilio-Signature": "AAAA"},
        "another token": {"X-Twilio-Signature": RequestValidator("other").compute_signature(PUBLIC + url, form)},
        "our own address, by the Host header": {"X-Twilio-Signature": right("http://127.0.0.1:8080" + url, form)},
        "another attempt": {"X-Twilio-Signature": right(PUBLIC + url.replace("t1", "t2"), form)},
        "another answer": {"X-Twilio-Signature": right(PUBLIC + url, form | {"Body": "2"})},
    }
    for headers in wrong.values():
        answer = await twilio.client.post(url, data=form, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 403
    assert desk.handed == []
    assert (
        await twilio.client.post(url, data=form, headers={"X-Twilio-Signature": right(PUBLIC + url, form)})
    ).is_success


async def test_without_a_token_everything_is_refused() -> None:
    async with calling(Desk(), token="") as client:
        assert (await Twilio(client, token="").post("message", From=NUMBER, Body="1")).status_code == 403


async def test_a_body_as_large_as_no_text_is_refused_unread(twilio: Twilio) -> None:
    assert (await twilio.post("message", From=NUMBER, Body="1" * LARGEST)).status_code == 422


async def test_no_number_stands_in_a_log_line(twilio: Twilio, desk: Desk) -> None:
    desk.fails = NotDurable("disk full")
    with capture_logs() as logs:
        await twilio.text("1")
        await twilio.key("1")
        await twilio.post(f"status{IDS}", MessageStatus="delivered", To=NUMBER)
        await twilio.client.post("/v1/hooks/twilio/message", data={"From": NUMBER})
    assert len(logs) == 4
    assert NUMBER[1:] not in repr(logs)


# --- what became of texts and calls


@pytest.mark.parametrize("status", sorted(STATES))
async def test_every_status_is_handed_in(status: str, twilio: Twilio, desk: Desk) -> None:
    field_of = "MessageStatus" if status in vars(MessageInstance.Status).values() else "CallStatus"
    answer = await twilio.post(f"status{IDS}", MessageSid="SM1", **{field_of: status})
    assert (answer.status_code, answer.content) == (204, b"")
    state = STATES[status]
    why = status.replace("-", "_") if state is AttemptState.FAILED else None
    assert desk.handed == [Reported("a1", "t1", state, why, "SM1")]


def test_the_table_knows_every_status_that_twilio_has() -> None:
    ours = set(STATES) | {COMPLETED, "receiving", "received"}  # the last two are of texts to us
    for theirs in (MessageInstance.Status, CallInstance.Status):
        assert {v for k, v in vars(theirs).items() if k.isupper()} <= ours


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "accepted"),
        ("delivered", "delivered"),
        ("undelivered", "failed"),
        ("failed", "failed"),
        ("read", "seen"),
        ("initiated", "accepted"),
        ("ringing", "accepted"),
        ("in-progress", "answered"),
        ("answered", "answered"),
        ("busy", "failed"),
        ("no-answer", "failed"),
        ("canceled", "failed"),
    ],
)
def test_what_the_statuses_mean(status: str, state: str) -> None:
    assert STATES[status] == state


@pytest.mark.parametrize(("code", "why"), [*WHY.items(), ("30999", "twilio_30999"), ("nonsense", "undelivered")])
async def test_a_failure_says_why(code: str, why: str, twilio: Twilio, desk: Desk) -> None:
    await twilio.post(f"status{IDS}", MessageStatus="undelivered", ErrorCode=code, MessageSid="SM1")
    assert desk.handed == [Reported("a1", "t1", AttemptState.FAILED, why, "SM1")]


async def test_a_call_that_ends_unanswered_has_failed_and_one_that_was_answered_says_nothing_new(
    twilio: Twilio, desk: Desk
) -> None:
    await twilio.post(f"status{IDS}", CallStatus="completed", CallSid="CA1")
    failed = Reported("a1", "t1", AttemptState.FAILED, "not_answered", "CA1")
    assert desk.handed == [failed]
    notification = desk.alarms["a1"].notifications[0]
    answered = replace(notification.attempts[0], state=AttemptState.ANSWERED)
    desk.alarms["a1"] = replace(desk.alarms["a1"], notifications=(replace(notification, attempts=(answered,)),))
    assert (await twilio.post(f"status{IDS}", CallStatus="completed", CallSid="CA1")).status_code == 204
    assert desk.handed == [failed]
    desk.alarms.clear()
    await twilio.post(f"status{IDS}", CallStatus="completed", CallSid="CA1")
    assert desk.handed == [failed, failed]


async def test_a_status_that_nobody_knows_is_logged_and_changes_nothing(twilio: Twilio, desk: Desk) -> None:
    with capture_logs() as logs:
        assert (await twilio.post(f"status{IDS}", MessageStatus="teleported")).status_code == 204
    assert [entry["event"] for entry in logs] == ["status unknown"]
    assert desk.handed == []


@pytest.mark.parametrize("fault", [NotDurable("disk full"), Undecidable("a fault of its own")])
async def test_a_receipt_that_could_not_be_stored_is_not_confirmed(
    twilio: Twilio, desk: Desk, fault: AlarmdError
) -> None:
    desk.fails = fault
    answer = await twilio.post(f"status{IDS}", MessageStatus="delivered")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_being_answered_by_whomever_is_no_acknowledgement(twilio: Twilio, desk: Desk) -> None:
    await twilio.post(f"status{IDS}", CallStatus="in-progress", AnsweredBy="machine_start", CallSid="CA1")
    assert desk.handed == [Reported("a1", "t1", AttemptState.ANSWERED, None, "CA1")]


# --- texts


@pytest.mark.parametrize(
    ("body", "action", "thanks"),
    [
        ("1", Action.EN_ROUTE, "Takk, du er meldt som på vei til Mottak. Svar 3 når du er fremme."),
        (" Ja! ", Action.EN_ROUTE, "Takk, du er meldt som på vei til Mottak. Svar 3 når du er fremme."),
        ("1 47", Action.EN_ROUTE, "Takk, du er meldt som på vei til Mottak. Svar 3 når du er fremme."),
        ("2", Action.DECLINE, "Takk for at du sa fra. Du er meldt som forhindret."),
        ("3", Action.ARRIVED, "Takk, du er registrert som fremme: Mottak."),
    ],
)
async def test_a_text_answers_in_the_name_of_its_sender(
    body: str, action: Action, thanks: str, twilio: Twilio, desk: Desk
) -> None:
    assert (await twilio.text(body)) == thanks
    assert desk.handed == [Answered("a1", action, By("ola", OLA.name, "sms"), roles=("guard",))]


@pytest.mark.parametrize("body", ["STOP", "cancel", "end", "quit", "avslutt", "", "112", "hva skjer?"])
async def test_no_word_stops_ends_or_opts_out_and_the_answer_says_how_to_answer(
    body: str, twilio: Twilio, desk: Desk
) -> None:
    assert "Svar 1 hvis du kommer, 2 hvis du ikke kan, 3 når du er fremme." in (await twilio.text(body))
    assert desk.handed == []


async def test_the_code_of_another_alarm_is_not_taken_for_the_only_one(twilio: Twilio, desk: Desk) -> None:
    assert await twilio.text("1 48") == "Ingen åpen alarm har kode 48. Svar 1 47 for Mottak."
    assert desk.handed == []


async def test_whom_nobody_asked_is_told_so(twilio: Twilio, desk: Desk) -> None:
    assert (await twilio.text("1", number="+4799999999")) == "Ingen åpen alarm venter på svar fra deg."
    assert desk.handed == []


def several(desk: Desk) -> Alarm:
    first = desk.alarms["a1"]
    other = replace(alarm(zone="fjordvik/room-2"), id="a2", code="48", opened_at=AT - timedelta(minutes=1))
    desk.people = ((OLA, other, OFFICE), (OLA, first, OFFICE), (OFFICE.people["per"], first, OFFICE))
    return other


async def test_with_several_alarms_the_code_decides_and_without_it_nothing_is_taken(twilio: Twilio, desk: Desk) -> None:
    several(desk)
    assert (await twilio.text("1")) == "Flere alarmer er åpne. Svar 1 47 for Mottak, 1 48 for Samtalerom 2."
    assert (await twilio.text("2 49")).startswith("Ingen åpen alarm har kode 49. Svar 2 47 for Mottak, ")
    assert (await twilio.text("stop")).endswith("Svar 1 47 for Mottak, 1 48 for Samtalerom 2.")
    assert desk.handed == []
    assert (await twilio.text("1 48")) == "Takk, du er meldt som på vei til Samtalerom 2. Svar 3 48 når du er fremme."
    assert desk.handed == [Answered("a2", Action.EN_ROUTE, By("ola", OLA.name, "sms"), roles=("guard",))]


async def test_one_who_has_arrived_is_where_he_was_going(twilio: Twilio, desk: Desk) -> None:
    other = several(desk)
    assert "Flere alarmer er åpne. Svar 3 47" in (await twilio.text("3"))
    going = replace(other, responders=(Responder("ola", ResponderState.EN_ROUTE, AT, counts=True),))
    desk.people = ((OLA, going, OFFICE), *desk.people[1:])
    assert (await twilio.text("3")) == "Takk, du er registrert som fremme: Samtalerom 2."
    there = replace(other, responders=(Responder("ola", ResponderState.ARRIVED, AT, counts=True),))
    desk.people = ((OLA, there, OFFICE), *desk.people[1:])
    assert "Flere alarmer" in (await twilio.text("3"))


async def test_a_text_is_answered_in_its_senders_language(twilio: Twilio, desk: Desk) -> None:
    desk.people = ((replace(OLA, language="en"), desk.alarms["a1"], OFFICE),)
    assert (await twilio.text("1")).startswith("Thank you, you are shown as on your way to Mottak.")


async def test_an_alarm_that_ended_meanwhile_says_so(twilio: Twilio, desk: Desk) -> None:
    desk.refusal = Refusal.ENDED
    assert (await twilio.text("1")) == "Alarmen er allerede avsluttet. Du trenger ikke komme."


@pytest.mark.parametrize("fault", [NotDurable("disk full"), NotFound("no alarm a1"), Undecidable("a fault of its own")])
async def test_thanks_are_given_only_for_what_was_stored(fault: Exception, twilio: Twilio, desk: Desk) -> None:
    desk.fails = fault
    assert (await twilio.text("1")) == "Svaret ble ikke lagret. Prøv igjen."
    said, listens = await twilio.key("1")
    assert said[0] == "Svaret ble ikke lagret. Prøv igjen."
    assert listens


async def test_a_store_that_cannot_be_asked_is_told(twilio: Twilio, desk: Desk) -> None:
    desk.deaf = NotDurable("disk full")
    assert (await twilio.text("1")) == "Svaret ble ikke lagret. Prøv igjen."
    assert (await twilio.key("1")) == (["Svaret ble ikke lagret. Prøv igjen."], False)
    assert (await twilio.post(f"status{IDS}", CallStatus="completed")).status_code == 503


# --- keys


@pytest.mark.parametrize(
    ("digit", "action", "thanks"),
    [
        ("1", Action.EN_ROUTE, "Takk, du er meldt som på vei til Mottak."),
        ("2", Action.DECLINE, "Takk for at du sa fra. Du er meldt som forhindret."),
        ("3", Action.ARRIVED, "Takk, du er registrert som fremme: Mottak."),
    ],
)
async def test_a_key_answers_in_the_name_of_whom_the_call_was_for(
    digit: str, action: Action, thanks: str, twilio: Twilio, desk: Desk
) -> None:
    assert (await twilio.key(digit)) == ([thanks], False)
    assert desk.handed == [Answered("a1", action, By("ola", OLA.name, "voice"), roles=("guard",))]


async def test_nine_says_it_again_and_a_wrong_key_says_that_first(twilio: Twilio, desk: Desk) -> None:
    again, listens = await twilio.key("9")
    assert listens
    assert again[0].startswith("Alarm fra Nav Fjordvik. Overfallsalarm.")
    for digit in ("7", "0", "*", ""):
        wrong, listens = await twilio.key(digit)
        assert listens
        assert wrong == ["Den tasten gjelder ikke her.", *again]
    assert desk.handed == []


async def test_a_key_for_what_is_over_or_unknown_ends_the_call(twilio: Twilio, desk: Desk) -> None:
    desk.refusal = Refusal.ENDED
    over = (["Alarmen er allerede avsluttet. Du trenger ikke komme."], False)
    assert (await twilio.key("1")) == over
    desk.alarms["a1"] = replace(desk.alarms["a1"], state=State.RESOLVED)
    assert (await twilio.key("9")) == over
    desk.alarms["a1"] = alarm()
    assert (await twilio.key("1")) == (["Denne alarmen finnes ikke lenger."], False)
    desk.alarms.clear()
    assert (await twilio.key("1")) == (["Denne alarmen finnes ikke lenger."], False)


async def test_the_hooks_are_described(twilio: Twilio) -> None:
    paths = json.loads((await twilio.client.get("/openapi.json")).text)["paths"]
    assert {p for p in paths if p.startswith("/v1/hooks/twilio/")} == {
        f"/v1/hooks/twilio/{hook}" for hook in ("message", "voice", "status")
    }
