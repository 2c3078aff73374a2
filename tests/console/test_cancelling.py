"""Cancelling by PIN over HTTP: who may, what is refused, and that whoever stands there cannot tell by anything that his
key can read which PIN it was."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from statistics import median

import httpx
import orjson
import pytest
import structlog

from alarmd.access import secrets
from alarmd.access.model import Scope
from alarmd.alarm.effects import ReportFault
from alarmd.alarm.incoming import Action, DeadlinePassed, FaultFound, Pressed
from alarmd.alarm.model import Person
from alarmd.clock import new_id
from alarmd.console.shapes import AlarmDetailShape
from alarmd.console.throttle import PAIR, WINDOW
from tests.console.test_alarms import problem
from tests.escalation.stories import one
from tests.escalation.test_cancelling import running_out, staffed
from tests.support.house import PUBLIC_URL, House, console, house
from tests.support.organisations import answered_by, step, team
from tests.support.virtual import VirtualClock

HONEST, DURESS, WRONG = "2580", "9137", "1111"
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


async def furnished(made: House) -> House:
    for person in ("kari", "nils", "siri", "ola", "tor", "eva", "gone"):
        await made.pins(person, HONEST, DURESS)
    return made


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "alarmd.db", VirtualClock(), staffed()) as made:
        yield await furnished(made)


async def pressed(door: House, device: str = "desk-3") -> str:
    alarm = (await door.press(device)).alarm
    assert alarm is not None
    return alarm.id


async def pressed_by(door: House, person: str) -> str:
    alarm = (await door.submit(Pressed(Person(person, person, "phone"), zone="fjordvik/reception"))).alarm
    assert alarm is not None
    return alarm.id


def normal(content: bytes) -> bytes:
    """Ids by the order in which they come."""
    names: dict[bytes, bytes] = {}
    return UUID.sub(lambda found: names.setdefault(found[0], b"id-%d" % len(names)), content)


async def test_the_pin_ends_it_and_the_duress_pin_only_seems_to(door: House) -> None:
    kari, ola = await door.key(Scope.ANSWER, person="kari"), await door.key(Scope.ANSWER, person="ola")
    async with door.client(kari) as http, door.client(ola) as guard:
        for pin, state, kind in ((HONEST, "cancelled", "panic"), (DURESS, "raised", "duress")):
            id = await pressed(door)
            answer = await http.post(f"/v1/alarms/{id}/cancel", json={"pin": pin})
            assert answer.status_code == 200
            assert (answer.json()["state"], answer.json()["kind"]) == ("cancelled", "panic")
            seen = (await guard.get(f"/v1/alarms/{id}")).json()
            assert (seen["state"], seen["kind"], seen["coerced"]) == (state, kind, pin == DURESS)
            AlarmDetailShape.model_validate(seen)


async def faults(door: House) -> list[str]:
    """What the outbox reports of chains; the technical alarms that it makes."""
    due = await door.store.transact(lambda unit: unit.recall(door.node, door.clock.now(), besides=()))
    found = [FaultFound(d.effect.cause, d.effect.text, about=d.alarm) for d in due if isinstance(d.effect, ReportFault)]
    alarms = [(await door.submit(each)).alarm for each in found]
    return [alarm.id for alarm in alarms if alarm is not None]


async def run_out(door: House, alarm: str, guard: httpx.AsyncClient) -> list[str]:
    """Half a minute later the duress chain, if it goes on by that, has come to its end; what a guard is told of it."""
    assert isinstance(door.clock, VirtualClock)
    door.clock._now += timedelta(seconds=31)
    await door.submit(DeadlinePassed(alarm))
    hidden = await faults(door)
    for fault in hidden:
        assert (await guard.get(f"/v1/alarms/{fault}")).json()["kind"] == "technical"
    return hidden


async def all_about(id: str, http: httpx.AsyncClient) -> list[httpx.Response]:
    """Whatever can be asked of and done to an alarm."""
    path = f"/v1/alarms/{id}"
    acts = [(action, {"text": "x"} if action is Action.NOTE else {"reason": "x"}) for action in Action]
    acts += [(Action.CANCEL, {"pin": HONEST})]
    return [await http.get(path), *[await http.post(f"{path}/{action}", json=body) for action, body in acts]]


def kept(response: httpx.Response) -> bytes:
    headers = sorted(f"{k}: {v}" for k, v in response.headers.items())
    return b"%d %s\n" % (response.status_code, "\n".join(headers).encode()) + response.content


async def asked(door: House, id: str, pin: str, http: httpx.AsyncClient, guard: httpx.AsyncClient) -> list[bytes]:
    """All that can be asked of this alarm and of whatever comes of it, from its cancel to its end."""
    base = f"/v1/alarms/{id}"
    read = [await http.post(f"{base}/cancel", json={"pin": pin, "reason": "bumped into it"})]
    hidden = await run_out(door, id, guard)
    assert len(hidden) == (2 if pin == DURESS else 0)
    for verb in ("en_route", "arrived", "note"):
        await guard.post(f"{base}/{verb}", json={"text": "back door"} if verb == "note" else {})
    door.hub._beat()
    lists = ("/v1/alarms", "/v1/alarms?state=open", "/v1/alarms?state=closed", base)
    read += [await http.get(path) for path in lists]
    for verb in ("acknowledge", "arrived", "decline", "note"):
        read.append(await http.post(f"{base}/{verb}", json={"text": "quiet here"} if verb == "note" else {}))
    read += [await http.post(f"{base}/cancel", json={"pin": again}) for again in (HONEST, DURESS, WRONG)]
    for unknown in hidden or (new_id(), new_id()):
        read += await all_about(unknown, http)
    for each in (id, *hidden):
        await guard.post(f"/v1/alarms/{each}/resolve", json={"outcome": "real", "reason": "seen to"})
    read += [await http.get(path) for path in lists]
    return [kept(each) for each in read]


async def live(door: House, pin: str, presser: str) -> list[bytes]:
    """A morning in which somebody cancels by this PIN what he has pressed, and all that his key could read of it.
    Under duress the chain comes to its end before somebody answers."""
    own, ola = await door.key(Scope.ANSWER, person=presser), await door.key(Scope.ANSWER, person="ola")
    async with door.serve() as address, console(address, own) as feed:
        before = door.hub.position
        id = await (pressed(door) if presser == "kari" else pressed_by(door, presser))
        async with door.client(own) as http, door.client(ola) as guard:
            read = await asked(door, id, pin, http, guard)
        door.hub._beat()
        while len(feed.frames) < 2 or [f["type"] for f in feed.frames[-2:]] != ["beat", "beat"]:
            await feed.frame()
        read.append(orjson.dumps(feed.frames))
        for after in (None, 0, before, *(feed.frames[-1]["position"] + n for n in (0, 1, 10))):
            async with console(address, own, after) as back:
                await back.frame()
                door.hub._beat()
                while back.frames[-1]["type"] != "beat":
                    await back.frame()
                read.append(orjson.dumps(back.frames))
    return [normal(each).replace(own["X-Name"].encode(), b"own") for each in read]


@pytest.mark.parametrize("presser", ["kari", "tor", "eva"])
async def test_nothing_that_the_pressers_key_can_read_tells_the_pins_apart(tmp_path: Path, presser: str) -> None:
    """Kari is limited to her site; Tor and Eva, who as a manager may close alarms, are not."""
    lives: list[list[bytes]] = []
    for pin in (HONEST, DURESS):
        async with house(tmp_path / f"{pin}.db", VirtualClock(), running_out()) as made:
            lives.append(await live(await furnished(made), pin, presser))
    assert len(lives[0]) == len(lives[1])
    for honest, duress in zip(*lives, strict=True):
        assert duress == honest


async def test_the_feed_before_the_veil_shows_it_all_and_behind_it_a_cancel(door: House) -> None:
    keys = {who: await door.key(Scope.ANSWER, person=who) for who in ("kari", "siri", "ola")}
    keys["program"] = await door.key(Scope.READ)
    kinds: dict[str, list[str]] = {}
    id = await pressed(door)
    start = door.hub.position
    async with door.serve() as address:
        async with door.client(keys["kari"]) as http:
            await http.post(f"/v1/alarms/{id}/cancel", json={"pin": DURESS})
        for who, key in keys.items():
            async with console(address, key, start) as feed:
                await feed.until(door.hub.position if who in ("ola", "program") else start + 1)
                kinds[who] = [e["kind"] for f in feed.frames if f["type"] == "events" for e in f["events"]]
    assert kinds["ola"] == kinds["program"]
    assert kinds["ola"][:2] == ["upgraded", "step_due"]
    assert kinds["kari"] == kinds["siri"] == ["cancelled"]


async def test_whom_a_step_tells_sees_it_from_then_on(tmp_path: Path) -> None:
    organisation = staffed(answered_by(step(0, team("guards")), step(30, one("nils"))))
    clock = VirtualClock()
    async with house(tmp_path / "alarmd.db", clock, organisation) as made, made.serve() as address:
        door = await furnished(made)
        kari, nils = await door.key(Scope.ANSWER, person="kari"), await door.key(Scope.ANSWER, person="nils")
        id = await pressed(door)
        async with door.client(kari) as http, door.client(nils) as told, console(address, nils) as feed:
            await http.post(f"/v1/alarms/{id}/cancel", json={"pin": DURESS})
            assert problem(await told.post(f"/v1/alarms/{id}/acknowledge"), 409)["alarm"]
            clock._now += timedelta(seconds=31)
            await door.submit(DeadlinePassed(id))
            await feed.until(door.hub.position)
            assert [f["events"][0]["kind"] for f in feed.frames if f["type"] == "events"] == ["cancelled", "step_due"]
            assert (await told.get(f"/v1/alarms/{id}")).json()["coerced"]
            assert (await told.post(f"/v1/alarms/{id}/acknowledge")).status_code == 200
            assert "goes on" in str(problem(await told.post(f"/v1/alarms/{id}/cancel", json={"pin": HONEST}), 403))


async def test_a_signed_in_person_cancels_what_she_raised_on_her_phone(door: House) -> None:
    await door.account("kari", "riktig hest")
    await door.pins("kari", HONEST, DURESS)
    async with door.client({"Origin": PUBLIC_URL}) as http:
        await http.post("/v1/session", json={"person": "kari", "password": "riktig hest"})
        taken = await door.submit(Pressed(Person("kari", "Kari", "phone"), zone="fjordvik/room-3"))
        assert taken.alarm is not None
        base = f"/v1/alarms/{taken.alarm.id}"
        assert (await http.post(f"{base}/cancel", json={"pin": HONEST})).json()["state"] == "cancelled"
        cancelled = (await http.get(base)).json()["timeline"][-1]
        assert (cancelled["data"], cancelled["by"]["person"]) == ({"reason": None, "pin": True}, "kari")


async def test_a_wrong_pin_and_none_at_all_are_refused_alike_and_the_alarm_lives_on(door: House) -> None:
    id = await pressed(door)
    told: set[str] = set()
    async with door.client(await door.key(Scope.PRESS, device="desk-3")) as http:
        with structlog.testing.capture_logs() as logs:
            for body in ({"person": "kari"}, {"person": "tor"}, {"person": "gone", "pin": HONEST}, {"person": "1234"}):
                refused = await http.post(f"/v1/alarms/{id}/cancel", json={"pin": WRONG} | body)
                told.add(str(problem(refused, 403)["detail"]))
    assert told == {"not the PIN of this person, or none is set (`alarmd pin set`); the alarm goes on"}
    assert [line.get("person") for line in logs if line["event"] == "PIN refused"] == ["kari", None, None, None]
    assert WRONG not in str(logs)
    async with door.client(await door.key(Scope.READ)) as http:
        assert (await http.get(f"/v1/alarms/{id}")).json()["state"] == "raised"


async def test_guessing_is_slowed_down_whatever_is_typed_then(door: House) -> None:
    id = await pressed(door)
    async with door.client(await door.key(Scope.ANSWER, person="kari")) as http:
        for _ in range(PAIR):
            problem(await http.post(f"/v1/alarms/{id}/cancel", json={"pin": WRONG}), 403)
        slowed = [await http.post(f"/v1/alarms/{id}/cancel", json={"pin": pin}) for pin in (WRONG, HONEST, DURESS)]
        for refused in slowed:
            problem(refused, 429)
        assert len({(refused.content, refused.headers["retry-after"]) for refused in slowed}) == 1
        assert isinstance(door.clock, VirtualClock)
        door.clock._now += WINDOW
        assert (await http.post(f"/v1/alarms/{id}/cancel", json={"pin": HONEST})).status_code == 200


@pytest.mark.parametrize("pin", [HONEST, DURESS])
async def test_a_right_pin_is_no_guess_whichever_it_is(door: House, pin: str) -> None:
    async with door.client(await door.key(Scope.ANSWER, person="kari")) as http:
        for _ in range(PAIR + 1):
            id = await pressed(door)
            assert (await http.post(f"/v1/alarms/{id}/cancel", json={"pin": pin})).status_code == 200


async def test_who_may_cancel_by_pin_and_what_is_missing(door: House) -> None:
    id = await pressed(door)
    path, pin = f"/v1/alarms/{id}/cancel", {"pin": HONEST}
    async with door.client() as http:
        for headers, body, status, said in (
            ({}, pin, 401, "sign in"),
            (await door.key(Scope.READ), pin, 403, "may not close or cancel"),
            (await door.key(Scope.ADMIN), pin, 403, "may not close or cancel"),
            (await door.key(Scope.ANSWER, person="siri"), pin, 403, "pressed elsewhere"),
            (await door.key(Scope.ANSWER, person="ola"), pin, 403, "pressed elsewhere"),
            (await door.key(Scope.ANSWER, person="kari"), {"reason": "x"}, 403, "may not close or cancel"),
            (await door.key(Scope.PRESS, device="desk-4"), pin | {"person": "kari"}, 403, "pressed elsewhere"),
            (await door.key(Scope.PRESS, device="desk-3"), pin, 422, "person: missing"),
            (await door.key(Scope.PRESS, device="desk-3"), {"reason": "x"}, 403, "may not close or cancel"),
            (await door.key(Scope.PRESS, site="dalen"), pin | {"person": "kari"}, 404, "no alarm"),
            (await door.key(Scope.ANSWER, person="kari"), pin | {"person": "nils"}, 422, "person: another"),
            (
                await door.key(Scope.ANSWER, person="kari"),
                {"pin": "12a4"},
                422,
                "pin: not a PIN; expected 4 to 8 digits",
            ),
            (await door.key(Scope.ANSWER, person="kari"), {"pin": "123"}, 422, "pin: not a PIN"),
            (await door.key(Scope.ANSWER, person="kari"), {"pin": 2580}, 422, "pin: not a text"),
        ):
            told = str(problem(await http.post(path, json=body, headers=headers), status)["detail"])
            assert said in told
            assert HONEST not in told
        kari = await door.key(Scope.ANSWER, person="kari")
        problem(await http.post("/v1/alarms/none/cancel", json=pin, headers=kari), 404)
        guard = await door.key(Scope.ANSWER, person="ola")
        told = str(problem(await http.post(f"/v1/alarms/{id}/acknowledge", json=pin, headers=guard), 422)["detail"])
        assert told == "pin, person: only to cancel by PIN"
        typed = pin | {"person": "siri"}
        done = await http.post(path, json=typed, headers=await door.key(Scope.PRESS, device="desk-3"))
        assert done.json()["state"] == "cancelled"


async def test_the_same_work_is_done_whatever_pin_is_typed(door: House, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str | None] = []
    fits = secrets.password_fits

    def counted(hash: str | None, typed: str) -> bool:
        hashed.append(hash)
        return fits(hash, typed)

    monkeypatch.setattr(secrets, "password_fits", counted)
    work: dict[str, tuple[int, int, int]] = {}
    async with door.client(await door.key(Scope.ANSWER, person="kari")) as http:
        await http.get("/v1/organisation")
        for pin in (WRONG, HONEST, DURESS):
            id = await pressed(door)
            hashed.clear()
            reads, writes = door.store.reads, door.store.writes
            await http.post(f"/v1/alarms/{id}/cancel", json={"pin": pin})
            work[pin] = len(hashed), door.store.reads - reads, door.store.writes - writes
    assert work[HONEST] == work[DURESS] == (2, work[WRONG][1], 1)
    assert work[WRONG][0] == 2


async def test_neither_pin_takes_longer(tmp_path: Path) -> None:
    """Fifty of each, in turn. Most of the time is the same hashing, on whatever machine."""
    now, took = asyncio.get_running_loop().time, {HONEST: list[float](), DURESS: list[float]()}
    async with house(tmp_path / "alarmd.db", organisation=staffed()) as made:
        door = await furnished(made)
        async with door.client(await door.key(Scope.ANSWER, person="kari")) as http:
            for n in range(100):
                id = await pressed(door)
                pin = DURESS if n % 2 else HONEST
                begun = now()
                assert (await http.post(f"/v1/alarms/{id}/cancel", json={"pin": pin})).status_code == 200
                took[pin].append(now() - begun)
    honest, duress = median(took[HONEST]), median(took[DURESS])
    assert 2 / 3 < duress / honest < 3 / 2, (honest, duress)
