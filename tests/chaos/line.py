"""The line between a node and a server: it can be cut, held up, and mended. Plain TCP; knows nothing of its freight."""

import asyncio
import contextlib

from tests.support.servers import HOST, free_port

PART = 1 << 16


class Line:
    """Listens on `port` and passes everything on to `target`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Let it be used."""
        self._server = await asyncio.start_server(self._carry, HOST, self.port)

    async def close(self) -> None:
        """For good."""
        self.cut()
        if self._server is not None:
            self._server.close()

    def cut(self) -> None:
        """Every connection ends, and none can be made, until it is mended."""
        self._is_cut = True
        for end in self._ends:
            end.close()

    def hold(self) -> None:
        """Nothing passes, and nobody is told, until it is mended: the cruel way to lose a line."""
        self._flows.clear()

    def mend(self) -> None:
        """As if nothing had been; what was held up arrives now."""
        self._is_cut = False
        self._flows.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._flows.wait()
            if self._is_cut:
                return
            there, out = await asyncio.open_connection(HOST, self.target)
            self._ends.add(out)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, out))
                    both.create_task(self._pump(there, writer))
            finally:
                self._ends.discard(out)
                out.close()
        except OSError:
            """The server is away: so is the line."""
        finally:
            self._ends.discard(writer)
            writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while part := await source.read(PART):
                await self._flows.wait()
                sink.write(part)
                await sink.drain()
        sink.close()
