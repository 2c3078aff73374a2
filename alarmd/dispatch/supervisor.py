"""Every task has a name, a parent and a meaning when it ends. The only file that makes tasks.

A task of `forever` that ends, well or badly, stops the daemon loudly: a loop that is no longer there is an alarm
never raised. A task of `spawn` is one piece of work; if it breaks, that is logged with its name and everything else
goes on.
"""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

import structlog

from alarmd.errors import AlarmdError

log = structlog.get_logger()

Work = Coroutine[Any, Any, None]
CLEARS_UP_WITHIN = 3.0
"""Seconds that a task which is ended has for its last words."""


class StoppedError(Exception):
    """An endless task has ended; its text names it."""


class Supervisor:
    """`async with Supervisor() as supervisor:` — leaving the block stops every task and waits for it. What went wrong
    comes out as itself, not as a group."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        await _end(self._tasks)
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            raise _first(group) from group

    def forever(self, name: str, work: Work) -> None:
        """Start an endless task."""
        self._start(name, self._endless(name, work), work)

    def spawn(self, name: str, work: Work) -> None:
        """Start one piece of work; none any more once everything is being stopped."""
        if self._closing:
            work.close()
            return
        self._start(name, self._guarded(name, work), work)

    async def end(self, name: str) -> None:
        """End what was started under this name, and wait until it has."""
        await _end({task for task in self._tasks if task.get_name() == name})

    def _start(self, name: str, whole: Work, work: Work) -> None:
        task = self._group.create_task(whole, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # one that is cancelled before its first step has not begun it

    async def _endless(self, name: str, work: Work) -> None:
        await work
        raise StoppedError(f"{name} has ended, which it never may")

    async def _guarded(self, name: str, work: Work) -> None:
        try:
            await work
        except Exception:
            log.exception("task broke", task=name)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel these until they have ended: before Python 3.12 `asyncio.wait_for`, which libraries use, swallows a
    cancellation that comes together with its answer.
    """
    while running := {task for task in tasks if not task.done()}:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=CLEARS_UP_WITHIN)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong, out of the wrapping of the task group: what alarmd says itself before what it did not expect."""
    flat: list[BaseException] = []
    for error in group.exceptions:
        flat += [_first(error)] if isinstance(error, BaseExceptionGroup) else [error]
    return next((e for e in flat if isinstance(e, AlarmdError)), flat[0])
