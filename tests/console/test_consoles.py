"""Who is at which console, as the people's door tells it: what a console says over its line, the counts in the feed,
and who may see the rest."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from alarmd.access.model import Scope
from alarmd.console.feed import BEAT
from alarmd.console.shapes import ConsolesShape
from alarmd.dispatch.presence import KEPT
from tests.support.house import PUBLIC_URL, Console, House, console, house
from tests.support.intake import Bell
from tests.support.virtual import VirtualClock

PEOPLE = ("ola", "eva", "kari")


class Ears(Bell):
    """Rung whenever a console has said how it is, so many times, or is closed."""

    times = 0


@pytest.fixture
async def door(tmp_path: Path, bell: Ears) -> AsyncIterator[House]:
    async with house(tmp_path / "alarmd.db", VirtualClock()) as made:
        made.hub.consoles = lambda: made.presence.counts
        here, left = made.presence.here, made.presence.left

        def said(*what: Any, **how: Any) -> None:
            here(*what, **how)
            bell.times += 1
            bell.ring()

        def gone(line: object) -> None:
            left(line)
            bell.ring()

        made.presence.here, made.presence.left = said, gone  # type: ignore[method-assign]  # it rings, too
        for person in PEOPLE:
            await made.account(person, "riktig hest")
        yield made


@pytest.fixture
def bell() -> Ears:
    return Ears()


@pytest.fixture
async def address(door: House) -> AsyncIterator[str]:
    async with door.serve() as where:
        yield where


async def signed_in(door: House, person: str) -> dict[str, str]:
    async with door.client({"Origin": PUBLIC_URL}) as http:
        await http.post("/v1/session", json={"person": person, "password": "riktig hest"})
        return {"Cookie": f"alarmd_session={http.cookies['alarmd_session']}", "Origin": PUBLIC_URL}


async def say(one: Console, **what: Any) -> None:
    await one.socket.send(orjson.dumps({"type": "here", **what}).decode())


async def listed(door: House, headers: Mapping[str, str]) -> dict[str, Any]:
    async with door.client(headers) as http:
        body: dict[str, Any] = (await http.get("/v1/consoles")).json()
    return body


async def test_a_console_that_says_so_is_listed_until_it_closes(door: House, address: str, bell: Ears) -> None:
    ola = await signed_in(door, "ola")
    async with console(address, ola) as one:
        await say(one, armed=False)
        await bell.until(door.presence.known)
        body = await listed(door, ola)
        ConsolesShape.model_validate(body)
        told = {"person": "ola", "roles": ["guard"], "site": None, "node": "one", "since": "2027-03-01T09:00:00.000Z"}
        assert body == {
            "open": 1,
            "armed": 0,
            "complete": False,
            "consoles": [{**told, "armed": False, "visible": True}],
        }
        await say(one, armed=True, visible=False, later="a key that is not known yet")
        await bell.until(lambda: door.presence.known()[0][1].armed)
        assert (await listed(door, ola))["consoles"] == [{**told, "armed": True, "visible": False}]
    await bell.until(lambda: not door.presence.known())
    assert (await listed(door, ola))["open"] == 0


async def test_whoever_only_follows_is_at_no_console(door: House, address: str, bell: Ears) -> None:
    ola = await signed_in(door, "ola")
    async with console(address, ola) as one, console(address, await door.key(Scope.READ)) as key:
        for words in (
            "",
            "hei",
            "[]",
            '{"type":"here"}',
            '{"type":"here","armed":"yes"}',
            '{"type":"hello","armed":true}',
        ):
            await one.socket.send(words)
        await one.socket.send(b'{"type":"here","armed":true}')
        await say(key, armed=True)
        await say(one, armed=True)  # by now all the others were read
        await bell.until(lambda: bell.times == 2)
        assert [each.person for _, each in door.presence.known()] == ["ola"]
        await door.press()
        await one.until(door.hub.position)
        assert one.positions, "nobody is cut for what he says"


async def test_hello_and_beat_tell_how_many_there_are(door: House, address: str, bell: Ears) -> None:
    assert isinstance(door.clock, VirtualClock)
    ola = await signed_in(door, "ola")
    async with console(address, ola) as one:
        assert (await one.frame())["consoles"] == {"open": 0, "armed": 0, "complete": False}
        await one.frame()
        await say(one, armed=True)
        await bell.until(door.presence.known)
        door.presence.look()
        await door.clock.advance(BEAT.total_seconds())
        beat = await one.frame()
        assert (beat["type"], beat["consoles"]) == ("beat", {"open": 1, "armed": 1, "complete": False})
        door.clock._now += KEPT
        door.presence.look()
        async with console(address, ola) as late:
            assert (await late.frame())["consoles"]["open"] == 0, "it has slept"


async def test_guards_managers_and_admins_see_who_is_at_a_console(door: House) -> None:
    statuses = {}
    for person in PEOPLE:
        async with door.client(await signed_in(door, person)) as http:
            statuses[person] = (await http.get("/v1/consoles")).status_code
    assert statuses == {"ola": 200, "eva": 200, "kari": 403}
    for scope, status in ((Scope.ADMIN, 200), (Scope.READ, 403), (Scope.PRESS, 403)):
        async with door.client(await door.key(scope)) as http:
            assert (await http.get("/v1/consoles")).status_code == status
    async with door.client() as http:
        assert (await http.get("/v1/consoles")).status_code == 401


async def test_who_is_limited_to_a_site_sees_the_consoles_that_show_it(door: House, address: str, bell: Ears) -> None:
    ola, kari = await signed_in(door, "ola"), await signed_in(door, "kari")
    async with console(address, ola) as everywhere, console(address, kari) as here:
        await say(everywhere, armed=True)
        await say(here, armed=True)
        await bell.until(lambda: len(door.presence.known()) == 2)
        for site, people in ((None, {"ola", "kari"}), ("fjordvik", {"ola", "kari"}), ("dalen", {"ola"})):
            body = await listed(door, await door.key(Scope.ADMIN, site=site))
            assert {each["person"] for each in body["consoles"]} == people
            assert body["open"] == body["armed"] == len(people)
