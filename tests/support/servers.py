"""Real servers for tests: each context manager starts one on a free loopback port, in its own folder, and ends it.

Every server here is a child of the test process and the only process that its context manager ever signals. A server
that does not answer in time, or ends by itself, fails the test with the tail of its log. Called by the fixtures of
tests/conftest.py, and by tests that must stop and start a server themselves.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

READY_WITHIN, ENDED_WITHIN = 20.0, 10.0
POLL = 0.02
HOST = "127.0.0.1"
DOCKER = Path(__file__).parents[2] / "docker"
"""The configuration with which servers are run in earnest is what they are tested with."""


class ServerError(Exception):
    """A server that is not installed, did not start, or ended by itself."""


@dataclass(slots=True)
class Server:
    """One server process: what is run, where it listens, and how one knows that it answers. Stopping keeps its data."""

    name: str
    command: list[str]
    port: int
    log: Path
    answers: Callable[[int], bool]
    user: str | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process and return when it answers; ServerError with the tail of its log when it does not."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=self.user, group=_group(self.user)
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self.answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                tail = self.log.read_text(errors="replace")[-2000:]
                raise ServerError(f"{self.name} does not answer on port {self.port}. Its log ends with:\n{tail}")
            time.sleep(POLL)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process in good order, and without mercy when that takes too long. Ending it twice is no fault."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(ENDED_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End the process as a power cut would end it."""
        self.stop(signal.SIGKILL)


@contextlib.contextmanager
def mosquitto(folder: Path, extra: str = "", port: int | None = None) -> Iterator[Server]:
    """A persistent Mosquitto that lets everybody in; `extra` is appended to its configuration."""
    binary = _binary("mosquitto", "mosquitto")
    port = port or free_port()
    lines = [
        f"listener {port} {HOST}",
        "allow_anonymous true",
        f"persistence_location {folder}/",
        f"include_dir {DOCKER}/mosquitto/conf.d",
        f"user {pwd.getpwuid(os.getuid()).pw_name}",
        extra,
    ]
    configuration = folder / "mosquitto.conf"
    configuration.write_text("\n".join(lines) + "\n")
    server = Server("mosquitto", [binary, "-c", str(configuration)], port, folder / "mosquitto.log", _listens)
    yield from _running(server)


@contextlib.contextmanager
def guarded_mosquitto(folder: Path, passwords: dict[str, str], extra: str = "") -> Iterator[tuple[Server, int]]:
    """The broker of docker/ whole, with its users and who may say what; only its paths and its ports are others, and
    `extra` comes after. Its port is that of devices, the second one alarmd's.
    """
    binary, port, own = _binary("mosquitto", "mosquitto"), free_port(), free_port()
    (folder / "data").mkdir()
    secret = folder / "passwords"
    secret.touch(mode=0o600)
    for name, password in passwords.items():
        command = [_binary("mosquitto_passwd", "mosquitto"), "-b", str(secret), name, password]
        subprocess.run(command, check=True, capture_output=True)
    text = (DOCKER / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    for theirs, ours in (
        ("listener 1883", f"listener {port} {HOST}"),
        ("listener 1884", f"listener {own} {HOST}"),
        ("/mosquitto/secret/", f"{folder}/"),
        ("/mosquitto/config/", f"{DOCKER}/mosquitto/"),
        ("/mosquitto/data/", f"{folder}/data/"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    configuration = folder / "guarded.conf"
    configuration.write_text(f"user {pwd.getpwuid(os.getuid()).pw_name}\n{text}\n{extra}\n")
    server = Server("mosquitto", [binary, "-c", str(configuration)], port, folder / "guarded.log", _listens)
    yield from ((running, own) for running in _running(server))


@contextlib.contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[Server]:
    """A Redis that keeps nothing on disk."""
    binary = _binary("redis-server", "redis-server")
    port = port or free_port()
    configuration = shutil.copy(DOCKER / "redis" / "redis.conf", folder)  # a failover writes into it
    options = ["--port", str(port), "--bind", HOST, "--dir", str(folder)]
    command = [binary, str(configuration), *options]
    yield from _running(Server("redis-server", command, port, folder / "redis.log", _redis_answers))


@dataclass
class Guarded:
    """Two Redis and a sentinel that makes the second the master when the first is gone."""

    master: Server
    replica: Server
    sentinel: Server


@contextlib.contextmanager
def guarded_redis(folder: Path) -> Iterator[Guarded]:
    """They call the service `alarmd`; a failover takes about two seconds."""
    folders = [folder / name for name in ("master", "replica", "sentinel")]
    for each in folders:
        each.mkdir()
    with redis_server(folders[0]) as master, redis_server(folders[1]) as replica:
        _tell_redis(replica.port, f"REPLICAOF {HOST} {master.port}")
        port = free_port()
        configuration = folders[2] / "sentinel.conf"
        lines = [
            f"port {port}",
            f"bind {HOST}",
            f"dir {folders[2]}",
            f"sentinel monitor alarmd {HOST} {master.port} 1",
            "sentinel down-after-milliseconds alarmd 500",
            "sentinel failover-timeout alarmd 3000",
        ]
        configuration.write_text("\n".join(lines) + "\n")
        command = [_binary("redis-server", "redis-server"), str(configuration), "--sentinel"]
        server = Server("redis-sentinel", command, port, folders[2] / "sentinel.log", _redis_answers)
        with contextlib.contextmanager(_running)(server) as sentinel:
            _until(lambda: b"slaves=1" in _tell_redis(port, "INFO sentinel"))
            yield Guarded(master, replica, sentinel)


@contextlib.contextmanager
def postgres(port: int | None = None, *, sync: bool = False) -> Iterator[Server]:
    """A PostgreSQL cluster whose superuser `alarmd` needs no password; its folder is its own, as it serves no root.

    It does not sync to disk unless that is wanted: tests end its process, never the machine's power, and what a process
    wrote survives that.
    """
    programs = Path(_newest_postgres())
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="alarmd-postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user, user)
        _copy_configuration(folder)
        data = folder / "data"
        identity = ["-U", "alarmd", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        initdb = [str(programs / "initdb"), "-D", str(data), *identity]
        subprocess.run(initdb, check=True, capture_output=True, user=user, group=_group(user), cwd=folder)
        yield from _serving(programs, data, port or free_port(), user, sync=sync)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def standby(of: Server) -> Iterator[Server]:
    """A copy of a running cluster that follows it, for which its commits wait from then on; `promote` makes it take
    writes.
    """
    programs = Path(_newest_postgres())
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="alarmd-standby-"))
    try:
        if user is not None:
            shutil.chown(folder, user, user)
        _copy_configuration(folder)
        data = folder / "data"
        where = ["-h", HOST, "-p", str(of.port), "-U", "alarmd", "-D", str(data)]
        copy = [str(programs / "pg_basebackup"), *where, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        subprocess.run(copy, check=True, capture_output=True, user=user, group=_group(user), cwd=folder)
        with contextlib.contextmanager(_serving)(programs, data, free_port(), user) as server:
            with psycopg.connect(_postgres_url(of.port, "postgres"), autocommit=True) as primary:
                primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                primary.execute("SELECT pg_reload_conf()")
            yield server
    finally:
        shutil.rmtree(folder)


def promote(server: Server) -> None:
    """From now on this standby is the one that takes writes; commits wait for nobody."""
    with psycopg.connect(_postgres_url(server.port, "postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        connection.execute("SELECT pg_reload_conf()")


def _copy_configuration(folder: Path) -> None:
    """Where the server's own user can read it, wherever this checkout is."""
    shutil.copy(DOCKER / "postgres" / "postgresql.conf", folder)
    (folder / "postgresql.conf").chmod(0o644)


def _serving(programs: Path, data: Path, port: int, user: str | None, *, sync: bool = False) -> Iterator[Server]:
    own, synced = f"config_file={data.parent}/postgresql.conf", f"fsync={'on' if sync else 'off'}"
    settings = [own, f"listen_addresses={HOST}", f"port={port}", "unix_socket_directories=", synced]
    command = [str(programs / "postgres"), "-D", str(data), *(part for each in settings for part in ("-c", each))]
    server = Server("postgres", command, port, data.parent / "postgres.log", _postgres_answers, user)
    yield from _running(server, signal.SIGINT)  # its "fast" shutdown: does not wait for clients


@contextlib.contextmanager
def caddy(folder: Path, *nodes: int) -> Iterator[Server]:
    """The proxy of docker/ before these ports, with a certificate of its own authority: `authority(folder)`."""
    port = free_port()
    environment = {
        "ALARMD_SITE": f"localhost:{port}",
        "ALARMD_NODES": " ".join(f"{HOST}:{node}" for node in nodes),
        "ALARMD_PLAIN_PORT": str(free_port()),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "HOME": str(folder),
    }
    pairs = [f"{name}={value}" for name, value in environment.items()]
    run = [_binary("caddy", "caddy"), "run", "--config", str(DOCKER / "caddy" / "Caddyfile"), "--adapter", "caddyfile"]
    server = Server("caddy", ["/usr/bin/env", *pairs, *run], port, folder / "caddy.log", _listens)
    yield from _running(server)


def authority(folder: Path) -> Path:
    """The root certificate by which a client knows `caddy`."""
    return folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"


@contextlib.contextmanager
def postgres_database(server: Server) -> Iterator[str]:
    """An empty database of its own in a running cluster: its URL. Dropped at the end, also under open connections."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(_postgres_url(server.port, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield _postgres_url(server.port, name)
    with psycopg.connect(_postgres_url(server.port, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def free_port() -> int:
    """A loopback port that nobody listens on, outside the range from which the kernel takes ports for clients."""
    for _ in range(100):
        port = 20_000 + secrets.randbelow(12_000)
        with contextlib.closing(socket.socket()) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:  # taken: try another
                continue
            return port
    raise ServerError("found no free port in a hundred tries")


def _running(server: Server, how: signal.Signals = signal.SIGTERM) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop(how)


def _binary(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise ServerError(f"{name} is not installed: run `make servers`, or apt-get install {package}")
    return found


def _newest_postgres() -> str:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise ServerError("PostgreSQL is not installed: run `make servers`, or apt-get install postgresql")
    return str(found[-1].parent)


def _postgres_url(port: int, database: str) -> str:
    return f"postgresql://alarmd@{HOST}:{port}/{database}"


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _redis_answers(port: int) -> bool:
    try:
        return _tell_redis(port, "PING").startswith(b"+PONG")
    except OSError:
        return False


def _tell_redis(port: int, words: str) -> bytes:
    with socket.create_connection((HOST, port), timeout=1) as connection:
        connection.sendall(f"{words}\r\n".encode())
        return connection.recv(65536)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not holds():
        if time.monotonic() > deadline:
            raise ServerError("it did not come to hold in time")
        time.sleep(POLL)


def _postgres_answers(port: int) -> bool:
    try:
        psycopg.connect(_postgres_url(port, "postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
