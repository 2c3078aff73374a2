"""The lights of buttons, one after the other for each device, so that an older state never comes last. That a live
alarm has just been opened is shown at once: the light is its own. Everything else, and whatever has waited, is shown
as things stand now: an alarm may have become a silent one, and the button may be another's by now. Part of the outbox,
which says what a device shows now and what becomes of an effect.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alarmd.alarm.effects import BACKGROUND, Feedback
from alarmd.alarm.incoming import Performed
from alarmd.alarm.model import State
from alarmd.ports import Clock, Due, Lights

AGAIN = timedelta(seconds=1)
FRESH = timedelta(milliseconds=200)
"""What was decided longer ago is looked at again; the node may have stood still."""

Spawn = Callable[[str, Coroutine[Any, Any, None]], None]
Guarded = Callable[[Due, Coroutine[Any, Any, Performed | None]], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class _Light:
    """`late`: it has waited already when it was lined up, at this instant."""

    due: Due
    feedback: Feedback
    late: bool
    at: datetime


@dataclass(slots=True)
class Lanes:
    """`present`: what is to be shown instead of a feedback as things stand now, one after the other, and of which
    alarms; `guarded`: how work on an effect is performed and its outcome told."""

    lights: Lights
    clock: Clock
    spawn: Spawn
    present: Callable[[str, Feedback], Awaitable[Sequence[tuple[str, Feedback]]]]
    guarded: Guarded
    depth: int = 0
    """Effects that wait here for the broker."""
    _waiting: dict[str, deque[_Light]] = field(default_factory=dict)
    _closed: bool = False

    def line_up(self, due: Due, feedback: Feedback, *, late: bool = False) -> None:
        """Show it after what this device is shown before."""
        lane = self._waiting.setdefault(feedback.device, deque())
        lane.append(_Light(due, feedback, late or bool(lane), self.clock.now()))
        self.depth += bool(feedback.id)
        if len(lane) == 1:
            self.spawn(f"light {feedback.device}", self._show_all(feedback.device))

    def show(self, due: Due, feedback: Feedback) -> None:
        """A light that answers again, unless the same waits already."""
        if not any(other.due == due for other in self._waiting.get(feedback.device, ())):
            self.line_up(due, feedback, late=True)

    def close(self) -> None:
        """Show nothing any more; what is not shown yet is a sister's."""
        self._closed = True

    async def _show_all(self, device: str) -> None:
        lane = self._waiting[device]
        while lane:
            await self.guarded(lane[0].due, self._show(lane[0]))
            self.depth -= bool(lane.popleft().feedback.id)
        del self._waiting[device]

    async def _show(self, light: _Light) -> Performed | None:
        """Until the broker has it. None where nothing has become of an effect that is stored."""
        alarm, feedback = light.due.alarm, light.feedback
        own = feedback.state == State.RAISED and feedback.priority != BACKGROUND
        late = light.late or not own or self.clock.now() - light.at > FRESH
        while not self._closed:
            shows = await self.present(alarm, feedback) if late else [(alarm, feedback)]
            if await self._in_turn(shows):
                return Performed(feedback.id) if feedback.id else None
            late = True
            await self.clock.sleep_until(self.clock.now() + AGAIN)
        return None

    async def _in_turn(self, shows: Sequence[tuple[str, Feedback]]) -> bool:
        for alarm, feedback in shows:
            if not await self.lights.show(alarm, feedback):
                return False
        return True
