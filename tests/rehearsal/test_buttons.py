"""Desk buttons as a broker sees them, and their page. The broker is real, time is moved by hand, and what stands where
alarmd would is a client of another family (paho).
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field

import aiohttp
import pytest

from alarmd.alarm.model import Kind
from alarmd.errors import NotFound
from alarmd.organisation.file import parse
from alarmd.rehearsal.buttons import Button, Buttons, Light, Place, places_of
from alarmd.rehearsal.buttons_page import shown
from alarmd.rehearsal.line import Mailbox, read_mailbox
from alarmd.rehearsal.serving import served
from alarmd.rehearsal.twilio_server import create_phone_exchange
from tests.rehearsal.test_page import frame
from tests.rehearsal.world import HandClock, turn
from tests.support.daemon import OFFICE
from tests.support.intake import Bell, Client, client
from tests.support.servers import HOST, Server, free_port, mosquitto

DESK = Place("desk-1", Kind.PANIC, "Mottak", "1. etg.")
SILENT = Place("silent", Kind.DURESS, "Samtalerom 2", "2. etg.")


@dataclass(slots=True)
class Desks:
    """Two buttons that live, and the one who stands where alarmd would."""

    buttons: Buttons
    alarmd: Client
    clock: HandClock
    bell: Bell
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def spawn(self, name: str, work: Coroutine[object, object, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    @property
    def desk(self) -> Button:
        return self.buttons.button("desk-1")

    @property
    def silent(self) -> Button:
        return self.buttons.button("silent")

    def said(self, topic: str) -> list[dict[str, object]]:
        return [json.loads(payload) for at, payload, _ in self.alarmd.heard if at == f"alarmd/v1/{topic}"]

    async def heard(self, topic: str, times: int) -> None:
        """Wait until alarmd's side has heard this often on the topic."""
        await self.alarmd.bell.until(lambda: len(self.said(topic)) >= times)

    async def lights(self, light: Light, button: Button | None = None) -> None:
        await self.bell.until(lambda: (button or self.desk).light is light)

    async def tell(self, state: str, ref: str | None, device: str = "desk-1") -> None:
        body = json.dumps({"state": state, "alarm": "a", "ref": ref})
        await self.alarmd.publish(f"alarmd/v1/feedback/{device}", body, retain=True)


@contextlib.asynccontextmanager
async def desks(port: int, *places: Place) -> AsyncIterator[Desks]:
    clock, bell = HandClock(), Bell()
    buttons = Buttons(places or (DESK, SILENT), Mailbox(HOST, port), clock)
    buttons.watchers.append(bell.ring)
    async with client(port) as alarmd:
        for topic in ("signal", "heartbeat"):
            await alarmd.subscribe(f"alarmd/v1/{topic}/+")
        world = Desks(buttons, alarmd, clock, bell)
        buttons.start(world.spawn)
        try:
            yield world
        finally:
            await asyncio.wait_for(buttons.close(), 10)
            for task in world.tasks:
                await task


@pytest.fixture
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desks]:
    """On a broker of its own: what brokers keep must not reach another test."""
    with mosquitto(tmp_path_factory.mktemp("broker")) as broker:
        async with desks(broker.port) as world:
            await world.bell.until(lambda: all(button.connected for button in world.buttons))
            yield world


async def test_a_press_is_repeated_with_its_ref_until_the_feedback_names_it(office: Desks) -> None:
    ref = office.desk.press()
    assert office.desk.light is Light.SENDING
    await office.heard("signal/desk-1", 1)
    for times in (2, 3):
        office.clock.move(2.1)
        await office.heard("signal/desk-1", times)
    await office.lights(Light.UNHEARD)
    await office.tell("raised", "of-another-press")
    await office.tell("raised", ref)
    await office.lights(Light.RAISED)
    office.clock.move(10)
    await turn()
    assert office.desk.unanswered == 0
    assert [body["ref"] for body in office.said("signal/desk-1")] == [ref] * 3
    assert all(body["pressed_at"] == "2026-03-02T12:00:00.000Z" for body in office.said("signal/desk-1"))


async def test_two_presses_are_two_refs_and_each_wants_its_own_answer(office: Desks) -> None:
    first, second = office.desk.press(), office.desk.press()
    await office.heard("signal/desk-1", 2)
    await office.tell("raised", second)
    await office.bell.until(lambda: office.desk.unanswered == 1)
    assert office.desk.light is Light.SENDING
    await office.tell("raised", first)
    await office.lights(Light.RAISED)


async def test_the_light_follows_how_far_help_has_come(office: Desks) -> None:
    for state in ("received", "raised", "acknowledged", "en_route", "arrived", "resolved", "cancelled", "idle"):
        await office.tell(state, None)
        await office.lights(Light(state))


async def test_feedback_that_makes_no_sense_changes_nothing(office: Desks) -> None:
    await office.tell("raised", None)
    await office.lights(Light.RAISED)
    for payload in ("", "nonsense", "[]", '{"state":"purple"}', "{}"):
        await office.alarmd.publish("alarmd/v1/feedback/desk-1", payload)
    await office.tell("sending", office.desk.press())
    await office.bell.until(lambda: office.desk.unanswered == 0)
    assert office.desk.light is Light.RAISED


async def test_a_silent_button_shows_nothing_whatever_happens(office: Desks) -> None:
    before = shown(office.buttons)[1]
    ref = office.silent.press()
    assert office.silent.light is Light.DARK
    await office.heard("signal/silent", 1)
    for state in ("received", "raised", "arrived"):
        await office.tell(state, ref if state == "raised" else None, "silent")
        assert office.silent.light is Light.DARK
    await office.bell.until(lambda: office.silent.unanswered == 0)
    assert shown(office.buttons)[1] == before


async def test_a_heartbeat_a_minute_with_the_battery(office: Desks) -> None:
    await office.heard("heartbeat/desk-1", 1)
    office.clock.move(59)
    await turn()
    office.clock.move(2)
    await office.heard("heartbeat/desk-1", 2)
    assert office.said("heartbeat/desk-1") == [{"battery": office.desk.battery}] * 2


async def test_a_button_takes_up_what_the_broker_kept_for_it(mosquitto_server: Server) -> None:
    place = Place("kept-1", Kind.PANIC, "Mottak", "")
    async with client(mosquitto_server.port) as alarmd:
        await alarmd.publish("alarmd/v1/feedback/kept-1", '{"state":"arrived","ref":null}', retain=True)
    async with desks(mosquitto_server.port, place) as world:
        await world.bell.until(lambda: world.buttons.button("kept-1").light is Light.ARRIVED)


async def test_a_button_without_a_broker_says_so_and_sends_when_there_is_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    port, clock, bell = free_port(), HandClock(), Bell()
    buttons = Buttons([DESK], Mailbox(HOST, port), clock)
    buttons.watchers.append(bell.ring)
    desk = buttons.button("desk-1")
    tasks: list[asyncio.Task[None]] = []
    buttons.start(lambda name, work: tasks.append(asyncio.get_running_loop().create_task(work, name=name)))
    await bell.until(lambda: desk.light is Light.OFFLINE)
    ref = desk.press()
    assert desk.light is Light.UNHEARD
    with mosquitto(tmp_path_factory.mktemp("broker"), port=port) as broker:
        async with client(port) as alarmd:
            await alarmd.subscribe("alarmd/v1/signal/+")
            await _moved(clock, lambda: alarmd.heard)
            assert json.loads(alarmd.heard[0][1])["ref"] == ref
        broker.kill()
        await bell.until(lambda: not desk.connected)
    await asyncio.wait_for(buttons.close(), 10)
    for task in tasks:
        await task


async def test_only_who_goes_without_a_word_is_missed(mosquitto_server: Server) -> None:
    """The last will: not after a button was switched off in good order."""
    places = [Place("gone-1", Kind.PANIC, "Mottak", ""), Place("gone-2", Kind.PANIC, "Mottak", "")]
    async with client(mosquitto_server.port) as alarmd:
        await alarmd.subscribe("alarmd/v1/status/+")
        async with desks(mosquitto_server.port, *places) as world:
            await world.bell.until(lambda: all(button.connected for button in world.buttons))
            lost = world.buttons.button("gone-2")
            assert lost._line is not None
            lost._line._connection._transport.abort()
            await alarmd.bell.until(
                lambda: [p for t, p, _ in alarmd.heard if t.endswith("gone-2")][-1:] == [b"offline"]
            )
        assert [p for t, p, _ in alarmd.heard if t.endswith("gone-1")] == [b"online"]


async def test_the_page_shows_and_presses_them_where_the_phones_are() -> None:
    clock = HandClock()
    buttons = Buttons([DESK, SILENT], Mailbox(HOST, free_port()), clock)
    tasks: list[asyncio.Task[None]] = []

    def spawn(name: str, work: Coroutine[object, object, None]) -> None:
        tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    exchange = create_phone_exchange(
        account_sid="AC",
        auth_token="t",
        inbound_url=f"http://{HOST}/in",
        people=(),
        clock=clock,
        spawn=spawn,
        buttons=buttons,
    )
    listening = socket.create_server((HOST, 0))
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    async with served(exchange, listening, spawn), aiohttp.ClientSession() as http:
        async with http.get(f"{url}/phones/live") as stream:
            name, cards = await frame(stream.content)
            assert (name, [card["device"] for card in cards]) == ("buttons", ["desk-1", "silent"])
            assert cards[0]["place"] == "Mottak"
            assert await frame(stream.content) == ("all", [])
            assert await _press(http, f"{url}/buttons/desk-1/press") == 202
            name, cards = await frame(stream.content)
            assert (name, cards[0]["light"], cards[1]["light"]) == ("buttons", "unheard", "dark")
        assert await _press(http, f"{url}/buttons/nobody/press") == 404
        # A page of another site can send this without asking first, and must not press.
        async with http.post(f"{url}/buttons/desk-1/press", data="{}", headers={"Content-Type": "text/plain"}) as said:
            assert said.status == 422
        async with http.get(f"{url}/buttons") as said:
            assert [card["unanswered"] for card in (await said.json())["buttons"]] == [1, 0]
        async with http.get(f"{url}/buttons/desk-1") as said:
            assert (await said.json())["device"] == "desk-1"
    for task in tasks:
        await asyncio.wait_for(task, 10)


def test_every_device_that_speaks_alarmds_own_topics_is_a_button() -> None:
    organisation = parse(
        OFFICE.replace("kind: duress}", "kind: duress, maker: shelly, address: x}"), "office"
    ).organisation
    assert [(place.device, place.name) for place in places_of(organisation)] == [
        ("desk-1", "Mottak"),
        ("desk-2", "Mottak"),
    ]
    with pytest.raises(NotFound, match="desk-9"):
        Buttons(places_of(organisation), Mailbox(HOST, 1), HandClock()).button("desk-9")


def test_where_the_broker_is() -> None:
    assert read_mailbox("mqtt://kari:p%40ss@host") == Mailbox("host", 1883, "kari", "p@ss")
    assert "p@ss" not in repr(read_mailbox("mqtt://kari:p%40ss@host"))


async def _press(http: aiohttp.ClientSession, url: str) -> int:
    async with http.post(url, json={}) as said:
        return said.status


async def _moved(clock: HandClock, fits: Callable[[], object]) -> None:
    """Time goes on in small steps, the wire has its turn between, until it fits."""
    async with asyncio.timeout(20):
        while not fits():
            clock.move(0.1)
            await turn()
