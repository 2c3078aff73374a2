"""What is stored is told on, and whoever waits for an answer gets it, whatever breaks over the news of it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device
from alarmd.ports import Committed
from tests.support.loop import Loop, World

PRESS = Pressed(Device("desk-3"), device="desk-3")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    return world


def breaks(_: Sequence[Committed]) -> None:
    raise OSError("something that nobody foresaw")


async def told(loop: Loop) -> list[str | None]:
    return [alarm.cause for alarm in await loop.store.read(lambda r: r.open_alarms(at_most=9))]


@pytest.mark.parametrize("first", [True, False])
async def test_a_listener_that_breaks_keeps_no_other_from_the_news_and_nobody_from_his_answer(
    world: World, first: bool
) -> None:
    async with world.life() as loop:
        loop.dispatcher.listeners.insert(0 if first else len(loop.dispatcher.listeners), breaks)
        taken = await loop.submit(PRESS)
        assert taken.signal is not None
        assert sorted(world.wires["sms"].told) == ["kari", "ola", "per", "siv"], "and no time has passed"
        await world.clock.advance(21)
        assert sorted(world.wires["voice"].told) == ["ola", "per", "siv"], "the next step comes in its time"
        assert await told(loop) == [None, "listener"], "said once"


async def test_what_a_broken_outbox_was_not_given_it_fetches(world: World) -> None:
    async with world.life() as loop:
        listeners = loop.dispatcher.listeners
        listeners[:] = [breaks if each == loop.outbox.offer else each for each in listeners]
        await loop.submit(PRESS)
        assert world.wires["sms"].told == []
        await world.clock.advance(1.1)
        assert sorted(set(world.wires["sms"].told)) == ["kari", "ola", "per", "siv"], "leased to it though they were"
