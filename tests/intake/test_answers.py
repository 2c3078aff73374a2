"""Answers by text through the hook, over the real loop and store: what the texts ask for is what is counted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from twilio.request_validator import RequestValidator

from alarmd.alarm.incoming import FaultFound, Pressed
from alarmd.alarm.model import Alarm, Device, Kind, ResponderState
from alarmd.app.desks import AnswerDesk, House
from alarmd.clock import new_id
from alarmd.dispatch.take import Taker
from alarmd.intake.twilio_hooks import twilio_hooks
from alarmd.organisation.model import Chain, Joining, Repeat, Target, TargetKind
from alarmd.ports import Message, Outcome, Unit
from alarmd.wording.alarms import text_message
from tests.support.loop import DELIVERED, Loop, World
from tests.support.organisations import office, person, seconds, step
from tests.wording.cases import parsed

TOKEN, PUBLIC, HOOK = "a-token", "https://alarm.example", "/v1/hooks/twilio/message"
EVA = person("eva", "manager")


@dataclass
class Phone:
    """Eva's: the texts that reached it, and its answers."""

    loop: Loop
    client: httpx.AsyncClient
    texts: list[str]

    async def answer(self, body: str) -> str:
        form = {"From": EVA.contact[0].address, "Body": body}
        signature = RequestValidator(TOKEN).compute_signature(PUBLIC + HOOK, form)
        answer = await self.client.post(HOOK, data=form, headers={"X-Twilio-Signature": signature})
        return parsed(answer.text).findtext("Message") or ""

    async def press(self) -> Alarm:
        taken = await self.loop.submit(Pressed(Device("desk-3"), device="desk-3"))
        assert taken.alarm is not None
        return taken.alarm

    async def fault(self) -> Alarm:
        taken = await self.loop.submit(FaultFound("battery:desk-4", "battery of desk-4 is at 9 %"))
        assert taken.alarm is not None
        return taken.alarm

    async def presses(self, device: str, count: int) -> None:
        """All in one transaction, without a message to anybody."""
        taker, now = Taker("shell", new_id), self.loop.clock.now()

        def press(unit: Unit) -> None:
            for _ in range(count):
                taker.take(unit, Pressed(Device(device), device=device), now)

        await self.loop.store.transact(press)

    async def state(self, alarm: Alarm) -> ResponderState | None:
        found = (await self.loop.alarm(alarm.id)).responder("eva")
        return found.state if found else None


@asynccontextmanager
async def on_duty(path: Path) -> AsyncIterator[Phone]:
    """Eva is told by text of everything but of who wants somebody beside him. Every press opens an alarm."""
    tell_eva = step(0, Target(TargetKind.ROLE, "manager"), by=("sms",))
    again = Repeat(1, seconds(600))
    chains = {
        "panic": Chain("panic", (tell_eva,), frozenset({Kind.PANIC}), repeat=again),
        "technical": Chain("technical", (tell_eva,), frozenset({Kind.TECHNICAL}), repeat=again),
        "assist": Chain("assist", (step(0, Target(TargetKind.PERSON, "per")),), frozenset({Kind.ASSIST}), repeat=again),
        "rest": Chain("rest", (tell_eva,), repeat=again),
    }
    texts: list[str] = []

    def show(message: Message) -> Outcome:
        texts.append(text_message(message.alarm, message.organisation, "nb", message.tell.purpose, code=message.code))
        return DELIVERED

    world = World(path / "alarmd.db")
    world.wires["sms"].answer = show
    world.apply(office(chains=chains, joining=Joining(same_device=False)))
    async with world.life() as loop:
        house = House("one", loop.store, loop.clock, loop.dispatcher, loop.outbox, loop.follower, loop.health)
        app = FastAPI()
        app.include_router(twilio_hooks(auth_token=TOKEN, public_url=PUBLIC, desk=AnswerDesk(house)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            yield Phone(loop, client, texts)
            await loop.clock.settle()


async def test_the_answer_to_a_technical_text_is_taken(tmp_path: Path) -> None:
    async with on_duty(tmp_path) as phone:
        fault = await phone.fault()
        assert phone.texts[0].endswith("Lavt batteri i desk-4 (Mottak). Svar 1 hvis du tar saken, 2 hvis du ikke kan.")
        assert await phone.answer(f"1 {fault.code}") == "Takk, det er notert."
        assert await phone.state(fault) is ResponderState.EN_ROUTE


async def test_a_one_beside_a_technical_alarm_is_not_counted_for_the_panic(tmp_path: Path) -> None:
    async with on_duty(tmp_path) as phone:
        panic, fault = await phone.press(), await phone.fault()
        assert phone.texts[1].endswith(f"Svar 1 {fault.code} hvis du tar saken, 2 {fault.code} hvis du ikke kan.")
        assert "Flere alarmer er åpne." in await phone.answer("1")
        assert [await phone.state(alarm) for alarm in (panic, fault)] == [None, None]
        assert await phone.answer(f"1 {fault.code}") == "Takk, det er notert."
        assert [await phone.state(alarm) for alarm in (panic, fault)] == [None, ResponderState.EN_ROUTE]


async def test_a_panic_after_a_fault_is_told_with_its_code_and_nobody_arrives_at_a_fault(tmp_path: Path) -> None:
    async with on_duty(tmp_path) as phone:
        fault, panic = await phone.fault(), await phone.press()
        assert f"Svar 1 {panic.code} hvis du kommer" in phone.texts[1]
        await phone.answer(f"1 {fault.code}")
        await phone.answer(f"ja {panic.code}")
        assert await phone.answer("3") == "Takk, du er registrert som fremme: Mottak."
        assert [await phone.state(a) for a in (fault, panic)] == [ResponderState.EN_ROUTE, ResponderState.ARRIVED]


@pytest.mark.parametrize("others", [1, 250])
async def test_whoever_was_told_can_answer_however_many_others_are_open(tmp_path: Path, others: int) -> None:
    async with on_duty(tmp_path) as phone:
        panic = await phone.press()
        await phone.presses("room-2", others)
        assert await phone.answer("1") == "Takk, du er meldt som på vei til Mottak. Svar 3 når du er fremme."
        assert await phone.state(panic) is ResponderState.EN_ROUTE
        fault = await phone.fault()
        assert await phone.answer(f"1 {fault.code}") == "Takk, det er notert."
        assert await phone.state(fault) is ResponderState.EN_ROUTE


async def test_of_more_alarms_than_there_are_codes_the_newest_of_a_code_is_meant(tmp_path: Path) -> None:
    async with on_duty(tmp_path) as phone:
        older = await phone.press()
        await phone.presses("desk-4", 89)
        assert older.code in await phone.answer(f"1 {older.code}")
        newer = await phone.press()
        assert newer.code == older.code
        await phone.answer(f"3 {newer.code}")
        assert await phone.state(older) is ResponderState.ARRIVED, "he was on his way there"
        await phone.answer(f"1 {newer.code}")
        assert await phone.state(newer) is ResponderState.EN_ROUTE
