"""Serves the page of phones and buttons beside a daemon, in its process and loop. Called by `alarmd demo`."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from alarmd.rehearsal.orders import Spawn
from alarmd.rehearsal.twilio_server import Exchange


@asynccontextmanager
async def served(exchange: Exchange, listening: socket.socket, spawn: Spawn) -> AsyncIterator[None]:
    """The exchange, answering on this socket. Leaving the block ends its pages and its server, and waits for that."""
    server = _Beside(
        uvicorn.Config(
            exchange.app,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
    ended = asyncio.Event()
    async with exchange:
        spawn("phones page", _serve(server, listening, ended))
        try:
            yield
        finally:
            exchange.close()
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
