"""The live feed over a real socket: hello, snapshot, every position once and in order, whatever is committed meanwhile;
slow, limited and revoked consoles."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import websockets
from starlette.requests import HTTPConnection
from websockets.asyncio.client import ClientConnection

from alarmd.access.model import Caller, Scope
from alarmd.access.rights import Right
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device
from alarmd.commands.accounts import set_password
from alarmd.console import viewer
from alarmd.console.feed import BEAT, LONGEST_PAUSE
from alarmd.console.shapes import AlarmShape, EventShape
from alarmd.console.sight import IN_ONE_FRAME
from alarmd.ports import EVENTS_LOST
from alarmd.store import open_database
from tests.support.house import PUBLIC_URL, WITHIN, Console, House, console, house
from tests.support.virtual import VirtualClock


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "alarmd.db") as made:
        yield made


@pytest.fixture
async def address(door: House) -> AsyncIterator[str]:
    async with door.serve() as where:
        yield where


async def test_hello_then_a_snapshot_then_events_at_once(door: House, address: str) -> None:
    alarm = (await door.press()).alarm
    assert alarm is not None
    head = door.hub.position
    async with console(address, await door.key(Scope.READ)) as c:
        hello, snapshot = await c.frame(), await c.frame()
        assert (hello["type"], hello["position"], hello["node"]) == ("hello", head, "one")
        assert (snapshot["type"], snapshot["position"]) == ("snapshot", head)
        assert [AlarmShape.model_validate(a).id for a in snapshot["alarms"]] == [alarm.id]
        taken = await door.press("under-desk-2", ref="r-2")
        await c.until(door.hub.position)
        assert c.positions == list(range(head + 1, door.hub.position + 1))
        raised = c.frames[2]["events"][0]
        EventShape.model_validate(raised)
        assert taken.alarm is not None
        assert (raised["kind"], raised["alarm"], raised["data"]["ref"]) == ("raised", taken.alarm.id, "r-2")


async def test_after_brings_exactly_what_was_missed(door: House, address: str) -> None:
    for n in range(3):
        await door.press(ref=f"r-{n}")
    head = door.hub.position
    key = await door.key(Scope.READ)
    for after in (0, 1, head - 1, head):
        async with console(address, key, after=after) as c:
            assert (await c.frame())["position"] == head
            await door.press(ref=f"after-{after}")
            await c.until(door.hub.position)
            assert [f["type"] for f in c.frames[:2]] == ["hello", "events"]
            assert c.positions == list(range(after + 1, door.hub.position + 1))
        head = door.hub.position
    async with console(address, key, after=head + 1) as c:
        assert [(await c.frame())["type"], (await c.frame())["type"]] == ["hello", "snapshot"]
        assert c.frames[1]["position"] == head


async def test_no_gap_and_no_repeat_while_presses_are_committed(
    door: House, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consoles come in all the time, with and without `after`, and have to be brought forward from the store, too."""
    door.hub._held = type(door.hub._held)(maxlen=7)
    monkeypatch.setattr("alarmd.console.live.IN_ONE_FRAME", 5)
    key = await door.key(Scope.READ)
    consoles: list[Console] = []

    async def pressing(hand: int) -> None:
        for n in range(60):
            await door.submit(Pressed(Device("desk-3"), device="desk-3", ref=f"{hand}-{n}"))

    async def watching(after: int | None) -> None:
        await door.press(ref=f"before-{len(consoles)}")
        async with console(address, key, after) as c:
            consoles.append(c)
            while door.hub.position < last:
                await c.frame()
            await c.until(last)

    first = await door.press(ref="first")
    last = door.hub.position + 120
    works = [pressing(hand) for hand in range(2)] + [watching(None if n % 2 else n) for n in range(16)]
    await door.together(*works)
    assert first.committed is not None
    assert len(consoles) == 16
    for c in consoles:
        begun = c.frames[1]["position"] if c.frames[1]["type"] == "snapshot" else c.positions[0] - 1
        assert c.positions == list(range(begun + 1, begun + 1 + len(c.positions)))
        assert c.positions[-1] >= last


async def test_a_site_limited_console_sees_its_site_and_the_position_moves_on(door: House, address: str) -> None:
    async with (
        console(address, await door.key(Scope.READ, site="dalen")) as elsewhere,
        console(address, await door.key(Scope.READ, site="fjordvik")) as here,
    ):
        assert [await elsewhere.frame(), await elsewhere.frame()][1]["alarms"] == []
        await here.frame()
        await door.press()
        await here.until(door.hub.position)
        assert len(here.positions) == door.hub.position
        door.hub._beat()
        beat = await elsewhere.frame()
        assert (beat["type"], beat["position"]) == ("beat", door.hub.position)
    async with console(address, await door.key(Scope.READ, site="dalen"), after=0) as elsewhere:
        await elsewhere.frame()
        door.hub._beat()
        assert (await elsewhere.frame())["type"] == "beat"
    door.hub._held.clear()
    await door.press(ref="again")
    async with console(address, await door.key(Scope.READ, site="dalen"), after=0) as elsewhere:
        await elsewhere.frame()
        door.hub._beat()
        assert (await elsewhere.frame())["type"] == "beat"
    async with console(address, await door.key(Scope.READ, site="fjordvik"), after=0) as here:
        await here.until(door.hub.position)
        assert {e["site"] for f in here.frames if f["type"] == "events" for e in f["events"]} == {"fjordvik"}


async def test_a_revoked_key_and_a_changed_right_close_the_feed(door: House, address: str) -> None:
    key, kept = await door.key(Scope.READ), await door.key(Scope.READ)
    async with console(address, key) as gone, console(address, kept) as stays:
        await gone.frame()
        await door.revoke(key)
        assert await gone.ended() == viewer.NOT_ANY_MORE
        await door.press()
        await stays.until(door.hub.position)
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with console(address, key):
            pass
    assert refused.value.response.status_code == 401


async def test_a_new_password_closes_the_feed_of_who_signed_in_with_the_old_one(
    door: House, address: str, tmp_path: Path
) -> None:
    await door.account("ola", "riktig hest")
    async with door.client({"Origin": PUBLIC_URL}) as http:
        await http.post("/v1/session", json={"person": "ola", "password": "riktig hest"})
        cookie = f"alarmd_session={http.cookies['alarmd_session']}"
    await door.look()
    async with console(address, {"Cookie": cookie, "Origin": PUBLIC_URL}) as c:
        await c.frame()
        with closing(open_database(f"sqlite:///{tmp_path}/alarmd.db", node="shell")) as shell:
            set_password(shell, "ola", "en helt ny hest")
        await door.look()
        async with asyncio.timeout(WITHIN):
            assert await c.ended() == viewer.NOT_ANY_MORE


async def test_a_key_that_is_revoked_while_its_feed_begins_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without waiting for a beat: time stands still here."""
    async with house(tmp_path / "alarmd.db", VirtualClock()) as door, door.serve() as address:
        key = await door.key(Scope.READ)
        may = door.sign_in.may

        async def may_just_now(connection: HTTPConnection, right: Right, *, site: str | None = None) -> Caller:
            caller = await may(connection, right, site=site)
            await door.revoke(key)
            return caller

        monkeypatch.setattr(door.sign_in, "may", may_just_now)
        async with console(address, key) as c:
            assert await c.ended() == viewer.NOT_ANY_MORE


async def test_who_may_not_look_is_refused_before_the_handshake(door: House, address: str) -> None:
    read = await door.key(Scope.READ)
    for headers, query, status in (
        ({}, "", 401),
        ({"Authorization": "Bearer x"}, "", 401),
        (await door.key(Scope.PRESS), "", 403),
        ({"Cookie": "alarmd_session=x", "Origin": "http://elsewhere.example"}, "", 403),
        ({"Cookie": "alarmd_session=x", "Origin": PUBLIC_URL}, "", 401),
        (read, "?after=x", 422),
        (read, "?after=-1", 422),
        (read, "?after=9999999999999999999", 422),
    ):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"ws://{address}/v1/live{query}", additional_headers=headers, proxy=None)
        response = refused.value.response
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"


async def test_a_console_that_takes_nothing_is_cut_and_comes_back_with_after(
    door: House, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "MOST_WAITING", 500_000)
    key = await door.key(Scope.READ)
    async with console(address, key) as quick, console(address, key, max_queue=1) as slow:
        await slow.frame()
        await slow.frame()
        stop_reading(slow.socket)
        note = "x" * 50_000
        begun = door.hub.position
        while door.hub._viewers and not any(v._end for v in door.hub._viewers):
            await door.press(note=note)
        await quick.until(door.hub.position)
        assert quick.positions == list(range(begun + 1, door.hub.position + 1))
        slow.socket.transport.resume_reading()
        assert await slow.ended() == viewer.TRY_AGAIN_LATER
        seen = slow.positions
        assert seen == list(range(begun + 1, begun + 1 + len(seen)))
        assert seen[-1] < door.hub.position
        async with console(address, key, after=seen[-1]) as back:
            await back.until(door.hub.position)
            assert back.positions == list(range(seen[-1] + 1, door.hub.position + 1))
    await door.press()
    door.hub._beat()
    assert door.hub.watching == 0


async def test_a_console_that_is_far_behind_is_brought_forward_at_its_own_pace(
    door: House, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the hub still holds: given all at once, that would be more than may wait for anybody."""
    monkeypatch.setattr(viewer, "MOST_WAITING", 800_000)
    note = "x" * 900
    await door.together(*(door.pressed(f"r-{n}", note) for n in range(1500)))
    assert door.hub._held[0].position == 1
    async with console(address, await door.key(Scope.READ), after=0) as c:
        await c.until(door.hub.position)
        assert c.positions == list(range(1, door.hub.position + 1))
        assert max(len(f.get("events", ())) for f in c.frames) <= IN_ONE_FRAME


async def test_when_sending_is_work_events_go_together_and_in_order(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with (
        house(tmp_path / "alarmd.db", clock) as door,
        door.serve() as address,
        console(address, await door.key(Scope.READ)) as c,
    ):
        await c.frame()
        await c.frame()
        door.hub._free_at = clock.now() + LONGEST_PAUSE
        for n in range(5):
            await door.press(ref=f"r-{n}")
        await clock.advance(LONGEST_PAUSE.total_seconds())
        await c.until(door.hub.position)
        assert c.positions == list(range(1, door.hub.position + 1))
        assert len(c.frames) == 3


async def test_a_position_in_another_log_is_none_in_ours(door: House, address: str) -> None:
    await door.press()
    key = await door.key(Scope.READ)
    async with console(address, key) as c:
        ours = (await c.frame())["log"]
    for given, wanted in (("", "events"), (f"&log={ours}", "events"), ("&log=another", "snapshot")):
        async with console(f"{address}", key, after=f"1{given}") as back:
            await back.frame()
            assert (await back.frame())["type"] == wanted


async def test_after_the_log_lost_its_end_nobody_is_given_its_new_events_as_old_ones(door: House, address: str) -> None:
    """Open consoles are cut, and who comes back with a position from before gets a snapshot."""
    alarm = (await door.press()).alarm
    await door.press(ref="lost")
    key = await door.key(Scope.READ)
    async with console(address, key) as c:
        before = (await c.frame())["log"]
        head = (await c.frame())["position"]
        door.follower._position += 3  # what it had told of, and the database has not
        await door.follower._look()
        assert await c.ended() == viewer.TRY_AGAIN_LATER
    async with console(address, key, after=f"{head - 1}&log={before}") as back:
        hello = await back.frame()
        assert (hello["position"], hello["log"] != before) == (head, True)
        shown = await back.frame()
        assert shown["type"] == "snapshot"
        assert alarm is not None
        assert alarm.id in {a["id"] for a in shown["alarms"]}
        await door.press("under-desk-2", ref="since")
        await back.until(door.hub.position)
        assert back.positions == list(range(head + 1, door.hub.position + 1))


async def test_nobody_joins_while_the_node_follows_another_log_than_the_store_has(door: House, address: str) -> None:
    """A sister has noticed first: what this node still holds is of the log before."""
    await door.press()
    headers, now = await door.key(Scope.READ), door.clock.now()
    await door.store.transact(lambda r: r.note(EVENTS_LOST, {}, by="alarmd", now=now))
    async with console(address, headers) as early:
        assert await early.ended() == viewer.TRY_AGAIN_LATER
    await door.follower._look()
    async with console(address, headers) as late:
        assert (await late.frame())["log"] == door.hub.log
        assert (await late.frame())["type"] == "snapshot"
        await door.press("under-desk-2", ref="since")
        await late.until(door.hub.position)


async def test_what_is_wrong_with_the_node_is_told_at_once_and_with_every_beat(door: House, address: str) -> None:
    fault = {"cause": "store", "text": "the disk is full", "since": "2027-03-01T09:00:00.000Z"}
    unwell: list[dict[str, str]] = []
    door.hub.unwell = lambda: unwell
    key = await door.key(Scope.READ)
    async with console(address, key) as c:
        assert "unwell" not in await c.frame()
        await c.frame()
        door.hub._beat_at = door.clock.now() + timedelta(minutes=1)
        unwell.append(fault)
        door.hub.beat_now()
        beat = await c.frame()
        assert (beat["type"], beat["unwell"]) == ("beat", [fault])
        async with console(address, key) as late:
            assert (await late.frame())["unwell"] == [fault]
        unwell.clear()
        door.hub._beat_at = door.clock.now() + timedelta(minutes=1)
        door.hub.beat_now()
        assert "unwell" not in await c.frame()


async def test_a_node_that_ends_sends_its_consoles_elsewhere(door: House, address: str) -> None:
    key = await door.key(Scope.READ)
    async with console(address, key) as c:
        await c.frame()
        await c.frame()
        door.hub._free_at = door.clock.now() + timedelta(minutes=1)
        await door.press()
        door.hub.close()
        assert await c.ended() == viewer.SERVICE_RESTART
        assert c.positions == list(range(1, door.hub.position + 1)), "what was held back for a moment is told before"
    async with console(address, key) as late:
        assert await late.ended() == viewer.SERVICE_RESTART
    assert door.hub.watching == 0


async def test_an_idle_feed_beats_and_a_signed_out_browser_is_closed(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with house(tmp_path / "alarmd.db", clock) as door, door.serve() as address:
        await door.account("ola", "hest")
        async with door.client() as http:
            signed = await http.post("/v1/session", json={"person": "ola", "password": "hest"})
        cookie = {"Cookie": f"alarmd_session={signed.cookies['alarmd_session']}", "Origin": f"http://{address}"}
        async with console(address, cookie) as c:
            await c.frame()
            await c.frame()
            for n in range(1, 3):
                await clock.advance(BEAT.total_seconds())
                assert await c.frame() == {
                    "type": "beat",
                    "position": 0,
                    "time": f"2027-03-01T09:00:{4 * n:02d}.000Z",
                }
            clock._now += timedelta(hours=12)
            await clock.advance(BEAT.total_seconds())
            assert await c.ended() == viewer.NOT_ANY_MORE


def stop_reading(socket: ClientConnection) -> None:
    socket.transport.pause_reading()
