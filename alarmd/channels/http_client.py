"""A POST, and the status of its answer: all of HTTP that a webhook needs. A storm of alarms is a storm of these, so it
is lean: connections are kept, the parser is httptools (docs/adr/0007).

Who fails before the request was sent has told nobody, and may be asked again at once (NotSent); one who fails after it
leaves unknown whether somebody was told (NoAnswer). Follows no redirect, keeps no cookie and reads no more of an answer
than its connection needs to be used again. No request waits here for a free connection: how many are under way is
bounded by the outbox, which could not look at the alarm again while its message stood in a queue of ours.
"""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, cast
from urllib.parse import SplitResult, quote, unquote, urlsplit

from aiohappyeyeballs import start_connection
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

CONNECT = 5.0
"""Seconds for a connection."""
WITHIN = 10.0
"""Seconds for an answer on it."""
LOOK_UP = 1.0
"""Seconds for a name whose last address is known."""
IDLE = 4.0
"""Seconds for which a connection is kept: less than the 5 s after which the servers in common use close theirs, since a
request that meets a closing one leaves unknown whether somebody was told."""
LONGEST_ANSWER = 65536
"""Bytes of an answer that are read for the sake of its connection."""
SECOND_FAMILY = 0.25
"""Seconds after which the other of IPv4 and IPv6 is tried beside (RFC 8305)."""
PORTS = {"http": 80, "https": 443}
AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"
"""What of a path or query is not quoted (RFC 3986, 2.2), nor what is quoted already."""

Addresses = list[Any]
"""As getaddrinfo gives them."""


class NotSent(Exception):
    """Nobody was told. `why` is an outcome's machine word; `again`: it may go better in a moment."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


class NoAnswer(Exception):
    """It was sent, and what became of it is not known. `why` is an outcome's machine word."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@asynccontextmanager
async def open_client(within: float = WITHIN) -> AsyncIterator["Client"]:
    """A client inside the running loop; its connections are closed at the end."""
    client = Client(within)
    try:
        yield client
    finally:
        client.close()


class Client:
    """`within`: seconds for an answer."""

    def __init__(self, within: float) -> None:
        self._within = within
        self._trust = ssl.create_default_context()  # here and not at the first alarm: it reads every known authority
        self._idle: dict[_Place, list[_Connection]] = {}
        self._open: set[_Connection] = set()
        self._known: dict[_Place, Addresses] = {}
        self._asked: dict[_Place, asyncio.Future[Addresses]] = {}

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status. Raises NotSent, NoAnswer."""
        place, head = _target(url)
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = b"".join((head, more.encode(), b"Content-Length: %d\r\n\r\n" % len(body), body))
        connection = self._kept(place) or await self._connect(place)
        return await connection.ask(request, self._within)

    def close(self) -> None:
        """Whoever still waits gets NoAnswer."""
        for connection in tuple(self._open):
            connection.abort()

    def _kept(self, place: "_Place") -> "_Connection | None":
        idle = self._idle.get(place, [])
        while idle:
            connection = idle.pop()
            if not connection.closing:
                return connection
        return None

    async def _connect(self, place: "_Place") -> "_Connection":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(min(CONNECT, self._within)):
                reached = await start_connection(
                    await self._addresses(place), happy_eyeballs_delay=SECOND_FAMILY, interleave=1, loop=loop
                )
                reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _, connection = await loop.create_connection(
                    lambda: _Connection(self, place),
                    sock=reached,
                    ssl=self._trust if place.safe else None,
                    server_hostname=place.host if place.safe else None,
                )
        except ssl.SSLError as fault:
            raise NotSent("no_safe_connection", again=False) from fault
        except OSError as fault:  # TimeoutError is one
            raise NotSent("no_connection", again=True) from fault
        if connection.closing:  # the other side took it and hung up
            raise NotSent("no_connection", again=True)
        return connection

    async def _addresses(self, place: "_Place") -> Addresses:
        """A name is looked up once for all who ask meanwhile; where it cannot be, what it was last goes on."""
        look_up = partial(socket.getaddrinfo, place.host, place.port, type=socket.SOCK_STREAM)
        with suppress(OSError):
            return list(look_up(flags=socket.AI_NUMERICHOST))
        asked = self._asked.get(place)
        if asked is None:
            asked = self._asked[place] = asyncio.get_running_loop().run_in_executor(None, look_up)
            asked.add_done_callback(partial(self._looked_up, place))
        known = self._known.get(place)
        try:
            async with asyncio.timeout(None if known is None else LOOK_UP):
                return await asyncio.shield(asked)
        except OSError:
            if known is None:
                raise
            return known

    def _looked_up(self, place: "_Place", found: "asyncio.Future[Addresses]") -> None:
        del self._asked[place]
        if not found.cancelled() and found.exception() is None:
            self._known[place] = found.result()

    # Told by the connections.

    def opened(self, connection: "_Connection") -> None:
        self._open.add(connection)

    def freed(self, connection: "_Connection") -> None:
        self._idle.setdefault(connection.place, []).append(connection)

    def lost(self, connection: "_Connection") -> None:
        self._open.discard(connection)
        idle = self._idle.get(connection.place, [])
        if connection in idle:
            idle.remove(connection)


@dataclass(frozen=True, slots=True)
class _Place:
    host: str
    port: int
    safe: bool


@lru_cache(1024)
def _target(url: str) -> tuple[_Place, bytes]:
    """Where a URL leads, and how a request to it begins. Raises NotSent."""
    try:
        parts = urlsplit(url)
        host, port, own = (parts.hostname or "").encode("idna").decode(), parts.port, PORTS[parts.scheme]
    except (ValueError, KeyError) as fault:
        raise NotSent("invalid_address", again=False) from fault
    if not host:
        raise NotSent("invalid_address", again=False)
    path = quote(parts.path or "/", safe=AS_IT_IS) + (f"?{quote(parts.query, safe=AS_IT_IS)}" if parts.query else "")
    name = (f"[{host}]" if ":" in host else host) + ("" if port in (None, own) else f":{port}")
    head = f"POST {path} HTTP/1.1\r\nHost: {name}\r\nAccept: */*\r\n{_credentials(parts)}"
    return _Place(host, port or own, parts.scheme == "https"), head.encode()


def _credentials(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    given = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Authorization: Basic {base64.b64encode(given.encode()).decode()}\r\n"


class _Connection(asyncio.Protocol):
    """One connection, one request at a time. The status is the other side's word and answers at once; what follows it
    is read only so that the connection can be used again."""

    def __init__(self, client: Client, place: _Place) -> None:
        self.place = place
        self._client = client
        self._parser = HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._read = 0

    async def ask(self, request: bytes, within: float) -> int:
        """The status. Raises NoAnswer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._read = 0
        self._end_in(within)
        self._transport.write(request)
        return await self._answer

    @property
    def closing(self) -> bool:
        return self._transport.is_closing()

    def abort(self) -> None:
        self._transport.abort()

    # Of the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's over TLS is one by its methods alone
        self._end_in(CONNECT)
        self._client.opened(self)

    def data_received(self, data: bytes) -> None:
        self._read += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._fail("unreadable_answer")
            self.abort()
        if self._read > LONGEST_ANSWER:
            self.abort()

    def connection_lost(self, fault: Exception | None) -> None:  # noqa: ARG002 - of the protocol; whatever it was, there is no answer
        if self._ending is not None:
            self._ending.cancel()
        self._fail("connection_lost")
        self._client.lost(self)

    # Of the parser.

    def on_message_begin(self) -> None:
        if self._answer is None:  # nobody asked: whatever this is, it must not be taken for the next answer
            self.abort()

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and self._answer is not None and not self._answer.done():
            self._answer.set_result(status)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            return  # the answer is still to come
        self._answer = None
        if self.closing or not self._parser.should_keep_alive():
            self.abort()
        else:
            self._end_in(IDLE)
            self._client.freed(self)

    def _end_in(self, seconds: float) -> None:
        """For so long at most this goes on: waiting for an answer, or for somebody to ask."""
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self._fail("timeout")
        self.abort()

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoAnswer(why))
