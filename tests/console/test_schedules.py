"""Who is on call, over HTTP. The clock of these tests shows 1 March 2027, ten o'clock in Oslo."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alarmd.access.model import Scope
from alarmd.console.shapes import OnCallShape
from alarmd.organisation.model import Rotation, Schedule
from tests.support.house import House, house
from tests.support.organisations import office
from tests.support.virtual import VirtualClock

MONDAY = datetime(2027, 3, 1, 8)  # noqa: DTZ001 - local to the organisation, as in its file
WEEKLY = Schedule("duty", (Rotation(("ola", "per"), MONDAY, timedelta(days=7)),))
SECONDS = Schedule("seconds", (Rotation(("ola", "per"), MONDAY, timedelta(seconds=1)),))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "alarmd.db", VirtualClock()) as made:
        await made.apply(office(schedules={"duty": WEEKLY, "seconds": SECONDS}))
        yield made


async def test_now_at_a_time_and_over_a_span(door: House) -> None:
    async with door.client(await door.key(Scope.READ)) as http:
        now = (await http.get("/v1/schedules/duty/oncall")).json()
        assert now == {"schedule": "duty", "at": "2027-03-01T09:00:00.000Z", "people": ["ola"]}
        later = await http.get("/v1/schedules/duty/oncall", params={"at": "2027-03-08T08:00"})
        assert later.json() == {"schedule": "duty", "at": "2027-03-08T07:00:00.000Z", "people": ["per"]}
        params = {"from": "2027-03-22T00:00", "to": "2027-03-30T00:00:00+02:00"}
        span = await http.get("/v1/schedules/duty/oncall", params=params)
    OnCallShape.model_validate(now)
    OnCallShape.model_validate(span.json())
    assert span.json()["duties"] == [
        {"from": "2027-03-21T23:00:00.000Z", "to": "2027-03-22T07:00:00.000Z", "people": ["ola"]},
        {"from": "2027-03-22T07:00:00.000Z", "to": "2027-03-29T06:00:00.000Z", "people": ["per"]},
        {"from": "2027-03-29T06:00:00.000Z", "to": "2027-03-29T22:00:00.000Z", "people": ["ola"]},
    ], "the hand-over of 29 March is at eight in the morning, in summer time"


async def test_a_calendar_keeps_the_beginning_of_what_has_begun(door: House) -> None:
    async with door.client(await door.key(Scope.ADMIN)) as http:
        answered = await http.get("/v1/schedules/duty.ics", params={"days": 10})
    assert answered.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answered.headers["cache-control"] == "no-store"
    lines = answered.text.split("\r\n")
    starts = [line for line in lines if line.startswith("DTSTART")]
    assert starts == ["DTSTART:20270301T070000Z", "DTSTART:20270308T070000Z"]
    assert lines.count("SUMMARY:Ola Fjord") == lines.count("SUMMARY:Per Fjord") == 1
    assert "+47" not in answered.text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("nobody/oncall", 404, "no schedule 'nobody'"),
        ("nobody.ics", 404, "no schedule 'nobody'"),
        ("duty/oncall?at=noon", 422, "at: not a time"),
        ("duty/oncall?at=0001-01-01", 422, "at: a year from"),
        ("duty/oncall?from=2027-01-01", 422, "from and to"),
        ("duty/oncall?to=2027-01-01", 422, "from and to"),
        ("duty/oncall?from=2027-01-01&to=2029-01-01", 422, "at most 366 days"),
        ("duty/oncall?from=2027-01-02&to=2027-01-01", 422, "to is not after from"),
        ("duty/oncall?at=2027-01-01&from=2027-01-01&to=2027-01-02", 422, "one time"),
        ("seconds.ics", 422, "ask for a shorter one"),
        ("duty.ics?days=0", 422, "days"),
        ("duty.ics?days=367", 422, "days"),
    ],
)
async def test_what_cannot_be_told_is_refused_in_words(door: House, path: str, status: int, words: str) -> None:
    async with door.client(await door.key(Scope.READ)) as http:
        answered = await http.get(f"/v1/schedules/{path}")
    assert answered.status_code == status
    assert words in answered.json()["detail"]


@pytest.mark.parametrize("path", ["duty/oncall", "duty.ics"])
async def test_only_those_who_may_see_all_and_never_by_a_key_in_the_address(door: House, path: str) -> None:
    reader = (await door.key(Scope.READ))["Authorization"].removeprefix("Bearer ")
    async with door.client() as http:
        for query in ({}, {"key": reader}, {"token": reader}, {"access_token": reader}):
            assert (await http.get(f"/v1/schedules/{path}", params=query)).status_code == 401
        for scope, more in ((Scope.PRESS, {}), (Scope.READ, {"site": "fjordvik"})):
            refused = await http.get(f"/v1/schedules/{path}", headers=await door.key(scope, **more))
            assert refused.status_code == 403
