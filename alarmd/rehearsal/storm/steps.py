"""The book of the chains' clocks: when each step was due, when it was done, how late that was. PURE: told by every
event of the log in its order, with the instant at which it was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alarmd.alarm.times import moment

DONE = ("step_due", "escalated")
OF_ITSELF = ("step_is_due", "new_round", "last_step_again", "nobody_reached", "kept_inside")
"""Reasons of steps that the clock brings; what somebody asks for is not due and may be done again."""
ENDS = ("resolved", "cancelled", "attended")


@dataclass(frozen=True, slots=True)
class Due:
    """The next undone step of an alarm. `since`: the instant of the event that made it so."""

    step: int
    round: int
    at: datetime
    since: str


class Steps:
    """`dark`: spans in which no node lived; what was due in them is due when they end."""

    def __init__(self) -> None:
        self.twice: list[str] = []
        self.dark: list[tuple[datetime, datetime]] = []
        self._due: dict[str, Due] = {}
        self._seen: list[tuple[datetime, datetime]] = []
        self._done: set[tuple[str, int, int, int]] = set()
        self._chains: dict[str, int] = {}

    def take(self, event: Mapping[str, Any], seen: datetime) -> None:
        """One event, seen at this instant of the nodes' clock."""
        alarm, kind, data = event["alarm"], event["kind"], event["data"]
        if kind in DONE and data.get("reason") in OF_ITSELF:
            self._did(alarm, event, seen)
        if kind == "upgraded":
            self._chains[alarm] = self._chains.get(alarm, 0) + 1
        if kind in ENDS:
            self._due.pop(alarm, None)
        elif "next" in data:
            self._arm(alarm, data["next"], event["at"])

    @property
    def late(self) -> list[float]:
        """Seconds, of every step that had to be waited for: those of a press's own decision are no matter of clocks."""
        return [self._lateness(at, seen) for at, seen in self._seen]

    def overdue(self, now: datetime, limit: float) -> list[str]:
        """What was due more than `limit` seconds ago and has not been done."""
        late = ((alarm, due, self._lateness(due.at, now)) for alarm, due in self._due.items())
        return [f"{alarm}: step {due.step} of round {due.round}" for alarm, due, much in late if much > limit]

    def _did(self, alarm: str, event: Mapping[str, Any], seen: datetime) -> None:
        due, chain = self._due.get(alarm), self._chains.get(alarm, 0)
        if due is None or due.step != event["data"]["step"]:
            return
        if (alarm, chain, due.round, due.step) in self._done:
            self.twice.append(f"{alarm}: step {due.step} of round {due.round}")
        self._done.add((alarm, chain, due.round, due.step))
        if due.since != event["at"]:
            self._seen.append((due.at, seen))

    def _arm(self, alarm: str, next: Mapping[str, Any] | None, since: str) -> None:
        if next is None or next["at"] is None:
            self._due.pop(alarm, None)
        else:
            self._due[alarm] = Due(next["step"], next["round"], moment(next["at"]), since)

    def _lateness(self, at: datetime, seen: datetime) -> float:
        """Seconds; while nobody lived nothing could be late."""
        for start, end in self.dark:
            if start - timedelta(seconds=1) <= at < end:
                at = end
        return max(0.0, (seen - at).total_seconds())
