"""The book of one provider: of which alarms it is to be told, by the log, and when it was. PURE. An answer that comes
first makes the telling pointless; such an alarm owes the provider nothing.
"""

from collections.abc import Mapping
from typing import Any

CHANNEL = "webhook"
SETTLES = ("acknowledged", "en_route", "arrived", "declined", "resolved", "cancelled")


class Told:
    """`opened`: alarms that the storm's presses have opened, and when those were pressed, in seconds."""

    def __init__(self) -> None:
        self.opened: dict[str, float] = {}
        self.told: dict[str, float] = {}
        """When the first request came, whatever it was answered."""
        self.delivered: set[str] = set()
        self.requests = 0
        self.refused = 0
        """Requests, and those that a provider in trouble did not take."""
        self._wanted: set[str] = set()
        self._settled: set[str] = set()

    def take(self, event: Mapping[str, Any]) -> None:
        """One event of the log."""
        alarm, kind, data = event["alarm"], event["kind"], event["data"]
        if kind == "notified" and data["purpose"] == "step":
            if any(attempt["channel"] == CHANNEL for attempt in data["attempts"]):
                self._wanted.add(alarm)
        elif kind in SETTLES:
            self._settled.add(alarm)

    def asked(self, alarm: str, at: float, *, taken: bool) -> None:
        """A request about this alarm has come in."""
        self.requests += 1
        self.told.setdefault(alarm, at)
        if taken:
            self.delivered.add(alarm)
        else:
            self.refused += 1

    @property
    def waits(self) -> list[float]:
        """Seconds from the press that opened an alarm to the first request about it."""
        return [at - self.opened[alarm] for alarm, at in self.told.items() if alarm in self.opened]

    @property
    def heard_of(self) -> int:
        """How many of the storm's own alarms it has taken. It takes others too (technical ones), and some before a
        console has shown them."""
        return len(self.opened.keys() & self.delivered)

    @property
    def untold(self) -> list[str]:
        """Alarms of the storm of which it should have heard, and has not."""
        owed = self._wanted - self.delivered - self._settled
        return [alarm for alarm in self.opened if alarm in owed]
