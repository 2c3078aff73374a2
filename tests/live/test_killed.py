"""kill -9 in the middle of a storm, again and again: nothing accepted is lost, and no alarm goes silent.

A few times in every run; `make killed KILLS=50` is the proof that the documents name. What it measures, it prints.
"""

import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest

from alarmd.alarm.times import moment
from alarmd.store import open_database
from tests.support.daemon import Daemon, daemon

KILLS = int(os.environ.get("KILLS", "3"))
HANDS = 8
DEVICES = 20
RECOVERED_WITHIN = 2.0
"""Seconds by which what had fallen due meanwhile has been done: after the process was told to start in the proof, after
it is ready where other tests run beside, for how long it takes to start is theirs too."""
FROM_EXEC = RECOVERED_WITHIN if KILLS > 10 else 10.0
SLOWEST = 30.0

OFFICE = f"""\
alarmd: 1
name: Nav Prøvevik
time_zone: Europe/Oslo
language: nb
sites: {{vik: {{name: Nav Prøvevik, zones: {{mottak: {{name: Mottak}}}}}}}}
devices:
{"".join(f"  desk-{n}: {{zone: vik/mottak, kind: panic}}{chr(10)}" for n in range(DEVICES))}
people:
  ola: {{name: Ola Prøve, roles: [guard]}}
chains:
  rest:
    for: {{}}
    steps:
      - {{after: 0s, notify: [{{role: guard}}], by: [console]}}
      - {{after: 1s, notify: [{{role: guard}}], by: [console]}}
    repeat: {{from: 2, every: 1s}}
"""

pytestmark = pytest.mark.timeout(120 + 20 * KILLS)


@dataclass
class Storm:
    """Presses by many hands, through one life of the daemon after the other."""

    one: Daemon
    headers: dict[str, str]
    accepted: list[tuple[str, str, str]] = field(default_factory=list)
    """Device, ref and alarm of each yes."""

    def rage(self, life: int, enough: int, until: Callable[[], None]) -> None:
        """Until so many more are accepted, and `until` returns; then the daemon is killed while they go on pressing."""
        there, full = threading.Event(), len(self.accepted) + enough
        with ThreadPoolExecutor(HANDS) as hands:
            pressing = [hands.submit(self._press, life, hand, there, full) for hand in range(HANDS)]
            there.wait(SLOWEST)
            until()
            self.one.kill()
            for each in pressing:
                each.result()

    def _press(self, life: int, hand: int, there: threading.Event, full: int) -> None:
        dice = random.Random(f"{life}-{hand}")
        with httpx.Client(trust_env=False, timeout=5, headers=self.headers) as http:
            for n in range(10_000):
                device, ref = f"desk-{dice.randrange(DEVICES)}", f"{life}-{hand}-{n}"
                try:
                    answer = http.post(self.one.url + "/v1/signals", json={"device": device, "ref": ref})
                except httpx.HTTPError:
                    return  # it was killed
                assert answer.status_code == 202, answer.text
                self.accepted.append((device, ref, answer.json()["alarm"]))
                if len(self.accepted) >= full:
                    there.set()


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Daemon]:
    shared = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}
    with daemon(tmp_path, **shared) as one:
        one.apply(OFFICE)
        yield one


def test_killed_in_a_storm_nothing_accepted_is_lost_and_no_alarm_goes_silent(
    house: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(7)
    storm = Storm(house, house.headers("press"))
    lives: list[tuple[datetime, datetime, datetime]] = []  # told to start, ready, killed
    for life in range(KILLS):
        begun = datetime.now(UTC)
        house.start()
        ready = datetime.now(UTC)
        # Every other life lasts until the first alarm has gone on; the rest end at any moment, before that too.
        first = storm.accepted[0][2] if storm.accepted and life % 2 else None
        storm.rage(life, dice.randrange(1, 600), partial(_wait_for_steps, house, first, 1, since=begun))
        lives.append((begun, ready, datetime.now(UTC)))
    begun = datetime.now(UTC)
    house.start()
    ready = datetime.now(UTC)
    alarms = [alarm["id"] for alarm in house.get("/v1/alarms?state=open").json()["alarms"]]
    for alarm in alarms:  # each goes on by itself, for two more steps
        _wait_for_steps(house, alarm, 2, since=ready)
    lives.append((begun, ready, datetime.now(UTC)))
    stories = {alarm: house.get(f"/v1/alarms/{alarm}").json() for alarm in alarms}
    house.stop()
    assert house.do("verify").startswith("the log is whole")

    waits = [wait for story in stories.values() for wait in _recoveries(story["timeline"], lives)]
    latest = f"{max(w for w, _ in waits):.2f} s after ready and {max(w for _, w in waits):.2f} s after exec"
    with capsys.disabled():
        print(f"\n{KILLS} kills, {len(storm.accepted)} presses accepted in {len(alarms)} alarms")
        print(f"what had fallen due was done {latest} at the latest, {len(waits)} times")
    assert len(waits) > len(alarms), "recoveries in the storm, too"
    assert max(after_ready for after_ready, _ in waits) <= RECOVERED_WITHIN
    assert max(after_exec for _, after_exec in waits) <= FROM_EXEC
    assert _lost(house, storm.accepted) == []
    assert {alarm for _, _, alarm in storm.accepted} == set(alarms)


def _wait_for_steps(house: Daemon, alarm: str | None, wanted: int, since: datetime) -> None:
    if alarm is None:
        return
    over = threading.Event()
    timer = threading.Timer(SLOWEST, over.set)
    timer.start()
    try:
        while sum(at > since for at in _steps(house.get(f"/v1/alarms/{alarm}").json()["timeline"])) < wanted:
            assert not over.is_set(), f"{alarm} has gone silent"
            over.wait(0.1)
    finally:
        timer.cancel()


def _steps(timeline: list[dict[str, str]]) -> list[datetime]:
    return [moment(event["at"]) for event in timeline if event["kind"] == "step_due"]


def _recoveries(
    timeline: list[dict[str, str]], lives: list[tuple[datetime, datetime, datetime]]
) -> Iterator[tuple[float, float]]:
    """Of an alarm that was open before a life began: how long after it was ready, and after it was told to start, the
    step was done that had fallen due. A life that ended too soon for that proves nothing."""
    steps, opened = _steps(timeline), moment(timeline[0]["at"])
    for begun, ready, killed in lives:
        done = next((at for at in steps if at > begun), killed)
        if opened > begun or (done >= killed and (killed - begun).total_seconds() <= FROM_EXEC):
            continue
        yield max((done - ready).total_seconds(), 0.0), (done - begun).total_seconds()


def _lost(house: Daemon, accepted: list[tuple[str, str, str]]) -> list[str]:
    """Refs that the store does not know as what was answered."""
    database = open_database(house.environment["ALARMD_DATABASE_URL"], node="test")
    try:
        with database.snapshot() as reading:
            known = {(device, ref): reading.known_signal(device, ref) for device, ref, _ in accepted}
    finally:
        database.close()
    return [
        json.dumps((device, ref, alarm))
        for device, ref, alarm in accepted
        if (signal := known[device, ref]) is None or signal.alarm != alarm
    ]
