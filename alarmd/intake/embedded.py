"""A broker of our own, for the demo and for tests: rumqttd, as the iotcore wheel brings it; a child, on loopback alone.

It keeps everything in memory and knows no passwords, so it is no broker for an office in earnest: Mosquitto is. The
child ends by itself when the daemon is gone, killed too: it watches a pipe of which only the daemon has the other end.
(PR_SET_PDEATHSIG would not do: it follows the thread that forked, and ours goes back to its pool.)
"""

import asyncio
import contextlib
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import iotcore
import structlog

from alarmd.errors import CannotStart
from alarmd.intake.broker import Broker

log = structlog.get_logger()

HOST = "127.0.0.1"
OLD_PORT = 1883
"""For devices, which speak 3.1.1; rumqttd wants another port for MQTT 5."""

CONFIGURATION = """
id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 4
"""
LISTENER = """
[{version}.1]
name = "{version}"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = 65536
max_inflight_count = 500
"""


@contextlib.asynccontextmanager
async def embedded_broker(old_port: int = OLD_PORT) -> AsyncIterator[Broker]:
    """A running broker: `old_port` for 3.1.1, and the port that is given for MQTT 5. Raises CannotStart."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="alarmd-broker-") as folder:
        child = iotcore.Broker(config_path=_configure(Path(folder), old_port, port))
        try:
            await asyncio.to_thread(_start, child, old_port)
            log.info("embedded broker", mqtt_3_1_1=f"{HOST}:{old_port}", mqtt_5=f"{HOST}:{port}")
            yield Broker(HOST, port, embedded=True)
        finally:
            await asyncio.to_thread(child.stop)


def _configure(folder: Path, old_port: int, port: int) -> str:
    configuration = folder / "broker.toml"
    listeners = [LISTENER.format(version=v, host=HOST, port=p) for v, p in (("v4", old_port), ("v5", port))]
    configuration.write_text(CONFIGURATION + "".join(listeners))
    return str(configuration)


def _start(child: iotcore.Broker, old_port: int) -> None:
    """In a thread of its own. The child inherits that SIGINT is blocked here: Ctrl-C goes to the whole group, and the
    daemon must hang up in good order before its broker ends."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        child.start()
    except OSError as fault:
        raise CannotStart(
            f"the embedded broker needs port {old_port} on {HOST}, and another program has it, perhaps a broker: "
            f"stop that, or set ALARMD_MQTT_URL=mqtt://{HOST}:{old_port} to use it"
        ) from fault
    except RuntimeError as fault:
        raise CannotStart(f"the embedded broker does not start: {fault}") from fault
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
