"""Several nodes at one broker, each a door of its own in this process: one takes the presses, the others stand by."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from alarmd.alarm.effects import Feedback
from alarmd.clock import SystemClock
from alarmd.dispatch.seat import SeatKeeper
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import Superseded
from alarmd.intake.broker import Broker
from alarmd.intake.desk import SeatDesk
from alarmd.intake.earlier import EarlierSession
from alarmd.intake.messages import Inbox
from alarmd.intake.mqtt import Link, Mqtt
from alarmd.store import InlineStore, open_database
from tests.support import servers
from tests.support.intake import Chair, World, client
from tests.support.presses import left_at_the_broker
from tests.support.servers import HOST, Server

SIGNAL = "alarmd/v1/signal/"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    with servers.mosquitto(tmp_path, "sys_interval 1") as server:
        yield server


@pytest.fixture
def store() -> Iterator[InlineStore]:
    """What the nodes of one installation share."""
    with contextlib.closing(open_database("sqlite://", node="test")) as database:
        yield InlineStore(database)


@dataclass
class Node:
    name: str
    mqtt: Mqtt
    world: World
    supervisor: Supervisor

    async def until(self, link: Link, within: float = 15) -> None:
        await self.world.bell.until(lambda: self.mqtt.link is link, within)

    async def earlier(self) -> None:
        mqtt = self.mqtt
        await EarlierSession(mqtt._broker, self.name, mqtt._inbox, mqtt._clock, mqtt).run()

    def cut(self) -> None:
        """As when its process dies: the line is gone, without a word."""
        connection = self.mqtt._connection
        assert connection is not None
        connection._connection._transport.abort()


@contextlib.asynccontextmanager
async def node(broker: Server, name: str, seat: SeatDesk | InlineStore) -> AsyncIterator[Node]:
    world, clock = World(), SystemClock()
    world.gate.set()
    keeper = SeatKeeper(seat, clock, name, world.report) if isinstance(seat, InlineStore) else seat
    mqtt = Mqtt(Broker(HOST, broker.port), name, Inbox(world, world, world, clock), world, clock, keeper)
    async with Supervisor() as supervisor:
        supervisor.forever("mqtt", mqtt.run())
        await world.bell.until(lambda: mqtt.ready and world.gone_causes)
        yield Node(name, mqtt, world, supervisor)


async def test_one_takes_the_presses_and_all_show_lights(broker: Server, store: InlineStore) -> None:
    async with node(broker, "one", store) as one:
        await one.until(Link.SUBSCRIBED)
        async with node(broker, "two", store) as two, client(broker.port) as button:
            assert (two.mqtt.link, two.mqtt.ready) == (Link.STANDBY, True)
            assert (one.world.listening, two.world.listening) == (True, False)
            await button.publish(SIGNAL + "desk-1", "", times=50)
            await one.world.bell.until(lambda: len(one.world.taken) == 50)
            await button.subscribe("alarmd/v1/feedback/+")
            for each in (one, two):
                assert await each.mqtt.show("a-1", Feedback("e", f"desk-{each.name}", "raised", "r"))
            await button.bell.until(lambda: len(button.heard) == 2)
            assert two.world.taken == []
            assert (one.world.faults, two.world.faults, one.world.reports) == ({}, {}, [])


async def test_a_node_whose_line_breaks_is_followed_at_once(broker: Server, store: InlineStore) -> None:
    async with node(broker, "one", store) as one:
        await one.until(Link.SUBSCRIBED)
        async with node(broker, "two", store) as two, client(broker.port) as button:
            one.cut()
            await two.until(Link.SUBSCRIBED, within=1)
            await one.until(Link.STANDBY)
            await button.publish(SIGNAL + "desk-1")
            await two.world.bell.until(lambda: two.world.taken)
            assert one.world.taken == []
            assert [cause for cause, _ in two.world.reports] == ["node:one"]
            assert "node:one" in one.world.gone_causes
            assert one.world.faults == {}


async def test_a_node_that_is_stopped_in_good_order_is_followed_at_once(broker: Server, store: InlineStore) -> None:
    async with node(broker, "two", store) as first:
        await first.until(Link.SUBSCRIBED)
        async with node(broker, "three", store) as second:
            await first.supervisor.end("mqtt")
            await second.until(Link.SUBSCRIBED, within=1)
            assert second.world.reports == []


async def test_a_node_may_be_stopped_while_it_connects(broker: Server, store: InlineStore) -> None:
    reached, over = asyncio.Event(), asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await over.wait()
        writer.close()

    async with node(broker, "one", store) as one:
        await one.until(Link.SUBSCRIBED)
        async with await asyncio.start_server(silent, HOST, 0) as server:
            one.mqtt._broker = Broker(HOST, server.sockets[0].getsockname()[1])
            one.cut()
            await asyncio.wait_for(reached.wait(), 15)
            await one.supervisor.end("mqtt")
            over.set()
        async with node(broker, "two", store) as two:
            await two.until(Link.SUBSCRIBED)
            assert two.world.reports == []


async def test_what_was_not_acknowledged_comes_to_the_next_and_says_so(broker: Server, store: InlineStore) -> None:
    async with node(broker, "one", store) as one:
        await one.until(Link.SUBSCRIBED)
        one.world.gate.clear()
        async with client(broker.port) as button:
            await button.publish(SIGNAL + "desk-1")
            await button.publish(SIGNAL + "desk-1", '{"ref":"r"}')
        await one.world.bell.until(lambda: len(one.world.pending) == 2)
        async with node(broker, "two", store) as two:
            one.cut()
            await two.world.bell.until(lambda: len(two.world.taken) == 2)
            before, after = (next(p.delivery for p in w.pending if p.ref is None) for w in (one.world, two.world))
            assert before
            assert after
            assert (after.packet, after.digest, after.session) == (before.packet, before.digest, before.session)
            assert (before.again, after.again) == (False, True)
            assert after.term != before.term


async def test_a_press_that_another_node_has_is_left_to_the_broker(broker: Server) -> None:
    async with node(broker, "one", Chair()) as one, client(broker.port) as button:
        one.world.failures = [Superseded("taken by two now")]
        await button.publish(SIGNAL + "desk-1")
        await one.world.bell.until(lambda: one.world.taken)
        (press,) = one.world.taken
        assert press.delivery
        assert press.delivery.again, "it was not acknowledged, so it was delivered again"


async def test_what_the_broker_knows_to_be_taken_is_told(broker: Server) -> None:
    chair = Chair()
    async with node(broker, "one", chair) as one, client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1")
        await button.publish(SIGNAL + "desk-1", '{"ref":"r"}')
        chair.bell = one.world.bell
        await one.world.bell.until(lambda: chair.settled)
        await one.world.bell.until(lambda: len(one.world.taken) == 2)
        bare = next(p.delivery for p in one.world.taken if p.ref is None)
        assert bare
        assert chair.settled == [(bare.packet, bare.arrival)]


async def test_marks_of_an_earlier_connection_stay_until_what_came_again_is_stored(
    broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a press that was stored, and is tried again while the store is away, becomes a second signal."""
    monkeypatch.setattr("alarmd.intake.mqtt.DELIVERS_AGAIN", timedelta(0))
    chair = Chair()
    async with node(broker, "one", chair) as one, client(broker.port) as button:
        one.world.gate.clear()
        await button.publish(SIGNAL + "desk-1")
        await one.world.bell.until(lambda: one.world.pending)
        one.cut()
        await one.until(Link.LOST)
        await one.until(Link.SUBSCRIBED)
        assert one.mqtt._connection is not None
        here, beats = one.mqtt._connection.crossing.name, chair.beats
        await chair.bell.until(lambda: chair.beats == beats + 3)
        assert here not in chair.forgotten
        one.world.gate.set()
        await chair.bell.until(lambda: here in chair.forgotten)
        assert len(one.world.taken) == 1


async def test_while_nobody_is_there_presses_are_kept_and_signs_of_life_are_not(
    broker: Server, store: InlineStore
) -> None:
    async with node(broker, "one", store) as one, client(broker.port) as button:
        await one.until(Link.SUBSCRIBED)
        await one.supervisor.end("mqtt")
        await button.publish("alarmd/v1/heartbeat/desk-1", '{"battery":87}', times=20)
        await button.publish("alarmd/v1/status/desk-2", "offline", retain=True)
        await button.publish(SIGNAL + "desk-1")
        async with node(broker, "two", store) as two:
            await two.world.bell.until(lambda: two.world.taken and len(two.world.signs) == 2)
            assert sorted(two.world.signs, key=str) == [
                ("desk-1", None, None, False),  # the press
                ("desk-2", None, "offline", True),
            ]
            await button.subscribe("$SYS/broker/publish/messages/dropped")
            await button.bell.until(lambda: button.heard)
            assert button.heard[-1][1] == b"0", "the broker does not count them as lost"


async def test_who_stands_by_takes_what_its_version_before_left_too(
    broker: Server, store: InlineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alarmd.intake.earlier.SITS_DOWN", timedelta(0))
    async with client(broker.port, "alarmd-two", v5=True, session=True) as old:
        await old.subscribe(SIGNAL + "+")
    async with client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1")
        async with node(broker, "one", store) as one:
            await one.until(Link.SUBSCRIBED)
            async with node(broker, "two", store) as two:
                await two.until(Link.STANDBY)
                await two.earlier()
                assert [press.delivery for press in two.world.taken] == [None]
                await button.publish(SIGNAL + "desk-2")
                await one.world.bell.until(lambda: one.world.taken)
                assert [press.device for press in two.world.taken] == ["desk-1"]
                assert (one.mqtt.link, two.mqtt.link) == (Link.SUBSCRIBED, Link.STANDBY)


async def test_what_is_not_stored_stays_in_the_session_of_the_version_before(
    broker: Server, store: InlineStore
) -> None:
    async with client(broker.port, "alarmd-one", v5=True, session=True) as old:
        await old.subscribe(SIGNAL + "+")
    async with client(broker.port) as button:
        await button.publish(SIGNAL + "desk-1", "{}")
    async with node(broker, "one", store) as one:
        await one.until(Link.SUBSCRIBED)
        one.world.gate.clear()
        one.supervisor.spawn("earlier", one.earlier())
        await one.world.bell.until(lambda: one.world.pending)
        await one.supervisor.end("earlier")
        assert await asyncio.to_thread(left_at_the_broker, broker.port, "alarmd-one") == (True, [b"{}"])


async def test_a_stranger_with_a_database_of_its_own_is_told_of(broker: Server) -> None:
    async with node(broker, "ours", Chair()) as ours, node(broker, "theirs", Chair()) as theirs:
        for each, other in ((ours, theirs), (theirs, ours)):
            await each.world.bell.until(lambda: each.world.reports)  # noqa: B023  # asked within this round only
            cause, text = each.world.reports[0]
            assert cause == "mqtt_stranger"
            assert repr(other.name) in text


async def test_the_card_says_who_takes_the_presses(broker: Server, store: InlineStore) -> None:
    async with node(broker, "one", store) as one, client(broker.port) as administrator:
        await one.until(Link.SUBSCRIBED)
        await administrator.subscribe("alarmd/v1/seat")
        await administrator.bell.until(lambda: administrator.heard)
        assert json.loads(administrator.heard[0][1])["node"] == "one"


async def test_a_broker_that_refuses_what_is_not_needed_is_good_enough(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text(
        "topic readwrite alarmd/v1/signal/#\ntopic read alarmd/v1/status/#\ntopic read alarmd/v1/heartbeat/#\n"
    )
    chair = Chair()
    with servers.mosquitto(tmp_path, f"acl_file {rules}") as server:
        async with node(server, "one", chair) as one, client(server.port) as button:
            chair.bell = one.world.bell
            await button.publish(SIGNAL + "desk-1")
            await one.world.bell.until(lambda: chair.settled)
            assert one.mqtt.link is Link.SUBSCRIBED
