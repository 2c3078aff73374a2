"""A drill started at the people's door, over the real loop: what `alarmd preview` shows is what it then does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from alarmd.access.model import Scope
from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Kind
from alarmd.dispatch.supervisor import Supervisor
from alarmd.escalation.preview import PreviewStep, preview
from alarmd.organisation.file import parse
from alarmd.organisation.model import Organisation, Step, Target, TargetKind
from tests.support.house import Counting, House
from tests.support.loop import Wire, World
from tests.support.organisations import office
from tests.support.virtual import VirtualClock

EXAMPLE = Path(__file__).parents[2] / "config/organisation.example.yaml"
ON_A_MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
ON_A_SUNDAY = datetime(2027, 3, 28, 0, 59, 30, tzinfo=UTC)
"""Half a minute before the clocks go forward, when nobody is on call."""
OUTSIDE = timedelta(seconds=50)


def example() -> Organisation:
    """The example, with a station in the chain's middle."""
    text = EXAMPLE.read_text(encoding="utf-8")
    known = parse(text, EXAMPLE.name, lambda _: frozenset({date(2027, 1, 1)})).organisation
    chain = known.chains["panic"]
    station = Step(OUTSIDE, (Target(TargetKind.EXTERNAL, "arc"),))
    steps = (*chain.steps[:-1], station, chain.steps[-1])
    externals = {"arc": office().externals["arc"]}
    return replace(known, externals=externals, chains={**known.chains, "panic": replace(chain, steps=steps)})


def by_the_clock(steps: tuple[PreviewStep, ...], *, externals: bool) -> list[tuple[int, float, list[str]]]:
    return [
        (s.step, s.after.total_seconds(), [t.person for t in s.tell if externals or t.person != "arc"]) for s in steps
    ]


@asynccontextmanager
async def running(path: Path, clock: VirtualClock, organisation: Organisation) -> AsyncIterator[House]:
    """A node that tells people: every message is delivered."""
    world = World(path, clock, {way: Wire() for way in ("sms", "voice", "webhook", "dc09")})
    world.apply(organisation)
    async with world.life() as life, Supervisor() as supervisor:
        door = House(clock, cast(Counting, life.store), life.dispatcher, life.follower, supervisor)
        await door.look()
        door.hub.begin(life.follower.head, life.follower.era)
        yield door


@pytest.mark.parametrize("externals", [False, True])
@pytest.mark.parametrize("at", [ON_A_MONDAY, ON_A_SUNDAY])
async def test_a_drill_does_what_preview_shows_step_by_step_and_nothing_is_unwell(
    tmp_path: Path, at: datetime, *, externals: bool
) -> None:
    organisation, clock = example(), VirtualClock(at)
    imagined = preview(organisation, "skranke-1", None, at)
    assert any(t.person == "line" for s in imagined.steps for t in s.tell)
    assert any(t.person == "arc" for s in imagined.steps for t in s.tell)
    async with running(tmp_path / "alarmd.db", clock, organisation) as made:
        headers = await made.key(Scope.ADMIN, person="line")
        async with made.client(headers) as http:
            answered = await http.post("/v1/drills", json={"device": "skranke-1", "externals": externals})
            alarm = answered.json()["alarm"]
            await clock.advance(imagined.steps[-1].after.total_seconds() + 1)
            detail = (await http.get(f"/v1/alarms/{alarm}")).json()
            everything = (await http.get("/v1/alarms")).json()
    assert detail["by"]["person"] == "line"
    assert done(detail) == by_the_clock(imagined.steps, externals=externals)
    assert [a["kind"] for a in everything["alarms"]] == [Kind.PANIC]


def done(detail: dict[str, Any]) -> list[tuple[int, float, list[str]]]:
    """Every step in the story: which, seconds since it began, whom it told."""
    began = datetime.fromisoformat(detail["opened_at"])
    return [
        (e["data"]["step"], round((datetime.fromisoformat(e["at"]) - began).total_seconds()), e["data"].get("tell", []))
        for e in detail["timeline"]
        if e["kind"] in (EventKind.STEP_DUE, EventKind.ESCALATED)
    ]
