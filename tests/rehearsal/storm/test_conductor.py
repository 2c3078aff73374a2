"""How a storm goes on when things go wrong: door, consoles and people are played by the test, time is virtual."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from alarmd.errors import AlarmdError, CannotStart, NotAllowed
from alarmd.rehearsal.mood import Mood
from alarmd.rehearsal.orders import Spawn
from alarmd.rehearsal.storm.books import Books, Event
from alarmd.rehearsal.storm.conductor import Cast, Storm
from alarmd.rehearsal.storm.consoles import News
from alarmd.rehearsal.storm.doors import NotTakenError, Taken
from alarmd.rehearsal.storm.plan import Answer, Trouble
from alarmd.rehearsal.storm.promises import Ending
from alarmd.rehearsal.storm.sight import Sight
from alarmd.rehearsal.storm.verdict import Verdict, verdict
from alarmd.rehearsal.storm.weather import Weather
from tests.rehearsal.storm.told import events, hello, raised, snapshot
from tests.support.virtual import VirtualClock


class Around:
    """Everybody around a storm: what happens to each press is the test's word."""

    at_once = 4

    def __init__(self, consoles: int = 1) -> None:
        self.clock = VirtualClock()
        self.books = Books([Sight(f"console {n}") for n in range(consoles)])
        self.pressed: list[tuple[str, str, float]] = []
        self.garbled: list[str] = []
        self.does: Callable[[int, str], None] = lambda _number, _ref: None
        self.shows: Callable[[str], int] = lambda _ref: 1
        self.refuses: AlarmdError | None = None
        self.looks_on = True
        self.forgets = False
        self.blind = 0
        self.news: list[News] = []
        self.killed: list[float] = []
        self.cuts: list[float] = []
        self.troubles: list[Trouble] = []
        self.answers: dict[str, Answer] = {}
        self.busy = 0
        self.now_ = Mood()
        self._signals: dict[str, str] = {}

    # The door.

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def press(self, device: str, body: Mapping[str, str]) -> Taken:
        ref = body["ref"]
        self.pressed.append((device, ref, self.ticks()))
        self.does(len(self.pressed), ref)
        if ref not in self._signals or self.forgets:
            self._signals[ref] = f"signal {len(self._signals)}"
            for _ in range(self.shows(ref)):
                self.show(ref)
        return Taken("alarm", self._signals[ref])

    async def garble(self, device: str, payload: bytes) -> None:
        self.garbled.append(device)
        self.show(None, device=device, fault=f"{len(payload)} bytes")

    # The consoles.

    @property
    def looking(self) -> bool:
        return self.looks_on

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def cut(self, which: float) -> None:
        self.cuts.append(which)

    async def watch(self, sight: Sight, number: int) -> None:
        assert self.books.sights[number] is sight
        if self.refuses is not None:
            raise self.refuses
        sight.opened(self.ticks())
        for frame in (hello(0), snapshot(0)):
            self.books.frame(sight, frame, self.ticks(), self.now)
        await asyncio.Event().wait()

    def show(self, ref: str | None, **data: Any) -> None:
        """It stands in the log, and every console sees it that is not blind."""
        for sight in self.books.sights[self.blind :]:
            frame = events(raised((sight.position or 0) + 1, ref, **data))
            news = self.books.frame(sight, frame, self.ticks(), self.now)
            for hear in self.news:
                hear(news)

    # The people, the nodes, the provider.

    def hear(self, news: Sequence[Event], spawn: Spawn) -> None:
        for event in news:
            if self.answers.pop(event["data"]["ref"] or "", None):
                self.busy += 1
                spawn("answer", self._answer())

    async def _answer(self) -> None:
        await self.clock.sleep_until(datetime.fromtimestamp(self.ticks() + 3, self.clock.now().tzinfo))
        self.busy -= 1

    async def kill(self, _which: float) -> None:
        self.killed.append(self.ticks())

    async def live(self, troubles: Sequence[Trouble], over: asyncio.Event) -> None:
        self.troubles += troubles
        await over.wait()

    # The storm.

    def times(self) -> list[float]:
        """When it was pressed, in seconds from the first press on."""
        return [at - self.pressed[0][2] for _, _, at in self.pressed]

    def ticks(self) -> float:
        return self.clock.now().timestamp()

    async def storm(self, weather: Weather, seconds: float) -> Verdict:
        """The storm, in as much virtual time."""
        nodes = Nodes(self)
        cast = Cast(self, self, self, Provider(self), nodes)
        storm = Storm(weather, self.books, cast, self.clock, self.ticks)
        going = asyncio.get_running_loop().create_task(storm.run(lambda: None))
        try:
            await self.clock.advance(seconds)
            assert going.done(), f"the storm is not over: {self.books.open_matters}"
            await going
            return verdict(self.books, Ending())
        finally:
            going.cancel()


class Nodes:
    def __init__(self, around: Around) -> None:
        self.kill = around.kill

    async def watch(self, _span: float) -> None:
        await asyncio.Event().wait()


class Provider:
    def __init__(self, around: Around) -> None:
        self.live = around.live
        self.now = around.now_


@pytest.fixture
def around() -> Around:
    return Around()


async def test_presses_come_at_their_rate(around: Around) -> None:
    found = await around.storm(Weather(5, ("a",), rate=2), 3)
    assert around.times() == pytest.approx([0, 0.5, 1, 1.5, 2])
    assert found.seconds == pytest.approx(2)
    assert found.held


async def test_the_same_seed_presses_the_same_devices_with_refs_of_its_own(around: Around) -> None:
    again, other = Around(), Around()
    for one, seed in ((around, 3), (again, 3), (other, 4)):
        await one.storm(Weather(40, ("a", "b", "c"), seed=seed), 1)
    order = [[device for device, _, _ in one.pressed] for one in (around, again, other)]
    assert order[0] == order[1] != order[2]
    refs = {ref for one in (around, again, other) for _, ref, _ in one.pressed}
    assert len(refs) == 120


async def test_what_was_not_taken_is_pressed_again_with_the_same_ref(around: Around) -> None:
    def does(number: int, _ref: str) -> None:
        if number <= 2:
            raise NotTakenError("HTTP 503")

    around.does = does
    found = await around.storm(Weather(1, ("a",)), 5)
    assert len({ref for _, ref, _ in around.pressed}) == 1
    assert around.times() == pytest.approx([0, 0.5, 1.0])
    assert (found.tried_again, found.faults, found.held) == (2, {"HTTP 503": 2}, True)


async def test_a_lost_one_is_waited_for_and_then_told(around: Around) -> None:
    around.shows = lambda ref: 0 if ref.endswith("-3") else 1
    with pytest.raises(AssertionError, match="'not on every console': 1"):
        await around.storm(Weather(10, ("a",), patience=5), 4)
    around = Around()
    around.shows = lambda ref: 0 if ref.endswith("-3") else 1
    found = await around.storm(Weather(10, ("a",), patience=5), 6)
    assert (found.lost, found.held) == (1, False)


async def test_one_that_comes_twice_is_told(around: Around) -> None:
    around.shows = lambda ref: 2 if ref.endswith("-3") else 1
    assert (await around.storm(Weather(10, ("a",)), 1)).repeated == 1


async def test_a_share_is_said_again_and_must_be_the_same(around: Around) -> None:
    weather = Weather(20, ("a",), repeats=1)
    found = await around.storm(weather, 5)
    assert len(around.pressed) == 40
    assert (found.accepted, found.repeated, found.held) == (20, 0, True)
    around = Around()
    around.forgets = True
    found = await around.storm(weather, 5)
    assert found.repeated == 20
    assert not found.held


async def test_what_cannot_be_read_is_sent_and_waited_for(around: Around) -> None:
    found = await around.storm(Weather(20, ("a", "b"), garbled=1), 2)
    assert (len(around.garbled), found.garbled, found.accepted, found.held) == (20, 20, 0, True)


async def test_who_is_refused_for_good_presses_no_more(around: Around) -> None:
    def does(_number: int, _ref: str) -> None:
        raise NotAllowed("not with this key")

    around.does = does
    with pytest.raises(NotAllowed, match="this key"):
        await around.storm(Weather(1000, ("a",), rate=10), 5)
    assert len(around.pressed) < 3


async def test_nothing_is_pressed_before_every_console_looks_on(around: Around) -> None:
    around.looks_on = False
    with pytest.raises(CannotStart, match="nothing was pressed"):
        await around.storm(Weather(10, ("a",), patience=5), 6)
    around = Around()
    around.looks_on, around.refuses = False, NotAllowed("may not look")
    with pytest.raises(NotAllowed):
        await around.storm(Weather(10, ("a",), patience=5), 1)
    assert around.pressed == []


async def test_who_answers_is_waited_for(around: Around) -> None:
    with pytest.raises(AssertionError, match="not over"):
        await around.storm(Weather(1, ("a",), answers=1), 2.5)
    around = Around()
    assert (await around.storm(Weather(1, ("a",), answers=1), 3.5)).held
    assert around.busy == 0


async def test_nodes_are_killed_and_lines_cut_until_the_last_press(around: Around) -> None:
    weather = Weather(60, ("a",), rate=2, kill_every=5, cut_every=2, slow=0.2, failing=0.1)
    assert (await around.storm(weather, 35)).held
    began = around.pressed[0][2]
    assert 4 <= len(around.killed) <= 8
    assert all(0 < at - began < 30 for at in around.killed)
    assert 10 <= len(around.cuts) <= 20
    assert around.books.cuts == len(around.cuts)
    assert len(around.troubles) == 6
    quiet = Around()
    await quiet.storm(replace(weather, kill_every=None, cut_every=None, slow=0, failing=0), 35)
    assert (quiet.killed, quiet.cuts, quiet.troubles) == ([], [], [])


async def test_every_console_must_see_every_press() -> None:
    around = Around(consoles=3)
    found = await around.storm(Weather(10, ("a",)), 1)
    assert found.to_every_console is not None
    assert found.to_every_console.count == 10
    around = Around(consoles=3)
    around.blind = 1
    found = await around.storm(Weather(10, ("a",), patience=2), 3)
    assert found.lost == 10
