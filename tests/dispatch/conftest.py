"""The seat's nodes, in virtual time."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from alarmd.store import open_database
from tests.support.seats import Node, Shared
from tests.support.virtual import VirtualClock


@pytest.fixture
def store() -> Iterator[Shared]:
    with closing(open_database("sqlite://", node="test")) as database:
        yield Shared(database)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def node(store: Shared, clock: VirtualClock) -> Callable[[str], Node]:
    return lambda name: Node(store, clock, name)
