"""A cancel by PIN in the real loop: what reaches people and lights behind the veil is the same for both PINs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from alarmd.alarm.incoming import Action, Answered, DeadlinePassed, Pin, Pressed
from alarmd.alarm.model import Alarm, Device, Kind, Person, State
from alarmd.app.desks import AnswerDesk, House, SignalCounter
from alarmd.dispatch.take import Taken, Taker
from alarmd.escalation.decide import Moving
from alarmd.intake.answers import answer_key, answer_text
from alarmd.organisation.model import Organisation
from alarmd.ports import Message, Outcome, Unit
from alarmd.wording.alarms import text_message
from alarmd.wording.texts import say
from tests.escalation.test_cancelling import running_out, staffed
from tests.support.loop import DELIVERED, Loop, World

KARI = Person("kari", "Kari Fjord", "phone")
STAFF = ("kari", "nils", "siri")


@dataclass
class Office:
    """One life of a node, and everything that was written to anybody."""

    world: World
    loop: Loop
    written: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        loop = self.loop
        self.house = House("one", loop.store, loop.clock, loop.dispatcher, loop.outbox, loop.follower, loop.health)

    async def press(self, device: str = "desk-3", ref: str = "r-1", kind: Kind | None = None) -> Alarm:
        taken = await self.loop.submit(Pressed(Device(device), device=device, ref=ref, kind=kind))
        assert taken.alarm is not None
        return taken.alarm

    async def cancel(self, alarm: Alarm, pin: Pin) -> Taken:
        return await self.loop.submit(Answered(alarm.id, Action.CANCEL, KARI, pin=pin))

    async def alarms(self, person: str | None = None) -> list[dict[str, Any]]:
        """The list as this person of the staff is given it; None: as it is."""
        hides = (lambda veil: veil.hides_from(person, ("staff",))) if person else None
        texts = await self.loop.store.read(lambda r: r.summaries(open=None, site=None, limit=99, hides=hides))
        return [orjson.loads(text) for text in texts]

    def of_staff(self) -> list[tuple[str, str]]:
        return sorted(text for text in self.written if text[0] in STAFF)


@asynccontextmanager
async def living(path: Path, organisation: Organisation | None = None) -> AsyncIterator[Office]:
    """Every text arrives; people at their desks get them, too."""
    world = World(path / "alarmd.db")
    world.apply(organisation or staffed())
    async with world.life() as loop:
        office = Office(world, loop)

        def show(message: Message) -> Outcome:
            text = text_message(message.alarm, message.organisation, "nb", message.tell.purpose, code=message.code)
            office.written.append((message.recipient.id, text))
            return DELIVERED

        world.wires["sms"].answer = show
        yield office
        await loop.clock.settle()


async def test_the_texts_are_the_same_behind_the_veil_and_say_the_truth_before_it(tmp_path: Path) -> None:
    texts: list[list[tuple[str, str]]] = []
    for pin in Pin:
        (tmp_path / pin).mkdir()
        async with living(tmp_path / pin) as office:
            alarm = await office.press()
            office.written.clear()
            await office.cancel(alarm, pin)
            await office.world.clock.advance(300)
            texts.append(office.of_staff())
            to_ola = next(text for who, text in office.written if who == "ola")
            assert to_ola.startswith("Stille alarm: Mottak" if pin is Pin.DURESS else "Alarmen er avblåst")
            assert ("TVANGSKODE brukt" in to_ola) == (pin is Pin.DURESS)
    assert texts[0] == texts[1]
    assert [who for who, _ in texts[0]] == ["kari", "nils"]
    assert all(text.startswith("Alarmen er avblåst: Overfallsalarm, Mottak") for _, text in texts[0])


async def test_the_button_shows_a_cancelled_alarm_whatever_becomes_of_it(tmp_path: Path) -> None:
    shown: list[list[tuple[str, str, str | None]]] = []
    for pin in Pin:
        (tmp_path / pin).mkdir()
        async with living(tmp_path / pin) as office:
            alarm = await office.press()
            await office.cancel(alarm, pin)
            if pin is Pin.DURESS:
                ola = Person("ola", "Ola Fjord", "console")
                for action in (Action.EN_ROUTE, Action.ARRIVED):
                    await office.loop.submit(Answered(alarm.id, action, ola, roles=("guard",)))
            again = await SignalCounter(office.house, "http").submit(
                Pressed(Device("desk-3"), device="desk-3", ref="r-1")
            )
            await office.world.clock.advance(100)
            assert (again.alarm, again.state, again.repeated) == (alarm.id, "cancelled", True)
            shown.append(office.world.lamp.shown)
    assert shown[0] == shown[1] == [("desk-3", "raised", "r-1"), *[("desk-3", "cancelled", "r-1")] * 2]


async def test_a_light_that_comes_late_shows_a_cancelled_alarm(tmp_path: Path) -> None:
    async with living(tmp_path) as office:
        alarm = await office.press()
        office.world.lamp.on = False
        await office.cancel(alarm, Pin.DURESS)
        await office.world.clock.advance(5)
        office.world.lamp.on = True
        await office.world.clock.advance(5)
        assert office.world.lamp.shown[-1] == ("desk-3", "cancelled", "r-1")


@pytest.mark.parametrize("pin", Pin)
async def test_the_next_alarm_is_told_with_a_code_to_those_alone_who_know_of_two(tmp_path: Path, pin: Pin) -> None:
    async with living(tmp_path) as office:
        await office.cancel(await office.press(), pin)
        office.written.clear()
        second = await office.press("desk-4", "r-2")
        with_code = {who for who, text in office.written if f"Svar 1 {second.code}" in text}
        assert {who for who, _ in office.written} == {"kari", "nils", "ola", "per", "siv"}
        assert with_code == ({"ola", "per", "siv"} if pin is Pin.DURESS else set())


@pytest.mark.parametrize("pin", Pin)
async def test_by_text_and_key_it_is_over_for_those_behind_the_veil(tmp_path: Path, pin: Pin) -> None:
    async with living(tmp_path) as office:
        alarm = await office.press()
        await office.cancel(alarm, pin)
        desk = AnswerDesk(office.house)
        people = staffed().people

        async def texted(person: str) -> str:
            answer = asyncio.ensure_future(answer_text(desk, people[person].contact[0].address, "1"))
            await office.loop.clock.settle()
            return await answer

        assert await texted("nils") == say("nb", "reply.none")
        now = await office.loop.alarm(alarm.id)
        attempt = next(a.id for n in now.notifications if n.person == "nils" for a in n.attempts if a.channel == "sms")
        for key in "19":  # nor is it said once more
            assert say("nb", "answer.over") in await answer_key(desk, alarm.id, attempt, key, "/next")
        now = await office.loop.alarm(alarm.id)
        assert now.responders == ()
        if pin is Pin.DURESS:
            assert "på vei til Mottak" in await texted("ola")
            assert (await office.loop.alarm(alarm.id)).responders[0].person == "ola"
            assert (await office.loop.alarm(alarm.id)).state is State.ACKNOWLEDGED


async def test_a_duress_chain_that_runs_out_tells_those_who_can_mend_it_and_nobody_there(tmp_path: Path) -> None:
    """Afterwards two more alarms are open, whose texts have codes: by these, too, no alarm is missed."""
    lives: list[tuple[list[tuple[str, str]], list[dict[str, Any]]]] = []
    for pin in Pin:
        (tmp_path / pin).mkdir()
        async with living(tmp_path / pin, running_out()) as office:
            alarm = await office.press()
            office.written.clear()
            await office.cancel(alarm, pin)
            await office.world.clock.advance(300)
            causes = [each["cause"] for each in await office.alarms() if each["cause"]]
            assert causes == (["exhausted:duress", "nobody:duress:2"] if pin is Pin.DURESS else [])
            to_eva = [text for who, text in office.written if who == "eva"]
            assert bool(to_eva) == (pin is Pin.DURESS)
            assert all("duress" in text for text in to_eva)
            at = len(office.loop.heard)
            await office.press("desk-4", "r-2")
            third = await office.press("desk-3", "r-3")
            assert any(who == "nils" and f"Svar 1 {third.code}" in text for who, text in office.written)
            listed = await office.alarms("nils")
            for each in listed:
                del each["id"]
            lives.append((office.of_staff(), listed))
            veiled = [one for one in office.loop.heard[:at] if one.alarm != alarm.id]
            assert bool(veiled) == (pin is Pin.DURESS)
            assert all(one.face == "" and one.veil is not None and "kari" in one.veil.people for one in veiled)
    assert lives[0] == lives[1]


async def test_a_bug_on_an_alarm_behind_a_veil_is_told_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with living(tmp_path) as office:
        alarm = await office.press()
        await office.cancel(alarm, Pin.DURESS)
        move = Taker._move

        def broken(taker: Taker, unit: Unit, incoming: Moving, moved: Alarm | None, now: datetime) -> Taken:
            if incoming == DeadlinePassed(alarm.id):
                raise ZeroDivisionError
            return move(taker, unit, incoming, moved, now)

        monkeypatch.setattr(Taker, "_move", broken)
        await office.world.clock.advance(40)
        assert f"undecidable:{alarm.id}" in [each["cause"] for each in await office.alarms()]
        assert {each["cause"] for each in await office.alarms("nils")} == {None}
