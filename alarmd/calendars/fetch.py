"""Where a calendar is kept -> its bytes. A regular file, or a web address; never more than a megabyte, never for ever.

Whoever may load an organisation file may have a calendar fetched from any address that he writes out: that of another
server, `localhost`, 127.0.0.1. Nobody else may choose one: neither by a redirect nor by what a name resolves to is this
machine itself or a link-local address, such as that of a cloud's secrets, ever asked. No address stands in a fault: it
may hold a key.
"""

import asyncio
import os
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

import aiohttp
from aiohttp.abc import ResolveResult
from yarl import URL

from alarmd.errors import Unreadable

LONGEST = 1_000_000
"""Bytes of a calendar."""
SECONDS = 20.0
CONNECT = 5.0
REDIRECTS = 3
AT_ONCE = 8
HERE = frozenset({"localhost", "ip6-localhost"})
SECRETS = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
"""Where clouds keep secrets of a machine, besides the link-local addresses."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was there, and by which words it is asked whether it has changed since."""

    raw: bytes
    conditions: Mapping[str, str]


class NearError(OSError):
    """A name that leads where only a written address may."""


class _Resolver(aiohttp.ThreadedResolver):
    """Of names, all but those that lead to this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if host not in HERE and any(_is_near(each["host"]) for each in found):
            raise NearError(f"{host} leads to this machine itself, or to a link-local address")
        return found


def open_session() -> aiohttp.ClientSession:
    """A session inside the running loop; close it."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=_Resolver(), limit=AT_ONCE, force_close=True, use_dns_cache=False),
        timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=CONNECT),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "alarmd", "Accept": "text/calendar", "Accept-Encoding": "identity"},
        auto_decompress=False,
    )


async def from_file(path: str) -> Found:
    """Raises Unreadable."""
    return Found(await asyncio.to_thread(_content, path), {})


async def from_web(session: aiohttp.ClientSession, address: str, conditions: Mapping[str, str]) -> Found | None:
    """What is there now; None where nothing has changed by these conditions. Raises Unreadable."""
    try:
        url = _over_https(URL(address))
    except ValueError:
        raise Unreadable("there is no such web address") from None
    try:
        for _ in range(REDIRECTS + 1):
            async with session.get(url, headers=conditions, allow_redirects=False) as answer:
                if answer.status not in (301, 302, 303, 307, 308):
                    return await _found(answer, conditions)
                url = _next(url, answer)
    except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
        raise Unreadable(f"{url.host} {_why(fault)}") from None
    raise Unreadable(f"{url.host} sends us from one address to the next")


def _content(path: str) -> bytes:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not make us wait for a writer
        with os.fdopen(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise Unreadable(f"{path}: this is no file")
            return _bounded(file.read(LONGEST + 1), path)
    except (OSError, ValueError) as fault:
        raise Unreadable(f"{path}: {getattr(fault, 'strerror', None) or 'this is no path'}") from None


async def _found(answer: aiohttp.ClientResponse, conditions: Mapping[str, str]) -> Found | None:
    host = answer.url.host or ""
    if answer.status == 304 and conditions:
        return None
    if answer.status != 200:
        words = {401: "wants to know who asks", 403: "does not let us in", 404: "has no such calendar"}
        raise Unreadable(f"{host} {words.get(answer.status, 'answers with a fault')} ({answer.status})")
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreadable(f"{host} answers with packed data, which was not asked for")
    raw = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        raw += chunk
        _bounded(raw, host)
    marks = {"If-None-Match": answer.headers.get("ETag"), "If-Modified-Since": answer.headers.get("Last-Modified")}
    return Found(bytes(raw), {name: mark for name, mark in marks.items() if mark})


def _bounded(raw: bytes | bytearray, place: str) -> bytes:
    if len(raw) > LONGEST:
        raise Unreadable(f"{place} gives more than {LONGEST} bytes, and a calendar of duties is smaller")
    return bytes(raw)


def _over_https(url: URL) -> URL:
    return url.with_scheme("https") if url.scheme in ("webcal", "webcals") else url


def _next(url: URL, answer: aiohttp.ClientResponse) -> URL:
    """Where a redirect leads, if we go there."""
    there = _over_https(url.join(URL(answer.headers.get("Location", ""))))
    host = there.host or ""
    if there.scheme not in ("http", "https") or (url.scheme == "https" and there.scheme == "http"):
        raise Unreadable(f"{url.host} sends us to an address that is not safe")
    if there.origin() != url.origin() and (host in HERE or _is_near(host)):
        raise Unreadable(f"{url.host} sends us to this machine itself, or to a link-local address")
    return there


def _is_near(host: str) -> bool:
    """This machine, or one that is reached without a router. A name is none of these."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    odd = address.is_unspecified or address.is_multicast or address.is_reserved
    return address.is_loopback or address.is_link_local or odd or address in SECRETS


def _why(fault: Exception) -> str:
    match fault:
        case aiohttp.ClientConnectorError(os_error=NearError()):
            return "leads to this machine itself, or to a link-local address; write the address out if you mean it"
        case aiohttp.ClientSSLError():
            return "has no certificate that holds"
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return "cannot be reached"
        case TimeoutError():
            return "does not answer in time"
        case ValueError():
            return "is or sends us to no web address"
        case _:
            return "has broken off"
