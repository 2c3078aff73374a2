"""The shells of a storm over real sockets, against an alarmd that the test plays: one that dies, lies, refuses or is
slow."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from alarmd.alarm.incoming import Action
from alarmd.clock import SystemClock
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import CannotStart, Refused
from alarmd.rehearsal.serving import served
from alarmd.rehearsal.storm.addresses import Addresses
from alarmd.rehearsal.storm.books import Books
from alarmd.rehearsal.storm.chance import rolls
from alarmd.rehearsal.storm.consoles import Consoles
from alarmd.rehearsal.storm.doors import HttpDoor, NotTakenError, devices_of
from alarmd.rehearsal.storm.people import People
from alarmd.rehearsal.storm.plan import Answer, Trouble
from alarmd.rehearsal.storm.promises import Ending, judge
from alarmd.rehearsal.storm.provider import PATH, Provider, Receiver
from alarmd.rehearsal.storm.sight import Sight
from alarmd.rehearsal.storm.told import Told
from tests.rehearsal.storm.told import event, events, hello, raised, snapshot
from tests.support.servers import HOST, free_port
from tests.support.virtual import VirtualClock

PATIENCE = 10.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Alarmd:
    """An HTTP server that answers as the test says; `feeds` are the frames of one console after the other."""

    answers: Callable[[web.Request, Any], web.Response] = lambda *_: web.json_response({}, status=500)
    feeds: list[list[dict[str, Any]]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    after: list[str | None] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/v1/live":
            return await self.live(request)
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.path, body))
        return self.answers(request, body)

    async def live(self, request: web.Request) -> web.StreamResponse:
        if not self.feeds:
            return web.json_response({"detail": "no key or session"}, status=401)
        self.after.append(request.query.get("after"))
        feed = web.WebSocketResponse()
        await feed.prepare(request)
        for frame in self.feeds.pop(0):
            await feed.send_str(json.dumps(frame))
        if self.feeds:
            await feed.close()
        else:
            await feed.receive()
        return feed


@contextlib.asynccontextmanager
async def playing(alarmd: Alarmd) -> AsyncIterator[Alarmd]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", alarmd.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, HOST, port).start()
    alarmd.url = f"http://{HOST}:{port}"
    try:
        yield alarmd
    finally:
        await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


def addresses(*urls: str) -> Addresses:
    return Addresses(urls, rolls(1)("addresses"), SystemClock())


def accepted(_request: web.Request, body: Any) -> web.Response:
    return web.json_response({"alarm": "a", "signal": f"signal of {body['ref']}"}, status=202)


# The doors.


async def test_a_press_goes_to_a_node_that_lives(session: aiohttp.ClientSession) -> None:
    async with playing(Alarmd(accepted)) as living:
        dead = f"http://{HOST}:{free_port()}"
        door = HttpDoor(session, addresses(dead, living.url), "key")
        failed = 0
        for number in range(20):
            try:
                taken = await door.press("desk", {"ref": f"r{number}"})
            except NotTakenError:
                failed += 1
            else:
                assert taken.signal == f"signal of r{number}"
        assert failed == 1, "once it has failed it is left alone for a second"
        assert living.asked[0] == ("/v1/signals", {"device": "desk", "ref": living.asked[0][1]["ref"]})


async def test_a_node_that_is_known_to_be_down_is_not_asked() -> None:
    known = addresses("http://a", "http://b")
    known.down("http://a")
    assert {known.pick() for _ in range(20)} == {"http://b"}
    known.down("http://b")
    assert {known.pick() for _ in range(20)} == {"http://a", "http://b"}, "when none lives, any"
    known.up("http://a")
    assert {known.pick() for _ in range(20)} == {"http://a"}


async def test_a_refusal_is_told_in_alarmds_own_words(session: aiohttp.ClientSession) -> None:
    status = 503

    def answers(*_: Any) -> web.Response:
        return web.json_response({"detail": "no device 'desk-9'"}, status=status)

    async with playing(Alarmd(answers)) as alarmd:
        door = HttpDoor(session, addresses(alarmd.url), None)
        with pytest.raises(NotTakenError, match="HTTP 503"):
            await door.press("desk-9", {"ref": "r"})
        status = 404
        with pytest.raises(Refused, match="desk-9 is refused: HTTP 404, no device 'desk-9'"):
            await door.press("desk-9", {"ref": "r"})
        with pytest.raises(Refused, match="name them by --devices"):
            await devices_of(session, alarmd.url, None)
        with pytest.raises(Refused, match="use --mqtt"):
            await door.garble("desk", b"?")
    with pytest.raises(CannotStart, match="is alarmd running there"):
        await devices_of(session, alarmd.url, None)


# The consoles.


@contextlib.asynccontextmanager
async def watching(alarmd: Alarmd, until: int) -> AsyncIterator[Books]:
    """One console, until it has seen the log so far."""
    books = Books([Sight("console 1")])
    sight, reached = books.sights[0], asyncio.Event()
    loop = asyncio.get_running_loop()
    consoles = Consoles(books, addresses(alarmd.url), "key", SystemClock(), loop.time)
    consoles.news.append(lambda _events: reached.set() if (sight.position or 0) >= until else None)
    async with asyncio.timeout(PATIENCE), Supervisor() as supervisor:
        supervisor.spawn("console", consoles.watch(sight, 0))
        await reached.wait()
        assert consoles.looking
        yield books


async def test_a_console_that_is_cut_comes_back_where_it_was() -> None:
    feeds = [[hello(0), snapshot(0), events(event(1))], [hello(3), events(event(2), event(3))]]
    async with playing(Alarmd(feeds=feeds)) as alarmd, watching(alarmd, 3) as books:
        assert alarmd.after == [None, "1"]
        assert books.sights[0].breaches == []
        assert books.events == 3


@pytest.mark.parametrize(
    ("second", "broken"),
    [
        ([hello(3), events(event(3))], "3 after 1: a gap"),
        ([hello(3), events(event(1), event(2), event(3))], "1 again, after 1"),
        ([hello(3), snapshot(3), events(event(4))], "got a snapshot at 3"),
    ],
)
async def test_an_alarmd_that_lies_to_its_consoles_is_found_out(second: list[dict[str, Any]], broken: str) -> None:
    feeds = [[hello(0), snapshot(0), events(event(1))], second]
    async with playing(Alarmd(feeds=feeds)) as alarmd, watching(alarmd, 3) as books:
        promise = next(p for p in judge(books, Ending()) if p.name.startswith("consoles miss nothing"))
        assert promise.held is False
        assert broken in promise.examples[0]


async def test_who_may_not_look_is_told_so() -> None:
    async with playing(Alarmd()) as alarmd:
        consoles = Consoles(Books([Sight("one")]), addresses(alarmd.url), "key", SystemClock(), lambda: 0)
        with pytest.raises(Refused, match="HTTP 401, no key or session; give a key that may read by --read-key"):
            await consoles.watch(Sight("one"), 0)
    with pytest.raises(CannotStart, match="does not answer"):
        await consoles.watch(Sight("one"), 0)


# The people.


async def test_people_answer_as_they_were_planned_to(session: aiohttp.ClientSession) -> None:
    over = asyncio.Event()

    def answers(request: web.Request, _body: Any) -> web.Response:
        first = len([path for path, _ in alarmd.asked if path == request.path]) == 1
        if not first and "arrived" in request.path:
            over.set()
        return web.json_response({}, status=503 if first else 409 if "arrived" in request.path else 200)

    async with playing(Alarmd(answers)) as alarmd, Supervisor() as supervisor:
        books, clock = Books(), SystemClock()
        people = People(session, addresses(alarmd.url), ["k0", "k1"], books, clock, asyncio.get_running_loop().time)
        acts = ((Action.ACKNOWLEDGE, 0.01), (Action.ARRIVED, 0.01), (Action.RESOLVE, 0.01))
        people.answers["r"] = Answer(0.9, acts)
        people.hear([raised(1, "r", "alarm-1"), raised(2, "r", "alarm-2"), event(3)], supervisor.spawn)
        assert people.busy == 1
        async with asyncio.timeout(PATIENCE):
            await over.wait()
            while people.busy:
                await clock.sleep_until(clock.now() + timedelta(milliseconds=5))
        said = [path for path, _ in alarmd.asked]
        assert said == ["/v1/alarms/alarm-1/acknowledge"] * 2 + ["/v1/alarms/alarm-1/arrived"] * 2
        assert books.answers.untaken == []
        assert books.answers.too_late == 1


async def test_an_alarm_that_nobody_came_to_is_ended_at_last_and_no_storm_waits_for_that(
    session: aiohttp.ClientSession,
) -> None:
    over, waited_for = asyncio.Event(), []

    def answers(request: web.Request, body: Any) -> web.Response:
        if request.path.endswith("resolve"):
            waited_for.append(people.busy)
            assert body["reason"]
            over.set()
        return web.json_response({})

    async with playing(Alarmd(answers)) as alarmd, Supervisor() as supervisor:
        books = Books()
        people = People(session, addresses(alarmd.url), ["k"], books, SystemClock(), asyncio.get_running_loop().time)
        people.answers["r"] = Answer(0.1, ((Action.DECLINE, 0.01),), at_last=0.01)
        people.hear([raised(1, "r", "alarm-1")], supervisor.spawn)
        async with asyncio.timeout(PATIENCE):
            await over.wait()
        assert waited_for == [0]


# The provider.


async def test_a_receiver_enters_in_the_books_what_it_was_told(session: aiohttp.ClientSession) -> None:
    book, loop = Told(), asyncio.get_running_loop()
    receiver = Receiver(book, SystemClock(), loop.time)
    listening = socket.create_server((HOST, 0))
    url = f"http://{HOST}:{listening.getsockname()[1]}{PATH}"
    async with Supervisor() as supervisor, served(receiver, listening, supervisor.spawn):
        for alarm, fails, status in (("a", False, 204), ("b", True, 503), ("b", False, 204)):
            receiver.mood.fails = fails
            async with session.post(url, json={"alarm": {"id": alarm}}) as answer:
                assert answer.status == status
    assert (book.requests, book.refused, book.delivered) == (3, 1, {"a", "b"})
    assert book.told["b"] < loop.time()


async def test_a_provider_goes_through_its_troubles_and_is_well_afterwards() -> None:
    clock = VirtualClock()
    receiver = Receiver(Told(), clock, lambda: 0)
    provider = Provider(receiver, None, clock, lambda _fault: None)
    troubles = (Trouble(1, 3, slow=True), Trouble(2, 4, slow=False))
    async with Supervisor() as supervisor:
        supervisor.spawn("troubles", provider.live(troubles, asyncio.Event()))
        found = []
        for _ in range(5):
            await clock.advance(0.5)
            found.append((receiver.mood.slow > 0, receiver.mood.fails))
            await clock.advance(0.5)
        assert found == [(False, False), (True, False), (True, True), (False, True), (False, False)]


async def test_no_trouble_outlasts_the_storm() -> None:
    clock, over = VirtualClock(), asyncio.Event()
    receiver = Receiver(Told(), clock, lambda: 0)
    async with Supervisor() as supervisor:
        live = Provider(receiver, None, clock, lambda _fault: None).live((Trouble(0, 100, slow=False),), over)
        supervisor.spawn("troubles", live)
        await clock.advance(1)
        assert receiver.mood.fails
        over.set()
        await clock.settle()
        assert not receiver.mood.fails
