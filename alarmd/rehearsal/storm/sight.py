"""The book of one console: what the contract promises of the live feed, judged frame by frame. PURE. A key that is
limited to a site sees gaps by right; the storm's may read everything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

KEPT = 5
"""Breaches kept in words; all are counted."""

Event = Mapping[str, Any]


class Sight:
    """`opened` at each connection, then `take` for each of its frames, `closed` at its end; all in seconds. `position`:
    the last event that it has seen; `silence`: the longest time without a frame."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.position: int | None = None
        self.frames = 0
        self.silence = 0.0
        self.breaches: list[str] = []
        self.broken = 0
        self._after: int | None = None
        self._greeted = False
        self._heard: float | None = None

    def opened(self, at: float) -> None:
        """A connection is there, asked for with what was seen as `after`."""
        self._after, self._greeted, self._heard = self.position, False, at

    def closed(self, at: float) -> None:
        """It is there no longer."""
        self._hear(at)
        self._heard = None

    def take(self, frame: Mapping[str, Any], at: float) -> Sequence[Event]:
        """The events of this frame that are news to this console."""
        self.frames += 1
        self._hear(at)
        kind, position = frame.get("type"), frame.get("position")
        if not isinstance(position, int):
            self._breach(f"a {kind} without a position")
            return ()
        if (kind == "hello") == self._greeted:
            self._breach(f"begins with {kind}" if not self._greeted else "a second hello")
        self._greeted = True
        match kind:
            case "hello":
                if self._after is not None and position < self._after:
                    self._breach(f"saw {self._after}, and the log is only {position} long")
            case "snapshot":
                if self._after is not None:
                    self._breach(f"came back with after={self._after}, and got a snapshot at {position}")
                self.position = position
            case "events":
                return self._events(position, frame.get("events", ()))
            case "beat":
                if position != self.position:
                    self._breach(f"a beat at {position}, and seen is {self.position}")
            case _:
                return ()  # the contract is added to: what is not known is passed over
        return ()

    def _hear(self, at: float) -> None:
        if self._heard is not None:
            self.silence = max(self.silence, at - self._heard)
            self._heard = at

    def _events(self, position: int, events: Sequence[Event]) -> Sequence[Event]:
        fresh = [event for event in events if self._follows(event["position"])]
        if self.position != position:
            self._breach(f"a frame at {position} that ends with {self.position}")
        return fresh

    def _follows(self, position: int) -> bool:
        known = self.position
        if known is not None and position <= known:
            self._breach(f"{position} again, after {known}")
            return False
        if known is not None and position != known + 1:
            self._breach(f"{position} after {known}: a gap")
        self.position = position
        return True

    def _breach(self, what: str) -> None:
        self.broken += 1
        if len(self.breaches) < KEPT:
            self.breaches.append(f"{self.name}: {what}")
