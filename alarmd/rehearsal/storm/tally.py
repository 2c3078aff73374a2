"""The book of presses: what was pressed, accepted and shown. PURE: the caller brings every time, in seconds of one
clock that only goes forward. It remembers a few figures of each press and nothing of any frame.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from alarmd.rehearsal.storm.plan import Press


class Tally:
    """Counts as it goes. `consoles`: how many look on; where none does nothing can be called lost."""

    def __init__(self, consoles: int) -> None:
        self.consoles = consoles
        self.pressed: dict[str, float] = {}
        self.accepted: dict[str, float] = {}
        self.alarms: dict[str, str] = {}
        self.seen: dict[str, float] = {}
        """When the first console saw it."""
        self.everywhere: dict[str, float] = {}
        """When the last of all consoles did."""
        self.tried_again = 0
        self.said_again = 0
        """Repeats that were answered."""
        self.faults: Counter[str] = Counter()
        self.twice: set[str] = set()
        """On the feed at two positions: one press became two signals."""
        self.otherwise: list[str] = []
        """Repeats that were answered as another signal or alarm than the first time."""
        self.retimed: list[str] = []
        """Late presses whose time is not the one that was sent."""
        self.garbled: Counter[str] = Counter()
        self.unreadable: Counter[str] = Counter()
        """Of each device: how many unreadable presses were sent, and how many were shown."""
        self._late: dict[str, str] = {}
        self._signals: dict[str, str] = {}
        self._positions: dict[str, int] = {}
        self._views: Counter[str] = Counter()
        self._missing: set[str] = set()

    def press(self, press: Press, at: float, *, claims: str | None = None) -> None:
        """A press is due now: from here its wait is counted, also that for a free line. `claims`: the time that a late
        one carries."""
        if press.garbled is not None:
            self.garbled[press.device] += 1
            return
        self.pressed[press.ref] = at
        if claims is not None:
            self._late[press.ref] = claims

    def accept(self, ref: str, at: float, alarm: str, signal: str | None = None) -> None:
        """The yes to a press, the first or another; `signal` where the door tells it. A yes without is a light, which
        names the newest alarm of its button, whichever press it answers."""
        if ref not in self.pressed:
            return
        known = self.alarms.setdefault(ref, alarm)
        if signal is not None and known != alarm:
            self.otherwise.append(f"{ref}: alarm {known}, then {alarm}")
        elif signal is not None and self._signals.setdefault(ref, signal) != signal:
            self.otherwise.append(f"{ref}: signal {self._signals[ref]}, then {signal}")
        if ref not in self.accepted:
            self.accepted[ref] = at
            if ref not in self.everywhere:
                self._missing.add(ref)

    def show(self, position: int, data: Mapping[str, Any]) -> None:
        """A signal is in the log, at this position: said once, whoever sees it."""
        ref = data.get("ref")
        if data.get("fault") is not None:
            self.unreadable[data["device"]] += 1
        if ref not in self.pressed:
            return  # what others press here is none of ours
        if self._positions.setdefault(ref, position) != position:
            self.twice.add(ref)
        if ref in self._late and data.get("pressed_at") != self._late[ref]:
            self.retimed.append(f"{ref}: sent {self._late[ref]}, shown {data.get('pressed_at')}")

    def see(self, ref: str, at: float) -> None:
        """One console sees it; which one, and how often, is its own book's matter."""
        if ref not in self.pressed:
            return
        self.seen.setdefault(ref, at)
        self._views[ref] += 1
        if self._views[ref] == self.consoles:
            self.everywhere[ref] = at
            self._missing.discard(ref)

    def fault(self, what: str) -> None:
        """Something went wrong that is tried again."""
        self.faults[what] += 1

    @property
    def unanswered(self) -> int:
        """Pressed, and nobody has said yes."""
        return len(self.pressed) - len(self.accepted)

    @property
    def missing(self) -> int:
        """Accepted, and not on every console."""
        return len(self._missing) if self.consoles else 0

    @property
    def lost(self) -> list[str]:
        """Those refs."""
        return sorted(self._missing) if self.consoles else []

    @property
    def silent(self) -> dict[str, int]:
        """Of each device: how many unreadable presses were sent and have not raised."""
        short = {device: sent - self.unreadable[device] for device, sent in self.garbled.items()}
        return {device: missing for device, missing in short.items() if missing > 0 and self.consoles}
