"""The client of webhooks: what it sends, when it uses a connection again, and that it never says more than it knows."""

import asyncio
import socket
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from alarmd.channels import http_client
from alarmd.channels.http_client import IDLE, LONGEST_ANSWER, Client, NoAnswer, NotSent, open_client
from alarmd.dispatch.supervisor import Supervisor
from tests.support.intake import WITHIN, Bell

YES = b"HTTP/1.1 204 No Content\r\n\r\n"
HEADERS = {"Content-Type": "application/json"}


@dataclass
class Server:
    """Answers each request with the next of these bytes; an empty answer hangs up. `heard`: requests by connection;
    `over`: how many connections are."""

    answers: deque[bytes] = field(default_factory=deque)
    heard: list[list[bytes]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    over: int = 0
    bell: Bell = field(default_factory=Bell)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard: list[bytes] = []
        self.heard.append(heard)
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split()[0])
                heard.append(head + await reader.readexactly(length))
                self.bell.ring()
                answer = self.answers.popleft() if self.answers else YES
                if not answer:
                    break
                writer.write(answer)
                if b"close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        self.over += 1
        self.bell.ring()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    known = Server()
    listening = await asyncio.start_server(known.serve, "127.0.0.1", 0)
    known.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield known
    listening.close()
    for writer in known.writers:
        writer.close()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with open_client(within=60) as known:
        yield known


async def post(client: Client, url: str) -> int:
    return await client.post(url, b"{}", HEADERS)


async def together(client: Client, url: str, times: int) -> list[int | str]:
    told: list[int | str] = []
    rung = Bell()
    async with Supervisor() as supervisor:
        for _ in range(times):
            supervisor.spawn("post", _told(client, url, told, rung))
        await rung.until(lambda: len(told) == times)
    return told


async def _told(client: Client, url: str, told: list[int | str], bell: Bell | None = None) -> None:
    try:
        told.append(await post(client, url))
    except (NotSent, NoAnswer) as fault:
        told.append(fault.why)
    if bell is not None:
        bell.ring()


async def test_a_request_is_what_every_server_understands(server: Server, client: Client) -> None:
    url = server.url.replace("//", "//ola:p%40ss@") + "/hook/blå dør?a=%20b&c=å#part"
    assert await client.post(url, b'{"a":1}', HEADERS) == 204
    host = server.url.removeprefix("http://")
    assert server.heard == [
        [
            b"POST /hook/bl%C3%A5%20d%C3%B8r?a=%20b&c=%C3%A5 HTTP/1.1\r\n"
            b"Host: " + host.encode() + b"\r\nAccept: */*\r\nAuthorization: Basic b2xhOnBAc3M=\r\n"
            b'Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}'
        ]
    ]


@pytest.mark.parametrize(
    "first",
    [
        YES,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nwait",
    ],
)
async def test_a_connection_is_used_again_once_its_answer_is_read(server: Server, client: Client, first: bytes) -> None:
    server.answers += [first, YES]
    status = await post(client, server.url)
    assert status == (503 if b"503" in first else 204 if first is YES else 200)
    assert await post(client, server.url) == 204
    assert [len(heard) for heard in server.heard] == [2]


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nuntil I hang up",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * (LONGEST_ANSWER + 1),
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Unasked\r\n\r\n",
    ],
)
async def test_a_connection_that_may_mix_up_answers_is_not_used_again(
    server: Server, client: Client, first: bytes
) -> None:
    server.answers += [first, YES]
    assert await post(client, server.url) == 200
    await server.bell.until(lambda: server.over == 1)
    assert await post(client, server.url) == 204
    assert [len(heard) for heard in server.heard] == [1, 1]


async def test_what_comes_unasked_is_no_answer(server: Server, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "IDLE", 60)
    assert await post(client, server.url) == 204
    server.writers[0].write(b"HTTP/1.1 200 OK\r\n")
    await server.bell.until(lambda: server.over == 1)
    server.answers.append(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    assert await post(client, server.url) == 500


async def test_a_connection_that_is_just_being_closed_is_not_used(server: Server, client: Client) -> None:
    await post(client, server.url)
    client.close()
    assert await post(client, server.url) == 204


async def test_many_at_once_wait_for_nobody(server: Server, client: Client) -> None:
    assert await together(client, server.url, 50) == [204] * 50
    assert len(server.heard) == 50


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "connection_lost"),
        (b"HTTP/1.1 200 OK\r\nX: close" + b"x" * LONGEST_ANSWER, "connection_lost"),
        (b"220 mail.example ESMTP\r\n", "unreadable_answer"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "unreadable_answer"),
    ],
)
async def test_without_an_answer_nobody_knows(server: Server, client: Client, answer: bytes, why: str) -> None:
    server.answers.append(answer)
    with pytest.raises(NoAnswer, match=why):
        await post(client, server.url)


async def test_an_answer_that_does_not_come_is_not_waited_for(server: Server) -> None:
    server.answers.append(b"HTTP/1.1 100 Continue\r\n\r\n")
    async with open_client(within=0.05) as client:
        with pytest.raises(NoAnswer, match="timeout"):
            await post(client, server.url)


async def test_one_who_gives_up_costs_nobody_else_his_answer(server: Server, client: Client) -> None:
    server.answers.append(b"HTTP/1.1 100 Continue\r\n\r\n")
    async with Supervisor() as supervisor:
        supervisor.spawn("one who gives up", _told(client, server.url, []))
        await server.bell.until(lambda: server.heard and server.heard[0])
    server.answers.append(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    assert await post(client, server.url) == 500
    assert [len(heard) for heard in server.heard] == [1, 1]


async def test_an_idle_connection_is_closed_before_the_other_side_would(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert IDLE < 5
    monkeypatch.setattr(http_client, "IDLE", 0.01)
    await post(client, server.url)
    await server.bell.until(lambda: server.over == 1)


async def test_at_the_end_whoever_waits_is_told(server: Server) -> None:
    server.answers.append(b"HTTP/1.1 100 Continue\r\n\r\n")
    told: list[int | str] = []
    async with Supervisor() as supervisor:
        async with open_client() as client:
            supervisor.spawn("one who waits", _told(client, server.url, told, server.bell))
            await server.bell.until(lambda: server.heard and server.heard[0])
        await server.bell.until(lambda: told)
    assert told == ["connection_lost"]


@pytest.mark.parametrize(
    "url", ["nowhere", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://a..b/", "http://[::1/"]
)
async def test_an_address_that_leads_nowhere_is_not_tried_again(client: Client, url: str) -> None:
    with pytest.raises(NotSent) as told:
        await post(client, url)
    assert (told.value.why, told.value.again) == ("invalid_address", False)


async def test_nobody_listens(client: Client, unused_tcp_port: int) -> None:
    with pytest.raises(NotSent) as told:
        await post(client, f"http://127.0.0.1:{unused_tcp_port}/")
    assert (told.value.why, told.value.again) == ("no_connection", True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For `door.example`, signed by itself, with its key in the same file."""
    file = tmp_path_factory.mktemp("tls") / "door.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=door.example -addext subjectAltName=DNS:door.example"
    subprocess.run(
        ["openssl", *words.split(), "-keyout", file.with_suffix(".key"), "-out", file.with_suffix(".crt")],
        check=True,
        capture_output=True,
    )
    file.write_bytes(file.with_suffix(".crt").read_bytes() + file.with_suffix(".key").read_bytes())
    return file


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("known", [True, False])
def test_a_safe_line_is_one_whose_certificate_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, loop: Callable[[], asyncio.AbstractEventLoop], known: bool
) -> None:
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _, port, **how: look_up("x" if how.get("flags") else "127.0.0.1", port, **how)
    )

    async def ask() -> int:
        trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trust.load_cert_chain(certificate)
        server = Server()
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=trust)
        async with listening, open_client(within=5) as client:
            url = f"https://door.example:{listening.sockets[0].getsockname()[1]}/"
            status = await post(client, url) + await post(client, url)
            assert [len(heard) for heard in server.heard] == [2]
            return status

    with asyncio.Runner(loop_factory=loop) as runner:
        if known:
            assert runner.run(ask()) == 408
            return
        with pytest.raises(NotSent) as told:
            runner.run(ask())
        assert (told.value.why, told.value.again) == ("no_safe_connection", False)


async def test_who_speaks_without_safety_where_it_is_asked_for_hears_nothing(client: Client) -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as listening:
        with pytest.raises(NotSent) as told:
            await post(client, f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/")
    assert (told.value.why, told.value.again) == ("no_safe_connection", False)


async def test_a_name_is_looked_up_once_for_all_and_remembered_while_it_cannot_be(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, look_up = int(server.url.rpartition(":")[2]), socket.getaddrinfo
    asked: list[str] = []
    away, back = False, threading.Event()

    def looked_up(host: str, port: int, **how: int) -> object:
        if how.get("flags"):
            return look_up(host, port, **how)
        asked.append(host)
        if away:
            back.wait(WITHIN)  # as those do who get no answer from a name server
        if away or host != "door.example":
            raise socket.gaierror(socket.EAI_AGAIN, "no name server")
        return look_up("127.0.0.1", port, **how)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    url = f"http://door.example:{port}/"
    assert await together(client, url, 5) == [204] * 5
    assert asked == ["door.example"]
    assert server.heard[0][0].split(b"\r\n")[1] == b"Host: door.example:%d" % port
    away = True
    monkeypatch.setattr(http_client, "LOOK_UP", 0.01)
    assert await together(client, url, 6) == [204] * 6
    assert (len(asked), len(server.heard)) == (2, 6)
    back.set()
    monkeypatch.setattr(http_client, "LOOK_UP", WITHIN)
    assert await together(client, url, 7) == [204] * 7
    with pytest.raises(NotSent, match="no_connection"):
        await post(client, "http://elsewhere.example/")


async def test_one_who_gives_up_takes_nobody_elses_address(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, look_up = int(server.url.rpartition(":")[2]), socket.getaddrinfo
    begun, found = threading.Event(), threading.Event()

    def looked_up(host: str, port: int, **how: int) -> object:
        if how.get("flags"):
            return look_up(host, port, **how)
        begun.set()
        found.wait(WITHIN)
        return look_up("127.0.0.1", port, **how)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    told: list[int | str] = []
    async with Supervisor() as patient:
        async with Supervisor() as impatient:
            for supervisor in (impatient, patient):
                supervisor.spawn("post", _told(client, f"http://door.example:{port}/", told, server.bell))
            await asyncio.get_running_loop().run_in_executor(None, begun.wait, WITHIN)
        found.set()
        await server.bell.until(lambda: told)
    assert told == [204]
