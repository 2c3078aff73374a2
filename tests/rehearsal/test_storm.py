"""The storm: its books, how it goes on when things go wrong (in virtual time), and a small one against a daemon."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from alarmd.errors import AlarmdError, CannotStart, NotAllowed
from alarmd.rehearsal.storm import NotTakenError, Storm, Weather
from alarmd.rehearsal.tally import Latency, Tally, latency
from tests.support.daemon import Daemon, daemon
from tests.support.servers import HOST, free_port
from tests.support.virtual import VirtualClock


def test_percentiles_are_by_nearest_rank_in_milliseconds() -> None:
    waits = [n / 1000 for n in (*range(51, 101), *range(50, 0, -1))]
    assert latency(waits) == Latency(100, 50.0, 95.0, 99.0, 100.0)
    assert latency([0.003, 0.001, 0.002]) == Latency(3, 2.0, 3.0, 3.0, 3.0)
    assert latency([0.25]) == Latency(1, 250.0, 250.0, 250.0, 250.0)
    assert latency([]) == Latency(0)


def test_what_was_accepted_and_never_shown_is_lost() -> None:
    tally = Tally(watched=True)
    for ref in "abc":
        tally.press(ref, 1.0)
    tally.accept("a", 1.5, "one")
    tally.accept("a", 9.0, "one")
    tally.accept("b", 2.0, "two")
    tally.see("a", 1.25)
    assert tally.missing == 1
    verdict = tally.verdict(3, 2.0)
    assert (verdict.accepted, verdict.unanswered, verdict.lost, verdict.alarms) == (2, 1, 1, 2)
    assert (verdict.to_accepted.p50, verdict.to_accepted.max) == (500.0, 1000.0)
    assert verdict.to_console == Latency(1, 250.0, 250.0, 250.0, 250.0)
    assert verdict.per_second == 1.0
    assert not verdict.held


def test_the_same_ref_twice_is_repeated_once() -> None:
    tally = Tally(watched=True)
    tally.press("a", 0)
    tally.accept("a", 1, "one")
    for _ in range(3):
        tally.see("a", 1)
    tally.see("of-somebody-else", 1)
    tally.see("of-somebody-else", 1)
    tally.accept("of-somebody-else", 1, "two")
    verdict = tally.verdict(1, 1)
    assert (verdict.repeated, verdict.lost, verdict.accepted, verdict.alarms) == (1, 0, 1, 1)
    assert not verdict.held


def test_a_yes_that_was_lost_on_the_way_is_no_loss_of_a_press() -> None:
    tally = Tally(watched=True)
    tally.press("a", 0)
    tally.see("a", 1)
    verdict = tally.verdict(1, 0)
    assert (verdict.unasked, verdict.lost, verdict.unanswered, verdict.per_second) == (1, 0, 1, 0.0)


def test_without_a_console_nothing_can_be_called_lost() -> None:
    tally = Tally(watched=False)
    tally.press("a", 0)
    tally.accept("a", 1, "one")
    verdict = tally.verdict(1, 1)
    assert verdict.held
    assert verdict.to_console is None
    assert json.loads(json.dumps(verdict.plain()))["held"] is True


class Around:
    """Door and console in one: what alarmd does to each press is the test's word."""

    at_once = 4

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.pressed: list[tuple[str, str, float]] = []
        self.does: Callable[[int, str], None] = lambda _number, _ref: None
        self.shows: Callable[[str], int] = lambda _ref: 1
        self.tally = Tally(watched=True)
        self.refuses: AlarmdError | None = None
        self.looks_on = True

    async def press(self, device: str, ref: str) -> str:
        self.pressed.append((device, ref, self.ticks()))
        self.does(len(self.pressed), ref)
        for _ in range(self.shows(ref)):
            self.tally.see(ref, self.ticks())
        return "alarm"

    async def watch(self, tally: Tally, looking: asyncio.Event) -> None:
        assert tally is self.tally
        if self.refuses is not None:
            raise self.refuses
        if self.looks_on:
            looking.set()
        await asyncio.Event().wait()

    def times(self) -> list[float]:
        """When it was pressed, in seconds from the first press on."""
        return [at - self.pressed[0][2] for _, _, at in self.pressed]

    def ticks(self) -> float:
        return self.clock.now().timestamp()

    async def run(self, weather: Weather, seconds: float) -> float:
        """The storm, in as much virtual time."""
        storm = Storm(weather, self.tally, self.clock, self.ticks)
        going = asyncio.get_running_loop().create_task(storm.run(self, self, lambda: None))
        try:
            await self.clock.advance(seconds)
            assert going.done(), "the storm is not over"
            return await going
        finally:
            going.cancel()


@pytest.fixture
def around() -> Around:
    return Around(VirtualClock())


async def test_presses_come_at_their_rate(around: Around) -> None:
    took = await around.run(Weather(5, ("a",), rate=2), 3)
    assert around.times() == pytest.approx([0, 0.5, 1, 1.5, 2])
    assert took == pytest.approx(2)
    assert around.tally.verdict(5, took).held


async def test_the_same_seed_presses_the_same_devices_with_refs_of_its_own(around: Around) -> None:
    again, other = Around(VirtualClock()), Around(VirtualClock())
    for one, seed in ((around, 3), (again, 3), (other, 4)):
        await one.run(Weather(40, ("a", "b", "c"), seed=seed), 1)
    order = [[device for device, _, _ in one.pressed] for one in (around, again, other)]
    assert order[0] == order[1] != order[2]
    refs = {ref for one in (around, again, other) for _, ref, _ in one.pressed}
    assert len(refs) == 120


async def test_what_was_not_taken_is_pressed_again_with_the_same_ref(around: Around) -> None:
    def does(number: int, _ref: str) -> None:
        if number <= 2:
            raise NotTakenError("HTTP 503")

    around.does = does
    took = await around.run(Weather(1, ("a",)), 5)
    assert len({ref for _, ref, _ in around.pressed}) == 1
    assert around.times() == pytest.approx([0, 0.5, 1.0])
    verdict = around.tally.verdict(1, took)
    assert (verdict.tried_again, verdict.faults, verdict.held) == (2, {"HTTP 503": 2}, True)


async def test_a_lost_one_is_waited_for_and_then_told(around: Around) -> None:
    around.shows = lambda ref: 0 if ref.endswith("-3") else 1
    with pytest.raises(AssertionError, match="not over"):
        await around.run(Weather(10, ("a",), patience=5), 4)
    around = Around(VirtualClock())
    around.shows = lambda ref: 0 if ref.endswith("-3") else 1
    took = await around.run(Weather(10, ("a",), patience=5), 6)
    assert around.tally.verdict(10, took).lost == 1


async def test_one_that_comes_twice_is_told(around: Around) -> None:
    around.shows = lambda ref: 2 if ref.endswith("-3") else 1
    took = await around.run(Weather(10, ("a",)), 1)
    assert around.tally.verdict(10, took).repeated == 1


async def test_who_is_refused_for_good_presses_no_more(around: Around) -> None:
    def does(_number: int, _ref: str) -> None:
        raise NotAllowed("not with this key")

    around.does = does
    with pytest.raises(NotAllowed, match="this key"):
        await around.run(Weather(1000, ("a",), rate=10), 5)
    assert len(around.pressed) < 3


async def test_nothing_is_pressed_before_the_console_looks_on(around: Around) -> None:
    around.looks_on = False
    with pytest.raises(CannotStart, match="nothing was pressed"):
        await around.run(Weather(10, ("a",), patience=5), 6)
    around = Around(VirtualClock())
    around.refuses = NotAllowed("may not look")
    with pytest.raises(NotAllowed):
        await around.run(Weather(10, ("a",), patience=5), 1)
    assert around.pressed == []


@pytest.mark.timeout(120)
def test_a_small_storm_against_a_real_daemon(tmp_path: Path) -> None:
    with daemon(tmp_path, mqtt_url=f"embedded:{(broker := free_port())}") as one:
        one.start()
        keys = ["--key", _key(one, "press"), "--read-key", _key(one, "read")]
        to = ["storm", "--url", one.url, "--json", "verdict.json", *keys]
        for way in ([], ["--mqtt", f"mqtt://{HOST}:{broker}"]):
            said = one.do(*to, "--presses", "100", "--rate", "200", *way)
            assert "nothing lost, nothing twice" in said
            verdict = json.loads((tmp_path / "verdict.json").read_text())
            assert verdict["held"]
            assert (verdict["accepted"], verdict["lost"], verdict["repeated"]) == (100, 0, 0)
            assert 0 < verdict["to_console"]["p50"] <= verdict["to_console"]["p99"] <= verdict["to_console"]["max"]
            assert verdict["to_accepted"]["count"] == verdict["to_console"]["count"] == 100
        for wrong, words in (
            (["--key", "alarmd_wrong"], "HTTP 401"),
            (["--read-key", "alarmd_wrong"], "HTTP 401"),
            (["--devices", "desk-9"], "no device 'desk-9'"),
            (["--url", f"http://{HOST}:{free_port()}"], "is alarmd running there?"),
            (["--mqtt", f"mqtt://{HOST}:{free_port()}"], "no line to the broker"),
            (["--url", "ftp://x"], "expected http://"),
        ):
            done = one.run(*to, "--presses", "5", *wrong)
            assert done.returncode == 1, wrong
            assert words in done.stderr
            assert "Traceback" not in done.stderr
        one.stop()
        one.do("verify")


def _key(one: Daemon, scope: str) -> str:
    return one.headers(scope)["Authorization"].removeprefix("Bearer ")
