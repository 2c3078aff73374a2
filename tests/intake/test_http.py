import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from alarmd.access.model import Caller, Scope
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device, Kind, Person
from alarmd.errors import AlarmdError, NotDurable, NotFound, NotSignedIn, Undecidable
from alarmd.intake.desk import Taken
from alarmd.intake.http import signals_router

SITES = {"desk-3": "fjordvik", "desk-9": "bergby"}
CALLERS = {
    "press": Caller("h1", "buttons", Scope.PRESS),
    "read": Caller("h2", "screen", Scope.READ),
    "desk-3": Caller("h3", "desk-3", Scope.PRESS, device="desk-3"),
    "fjordvik": Caller("h4", "office", Scope.PRESS, site="fjordvik"),
    "kari": Caller("h5", "kari", None, person="kari", site="fjordvik", roles=("staff",)),
}


class Desk:
    def __init__(self) -> None:
        self.pressed: list[Pressed] = []
        self.fails: Exception | None = None

    def site_of(self, *, device: str | None, zone: str | None) -> str:
        site = SITES.get(device, "") if device else (zone or "").partition("/")[0]
        if site not in SITES.values():
            raise NotFound(f"no device {device!r} or zone {zone!r}")
        return site

    async def submit(self, pressed: Pressed) -> Taken:
        if self.fails is not None:
            raise self.fails
        self.pressed.append(pressed)
        return Taken("s-1", "a-1", joined=False, state="raised")


async def sign_in(request: Request) -> Caller | None:
    word = request.headers.get("Authorization", "")
    if word == "Bearer gone":
        raise NotSignedIn("that key was revoked")
    return CALLERS.get(word.removeprefix("Bearer "))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(signals_router(desk, sign_in))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://alarmd") as client:
        yield client


async def press(client: httpx.AsyncClient, who: str, body: object) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/v1/signals", content=content, headers={"Authorization": f"Bearer {who}"} if who else {})


async def test_a_press_is_accepted_after_the_desk_has_it(client: httpx.AsyncClient, desk: Desk) -> None:
    answer = await press(client, "press", {"device": "desk-3", "kind": "panic", "ref": "r", "note": "n"})
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"signal": "s-1", "alarm": "a-1", "joined": False, "state": "raised"}
    assert desk.pressed == [Pressed(Device("desk-3"), "desk-3", kind=Kind.PANIC, ref="r", note="n")]


async def test_a_signed_in_person_presses_without_a_device(client: httpx.AsyncClient, desk: Desk) -> None:
    assert (await press(client, "kari", {"zone": "fjordvik/room-2"})).status_code == 202
    assert desk.pressed == [Pressed(Person("kari", "kari", "console"), zone="fjordvik/room-2")]


@pytest.mark.parametrize(
    ("who", "body", "status", "says"),
    [
        ("", {"device": "desk-3"}, 401, "sign in"),
        ("invented", {"device": "desk-3"}, 401, "sign in"),
        ("gone", {"device": "desk-3"}, 401, "revoked"),
        ("read", {"device": "desk-3"}, 403, "may not raise an alarm"),
        ("read", b"{", 403, "may not raise an alarm"),
        ("desk-3", {"device": "desk-9"}, 403, "for device desk-3 alone"),
        ("desk-3", {"device": "nobody"}, 403, "for device desk-3 alone"),
        ("fjordvik", {"device": "desk-9"}, 403, "limited to site fjordvik"),
        ("kari", {"zone": "bergby/x"}, 403, "limited to site fjordvik"),
        ("press", {"zone": "fjordvik/room-2"}, 403, "name the device, or sign in"),
        ("press", {"device": "nobody"}, 404, "nobody"),
        ("press", {"device": 7}, 422, "device: a number"),
        ("press", {"device": "desk-3", "kind": "rage"}, 422, "kind: 'rage'"),
        ("press", b"{", 422, "not JSON"),
        ("press", b"", 422, "not JSON"),
        ("press", b" " * 70_000, 422, "more than 65536 bytes"),
    ],
)
async def test_refusals_are_problems_and_nothing_is_pressed(
    client: httpx.AsyncClient, desk: Desk, who: str, body: object, status: int, says: str
) -> None:
    answer = await press(client, who, body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert says in problem["detail"]
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert desk.pressed == []


@pytest.mark.parametrize("fault", [NotDurable("disk full"), Undecidable("a fault of its own")])
async def test_what_cannot_be_made_durable_or_decided_is_503(
    client: httpx.AsyncClient, desk: Desk, fault: AlarmdError
) -> None:
    desk.fails = fault
    answer = await press(client, "press", {"device": "desk-3"})
    assert answer.status_code == 503
    assert answer.json()["detail"] == str(fault)
    assert answer.headers["retry-after"] == "1"


async def test_what_is_not_there_when_it_is_committed_is_404(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.fails = NotFound("no such device any more")
    assert (await press(client, "press", {"device": "desk-3"})).status_code == 404


async def test_the_schema_stands_in_openapi(client: httpx.AsyncClient) -> None:
    operation = (await client.get("/openapi.json")).json()["paths"]["/v1/signals"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"device", "zone", "kind", "ref", "note", "pressed_at"}
    assert schema["properties"]["kind"]["enum"] == [kind.value for kind in Kind]
    assert sorted(operation["responses"]) == ["202", "401", "403", "404", "422", "503"]
    assert "application/problem+json" in operation["responses"]["422"]["content"]
