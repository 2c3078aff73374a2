"""The relay of a node that is alone: there is no sister to be told, and nothing that could be unwell."""

import asyncio
from collections.abc import Callable
from datetime import timedelta


class MemoryRelay:
    """Fulfils `ports.Relay`."""

    healthy = True
    lag = timedelta(0)

    async def publish(self, position: int) -> None:
        """Nobody is there to hear it."""

    async def say(self, words: str) -> None:
        """Nor this."""

    async def run(self, heard: Callable[[int], None], told: Callable[[str], None]) -> None:  # noqa: ARG002  # as the Protocol has it
        """For ever."""
        await asyncio.Event().wait()
