"""The feed when there is much to send, or many to send it to: frames go together, nobody is given more than he takes,
and who takes nothing costs the others nothing. Time is virtual, consoles are as quick or as slow as they are told."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from alarmd.access.model import Caller, Scope
from alarmd.console import viewer
from alarmd.console.desk import Spawn
from alarmd.console.feed import CREDIT, LONGEST_PAUSE, Hub
from alarmd.console.sight import IN_ONE_FRAME
from alarmd.console.viewer import Viewer
from alarmd.ports import Clock, Head, Logged
from tests.support.virtual import VirtualClock

CALLER = Caller("hash", "guards", Scope.READ)


class Taking:
    """A console that takes whatever it is given."""

    def __init__(self) -> None:
        self.frames: list[str] = []

    async def send(self, text: str) -> None:
        self.frames.append(text)

    async def close(self, code: int, reason: str) -> None: ...


class Stuck:
    """One that takes nothing."""

    async def send(self, _text: str) -> None:
        await asyncio.Event().wait()

    async def close(self, code: int, reason: str) -> None: ...


def taking(hub: Hub) -> Taking:
    socket = Taking()
    assert hub.join(Viewer(socket, CALLER, no_task))
    return socket


def no_task(name: str, work: Coroutine[Any, Any, None]) -> None:
    work.close()
    raise AssertionError(f"{name}: nothing has to wait here")


async def nobody(_: Caller) -> Caller | None:
    return None


def begun(clock: Clock, spawn: Spawn = no_task) -> Hub:
    hub = Hub(clock, spawn, nobody)
    hub.begin(Head(0, 0, 0))
    return hub


def logged(position: int, size: int = 0) -> Logged:
    return Logged(position, "a", None, f'{{"kind":"noted","text":"{"x" * size}"}}')


async def test_five_hundred_consoles_are_work_and_ten_are_none() -> None:
    clock = VirtualClock()
    for consoles, at_once in ((10, 20), (100, 16), (500, 4)):
        hub = begun(clock)
        viewers = [taking(hub) for _ in range(consoles)]
        await clock.advance(CREDIT.total_seconds())
        for position in range(1, 21):
            hub.offer([logged(position)])
        assert {len(viewer.frames) for viewer in viewers} == {at_once}, "what follows waits for a pause"
        assert hub._free_at - clock.now() <= LONGEST_PAUSE


async def test_after_a_quiet_moment_a_press_waits_for_nothing_and_a_flood_goes_together_again() -> None:
    clock = VirtualClock()
    hub = begun(clock)
    viewers = [taking(hub) for _ in range(500)]
    for begin in (1, 101):
        await clock.advance(1)
        before = len(viewers[0].frames)
        for position in range(begin, begin + 100):
            hub.offer([logged(position)])
            await clock.advance(0.001)
            if hub._fresh and clock.now() >= hub._free_at:
                hub.flush()
        assert len(viewers[0].frames) - before == 4 + 3, "four at once, one after 20 ms, then one in each 30"


def test_nobody_is_given_at_once_more_than_one_frame_holds() -> None:
    hub = begun(VirtualClock())
    hub.offer([logged(n) for n in range(1, 2 * IN_ONE_FRAME + 1)])
    far, near = Taking(), Taking()
    assert not hub.join(Viewer(far, CALLER, no_task))
    viewer = Viewer(near, CALLER, no_task)
    viewer.position = IN_ONE_FRAME
    assert hub.join(viewer)
    assert (len(far.frames), len(near.frames), viewer.position) == (0, 1, 2 * IN_ONE_FRAME)


async def test_a_console_that_takes_nothing_costs_the_others_no_time() -> None:
    """Nothing is waited for: the one that takes nothing is passed, and cut when too much waits for it."""
    works: list[Coroutine[Any, Any, None]] = []
    hub = begun(VirtualClock(), lambda _name, work: works.append(work))
    stuck = Viewer(Stuck(), CALLER, lambda _name, work: works.append(work))
    assert hub.join(stuck)
    quick = taking(hub)
    size = viewer.MOST_WAITING // 100
    for position in range(1, 120):
        hub.offer([logged(position, size)])
    assert len(quick.frames) == 119
    assert stuck._end == (viewer.TRY_AGAIN_LATER, "too slow; come back with after=POSITION")
    assert stuck._size <= viewer.MOST_WAITING
    for work in works:
        work.close()


def test_nobody_follows_before_it_is_known_where_the_log_ends() -> None:
    works: list[Coroutine[Any, Any, None]] = []
    hub = Hub(VirtualClock(), no_task, nobody)
    early = Viewer(Taking(), CALLER, lambda _name, work: works.append(work))
    assert hub.join(early)
    assert early._end == (viewer.TRY_AGAIN_LATER, "where the log ends is not known yet")
    for work in works:
        work.close()
    hub.begin(Head(7, 0, 0))
    late = Viewer(Taking(), CALLER, no_task)
    late.position = 7
    assert hub.join(late)
    assert hub.watching == 1


class Broken:
    """One with which something is wrong that nobody foresaw."""

    async def send(self, _text: str) -> None:
        raise OSError("not a word that a WebSocket has for it")

    async def close(self, code: int, reason: str) -> None: ...


async def test_what_is_wrong_with_one_console_is_no_trouble_of_the_others() -> None:
    hub = begun(VirtualClock())
    broken = Viewer(Broken(), CALLER, no_task)
    assert hub.join(broken)
    others = [taking(hub) for _ in range(3)]
    hub.offer([logged(1)])
    assert [len(other.frames) for other in others] == [1, 1, 1]
    assert broken.gone, "it comes back, and is given what it missed"
