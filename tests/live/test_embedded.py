import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from alarmd.alarm.effects import Feedback
from alarmd.clock import SystemClock
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import CannotStart
from alarmd.intake.embedded import embedded_broker
from alarmd.intake.messages import Inbox
from alarmd.intake.mqtt import Mqtt
from tests.support import servers
from tests.support.intake import Chair, World, client
from tests.support.servers import HOST

DAEMON = """
import asyncio, sys
from alarmd.intake.embedded import embedded_broker

async def main():
    async with embedded_broker(int(sys.argv[1])) as broker:
        print(f"listening on {broker.port}", flush=True)
        await asyncio.Event().wait()

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("stopped in good order", flush=True)
"""


@pytest.fixture
async def world() -> World:
    world = World()
    world.gate.set()
    return world


async def test_devices_of_both_protocols_press_and_are_told(world: World) -> None:
    old_port = servers.free_port()
    clock = SystemClock()
    async with embedded_broker(old_port) as broker:
        mqtt = Mqtt(broker, "n1", Inbox(world, world, world, clock), world, clock, Chair())
        async with Supervisor() as supervisor, client(old_port) as old, client(broker.port, v5=True) as new:
            await old.subscribe("alarmd/v1/feedback/desk-1")
            await new.subscribe("alarmd/v1/feedback/desk-2")
            await old.publish("alarmd/v1/signal/desk-3", '{"ref":"old"}', retain=True)
            supervisor.forever("mqtt", mqtt.run())
            await world.bell.until(lambda: world.reports)
            assert world.reports[0][0] == "retained:desk-3"
            await old.publish("alarmd/v1/signal/desk-1")
            await new.publish("alarmd/v1/signal/desk-2", '{"ref":"r"}')
            await world.bell.until(lambda: len(world.taken) == 2)
            assert {p.device for p in world.taken} == {"desk-1", "desk-2"}
            for device, listener in (("desk-1", old), ("desk-2", new)):
                assert await mqtt.show("a-1", Feedback("e", device, "raised", "r"))
                await listener.bell.until(lambda: listener.heard)  # noqa: B023  # asked within this round only
                assert json.loads(listener.heard[0][1])["state"] == "raised"


async def test_what_waits_for_a_commit_is_kept_by_the_broker(world: World) -> None:
    clock = SystemClock()
    world.gate.clear()
    async with embedded_broker(servers.free_port()) as broker:
        async with Supervisor() as supervisor, client(broker.port, v5=True) as button:
            supervisor.forever(
                "mqtt", Mqtt(broker, "n1", Inbox(world, world, world, clock), world, clock, Chair()).run()
            )
            await world.bell.until(lambda: world.gone_causes)
            await button.publish("alarmd/v1/signal/desk-1", '{"ref":"{}"}', times=300)
            await world.bell.until(lambda: len(world.pending) >= 100)
        again = World()
        again.gate.set()
        async with Supervisor() as supervisor:
            supervisor.forever(
                "mqtt", Mqtt(broker, "n1", Inbox(again, again, again, clock), again, clock, Chair()).run()
            )
            await again.bell.until(lambda: len(again.refs) == 300)


async def test_it_listens_on_loopback_alone() -> None:
    old_port = servers.free_port()
    async with embedded_broker(old_port) as broker:
        table = await asyncio.to_thread(Path("/proc/net/tcp").read_text)
        rows = [row.split() for row in table.splitlines()[1:]]
        listening = [row[1].split(":") for row in rows if row[3] == "0A"]  # local address and port, in hexadecimal
        ours = {int(port, 16): address for address, port in listening if int(port, 16) in (old_port, broker.port)}
    assert ours == {old_port: "0100007F", broker.port: "0100007F"}


async def test_a_taken_port_stops_the_start_and_says_what_to_do() -> None:
    async with await asyncio.start_server(lambda _r, w: w.close(), HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CannotStart, match=f"ALARMD_MQTT_URL=mqtt://127.0.0.1:{port}"):
            async with embedded_broker(port):
                pass


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_it_ends_with_the_daemon_however_that_ends(how: signal.Signals) -> None:
    """Ctrl-C reaches the whole group, as here; the broker must not die of it before the daemon has hung up."""
    daemon = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", DAEMON, str(servers.free_port())),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert daemon.stdout is not None
    assert daemon.stderr is not None
    try:
        async with asyncio.timeout(20):
            while b"listening on" not in (line := await daemon.stdout.readline()):
                assert line, (await daemon.stderr.read()).decode()
            reader, writer = await asyncio.open_connection(HOST, int(line.split()[-1]))
            if how is signal.SIGINT:
                os.killpg(daemon.pid, how)
            else:
                daemon.send_signal(how)
            with contextlib.suppress(ConnectionResetError):  # as good a proof that the broker is gone
                assert await reader.read() == b""
            writer.close()
            said, wrong = await daemon.communicate()
    finally:
        if daemon.returncode is None:
            daemon.kill()
    assert wrong == b""
    assert (b"good order" in said) == (how is signal.SIGINT)
