"""Whoever waits for the store is told the truth after a while; a door that delivers again by itself is not."""

import asyncio
from pathlib import Path

import pytest

from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device
from alarmd.app import desks
from alarmd.app.desks import House, SignalCounter
from alarmd.errors import NotDurable
from tests.support.loop import Loop, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    return world


def counters(loop: Loop) -> tuple[SignalCounter, SignalCounter]:
    house = House("one", loop.store, loop.clock, loop.dispatcher, loop.outbox, loop.follower, loop.health)
    return SignalCounter(house, "http"), SignalCounter(house, "mqtt", patient=True)


async def test_a_store_that_does_not_answer_is_no_yes_and_may_be_one_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "PATIENCE", 0.01)
    pressed = Pressed(Device("desk-3"), device="desk-3", ref="r")
    async with world.life() as loop:
        http, mqtt = counters(loop)
        answers = asyncio.Event()
        transact = loop.store.transact

        async def slow(work: object) -> object:
            await answers.wait()
            return await transact(work)  # type: ignore[arg-type]  # handed on as it is

        monkeypatch.setattr(loop.store, "transact", slow)
        by_mqtt = asyncio.ensure_future(mqtt.submit(pressed))
        with pytest.raises(NotDurable, match=r"has not answered within .* it may or may not be stored: try again"):
            await http.submit(pressed)
        assert not by_mqtt.done()
        answers.set()
        await world.clock.settle()
        stored = await by_mqtt
        again = await http.submit(pressed)
        assert (again.signal, again.repeated) == (stored.signal, True), "the same ref is the same signal"
        await world.clock.settle()
