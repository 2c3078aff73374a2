from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from alarmd.intake.drops import CAUSE, SAYS_WITHIN, Drops
from tests.support.intake import World
from tests.support.virtual import VirtualClock

MOMENT = timedelta(milliseconds=1)


class Watched:
    """The count of one broker, as one node hears it."""

    def __init__(self) -> None:
        self.world, self.clock = World(), VirtualClock()
        self.drops = Drops("broker:1883", self.world, self.clock)

    def told(self, *counts: int) -> list[str]:
        """What is said of these counts."""
        self.world.reports.clear()
        for count in counts:
            self.drops.heard(str(count).encode())
        assert all(cause == CAUSE for cause, _ in self.world.reports)
        return [text.partition(" has ")[2].partition(":")[0] for _, text in self.world.reports]

    async def warned_after(self, time: timedelta) -> bool:
        await self.clock.advance(time.total_seconds())
        with capture_logs() as logs:
            self.drops.look()
        return any("does not say whether it drops" in entry["event"] for entry in logs)


@pytest.fixture
async def watched() -> Watched:
    return Watched()


async def test_what_was_dropped_while_nobody_was_here_is_told_once(watched: Watched) -> None:
    assert watched.told(7) == ["dropped 7 messages since it was started"]
    watched.drops.asked()
    assert watched.told(7, 7) == [], "a new connection to the same life of the broker"
    assert watched.told(9) == ["dropped 2 messages"]


async def test_a_broker_that_has_dropped_nothing_is_well(watched: Watched) -> None:
    assert watched.told(0, 0) == []
    watched.drops.heard(b"a few")
    assert watched.told(1) == ["dropped 1 messages since it was started"]


async def test_a_broker_that_was_started_again_counts_from_nought(watched: Watched) -> None:
    watched.told(7)
    assert watched.told(0) == []
    assert watched.told(3) == ["dropped 3 messages since it was started"]
    assert watched.told(2) == ["dropped 2 messages since it was started"]


async def test_a_broker_that_grants_the_count_and_never_says_it_is_told_once(watched: Watched) -> None:
    assert not await watched.warned_after(timedelta())
    watched.drops.asked()
    assert not await watched.warned_after(SAYS_WITHIN - MOMENT)
    assert await watched.warned_after(MOMENT)
    assert not await watched.warned_after(SAYS_WITHIN)


async def test_a_broker_that_says_its_count_is_not_warned_of(watched: Watched) -> None:
    watched.drops.asked()
    watched.drops.heard(b"0")
    assert not await watched.warned_after(SAYS_WITHIN)


async def test_a_broker_that_refuses_is_told_at_once(watched: Watched) -> None:
    watched.drops.asked()
    with capture_logs() as logs:
        watched.drops.refused()
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert not await watched.warned_after(SAYS_WITHIN)
