"""The relay of a node that is alone: there is no sister to be told, and nothing that could be unwell."""

import asyncio
from collections.abc import Callable


class MemoryRelay:
    """Fulfils `ports.Relay`."""

    healthy = True

    async def publish(self, position: int) -> None:
        """Nobody is there to hear it."""

    async def run(self, heard: Callable[[int], None]) -> None:  # noqa: ARG002  # as the Protocol has it
        """For ever."""
        await asyncio.Event().wait()
