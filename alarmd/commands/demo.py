"""`alarmd demo`: a daemon like any other, with a sample office, an embedded broker, simulated buttons and a telephone
company on this machine, all in one process. Nothing in the daemon knows that it is a demo: its texts and calls go
through the real Twilio channel, which is told another address. Called by `cli.py`.

Here stands what can be told at once: ports, folder, settings. The daemon itself, which takes a second to import, comes
after the first line on the screen.
"""

import errno
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from alarmd.errors import CannotStart
from alarmd.settings import MQTT_PORT, LogFormat, Settings, load

HOST = "127.0.0.1"
SENDER = "+4790000000"
"""The number that alarmd texts and calls from: like all numbers of the demo, nobody's."""
LOG = "alarmd.log"


@dataclass(frozen=True, slots=True)
class Setup:
    """Where everything of a demo is. `phones` is the listening socket of the page with phones and buttons."""

    settings: Settings
    phones: socket.socket
    folder: Path
    kept: bool

    @property
    def phones_url(self) -> str:
        return f"http://{HOST}:{self.phones.getsockname()[1]}"

    @property
    def log(self) -> Path:
        return self.folder / LOG


def demo(*, port: int, phones_port: int, folder: Path | None, mqtt_port: int | None = None) -> None:
    """Run until Ctrl-C. `mqtt_port` None: 1883, or another when that is taken. Raises CannotStart."""
    console = Console(highlight=False)
    console.print("alarmd demo: setting up a sample office …")
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with ExitStack() as stack:
        setup = _set_up(stack, port, phones_port, mqtt_port, folder)
        import_module("alarmd.commands.demo_node").run(setup, console)


def _set_up(stack: ExitStack, port: int, phones_port: int, mqtt_port: int | None, folder: Path | None) -> Setup:
    """Ports first: nothing is begun that cannot be ended. Raises CannotStart."""
    phones = stack.enter_context(closing(_listen(phones_port, "--phones-port")))
    _require_free(port, "--port")
    mqtt_port = _mqtt_port(mqtt_port)
    place = stack.enter_context(_workplace(folder))
    settings = load(
        _env_file=None,
        database_url=f"sqlite:///{place}/alarmd.db",
        redis_url="",
        mqtt_url=f"embedded:{mqtt_port}",
        http_host=HOST,
        http_port=port,
        public_url=f"http://{HOST}:{port}",
        twilio_account_sid="AC" + secrets.token_hex(16),
        twilio_auth_token=secrets.token_hex(16),
        twilio_from=SENDER,
        twilio_api_url=f"http://{HOST}:{phones.getsockname()[1]}",
        log_format=LogFormat.CONSOLE,
        node_name="demo",
    )
    return Setup(settings, phones, place, kept=folder is not None)


@contextmanager
def _workplace(folder: Path | None) -> Iterator[Path]:
    """The folder for everything that the demo writes; removed at the end unless it was named. Raises CannotStart."""
    if folder is None:
        with TemporaryDirectory(prefix="alarmd-demo-") as made:
            yield Path(made)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise CannotStart(f"{folder} cannot be made: {fault.strerror}; name another --folder") from fault
    yield folder.absolute()


def _mqtt_port(wanted: int | None) -> int:
    """The port asked for; unasked, the usual one, or any where a broker of this machine has that already."""
    if wanted is not None:
        _require_free(wanted, "--mqtt-port")
        return wanted
    for port in (MQTT_PORT, 0):
        try:
            with closing(_bound(port)) as probe:
                found: int = probe.getsockname()[1]
                return found
        except OSError:
            continue
    raise CannotStart("no port is free for the embedded broker; name one with --mqtt-port")


def _require_free(port: int, option: str) -> None:
    _listen(port, option).close()


def _listen(port: int, option: str) -> socket.socket:
    """A listening socket, so that whoever comes early waits instead of being refused. Raises CannotStart."""
    try:
        listening = _bound(port)
    except OSError as fault:
        what = "is taken by another program" if fault.errno == errno.EADDRINUSE else f"cannot be used: {fault.strerror}"
        raise CannotStart(f"port {port} on {HOST} {what}; choose another with {option} PORT") from fault
    listening.listen(128)
    return listening


def _bound(port: int) -> socket.socket:
    found = socket.socket()
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((HOST, port))
    except OSError:
        found.close()
        raise
    return found
