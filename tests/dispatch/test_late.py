"""Steps that fall due while the store is away are done when it is back, and say how late they are."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import REGISTRY

from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device
from alarmd.errors import NotDurable
from alarmd.store import InlineStore
from tests.support.loop import Loop, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "alarmd.db")
    world.apply()
    return world


def steps(loop: Loop) -> list[dict[str, Any]]:
    events = [orjson.loads(one.body) for one in loop.heard]
    return [event["data"] for event in events if event["kind"] == "step_due"]


def counted() -> float:
    return REGISTRY.get_sample_value("alarmd_step_late_seconds_sum") or 0


async def test_a_step_in_time_says_nothing(world: World) -> None:
    async with world.life() as loop:
        await loop.submit(Pressed(Device("desk-3"), device="desk-3"))
        await world.clock.advance(21)
        assert [step["step"] for step in steps(loop)] == [1, 2]
        assert not any("late" in step for step in steps(loop))


async def test_a_step_that_had_to_wait_is_done_on_return_and_says_how_late(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise NotDurable("away")

    async with world.life() as loop:
        await loop.submit(Pressed(Device("desk-3"), device="desk-3"))
        await world.clock.advance(19)
        before = counted()
        with monkeypatch.context() as gone:
            gone.setattr(InlineStore, "transact", away)
            gone.setattr(InlineStore, "read", away)
            await world.clock.advance(31)
            assert world.wires["voice"].told == []
        await world.clock.advance(1)
        assert sorted(world.wires["voice"].told) == ["ola", "per", "siv"]
        late = steps(loop)[1]["late"]
        assert 30 <= late <= 31
        assert 30 <= counted() - before <= 32
