"""Alarms over HTTP, through the real loop and store: what they look like, what people do with them, what is refused and
how."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from alarmd.access.model import Scope
from alarmd.console.shapes import AlarmDetailShape, AlarmShape
from tests.support.house import House, house
from tests.support.virtual import VirtualClock


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "alarmd.db", VirtualClock()) as made:
        yield made


def problem(response: httpx.Response, status: int) -> dict[str, object]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert "Traceback" not in response.text
    return body


async def test_an_alarm_from_press_to_end(door: House) -> None:
    alarm = (await door.press(ref="r-1")).alarm
    assert alarm is not None
    async with door.client(await door.key(Scope.ANSWER, person="ola")) as http:
        base = f"/v1/alarms/{alarm.id}"
        listed = (await http.get("/v1/alarms?state=open")).json()["alarms"]
        assert [a["id"] for a in listed] == [alarm.id]
        assert [r.responders for r in map(AlarmShape.model_validate, listed)] == [[]]
        taken = (await http.post(f"{base}/acknowledge", json={})).json()
        assert (taken["id"], taken["state"]) == (alarm.id, "acknowledged")
        assert (await http.post(f"{base}/note", json={"text": " back door "})).status_code == 200
        assert (await http.post(f"{base}/en_route")).json()["responders"][0]["state"] == "en_route"
        assert (await http.post(f"{base}/arrived", json={})).json()["state"] == "attended"
        assert (await http.post(f"{base}/resolve", json={"outcome": "false"})).json()["outcome"] == "false"
        detail = (await http.get(base)).json()
        AlarmDetailShape.model_validate(detail)
        kinds = [e["kind"] for e in detail["timeline"]]
        assert kinds[:2] == ["raised", "step_due"]
        assert [k for k in kinds if k not in ("notified", "receipt")][2:] == [
            "acknowledged",
            "noted",
            "en_route",
            "arrived",
            "attended",
            "resolved",
        ]
        assert [e["data"]["text"] for e in detail["timeline"] if e["kind"] == "noted"] == ["back door"]
        assert detail["timeline"][2]["position"] == detail["timeline"][1]["position"] + 1
        assert [s["ref"] for s in detail["signals"]] == ["r-1"]
        assert {n["person"] for n in detail["notifications"] if n["attempts"]} >= {"ola"}
        assert detail["plan"] == []
        acknowledged = next(e for e in detail["timeline"] if e["kind"] == "acknowledged")
        assert acknowledged["by"] == {"person": "ola", "name": "Ola Fjord", "channel": "api"}
        assert (await http.get("/v1/alarms?state=open")).json() == {"alarms": []}
        assert [a["id"] for a in (await http.get("/v1/alarms?state=closed")).json()["alarms"]] == [alarm.id]
        assert [a["id"] for a in (await http.get("/v1/alarms")).json()["alarms"]] == [alarm.id]


async def test_an_open_alarm_shows_the_steps_still_to_come(door: House) -> None:
    alarm = (await door.press()).alarm
    assert alarm is not None
    async with door.client(await door.key(Scope.READ)) as http:
        plan = (await http.get(f"/v1/alarms/{alarm.id}")).json()["plan"]
    assert [step["step"] for step in plan] == [2, 3]
    assert plan[0]["at"] == "2027-03-01T09:00:20.000Z"
    assert {told["person"] for told in plan[0]["tell"]} >= {"ola"}
    assert all(told["by"] == ["voice"] for told in plan[0]["tell"])


async def test_what_no_longer_fits_is_a_conflict_that_carries_the_alarm(door: House) -> None:
    alarm = (await door.press()).alarm
    assert alarm is not None
    async with door.client(await door.key(Scope.ANSWER, person="ola")) as http:
        base = f"/v1/alarms/{alarm.id}"
        told = problem(await http.post(f"{base}/resolve", json={}), 422)
        assert "an arrival of somebody who counts, or a reason" in str(told["detail"])
        assert "a reason" in str(problem(await http.post(f"{base}/cancel", json={}), 422)["detail"])
        assert (await http.post(f"{base}/resolve", json={"reason": "looked"})).status_code == 200
        shown = problem(await http.post(f"{base}/acknowledge", json={}), 409)["alarm"]
        assert AlarmShape.model_validate(shown).state == "resolved"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "JSON"),
        (b'{"outcome":"maybe","reason":"x"}', "outcome: "),
        (b'{"reasn":"x"}', "reasn: "),
        (b'{"reason":"\\u0000"}', "reason: "),
        (b'{"reason":"  "}', "reason: "),
        (b'{"reason":7}', "reason: "),
        (b"[]", ""),
    ],
)
async def test_a_body_that_cannot_be_read_is_told_by_key(door: House, body: bytes, said: str) -> None:
    alarm = (await door.press()).alarm
    assert alarm is not None
    async with door.client(await door.key(Scope.ANSWER, person="ola")) as http:
        told = problem(await http.post(f"/v1/alarms/{alarm.id}/resolve", content=body), 422)
    assert said in str(told["detail"])


async def test_a_note_says_something_and_a_body_has_its_limit(door: House) -> None:
    async with door.client(await door.key(Scope.ANSWER, person="ola")) as http:
        problem(await http.post("/v1/alarms/x/note", json={}), 422)
        problem(await http.post("/v1/alarms/x/note", content=b"x" * 70_000), 413)


async def test_rights_are_asked_before_anything_else(door: House) -> None:
    alarm = (await door.press()).alarm
    assert alarm is not None
    async with door.client() as http:
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer x"}, 401),
            ({"Authorization": "Basic eDp4"}, 401),
            (await door.key(Scope.PRESS), 403),
            (await door.key(Scope.READ), 403),
            (await door.key(Scope.ANSWER, person="nobody"), 403),
            (await door.key(Scope.ADMIN), 403),
            (await door.key(Scope.ANSWER, person="kari"), 403),
        ):
            for id in ("x", alarm.id):
                problem(await http.post(f"/v1/alarms/{id}/resolve", content=b"{", headers=headers), status)
        assert "WWW-Authenticate" in (await http.get("/v1/alarms")).headers
        problem(await http.get("/v1/alarms", headers=await door.key(Scope.PRESS)), 403)


async def test_what_is_not_there_is_a_problem_too(door: House) -> None:
    async with door.client(await door.key(Scope.ANSWER, person="ola")) as http:
        for path in ("/v1/alarms/x", f"/v1/alarms/{'x' * 100}", "/v1/alarms/%00", "/v1/nothing", "/assets/nothing.js"):
            problem(await http.get(path), 404)
        problem(await http.post("/v1/alarms/x/acknowledge", json={}), 404)
        problem(await http.post("/v1/alarms/x/explode", json={}), 404)
        problem(await http.delete("/v1/alarms"), 405)
        problem(await http.get("/v1/alarms?state=maybe"), 422)
        problem(await http.get("/v1/alarms?site=%00"), 422)


async def test_one_site_alone_for_those_who_are_limited_to_it(door: House) -> None:
    alarm = (await door.press()).alarm
    assert alarm is not None
    async with door.client() as http:
        for headers, sees in (
            (await door.key(Scope.READ, site="fjordvik"), True),
            (await door.key(Scope.READ, site="dalen"), False),
            (await door.key(Scope.ANSWER, person="ola", site="dalen"), False),
        ):
            listed = (await http.get("/v1/alarms", headers=headers)).json()["alarms"]
            assert len(listed) == sees
            assert (await http.get(f"/v1/alarms/{alarm.id}", headers=headers)).status_code == (200 if sees else 404)
        problem(await http.get("/v1/alarms?site=fjordvik", headers=await door.key(Scope.READ, site="dalen")), 403)
        answering = await door.key(Scope.ANSWER, person="ola", site="dalen")
        problem(await http.post(f"/v1/alarms/{alarm.id}/acknowledge", json={}, headers=answering), 404)
        kari = await door.key(Scope.ANSWER, person="kari")
        assert (await http.post(f"/v1/alarms/{alarm.id}/acknowledge", json={}, headers=kari)).status_code == 200


async def test_a_key_is_looked_up_once_until_access_changes(door: House) -> None:
    reader, other = await door.key(Scope.READ), await door.key(Scope.READ)
    async with door.client(reader) as http:
        await http.get("/v1/organisation")
        before = door.store.reads
        for _ in range(20):
            assert (await http.get("/v1/organisation")).status_code == 200
            assert (await http.get("/v1/organisation", headers={"Authorization": "Bearer x"})).status_code == 401
        assert door.store.reads == before + 1  # the unknown one, once
        await door.revoke(other)
        assert (await http.get("/v1/organisation")).status_code == 200
        await door.revoke(reader)
        problem(await http.get("/v1/organisation"), 401)
