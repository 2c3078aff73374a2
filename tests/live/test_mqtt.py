import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from alarmd.alarm.effects import Feedback
from alarmd.alarm.model import Kind
from alarmd.clock import SystemClock
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import CannotStart, NotDurable
from alarmd.intake.broker import Broker, read_url
from alarmd.intake.messages import Inbox
from alarmd.intake.mqtt import Link, Mqtt
from tests.support import servers
from tests.support.intake import Bell, Chair, World, client
from tests.support.servers import HOST, Server

SIGNAL = "alarmd/v1/signal/"
LIGHT = Feedback("e1", "desk-1", "raised", "r-1")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """One for a test: it may be stopped and started again, and keeps its sessions."""
    with servers.mosquitto(tmp_path) as server:
        yield server


@pytest.fixture
async def world() -> World:
    world = World()
    world.gate.set()
    return world


def make(port: int, world: World, node: str = "n1") -> Mqtt:
    clock = SystemClock()
    return Mqtt(Broker(HOST, port), node, Inbox(world, world, world, clock), world, clock, Chair())


@contextlib.asynccontextmanager
async def running(port: int, world: World, node: str = "n1") -> AsyncIterator[Mqtt]:
    """A subscribed daemon's door."""
    mqtt = make(port, world, node)
    async with Supervisor() as supervisor:
        supervisor.forever("mqtt", mqtt.run())
        await world.bell.until(lambda: "mqtt" in world.gone_causes)
        yield mqtt


async def test_presses_of_every_kind_come_in(broker: Server, world: World) -> None:
    async with running(broker.port, world) as mqtt, client(broker.port) as old, client(broker.port, v5=True) as new:
        assert (mqtt.link, mqtt.ready) == (Link.SUBSCRIBED, True)
        await old.publish(SIGNAL + "desk-1")
        await new.publish(SIGNAL + "desk-2", '{"kind":"duress","ref":"r-2"}')
        await world.bell.until(lambda: len(world.taken) == 2)
        found = {p.device: (p.kind, p.ref, p.fault) for p in world.taken}
        assert found == {"desk-1": (None, None, None), "desk-2": (Kind.DURESS, "r-2", None)}


async def test_an_unreadable_press_raises_and_an_unknown_button_is_a_fault(broker: Server, world: World) -> None:
    async with running(broker.port, world), client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1", b"\xff{")
        await button.publish(SIGNAL + "nobody", b"\xff{")
        await button.publish(SIGNAL + "desk-2")
        await world.bell.until(lambda: len(world.taken) == 2 and len(world.reports) == 2)
        assert [p.device for p in world.taken if p.fault] == ["desk-1"]
        assert [cause for cause, _ in world.reports] == ["unreadable:desk-1", "unknown_button"]


async def test_signs_of_life_are_counted(broker: Server, world: World) -> None:
    async with client(broker.port) as button:
        await button.publish("alarmd/v1/status/desk-2", "offline", retain=True)
        async with running(broker.port, world):
            await button.publish("alarmd/v1/heartbeat/desk-1", '{"battery":87}')
            await button.publish("alarmd/v1/status/desk-1", "online", retain=True)
            await world.bell.until(lambda: len(world.signs) == 3)
    assert sorted(world.signs, key=str) == [
        ("desk-1", 87, None, False),
        ("desk-1", None, "online", False),
        ("desk-2", None, "offline", True),
    ]


async def test_what_was_not_committed_is_not_acknowledged_and_comes_again(broker: Server, world: World) -> None:
    world.gate.clear()
    async with running(broker.port, world), client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1", '{"ref":"r-1"}')
        await world.bell.until(lambda: world.pending)
    again = World()
    again.gate.set()
    async with running(broker.port, again):
        await again.bell.until(lambda: again.taken)
    assert (world.taken, again.refs) == ([], {"r-1": 1})
    third = World()
    third.gate.set()
    async with running(broker.port, third), client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1", '{"ref":"r-2"}')
        await third.bell.until(lambda: third.taken)
    assert third.refs == {"r-2": 1}, "what was acknowledged does not come again"


async def test_a_connection_lost_before_the_commit_makes_no_second_press(broker: Server, world: World) -> None:
    world.gate.clear()
    async with running(broker.port, world), client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1")
        await world.bell.until(lambda: world.pending)
        await asyncio.to_thread(broker.stop)
        await world.bell.until(lambda: "mqtt" in world.faults)
        await asyncio.to_thread(broker.start)
        await world.bell.until(lambda: "mqtt" not in world.faults)
        async with client(broker.port) as other:
            await other.publish(SIGNAL + "desk-2", '{"ref":"later"}')
        await world.bell.until(lambda: len(world.pending) == 2)
        world.gate.set()
        await world.bell.until(lambda: len(world.taken) == 2)
        assert [p.device for p in world.pending] == ["desk-1", "desk-2"]
    again = World()
    again.gate.set()
    async with running(broker.port, again), client(broker.port) as button:
        await button.publish(SIGNAL + "desk-3")
        await again.bell.until(lambda: again.taken)
    assert [p.device for p in again.taken] == ["desk-3"], "both were acknowledged on the new connection"


async def test_a_press_is_tried_until_it_is_durable(broker: Server, world: World) -> None:
    world.failures = [NotDurable("disk full"), NotDurable("disk full"), RuntimeError("a bug")]
    async with running(broker.port, world), client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1", '{"ref":"r-1"}')
        await world.bell.until(lambda: world.taken)
    assert world.refs == {"r-1": 1}


async def test_a_retained_press_is_never_one_and_is_removed(broker: Server, world: World) -> None:
    async with client(broker.port) as button, client(broker.port) as witness:
        await button.publish(SIGNAL + "desk-1", '{"ref":"old"}', retain=True)
        await witness.subscribe("alarmd/v1/signal/#")
        async with running(broker.port, world):
            await world.bell.until(lambda: world.reports)
            assert world.reports[0][0] == "retained:desk-1"
            await witness.bell.until(lambda: (SIGNAL + "desk-1", b"", False) in witness.heard)
            await button.publish(SIGNAL + "desk-2", retain=True)
            await world.bell.until(lambda: world.taken)
            await button.publish(SIGNAL + "desk-3")
            await world.bell.until(lambda: len(world.taken) == 2)
        assert [p.device for p in world.taken] == ["desk-2", "desk-3"], (
            "sent just now, so it is a press, whatever its flag; and removing a copy is none"
        )
        assert len(world.reports) == 1


async def test_five_hundred_are_under_way_at_once(broker: Server, world: World) -> None:
    async with running(broker.port, world):
        pass
    world.gone_causes.clear()
    world.gate.clear()
    async with client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1", '{"ref":"{}"}', times=500)
    async with running(broker.port, world):
        await world.bell.until(lambda: len(world.pending) == 500)
        assert world.taken == []
        world.gate.set()
        await world.bell.until(lambda: len(world.taken) == 500)
    assert world.refs == {str(n): 1 for n in range(500)}


async def test_the_broker_may_be_away_at_the_start_and_later(broker: Server, world: World) -> None:
    await asyncio.to_thread(broker.stop)
    mqtt = make(broker.port, world)
    async with Supervisor() as supervisor:
        supervisor.forever("mqtt", mqtt.run())
        await asyncio.wait_for(mqtt.tried.wait(), 15)
        assert (mqtt.link, mqtt.ready) == (Link.UNREACHABLE, True)
        assert "cannot be reached" in world.faults["mqtt"]
        assert not await mqtt.show("a-1", LIGHT)
        for round_ in (1, 2):
            await asyncio.to_thread(broker.start)
            await world.bell.until(lambda: mqtt.link is Link.SUBSCRIBED)
            async with client(broker.port) as button:
                await button.publish(SIGNAL + "desk-1", json.dumps({"ref": str(round_)}))
            await world.bell.until(lambda: world.refs[str(round_)])  # noqa: B023  # asked within this round only
            await asyncio.to_thread(broker.stop)
            await world.bell.until(lambda: mqtt.link is Link.LOST)
            assert not mqtt.ready


async def test_presses_made_while_we_were_away_are_caught_up(broker: Server, world: World) -> None:
    async with running(broker.port, world):
        pass
    async with client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1", '{"ref":"{}"}', times=50)
    await asyncio.to_thread(broker.stop)
    await asyncio.to_thread(broker.start)
    world.gone_causes.clear()
    async with running(broker.port, world):
        await world.bell.until(lambda: len(world.taken) == 50)


async def test_the_button_is_told_by_a_retained_message(broker: Server, world: World) -> None:
    async with running(broker.port, world) as mqtt:
        assert await mqtt.show("a-1", LIGHT)
        lights = [Feedback("e", f"desk-{n}", "raised", str(n)) for n in range(300)]
        async with Supervisor() as supervisor:
            shown: list[bool] = []

            async def show(light: Feedback) -> None:
                shown.append(await mqtt.show("a-2", light))
                world.bell.ring()

            for light in lights:
                supervisor.spawn("light", show(light))
            await world.bell.until(lambda: len(shown) == 300)
        assert all(shown)
    async with client(broker.port) as late:
        await late.subscribe("alarmd/v1/feedback/#")
        await late.bell.until(lambda: len(late.heard) == 300)
        kept = {topic: (json.loads(payload), retained) for topic, payload, retained in late.heard}
    assert kept["alarmd/v1/feedback/desk-7"] == ({"state": "raised", "alarm": "a-2", "ref": "7"}, True)


async def test_a_light_that_the_broker_refuses_is_not_shown(tmp_path: Path, world: World) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic read #\ntopic read $SYS/#\n")
    with servers.mosquitto(tmp_path, f"acl_file {rules}") as server:
        async with running(server.port, world) as mqtt:
            assert not await mqtt.show("a-1", LIGHT)


async def test_a_wrong_password_is_a_fault_and_not_shown_in_it(tmp_path: Path, world: World) -> None:
    with servers.mosquitto(tmp_path, "per_listener_settings false\nallow_anonymous false") as server:
        clock = SystemClock()
        where = read_url(f"mqtt://alarmd:top-secret@{HOST}:{server.port}")
        mqtt = Mqtt(where, "n1", Inbox(world, world, world, clock), world, clock, Chair())
        async with Supervisor() as supervisor:
            supervisor.forever("mqtt", mqtt.run())
            await world.bell.until(lambda: "mqtt" in world.faults)
        assert "Not authorized" in world.faults["mqtt"]
        assert "secret" not in world.faults["mqtt"]


async def test_a_broker_without_mqtt_5_stops_the_start(world: World) -> None:
    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"\x20\x02\x00\x01")  # CONNACK of 3.1.1: unacceptable protocol version
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(old, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CannotStart, match=r"speaks MQTT 3\.1\.1 alone"):
            await make(port, world).run()


async def test_a_broker_that_hangs_up_is_asked_again(world: World) -> None:
    calls = Bell()
    seen: list[bytes] = []

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(100))
        calls.ring()
        writer.close()

    async with await asyncio.start_server(rude, HOST, 0) as server, Supervisor() as supervisor:
        supervisor.forever("mqtt", make(server.sockets[0].getsockname()[1], world).run())
        await calls.until(lambda: len(seen) >= 3)
        assert "hangs up" in world.faults["mqtt"]


async def test_a_broker_that_drops_is_a_fault(tmp_path: Path, world: World) -> None:
    with servers.mosquitto(tmp_path, "sys_interval 1\nmax_queued_messages 5") as server:
        async with client(server.port, "sleeper", session=True) as sleeper:
            await sleeper.subscribe("other/#")
        async with running(server.port, world), client(server.port) as button:
            await button.subscribe("$SYS/broker/publish/messages/dropped")
            await button.bell.until(lambda: button.heard)
            await button.publish("other/topic", "{}", times=60)
            await world.bell.until(lambda: world.reports)
    cause, text = world.reports[0]
    assert cause == "mqtt_drops"
    assert "messages" in text


async def test_a_broker_that_grants_the_count_of_drops_and_keeps_it_to_itself_is_told(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alarmd.intake.drops.SAYS_WITHIN", timedelta(seconds=3))
    rules, warned = tmp_path / "acl", "the broker does not say whether it drops messages"
    for allowed in ("topic read $SYS/broker/publish/messages/dropped", ""):
        rules.write_text(f"topic readwrite alarmd/v1/#\n{allowed}\n")
        with servers.mosquitto(tmp_path, f"sys_interval 1\nacl_file {rules}") as server, capture_logs() as logs:
            async with running(server.port, world) as mqtt:
                assert isinstance(mqtt._seat, Chair)
                await mqtt._seat.beaten(9)
        assert any(warned in entry["event"] for entry in logs) == (not allowed)
