"""Two nodes on one PostgreSQL, of which one has a clock that is wrong by minutes: what it decides is in time, and it
says that its clock is wrong.
"""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from alarmd.clock import SystemClock
from alarmd.store import open_database
from tests.support.daemon import daemon
from tests.support.rolling import lateness, office, provider

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path("missing: run `make servers`"))

pytestmark = pytest.mark.timeout(180)  # whole processes, started and stopped


def clock_of(shift: str) -> Sequence[str]:
    """Before a command: the wall is shifted, the steady clock is not."""
    assert FAKETIME.exists(), FAKETIME
    return ("/usr/bin/env", f"LD_PRELOAD={FAKETIME}", f"FAKETIME={shift}", "FAKETIME_DONT_FAKE_MONOTONIC=1")


def events(url: str) -> list[dict[str, object]]:
    database = open_database(url, node="judge")
    with database.snapshot() as reading:
        found = [orjson.loads(logged.body) for logged in reading.events(0, 100_000)]
    database.close()
    return found


@pytest.mark.parametrize("shift", ["+10m", "-10m"])
def test_a_node_with_a_wrong_clock_beside_a_right_one(tmp_path: Path, postgres_url: str, shift: str) -> None:
    folders = [tmp_path / name for name in ("right", "wrong")]
    for folder in folders:
        folder.mkdir()
    began = SystemClock().now()
    with provider() as (receiver, heard):
        settings = {"database_url": postgres_url}
        with daemon(folders[0], **settings) as right, daemon(folders[1], clock_of(shift), **settings) as wrong:
            right.apply(office(receiver))
            right.start()
            wrong.start()
            accepted = {}
            for node, device in ((wrong, "desk-1"), (right, "desk-2"), (wrong, "silent"), (right, "desk-1")):
                accepted[device + node.url] = node.press(device).json()["alarm"]
            wait_for(heard, len(accepted) * 2)
            wrong.kill()
            wait_for(heard, len(accepted) * 4)
            causes = [a["cause"] for a in right.get("/v1/alarms?state=open").json()["alarms"]]
            assert f"clock:node-{wrong.port}" in causes
            assert f"clock:node-{right.port}" not in causes
            right.stop()
    late = lateness(postgres_url)
    assert len(late) >= len(accepted) * 3
    assert max(late.values()) < timedelta(seconds=2), "steps of a killed node too"
    told = [datetime.fromisoformat(str(event["at"])) for event in events(postgres_url)]
    slack = timedelta(seconds=5)  # a busy machine lets one wait; a wrong clock is minutes
    assert all(later - sooner > -slack for sooner, later in itertools.pairwise(told)), "one order of time"
    assert began - slack < min(told)
    assert max(told) < SystemClock().now() + slack


def wait_for(heard: dict[str, int], attempts: int) -> None:
    """Until the provider was asked for so many."""
    clock = SystemClock()
    until = clock.now() + timedelta(seconds=40)
    while len(heard) < attempts:
        assert clock.now() < until, f"{len(heard)} of {attempts} attempts"
