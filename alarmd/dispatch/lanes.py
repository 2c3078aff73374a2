"""The lights of buttons, one after the other for each device, so that an older state never comes last. Part of the
outbox, which says what a device shows now and what becomes of an effect.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from alarmd.alarm.effects import Feedback
from alarmd.alarm.incoming import Performed
from alarmd.ports import Clock, Due, Lights

AGAIN = timedelta(seconds=1)

Spawn = Callable[[str, Coroutine[Any, Any, None]], None]
Guarded = Callable[[Due, Coroutine[Any, Any, Performed | None]], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class Lanes:
    """`present`: a feedback as things stand now; `guarded`: how work on an effect is performed and its outcome told."""

    lights: Lights
    clock: Clock
    spawn: Spawn
    present: Callable[[str, Feedback], Awaitable[Feedback]]
    guarded: Guarded
    _waiting: dict[str, deque[tuple[Due, Feedback, bool]]] = field(default_factory=dict)
    _closed: bool = False

    def line_up(self, due: Due, feedback: Feedback, *, late: bool = False) -> None:
        """Show it after what this device is shown before."""
        lane = self._waiting.setdefault(feedback.device, deque())
        lane.append((due, feedback, late))
        if len(lane) == 1:
            self.spawn(f"light {feedback.device}", self._show_all(feedback.device))

    def show(self, due: Due, feedback: Feedback) -> None:
        """A light that answers again, unless the same waits already."""
        if not any(other == due for other, _, _ in self._waiting.get(feedback.device, ())):
            self.line_up(due, feedback)

    def close(self) -> None:
        """Show nothing any more; what is not shown yet is a sister's."""
        self._closed = True

    async def _show_all(self, device: str) -> None:
        lane = self._waiting[device]
        while lane:
            due, feedback, late = lane[0]
            await self.guarded(due, self._show(due, feedback, late=late))
            lane.popleft()
        del self._waiting[device]

    async def _show(self, due: Due, feedback: Feedback, *, late: bool) -> Performed | None:
        """Until the broker has it. What could not be shown when it was decided is shown as things stand now. None where
        nothing has become of an effect that is stored."""
        while not self._closed:
            now = await self.present(due.alarm, feedback) if late else feedback
            if await self.lights.show(due.alarm, now):
                return Performed(feedback.id) if feedback.id else None
            late = True
            await self.clock.sleep_until(self.clock.now() + AGAIN)
        return None
