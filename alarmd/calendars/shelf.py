"""The port `Calendars`: a roster's calendar, fetched and understood; what has not changed is not read again. Opened by
the daemon and by `alarmd apply`.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from alarmd.calendars.fetch import Found, from_file, from_web, open_session
from alarmd.calendars.process import understood
from alarmd.organisation.model import Roster
from alarmd.organisation.roster import Said

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was read last of one place."""

    digest: bytes
    conditions: Mapping[str, str]
    zone: str
    span: Span
    said: Said


class Shelf:
    """Fulfils `ports.Calendars`. One calendar at a time is understood: alarms go first on a small machine."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._kept: dict[str, _Kept] = {}
        self._one_at_a_time = asyncio.Lock()

    async def read(self, roster: Roster, zone: str, span: Span) -> Said:
        place = roster.url or roster.file
        kept = self._kept.get(place)
        if kept and (kept.zone, kept.span) != (zone, span):
            kept = None
        found = await self._fetched(roster, kept)
        if kept and (found is None or _digest(found) == kept.digest):
            return kept.said
        assert found is not None, "nothing is unchanged that was never read"
        async with self._one_at_a_time:
            said = await understood(found.raw, zone, span)
        self._kept[place] = _Kept(_digest(found), found.conditions, zone, span, said)
        return said

    async def _fetched(self, roster: Roster, kept: _Kept | None) -> Found | None:
        if roster.file:
            return await from_file(roster.file)
        return await from_web(self._session, roster.url, kept.conditions if kept else {})


@asynccontextmanager
async def open_shelf() -> AsyncIterator[Shelf]:
    """A shelf inside the running loop."""
    async with open_session() as session:
        yield Shelf(session)


def _digest(found: Found) -> bytes:
    return hashlib.sha256(found.raw).digest()
