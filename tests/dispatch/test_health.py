"""Every fault is said, in order, whatever comes in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from alarmd.alarm.incoming import FaultFound, FaultGone
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.dispatch.health import Health
from alarmd.errors import AlarmdError, NotDurable, Undecidable
from tests.support.virtual import VirtualClock


@dataclass
class Door:
    """A dispatcher: remembers what was said to it, while `open`; `refuses` says why something is not taken."""

    said: list[tuple[str, str]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: Callable[[FaultFound | FaultGone], AlarmdError | None] = lambda _: None
    tries: int = 0

    async def submit(self, incoming: FaultFound | FaultGone) -> None:
        await self.open.wait()
        self.tries += 1
        fault = self.refuses(incoming)
        if fault is not None:
            raise fault
        self.said.append((incoming.cause, incoming.text))


@dataclass
class Node:
    health: Health
    door: Door
    clock: VirtualClock


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    clock, door = VirtualClock(), Door()
    health = Health(clock, "one")
    running = asyncio.ensure_future(health.run(cast(Dispatcher, door)))
    yield Node(health, door, clock)
    running.cancel()


async def test_what_is_unwell_again_while_it_is_said_to_be_well_is_said_too(node: Node) -> None:
    node.health.gone("silent:desk-3", "connected")
    await node.clock.settle()
    node.health.found("silent:desk-3", "silent again")
    node.door.open.set()
    await node.clock.settle()
    assert node.door.said == [("silent:desk-3", "connected"), ("silent:desk-3", "silent again")]


async def test_what_changes_while_nothing_can_be_said_ends_with_how_it_is(node: Node) -> None:
    node.health.found("silent:desk-3", "first")
    node.health.gone("silent:desk-3", "recovered")
    node.health.found("silent:desk-3", "second")
    node.door.open.set()
    await node.clock.settle()
    assert node.door.said[-1] == ("silent:desk-3", "second")
    node.door.said.clear()
    node.door.open.clear()
    node.health.gone("silent:desk-3", "recovered")
    node.health.found("silent:desk-3", "third")
    node.health.gone("silent:desk-3", "recovered")
    node.door.open.set()
    await node.clock.settle()
    assert node.door.said[-2:] == [("silent:desk-3", "third"), ("silent:desk-3", "recovered")], "it happened"


async def test_what_cannot_be_decided_holds_up_no_other_and_is_tried_again(node: Node) -> None:
    node.door.refuses = lambda said: Undecidable("a bug") if said.cause == "silent:desk-3" else None
    node.door.open.set()
    node.health.gone("silent:desk-3", "recovered")
    node.health.found("battery:desk-3", "flat")
    await node.clock.settle()
    assert node.door.said == [("battery:desk-3", "flat")]
    node.health.found("battery:desk-4", "flat")
    await node.clock.advance(59)
    assert node.door.tries == 3, "once a minute"
    node.door.refuses = lambda _: None
    await node.clock.advance(2)
    assert node.door.said[-1] == ("silent:desk-3", "recovered")
    await node.clock.advance(600)
    assert node.door.tries == 4


async def test_a_newer_word_of_what_cannot_be_decided_is_tried_at_once(node: Node) -> None:
    node.door.refuses = lambda said: Undecidable("a bug") if isinstance(said, FaultGone) else None
    node.door.open.set()
    node.health.gone("silent:desk-3", "recovered")
    await node.clock.settle()
    node.health.found("silent:desk-3", "silent again")
    await node.clock.settle()
    assert node.door.said == [("silent:desk-3", "silent again")]


async def test_what_cannot_be_stored_is_said_in_order_as_soon_as_it_can(node: Node) -> None:
    node.door.refuses = lambda _: NotDurable("the disk is full")
    node.door.open.set()
    node.health.found("battery:desk-3", "flat")
    node.health.found("battery:desk-4", "flat")
    await node.clock.advance(3)
    assert node.door.said == []
    node.door.refuses = lambda _: None
    await node.clock.advance(1)
    assert [cause for cause, _ in node.door.said] == ["battery:desk-3", "battery:desk-4"]


async def test_a_newer_word_that_comes_while_the_older_is_refused_does_not_wait_either(node: Node) -> None:
    node.door.refuses = lambda said: Undecidable("a bug") if isinstance(said, FaultGone) else None
    node.health.gone("silent:desk-3", "recovered")
    await node.clock.settle()
    node.health.found("silent:desk-3", "silent again")
    node.door.open.set()
    await node.clock.settle()
    assert node.door.said == [("silent:desk-3", "silent again")]
