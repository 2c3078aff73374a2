"""The lights of buttons, one after the other for each device, so that an older state never comes last. That a live
alarm has just been opened is shown at once: the light is its own. Everything else, and whatever has waited, is shown
as things stand now: an alarm may have become a silent one, and the button may be another's by now. So of the same alarm
and ref one waits and no more: what comes later takes the place of what came before. Part of the outbox, which says what
a device shows now and what becomes of an effect.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alarmd.alarm.effects import BACKGROUND, Feedback
from alarmd.alarm.incoming import Performed
from alarmd.alarm.model import State
from alarmd.ports import Clock, Due, Lights

AGAIN = timedelta(seconds=1)
HELD = 10_000
"""Stored lights that wait for the broker here. What comes beyond is left in the store, until there is room for as many
as are claimed at once."""
FRESH = timedelta(milliseconds=200)
"""What was decided longer ago is looked at again; the node may have stood still."""

Spawn = Callable[[str, Coroutine[Any, Any, None]], None]
Answers = tuple[str, str | None]
"""The alarm of which something is shown, and the ref of the press that it answers."""
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
    alarms; `guarded`: how work on an effect is performed and its outcome told; `conclude`: its outcome is told."""

    lights: Lights
    clock: Clock
    spawn: Spawn
    present: Callable[[str, Feedback], Awaitable[Sequence[tuple[str, Feedback]]]]
    guarded: Guarded
    conclude: Callable[[str, Performed], None]
    depth: int = 0
    """Effects that wait here for the broker."""
    _waiting: dict[str, OrderedDict[Answers, _Light]] = field(default_factory=dict)
    """By device. What is being shown there is none of these any more."""
    _closed: bool = False

    @property
    def room(self) -> int:
        """So many lights more may wait here."""
        return HELD - self.depth

    def has_room(self, due: Due) -> bool:
        """May this wait here? Always what is no light, or takes the place of one."""
        effect = due.effect
        if self.room > 0 or not isinstance(effect, Feedback):
            return True
        return (due.alarm, effect.ref) in self._waiting.get(effect.device, ())

    def line_up(self, due: Due, feedback: Feedback, *, late: bool = False) -> None:
        """Show it after what this device is shown before, in place of what waits there of the same alarm and ref."""
        busy = feedback.device in self._waiting
        lane = self._waiting.setdefault(feedback.device, OrderedDict())
        older = lane.pop((due.alarm, feedback.ref), None)
        lane[due.alarm, feedback.ref] = _Light(due, feedback, late or busy, self.clock.now())
        self.depth += bool(feedback.id)
        if older is not None and older.feedback.id:
            self.depth -= 1
            self.conclude(older.feedback.id, Performed(older.feedback.id))
        if not busy:
            self.spawn(f"light {feedback.device}", self._show_all(feedback.device))

    def show(self, due: Due, feedback: Feedback) -> None:
        """A light that answers again, unless one that answers the same waits already."""
        if (due.alarm, feedback.ref) not in self._waiting.get(feedback.device, ()):
            self.line_up(due, feedback, late=True)

    def close(self) -> None:
        """Show nothing any more; what is not shown yet is a sister's."""
        self._closed = True

    async def _show_all(self, device: str) -> None:
        lane = self._waiting[device]
        while lane:
            _, light = lane.popitem(last=False)
            await self.guarded(light.due, self._show(light))
            self.depth -= bool(light.feedback.id)
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
