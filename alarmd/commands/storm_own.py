"""An installation of a storm's own, on loopback alone: a folder, a broker, a database with a sample organisation, and
the nodes. It is all gone afterwards, but for a database that was given. Called by `storm.py`.
"""

import asyncio
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from alarmd.access.model import Scope
from alarmd.clock import SystemClock
from alarmd.commands.common import current, opened, whoever
from alarmd.commands.keys import Wish as KeyWish
from alarmd.commands.keys import create
from alarmd.commands.public_holidays import look_up
from alarmd.commands.storm_office import HELPERS, NAME, buttons, office
from alarmd.errors import CannotStart, NotFound
from alarmd.organisation.file import parse
from alarmd.organisation.model import Organisation
from alarmd.rehearsal.line import Mailbox, read_mailbox
from alarmd.rehearsal.storm.nodes import Daemon
from alarmd.settings import Settings, environment_of, load, read_file

HOST = "127.0.0.1"
SENDER = "+4790000900"
LOOKS, LOOK = 50, timedelta(milliseconds=100)
"""How often it is asked whether the broker listens, and the time between."""
MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 1000
user root
"""


@dataclass(frozen=True, slots=True)
class Twilio:
    """The simulated telephone company: where it is, and the account it believes."""

    url: str
    account: str
    token: str


@dataclass(frozen=True, slots=True)
class Own:
    """What was made. `mailbox`: where buttons find the broker; `database`: the file, if it is one."""

    settings: Settings
    daemons: tuple[Daemon, ...]
    organisation: Organisation
    devices: tuple[str, ...]
    press_key: str
    read_key: str
    answer_keys: tuple[str, ...]
    mailbox: Mailbox | None
    database: Path | None


@asynccontextmanager
async def own(
    folder: Path, *, nodes: int, devices: int, file: Path | None, twilio: Twilio, webhook: str
) -> AsyncIterator[Own]:
    """An installation with its nodes not yet started. Raises CannotStart."""
    given = read_file(file) if file is not None else {}
    async with _broker(folder, given.get("mqtt_url", ""), nodes) as (mqtt_url, mailbox):
        sqlite = folder / "alarmd.db"
        database_url = given.get("database_url") or f"sqlite:///{sqlite}"
        if nodes > 1 and database_url.startswith("sqlite"):
            raise CannotStart(f"{file}: {nodes} nodes need a PostgreSQL: set ALARMD_DATABASE_URL=postgresql://...")
        values = dict.fromkeys(Settings.model_fields, "") | given
        values |= {"database_url": database_url, "mqtt_url": mqtt_url, "http_host": HOST, "log_format": "json"}
        # Whatever the settings say, a storm never calls a living soul.
        values |= {"twilio_account_sid": twilio.account, "twilio_auth_token": twilio.token}
        values |= {"twilio_from": SENDER, "twilio_api_url": twilio.url}
        settings = load(_env_file=None, database_url=database_url, node_name="storm")
        organisation = _furnish(settings, office(devices, webhook))
        yield Own(
            settings,
            tuple(_daemon(f"node-{number}", values, folder) for number in range(1, nodes + 1)),
            organisation,
            tuple(buttons(devices)),
            _key(settings, Scope.PRESS),
            _key(settings, Scope.READ),
            tuple(_key(settings, Scope.ANSWER, helper) for helper in HELPERS),
            mailbox,
            sqlite if not given.get("database_url") else None,
        )


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with closing(listen()) as probe:
        port: int = probe.getsockname()[1]
        return port


def listen(port: int = 0) -> socket.socket:
    """A listening socket on loopback. Raises CannotStart."""
    found = socket.socket()
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((HOST, port))
        found.listen(1024)
    except OSError as fault:
        found.close()
        raise CannotStart(f"port {port} on {HOST} cannot be listened on: {fault.strerror}") from fault
    return found


def _daemon(name: str, values: Mapping[str, str], folder: Path) -> Daemon:
    port = free_port()
    url = f"http://{HOST}:{port}"
    own = {"http_port": str(port), "public_url": url, "node_name": name}
    return Daemon(name, url, environment_of({**values, **own}), folder)


def _furnish(settings: Settings, text: str) -> Organisation:
    """Bring the sample organisation in; a database of anybody else's is left alone. Raises CannotStart."""
    now = SystemClock().now()
    ours = parse(text, "storm.yaml", look_up(now)).organisation
    with opened(settings) as database, database.transaction() as unit:
        try:
            held = current(unit).name
        except NotFound:
            held = NAME
        if held != NAME:
            raise CannotStart(
                f"{database.place} holds the organisation {held!r}: a storm starts nodes over a database of its own; "
                "to press there, start them yourself and name them by --url"
            )
        unit.add_organisation(ours, by=whoever(), now=now, why=None)
        return ours


def _key(settings: Settings, scope: Scope, person: str | None = None) -> str:
    return create(settings, KeyWish(f"storm-{secrets.token_hex(6)}", scope, person=person))


@asynccontextmanager
async def _broker(folder: Path, given: str, nodes: int) -> AsyncIterator[tuple[str, Mailbox | None]]:
    """The URL for the nodes, and where buttons find it: the one that is given, else a Mosquitto of our own, else the
    broker that a lone node embeds; several nodes go without."""
    binary = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    port = free_port()
    if given:
        yield given, read_mailbox(given) if given.startswith("mqtt://") else None
    elif binary is not None:
        async with _mosquitto(binary, folder, port):
            yield f"mqtt://{HOST}:{port}", Mailbox(HOST, port)
    elif nodes == 1:
        yield f"embedded:{port}", Mailbox(HOST, port)
    else:
        yield "", None


@asynccontextmanager
async def _mosquitto(binary: str, folder: Path, port: int) -> AsyncIterator[None]:
    configuration = folder / "mosquitto.conf"
    configuration.write_text(MOSQUITTO.format(port=port, host=HOST))
    with (folder / "mosquitto.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            binary, "-c", str(configuration), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        await _until_it_listens(process, port)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_it_listens(process: asyncio.subprocess.Process, port: int) -> None:
    clock = SystemClock()
    for _ in range(LOOKS):
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            if process.returncode is not None:
                break
            await clock.sleep_until(clock.now() + LOOK)
        else:
            writer.close()
            return
    raise CannotStart(f"mosquitto does not listen on {HOST}:{port}")
