"""One console on the feed. While it takes what we write it is written to directly, without a task or a queue of its
own; when it does not, what comes waits in a bounded queue; when that is full it is cut with 1013 and comes back with
`after`. No console ever holds up another.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from alarmd.access.model import Caller
from alarmd.console.desk import Spawn

log = structlog.get_logger()

MOST_WAITING = 1 << 20
"""Characters that may wait for a console that takes nothing."""
PATIENCE = 10.0
"""Seconds that a console may take for one frame."""
TRY_AGAIN_LATER, NOT_ANY_MORE, SERVICE_RESTART = 1013, 1008, 1012
"""WebSocket close codes (IANA registry): come back with `after`; the key or session is no longer good; this node ends,
come back with `after`, to another if there is one."""


class Gone(Exception):
    """The other side has closed the connection."""


class Socket(Protocol):
    """A WebSocket that is open. `send` must write in its first step when the other side takes it, and else write
    nothing before it waits."""

    async def send(self, text: str) -> None:
        """Raises Gone."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Raises Gone."""
        ...


class Viewer:
    """`position`: the last event it was given, or that is not for it. `told`: how far it was told that the log has
    come, which a veil keeps behind. `log`: which log these are positions of."""

    def __init__(self, socket: Socket, caller: Caller, spawn: Spawn) -> None:
        self.caller = caller
        self.position = 0
        self.told = 0
        self.log = ""
        self.gone = False
        self._socket = socket
        self._spawn = spawn
        self._waiting: deque[str] = deque()
        self._size = 0
        self._writing = False
        self._end: tuple[int, str] | None = None

    @property
    def site(self) -> str | None:
        """The only site it may see."""
        return self.caller.site

    def moved(self, position: int, told: int) -> None:
        """It has all up to this position."""
        self.position = max(self.position, position)
        self.told = max(self.told, told)

    async def send(self, text: str) -> None:
        """Send while nobody else does: before it follows the feed. Raises Gone, also for one who takes nothing."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._hand_over(text)
        except TimeoutError:
            self.gone = True
            raise Gone from None

    def push(self, text: str) -> None:
        """Send now if it can be taken now, else as soon as it can; never waits."""
        if self.gone or self._end is not None:
            return
        if not self._writing:
            try:
                if _at_once(self._hand_over(text)):
                    return
            except Gone:
                self.gone = True
                return
        self._waiting.append(text)
        self._size += len(text)
        if self._size > MOST_WAITING:
            self.cut(TRY_AGAIN_LATER, "too slow; come back with after=POSITION")
        else:
            self._write()

    def cut(self, code: int, reason: str) -> None:
        """Close it as soon as it takes that; what still waits is not sent."""
        if self._end is None:
            self._end = code, reason
            self._waiting.clear()
            self._size = 0
            self._write()

    def _write(self) -> None:
        if not self._writing:
            self._writing = True
            self._spawn("feed.write", self._written())

    async def _written(self) -> None:
        try:
            while not self.gone and (self._waiting or self._end is not None):
                await self._write_one()
        finally:
            self._writing = False

    async def _write_one(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._end is not None:
                    await self._socket.close(*self._end)
                    self.gone = True
                else:
                    text = self._waiting.popleft()
                    self._size -= len(text)
                    await self._hand_over(text)
        except (Gone, TimeoutError):
            self.gone = True

    async def _hand_over(self, text: str) -> None:
        """Raises Gone, also where something is wrong with this console that nobody foresaw: the others and the node go
        on, and it comes back and is given what it missed."""
        try:
            await self._socket.send(text)
        except Gone:
            raise
        except Exception as broken:
            log.exception("a console broke")
            raise Gone from broken


def _at_once(work: Coroutine[Any, Any, None]) -> bool:
    """Run it to its first wait. True when it came to its end; if it would wait it is taken back, and has done
    nothing."""
    try:
        work.send(None)
    except StopIteration:
        return True
    work.close()
    return False
