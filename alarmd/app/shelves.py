"""Calendars for the daemon. Their client is loaded beside the loop when the first one is read: most offices have none,
and a start must not wait for it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from importlib import import_module

from alarmd.organisation.model import Roster
from alarmd.organisation.roster import Said
from alarmd.ports import Calendars


class LateShelf:
    """Fulfils `ports.Calendars`."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._shelf: Calendars | None = None
        self._one_opens = asyncio.Lock()

    async def read(self, roster: Roster, zone: str, span: tuple[datetime, datetime]) -> Said:
        async with self._one_opens:
            if self._shelf is None:
                module = await asyncio.to_thread(import_module, "alarmd.calendars.shelf")
                self._shelf = await self._stack.enter_async_context(module.open_shelf())
        assert self._shelf is not None
        return await self._shelf.read(roster, zone, span)


@asynccontextmanager
async def open_late() -> AsyncIterator[LateShelf]:
    """For the life of a daemon."""
    async with AsyncExitStack() as stack:
        yield LateShelf(stack)
