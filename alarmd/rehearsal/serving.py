"""Serves the page of phones and buttons, or another app of the rehearsal, beside a daemon or a storm, in its process
and loop. Called by `alarmd demo` and `alarmd storm`.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp

from alarmd.rehearsal.orders import Spawn


class Served(AbstractAsyncContextManager[Any], Protocol):
    """What can be served: an app, and how its open streams are ended."""

    @property
    def app(self) -> ASGIApp: ...

    def close(self) -> None: ...


@asynccontextmanager
async def served(what: Served, listening: socket.socket, spawn: Spawn) -> AsyncIterator[None]:
    """It, answering on this socket. Leaving the block ends its streams and its server, and waits for that."""
    server = _Beside(
        uvicorn.Config(
            what.app,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
    ended = asyncio.Event()
    async with what:
        spawn("serve beside", _serve(server, listening, ended))
        try:
            yield
        finally:
            what.close()
            server.should_exit = True
            await ended.wait()


async def _serve(server: uvicorn.Server, listening: socket.socket, ended: asyncio.Event) -> None:
    try:
        await server.serve(sockets=[listening])
    finally:
        ended.set()


class _Beside(uvicorn.Server):
    """A server that leaves the signals to the daemon beside which it runs."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
