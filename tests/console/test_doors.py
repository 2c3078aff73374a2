"""The rest of the door: organisation, drills, health, pages, the OpenAPI document, and what a fault of ours looks like
from outside."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Route

from alarmd.access.model import Scope
from alarmd.console import application as made_of
from alarmd.console.application import application
from alarmd.console.desk import Readiness
from alarmd.console.faults import told
from alarmd.console.organisation_view import shown
from alarmd.console.shapes import OrganisationShape, RaisedShape
from alarmd.errors import NotDurable, Undecidable
from tests.support.house import PUBLIC_URL, House, house
from tests.support.organisations import office
from tests.support.virtual import VirtualClock


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "alarmd.db", VirtualClock()) as made:
        yield made


async def test_the_organisation_for_screens_names_no_way_to_reach_anybody(door: House) -> None:
    async with door.client(await door.key(Scope.READ)) as http:
        answered = await http.get("/v1/organisation")
    body = OrganisationShape.model_validate(answered.json())
    assert (body.version, body.sites[0].id) == (1, "fjordvik")
    assert {z.id for z in body.sites[0].zones} >= {"fjordvik/reception", "fjordvik/room-2"}
    assert "+47" not in answered.text
    assert "contact" not in answered.text


def test_who_is_limited_to_a_site_gets_that_site() -> None:
    nothing = shown(1, office(), "dalen")
    assert (nothing["sites"], nothing["devices"]) == ([], [])
    assert "kari" not in {p["id"] for p in nothing["people"]}
    assert {d["id"] for d in shown(1, office(), "fjordvik")["devices"]} == set(office().devices)


async def test_a_drill_is_started_by_those_who_may(door: House) -> None:
    async with door.client(await door.key(Scope.ADMIN)) as http:
        answered = await http.post("/v1/drills", json={"device": "desk-3"})
        assert answered.status_code == 202
        started = RaisedShape.model_validate(answered.json())
        detail = (await http.get(f"/v1/alarms/{started.alarm}")).json()
        assert (detail["drill"], detail["state"]) == (True, "raised")
        assert detail["by"]["person"].startswith("key:")
        by_zone = await http.post("/v1/drills", json={"zone": "fjordvik/room-2", "kind": "duress"})
        assert (await http.get(f"/v1/alarms/{by_zone.json()['alarm']}")).json()["kind"] == "duress"
        for body, status in (
            ({}, 422),
            ({"device": "desk-3", "zone": "fjordvik/room-2"}, 422),
            ({"device": "nobody"}, 404),
            ({"zone": "fjordvik/nowhere"}, 404),
            ({"device": "desk-3", "kind": "rage"}, 422),
        ):
            assert (await http.post("/v1/drills", json=body)).status_code == status
        for scope in (Scope.PRESS, Scope.READ):
            headers = await door.key(scope)
            assert (await http.post("/v1/drills", json={"device": "desk-3"}, headers=headers)).status_code == 403


async def test_a_drill_leaves_the_organisation_only_where_it_says_so(door: House) -> None:
    async with door.client(await door.key(Scope.ADMIN)) as http:
        for said, externals in (({}, False), ({"externals": False}, False), ({"externals": True}, True)):
            started = (await http.post("/v1/drills", json={"device": "desk-3", **said})).json()
            detail = (await http.get(f"/v1/alarms/{started['alarm']}")).json()
            assert detail["timeline"][0]["data"]["externals"] is externals
        refused = await http.post("/v1/drills", json={"device": "desk-3", "externals": "perhaps"})
        assert refused.status_code == 422


async def test_health_says_how_it_is(door: House) -> None:
    await door.press()
    async with door.client() as http:
        assert (await http.get("/healthz")).json() == {"status": "ok", "node": "one"}
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"ready": True, "node": "one", "store": "commits"})
        door.readiness = Readiness(ready=False, body={"store": "does not commit"})
        unready = await http.get("/readyz")
        assert (unready.status_code, unready.json()["store"]) == (503, "does not commit")
        figures = await http.get("/metrics")
        assert "alarmd_press_to_console_seconds_count" in figures.text
        assert figures.headers["content-type"].startswith("text/plain")


async def test_pages_come_under_a_strict_policy(door: House, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/console-1.js").write_text("1")
    (tmp_path / "console.html").write_text("<!doctype html>")
    app = application(door, door.hub, door.sign_in, door.supervisor.spawn, built=tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC_URL) as http:
        page, asset, phone, home = [await http.get(p) for p in ("/console", "/assets/console-1.js", "/m", "/")]
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert page.headers["content-type"].startswith("text/html")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    for response in (page, asset, phone):
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
    assert phone.status_code == 503
    assert "console not built: run <code>make web</code>" in phone.text
    assert (home.status_code, home.headers["location"]) == (307, "/console")


async def test_the_document_names_every_operation(door: House) -> None:
    async with door.client() as http:
        document = (await http.get("/openapi.json")).json()
        assert (await http.get("/docs")).status_code == 404
    operations = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert {"acknowledge_alarm", "list_alarms", "sign_in", "start_drill", "get_organisation"} <= set(operations)
    assert len(operations) == len(set(operations))
    refs = {line.split('"')[1] for line in str(document).replace("'", '"').split('"$ref": ')[1:]}
    assert {ref.rpartition("/")[2] for ref in refs} <= set(document["components"]["schemas"])


async def test_who_presses_or_answers_goes_the_short_way_and_finds_the_same_door(
    door: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = door.app
    monkeypatch.setattr(made_of, "straight", lambda _: [])
    long = application(door, door.hub, door.sign_in, door.supervisor.spawn)
    assert short.openapi() == long.openapi()
    pressed, key = await door.press(), await door.key(Scope.ANSWER, person="ola")
    assert pressed.alarm is not None
    act = f"/v1/alarms/{pressed.alarm.id}/acknowledge"
    served = [r.path for r in short.routes if isinstance(r, Route) and not isinstance(r, APIRoute)]
    assert {"/v1/alarms/{id}/acknowledge", "/v1/drills"} <= set(served)
    asked = [("POST", act, key), ("POST", act, {}), ("GET", act, key), ("POST", "/v1/alarms/none/decline", key)]
    for method, path, headers in asked:
        answers = []
        for app in (short, long):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC_URL) as http:
                answer = await http.request(method, path, headers=headers)
                answers.append((answer.status_code, answer.json(), answer.headers))
        assert answers[0] == answers[1]


async def test_other_rooms_bring_routers_and_their_errors_become_problems(door: House) -> None:
    router = APIRouter()

    @router.get("/full")
    async def full() -> None:
        raise NotDurable("the disk is full")

    @router.get("/undecidable")
    async def undecidable() -> None:
        raise Undecidable("a fault of its own")

    @router.get("/bug")
    async def bug() -> None:
        raise RuntimeError("secret inner thing")

    app = application(door, door.hub, door.sign_in, door.supervisor.spawn, [router])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
        durable, undecided, broken = [await http.get(path) for path in ("/full", "/undecidable", "/bug")]
    assert (durable.status_code, durable.json()["detail"]) == (503, "the disk is full")
    assert (undecided.status_code, undecided.json()["detail"]) == (503, "a fault of its own")
    assert durable.headers["retry-after"] == undecided.headers["retry-after"] == "1"
    assert broken.status_code == 500
    assert broken.headers["content-type"] == "application/problem+json"
    assert "secret" not in broken.text


async def test_before_the_first_organisation_keys_work_and_the_rest_says_what_to_do(door: House) -> None:
    key = await door.key(Scope.READ)
    door._cached = None
    async with door.client(key) as http:
        assert (await http.get("/v1/alarms")).status_code == 200
        answered = await http.get("/v1/organisation")
    assert answered.status_code == 404
    assert "alarmd apply" in answered.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/v1/drills", {"device": "desk-3", "kind": "rage"}, "kind: not known; expected 'duress', 'panic', "),
        ("/v1/alarms/x/note", {"text": "a\0b"}, "text: a text with a NUL character"),
        ("/v1/alarms/x/note", {"text": " "}, "text: empty"),
        ("/v1/alarms/x/note", {"text": "x" * 2001}, "text: longer than 2000 characters"),
        ("/v1/alarms?state=open&site=X/Y", None, "site: not the id of a site; expected letters a to z, digits and -"),
        ("/v1/alarms?state=half", None, "state: not known; expected 'open' or 'closed'"),
    ],
)
async def test_what_cannot_be_read_is_told_without_patterns(
    door: House, path: str, body: dict[str, str] | None, says: str
) -> None:
    async with door.client({"Origin": PUBLIC_URL}) as http:
        await door.account("eva", "riktig hest")
        await http.post("/v1/session", json={"person": "eva", "password": "riktig hest"})
        answered = await (http.get(path) if body is None else http.post(path, json=body))
    assert answered.status_code == 422
    assert answered.json()["detail"].startswith(says)


def test_a_fault_that_nobody_foresaw_is_told_without_patterns_too() -> None:
    """None of our shapes can have one today; a new one must not speak of regular expressions."""
    unforeseen = ("date_parsing", {"error": "x"}), ("string_pattern_mismatch", {"pattern": "^[0-9]$"})
    for kind, more in unforeseen:
        words = told([{"type": kind, "loc": ("body", "when"), "msg": "Input should be", "ctx": more}])
        assert words == "when: cannot be read; /openapi.json says what is expected"
