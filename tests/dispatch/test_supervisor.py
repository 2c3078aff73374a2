"""Tasks end when the supervisor does, even those whose cancellation a library has swallowed."""

import asyncio
import inspect

import pytest

from alarmd.dispatch import supervisor as module
from alarmd.dispatch.supervisor import StoppedError, Supervisor
from alarmd.errors import CannotStart


async def stubborn(swallows: int, ended: list[int]) -> None:
    for n in range(swallows + 1):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if n == swallows:
                ended.append(n)
                raise


async def test_a_swallowed_cancellation_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLEARS_UP_WITHIN", 0.01)
    ended: list[int] = []
    async with Supervisor() as supervisor:
        supervisor.forever("one", stubborn(0, ended))
        supervisor.forever("another", stubborn(2, ended))
        await asyncio.sleep(0)
    assert ended == [0, 2]


async def test_one_task_can_be_ended_while_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLEARS_UP_WITHIN", 0.01)
    ended: list[int] = []
    async with Supervisor() as supervisor:
        supervisor.forever("mqtt", stubborn(1, ended))
        supervisor.forever("other", stubborn(0, ended))
        await asyncio.sleep(0)
        await supervisor.end("mqtt")
        assert ended == [1]
        await supervisor.end("nobody")
    assert ended == [1, 0]


async def test_work_that_is_ended_before_its_first_step_is_closed() -> None:
    endless, once = stubborn(0, []), stubborn(0, [])
    async with Supervisor() as supervisor:
        supervisor.forever("one", endless)
        supervisor.spawn("another", once)
    assert {inspect.getcoroutinestate(work) for work in (endless, once)} == {inspect.CORO_CLOSED}


async def test_an_endless_task_that_ends_stops_everything() -> None:
    async def ends() -> None:
        """At once."""

    async def lives() -> None:
        async with Supervisor() as supervisor:
            supervisor.forever("feed", ends())
            await asyncio.Event().wait()

    with pytest.raises(StoppedError, match="feed has ended"):
        await lives()


async def test_what_alarmd_says_itself_comes_out_before_what_it_did_not_expect() -> None:
    async def breaks(what: Exception) -> None:
        raise what

    async def lives() -> None:
        async with Supervisor() as supervisor:
            supervisor.forever("one", breaks(ValueError("a bug")))
            supervisor.forever("two", breaks(CannotStart("no port")))
            await asyncio.Event().wait()

    with pytest.raises(CannotStart, match="no port"):
        await lives()
