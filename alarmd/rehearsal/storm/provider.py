"""The storm's own providers: a receiver of webhooks, which enters in the books of which alarm it was told and when, and
whoever else has a mood. Made by `commands/storm.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Self

import aiohttp
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alarmd.ports import Clock
from alarmd.rehearsal.mood import Mood
from alarmd.rehearsal.storm.doors import PATIENCE, told
from alarmd.rehearsal.storm.plan import Trouble
from alarmd.rehearsal.storm.told import Told

PATH = "/alarm"
SLOW = 6.0
"""Seconds that a slow provider takes: longer than alarmd waits before it tries another way."""

Ticks = Callable[[], float]


class Receiver:
    """Takes webhooks. `async with` it beside its server (`rehearsal/serving.py`)."""

    def __init__(self, book: Told, clock: Clock, ticks: Ticks) -> None:
        self.mood = Mood()
        self.app = Starlette(routes=[Route(PATH, self._take, methods=["POST"])])
        self._book = book
        self._clock = clock
        self._ticks = ticks

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open."""

    async def _take(self, request: Request) -> Response:
        came = self._ticks()
        alarm = orjson.loads(await request.body())["alarm"]["id"]
        fails = await self.mood.suffer(self._clock)
        self._book.asked(alarm, came, taken=not fails)
        return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE if fails else HTTPStatus.NO_CONTENT)


class Phones:
    """The simulated telephone company, wherever it is served: its mood, and how its phones behave."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def set_mood(self, mood: Mood) -> None:
        """Raises aiohttp.ClientError."""
        await self._put("/mood", {"slow": mood.slow, "fails": mood.fails})

    async def set_habits(self, habits: Callable[[], dict[str, object]]) -> None:
        """Each phone gets the next one. Raises aiohttp.ClientError."""
        async with self._session.get(f"{self._url}/phones", timeout=PATIENCE) as answer:
            phones = (await answer.json())["phones"]
        for phone in phones:
            await self._put(f"/phones/{phone['number']}", habits())

    async def _put(self, path: str, body: dict[str, object]) -> None:
        async with self._session.put(f"{self._url}{path}", json=body, timeout=PATIENCE) as answer:
            answer.raise_for_status()


class Provider:
    """Everybody who is told, and is in trouble together. `now`: how, for those who look on."""

    def __init__(
        self, receiver: Receiver | None, phones: Phones | None, clock: Clock, fault: Callable[[str], None]
    ) -> None:
        self.now = Mood()
        self._receiver = receiver
        self._phones = phones
        self._clock = clock
        self._fault = fault

    async def live(self, troubles: Sequence[Trouble], over: asyncio.Event) -> None:
        """Go through these; well in between and in the end. Seconds are counted from now."""
        began = self._clock.now()
        edges = sorted({edge for trouble in troubles for edge in (trouble.start, trouble.end)})
        for edge in edges:
            await self._clock.sleep_until(began + timedelta(seconds=edge), over)
            if over.is_set():
                break
            there = [trouble for trouble in troubles if trouble.start <= edge < trouble.end]
            slow, fails = any(t.slow for t in there), any(not t.slow for t in there)
            await self._set(Mood(SLOW if slow else 0.0, fails))
        await self._set(Mood())

    async def _set(self, mood: Mood) -> None:
        self.now = mood
        if self._receiver is not None:
            self._receiver.mood.slow, self._receiver.mood.fails = mood.slow, mood.fails
        if self._phones is not None:
            try:
                await self._phones.set_mood(mood)
            except (aiohttp.ClientError, TimeoutError) as fault:
                self._fault(f"phones: {told(fault)}")
