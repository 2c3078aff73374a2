"""One world for each test of the rehearsal."""

from collections.abc import AsyncIterator

import pytest

from tests.rehearsal.world import World, world


@pytest.fixture
async def rehearsal() -> AsyncIterator[World]:
    async with world() as made:
        yield made
