"""Signing in and out: the cookie, foreign pages, guessing, and that nobody can be told apart from somebody by the
answer."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI

from alarmd.access.model import Scope
from alarmd.access.secrets import password_fits
from alarmd.commands.accounts import set_password
from alarmd.console.application import server
from alarmd.console.shapes import SessionShape
from alarmd.console.sign_in import LASTS
from alarmd.console.throttle import ADDRESS, MOST, PAIR, PERSON, WINDOW, Throttle
from alarmd.dispatch.sisters import Sisters
from alarmd.errors import CannotStart
from alarmd.store import open_database
from tests.support.daemon import daemon
from tests.support.house import PUBLIC_URL, House, house
from tests.support.organisations import office
from tests.support.virtual import VirtualClock

OURS = {"Origin": PUBLIC_URL}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "alarmd.db", VirtualClock()) as made:
        await made.account("ola", "riktig hest")
        yield made


async def test_in_and_out_again(door: House) -> None:
    async with door.client(OURS) as http:
        assert (await http.get("/v1/session")).status_code == 401
        begun = await http.post("/v1/session", json={"person": " Ola ", "password": "riktig hest"})
        shown = SessionShape.model_validate(begun.json())
        assert (shown.person, shown.name, shown.roles, shown.language) == ("ola", "Ola Fjord", ["guard"], "nb")
        assert shown.expires == "2027-03-01T21:00:00.000Z"
        cookie = begun.headers["set-cookie"]
        assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Max-Age=43200", "Path=/"))
        assert "Secure" not in cookie
        assert (await http.get("/v1/session")).json() == begun.json()
        alarm = (await door.press()).alarm
        assert alarm is not None
        taken = await http.post(f"/v1/alarms/{alarm.id}/acknowledge", json={})
        assert [r["person"] for r in taken.json()["responders"]] == ["ola"]
        detail = (await http.get(f"/v1/alarms/{alarm.id}")).json()
        assert [e["by"]["channel"] for e in detail["timeline"] if e["kind"] == "acknowledged"] == ["console"]
        old = {"Cookie": f"alarmd_session={http.cookies['alarmd_session']}"}
        assert (await http.delete("/v1/session")).status_code == 204
        assert not http.cookies
        assert (await http.get("/v1/session", headers=old)).status_code == 401
        assert (await http.delete("/v1/session")).status_code == 204


async def test_a_session_ends_after_twelve_hours_and_when_its_person_leaves(door: House) -> None:
    async with door.client(OURS) as http:
        await http.post("/v1/session", json={"person": "ola", "password": "riktig hest"})
        await door.apply(replace(office(), people={k: v for k, v in office().people.items() if k != "ola"}))
        assert (await http.get("/v1/session")).status_code == 401
        assert (await http.get("/v1/alarms")).status_code == 401
        left = await http.post("/v1/session", json={"person": "ola", "password": "riktig hest"})
        assert (left.status_code, left.json()["detail"]) == (401, "wrong user name or password")
        await door.apply(office())
        assert (await http.get("/v1/alarms")).status_code == 200
        assert isinstance(door.clock, VirtualClock)
        door.clock._now += LASTS
        assert (await http.get("/v1/alarms")).status_code == 401
        assert (await http.get("/v1/session")).status_code == 401


async def test_a_new_password_ends_every_session_of_its_person_and_nobody_elses(door: House, tmp_path: Path) -> None:
    await door.account("eva", "et annet hest")
    async with door.client(OURS) as ola, door.client(OURS) as also_ola, door.client(OURS) as eva:
        for http, person, password in (
            (ola, "ola", "riktig hest"),
            (also_ola, "ola", "riktig hest"),
            (eva, "eva", "et annet hest"),
        ):
            assert (await http.post("/v1/session", json={"person": person, "password": password})).status_code == 200
        with closing(open_database(f"sqlite:///{tmp_path}/alarmd.db", node="shell")) as shell:
            set_password(shell, "ola", "en helt ny hest")
        await door.look()
        assert [(await http.get("/v1/session")).status_code for http in (ola, also_ola, eva)] == [401, 401, 200]
        assert (await ola.get("/v1/alarms")).status_code == 401
        again = {"person": "ola", "password": "en helt ny hest"}
        assert (await ola.post("/v1/session", json=again)).status_code == 200


async def test_no_session_begins_with_a_password_that_was_changed_while_it_was_compared(
    door: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed_meanwhile(hash: str | None, password: str) -> bool:
        with closing(open_database(f"sqlite:///{tmp_path}/alarmd.db", node="shell")) as shell:
            set_password(shell, "ola", "en helt ny hest")
        return password_fits(hash, password)

    monkeypatch.setattr("alarmd.console.sign_in.password_fits", changed_meanwhile)
    async with door.client(OURS) as http:
        late = await http.post("/v1/session", json={"person": "ola", "password": "riktig hest"})
        assert (late.status_code, late.json()["detail"]) == (401, "wrong user name or password")
        assert "set-cookie" not in late.headers


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (PUBLIC_URL, 200),
        ("https://alarm.example", 200),
        ("http://alarm.example:8080", 403),
        ("http://elsewhere.example", 403),
        ("http://alarm.example.elsewhere.example", 403),
        ("null", 403),
        ("http://[", 403),
        (None, 403),
    ],
)
async def test_a_cookie_changes_something_only_from_our_own_pages(door: House, origin: str | None, status: int) -> None:
    alarm = (await door.press()).alarm
    assert alarm is not None
    async with door.client() as http:
        assert (
            await http.post("/v1/session", json={"person": "ola", "password": "riktig hest"}, headers=OURS)
        ).is_success
        headers = {"Origin": origin} if origin else {}
        answered = await http.post(f"/v1/alarms/{alarm.id}/acknowledge", json={}, headers=headers)
        assert answered.status_code == status
        assert (await http.get("/v1/alarms", headers=headers)).status_code == 200


async def test_the_address_that_was_asked_is_ours_too_and_a_foreign_page_signs_nobody_in(door: House) -> None:
    body = {"person": "ola", "password": "riktig hest"}
    async with door.client() as http:
        local = {"Host": "10.0.0.5:8080", "Origin": "http://10.0.0.5:8080"}
        assert (await http.post("/v1/session", json=body, headers=local)).status_code == 200
        foreign = {"Origin": "http://elsewhere.example"}
        assert (await http.post("/v1/session", json=body, headers=foreign)).status_code == 403
        assert (await http.post("/v1/session", json=body, headers={"Origin": "null", "Host": ""})).status_code == 403


async def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(
    door: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str | None] = []

    def comparing(hash: str | None, _password: str) -> bool:
        compared.append(hash)
        return False

    monkeypatch.setattr("alarmd.console.sign_in.password_fits", comparing)
    async with door.client() as http:
        answers = [
            (await http.post("/v1/session", json={"person": person, "password": "x"})) for person in ("ola", "nobody")
        ]
    assert [a.status_code for a in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    assert len(compared) == 2


async def test_guessing_is_slowed_down_and_says_for_how_long(door: House) -> None:
    async with door.client() as http:

        async def guess(password: str) -> int:
            answered = await http.post("/v1/session", json={"person": "ola", "password": password})
            if answered.status_code == 429:
                assert int(answered.headers["retry-after"]) > 0
            return answered.status_code

        assert [await guess("feil") for _ in range(PAIR + 1)] == [401] * PAIR + [429]
        assert await guess("riktig hest") == 429
        assert isinstance(door.clock, VirtualClock)
        await door.clock.advance(WINDOW.total_seconds())
        assert await guess("riktig hest") == 200
        assert [await guess("feil") for _ in range(PAIR)] == [401] * PAIR


async def test_wrong_tries_from_one_address_lock_nobody_out_at_another(door: House) -> None:
    async def sign_in(address: str, password: str) -> int:
        transport = httpx.ASGITransport(door.app, client=(address, 40000))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
            return (await http.post("/v1/session", json={"person": "ola", "password": password})).status_code

    assert [await sign_in("203.0.113.9", "feil") for _ in range(PAIR + 1)] == [401] * PAIR + [429]
    assert await sign_in("203.0.113.9", "riktig hest") == 429
    assert await sign_in("198.51.100.7", "riktig hest") == 200


@pytest.mark.parametrize(
    ("trusted", "peer", "statuses"),
    [
        ("172.18.0.1", "172.18.0.1", [429, 200]),
        ("127.0.0.1, 172.16.0.0/12", "172.18.0.1", [429, 200]),
        ("", "172.18.0.1", [429, 429]),
        ("", "127.0.0.1", [429, 429]),
        ("10.0.0.0/8", "172.18.0.1", [429, 429]),
    ],
)
async def test_behind_a_trusted_proxy_clients_are_told_apart_and_nobody_else_can_pretend_to_be_another(
    door: House, trusted: str, peer: str, statuses: list[int]
) -> None:
    config = server(door.app, trusted).config
    config.load()

    async def sign_in(behind: str, password: str) -> int:
        transport = httpx.ASGITransport(config.loaded_app, client=(peer, 40000))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
            body, headers = {"person": "ola", "password": password}, {"X-Forwarded-For": behind}
            return (await http.post("/v1/session", json=body, headers=headers)).status_code

    assert [await sign_in("203.0.113.9", "feil") for _ in range(PAIR)] == [401] * PAIR
    assert [await sign_in(behind, "riktig hest") for behind in ("203.0.113.9", "198.51.100.7")] == statuses


@pytest.mark.parametrize("wrong", ["*", "proxy.example", "172.16.0.1/12", "127.0.0.1 172.18.0.1"])
def test_a_proxy_that_is_no_address_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(CannotStart, match="ALARMD_TRUSTED_PROXIES: "):
        server(FastAPI(), f"127.0.0.1, {wrong}")


async def test_a_name_stands_in_the_log_only_where_such_a_person_exists(door: House) -> None:
    """Somebody in a hurry types his password where his name belongs."""
    async with door.client(OURS) as http:
        with structlog.testing.capture_logs() as told:
            for person in ("ola", "my-secret-1"):
                for _ in range(PAIR + 1):
                    await http.post("/v1/session", json={"person": person, "password": "feil"})
    assert [line.get("person") for line in told] == ["ola"] * (PAIR + 1) + [None] * (PAIR + 1)
    assert [line["event"] for line in told[-2:]] == ["sign-in refused", "sign-in throttled"]
    assert "my-secret-1" not in str(told)


NO_ID = "not an id; expected letters a to z, digits and -, and for a zone site/zone"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "person: missing; password: missing"),
        ('{"person":"ola"}', "password: missing"),
        ('{"person":"../x","password":"x"}', f"person: {NO_ID}"),
        ('{"person":"riktig hest","password":""}', f"person: {NO_ID}; password: empty"),
        (
            '{"person":7,"password":"' + "riktig" * 200 + '"}',
            "person: not a text; password: longer than 1000 characters",
        ),
        ('{"person":"ola","password":"x","pasword":"riktig"}', "pasword: not known here; look for a misspelling"),
        ("[]", "body: not an object"),
        ("person=riktig", "body: not JSON in UTF-8: expected value at line 1 column 1"),
    ],
)
async def test_half_a_sign_in_is_malformed_and_told_in_plain_words(door: House, body: str, says: str) -> None:
    async with door.client() as http:
        answered = await http.post("/v1/session", content=body)
    assert (answered.status_code, answered.json()["detail"]) == (422, says)
    assert "riktig" not in answered.text


async def test_a_key_signs_nobody_in_and_no_session_stands_in_for_a_bad_key(door: House) -> None:
    async with door.client(OURS) as http:
        assert (await http.get("/v1/session", headers=await door.key(Scope.READ))).status_code == 401
        await http.post("/v1/session", json={"person": "ola", "password": "riktig hest"})
        assert (await http.get("/v1/alarms", headers={"Authorization": "Bearer x"})).status_code == 401


def test_an_address_and_a_person_have_limits_of_their_own() -> None:
    clock = VirtualClock()
    now = clock.now()
    throttle = Throttle("password", Sisters(), clock)
    for n in range(ADDRESS):
        assert throttle.begin(f"p-{n}", "a", now) == 0
    assert throttle.begin("another", "a", now) == WINDOW.total_seconds()
    assert throttle.begin("another", "b", now) == 0
    throttle = Throttle("password", Sisters(), clock)
    for n in range(PERSON):
        assert throttle.begin("ola", f"a-{n}", now) == 0
    assert throttle.begin("ola", "fresh", now) > 0


def test_going_from_node_to_node_helps_nobody() -> None:
    clock, sisters = VirtualClock(), [Sisters(), Sisters()]
    one, two = (Throttle("password", each, clock) for each in sisters)
    pins = Throttle("pin", sisters[1], clock)

    def news_arrives() -> None:
        for from_, to in (sisters, reversed(sisters)):
            while from_._words:
                to.told(from_._words.popleft())

    for n in range(PAIR):
        assert (one, two)[n % 2].begin("ola", "a", clock.now()) == 0
        news_arrives()
    assert one.begin("ola", "a", clock.now()) == two.begin("ola", "a", clock.now()) == WINDOW.total_seconds()
    assert pins.begin("ola", "a", clock.now()) == 0, "passwords are one thing, PINs another"
    clock._now += WINDOW
    assert one.begin("ola", "a", clock.now()) == 0
    one.succeeded("ola", "a")
    news_arrives()
    assert len(two._tries["ola", ""]) == PAIR, "a right password is no guess at the other node either"
    for _ in range(PAIR):
        assert two.begin("ola", "a", clock.now()) == 0, "and where no news arrives a node counts for itself"


def test_a_right_password_is_no_guess_and_counters_are_bounded() -> None:
    clock = VirtualClock()
    now = clock.now()
    throttle = Throttle("password", Sisters(), clock)
    for _ in range(ADDRESS * 2):
        assert throttle.begin("ola", "a", now) == 0
        throttle.succeeded("ola", "a")
    for n in range(MOST):
        throttle.begin(f"p-{n}", f"a-{n}", now)
    assert len(throttle._tries) == MOST


def test_the_daemon_believes_the_proxies_of_its_settings(tmp_path: Path) -> None:
    with daemon(tmp_path, trusted_proxies="127.0.0.1") as one:
        one.start()

        def guess(behind: str) -> int:
            body, headers = {"person": "ola", "password": "feil"}, {"X-Forwarded-For": behind}
            return httpx.post(f"{one.url}/v1/session", json=body, headers=headers, trust_env=False).status_code

        assert [guess("203.0.113.9") for _ in range(PAIR + 1)] == [401] * PAIR + [429]
        assert guess("198.51.100.7") == 401
