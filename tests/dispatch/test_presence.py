"""Who is at which console, in virtual time: what is said is known at every node, and forgotten when it is not
repeated."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from alarmd.dispatch.presence import AGAIN, KEPT, LOOK, Counts
from tests.support.presences import Node, guard, node, running
from tests.support.virtual import VirtualClock

SOON = 2 * LOOK.total_seconds()
HOLDS = KEPT.total_seconds()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def nodes(clock: VirtualClock) -> AsyncIterator[tuple[Node, Node]]:
    both = node("one", clock), node("two", clock)
    async with running(*both):
        await clock.settle()
        yield both


async def beats(clock: VirtualClock, *nodes: Node, times: int = 8) -> None:
    """Ola's console at each of these nodes answers so many beats."""
    for _ in range(times):
        for one in nodes:
            one.armed()
        await clock.advance(4)


async def test_who_is_at_a_console_is_known_at_every_node(clock: VirtualClock, nodes: tuple[Node, Node]) -> None:
    one, two = nodes
    one.presence.here("a", guard("ola", "vik"), armed=False, visible=False)
    two.armed("b", "per")
    began = clock.now()
    await clock.advance(SOON)
    assert one.people == [("one", "ola", False), ("two", "per", True)]
    assert two.people == [("two", "per", True), ("one", "ola", False)]
    _, seen = two.presence.known()[1]
    assert (seen.site, seen.visible, seen.since) == ("vik", False, began)
    one.armed()
    await clock.advance(SOON)
    assert two.people[1] == ("one", "ola", True)
    assert two.presence.known()[1][1].since == began, "it is the same page"
    one.presence.left("a")
    one.presence.left("never there")
    await clock.advance(SOON)
    assert two.people == [("two", "per", True)]


async def test_a_console_that_says_nothing_more_is_forgotten(clock: VirtualClock, nodes: tuple[Node, Node]) -> None:
    """Its line may stand for hours: the browser sleeps, and hears no alarm."""
    one, two = nodes
    one.armed()
    await clock.advance(HOLDS)
    assert one.people == [("one", "ola", True)]
    await clock.advance(SOON)
    assert (one.people, two.people) == ([], [])
    assert one.presence.counts == Counts(0, 0, complete=True)


async def test_a_node_that_repeats_nothing_is_forgotten(clock: VirtualClock) -> None:
    one, two = node("one", clock), node("two", clock)
    async with running(one):
        one.wire.others = [two.sisters]
        async with running(two):
            two.wire.others = [one.sisters]
            two.armed()
            await clock.advance(SOON)
            assert one.people == [("two", "ola", True)]
        await clock.advance(HOLDS - 2 * AGAIN.total_seconds())
        assert one.people == [("two", "ola", True)]
        await clock.advance(2 * AGAIN.total_seconds() + SOON)
        assert one.people == []


async def test_without_the_relay_it_is_said_that_not_all_is_known(
    clock: VirtualClock, nodes: tuple[Node, Node]
) -> None:
    one, two = nodes
    await beats(clock, one, two)
    assert one.presence.counts == Counts(2, 2, complete=True)
    one.wire.healthy = two.wire.healthy = False
    await beats(clock, one, two, times=1)
    assert one.presence.counts == Counts(2, 2, complete=False)
    await beats(clock, one, two)
    assert one.presence.counts == Counts(1, 1, complete=False), "its own, and nothing that is old"
    one.wire.healthy = two.wire.healthy = True
    await beats(clock, one, two, times=1)
    assert one.presence.counts == Counts(2, 2, complete=False), "another sister may not have spoken yet"
    await beats(clock, one, two)
    assert one.presence.counts == Counts(2, 2, complete=True)


async def test_at_the_start_and_after_standing_still_not_all_is_known(
    clock: VirtualClock, nodes: tuple[Node, Node]
) -> None:
    one, _ = nodes
    await clock.advance(HOLDS - 1)
    assert one.presence.counts == Counts(complete=False)
    await clock.advance(SOON)
    assert one.presence.counts == Counts(complete=True)
    clock._now += 2 * AGAIN
    await clock.advance(SOON)
    assert one.presence.counts == Counts(complete=False)


async def test_nobody_is_at_the_console_of_a_key(clock: VirtualClock, nodes: tuple[Node, Node]) -> None:
    one, _ = nodes
    one.armed("a", None)
    await clock.advance(SOON)
    assert one.people == []


async def test_a_sister_of_another_version_breaks_nothing(clock: VirtualClock, nodes: tuple[Node, Node]) -> None:
    one, two = nodes
    for what in ({}, {"node": "two", "consoles": [{"person": "per"}]}, {"node": "two", "consoles": 7}):
        two.sisters.say("consoles", what)
    two.armed()
    await clock.advance(SOON)
    assert one.people == [("two", "ola", True)]


async def test_the_figures_are_of_this_node(clock: VirtualClock) -> None:
    alone = node("one", clock)
    async with running(alone):
        alone.armed("a")
        alone.armed("b", armed=False)
        alone.armed("c", armed=False)
        await clock.advance(SOON)
        figures = [REGISTRY.get_sample_value("alarmd_consoles", {"armed": armed}) for armed in ("true", "false")]
        assert figures == [1, 2]
