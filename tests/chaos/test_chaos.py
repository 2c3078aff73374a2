"""A bad minute of three nodes on real servers; `make chaos` is the bad day."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.day import Wish, day
from tests.chaos.weather import KINDS

BROKEN = {"a node is killed", "a node is stopped", "PostgreSQL is killed", "Redis is killed", "the broker is restarted"}
BUSY = 5.0
"""Seconds that we allow for what is due here, where other tests run beside."""


@pytest.mark.timeout(300)
def test_three_nodes_keep_every_promise_while_nodes_and_servers_die(tmp_path: Path) -> None:
    kinds = [kind for kind in KINDS if kind.name in BROKEN]
    assert len(kinds) == len(BROKEN)
    wish = Wish(seconds=50, rate=4, seed=2, kinds=kinds, prompt=BUSY)

    history, findings = asyncio.run(day(tmp_path, wish, say=print))

    assert findings == []
    assert history.accepted
    assert history.bare
    assert history.faults
