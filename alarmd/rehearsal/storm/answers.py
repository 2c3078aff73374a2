"""The book of the people who answer: what each said, when alarmd took it, when the consoles showed it. PURE; seconds of
one clock that only goes forward.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alarmd.alarm.incoming import Action

API, PHONES = "api", ("sms", "voice")
"""By which channel the storm's own people speak, and by which simulated telephones do."""
SHOWN_AS = {
    "acknowledged": Action.ACKNOWLEDGE,
    "en_route": Action.EN_ROUTE,
    "arrived": Action.ARRIVED,
    "declined": Action.DECLINE,
    "resolved": Action.RESOLVE,
}
"""By which event the feed shows an act."""


@dataclass(slots=True)
class Said:
    """One act of somebody. `taken`: alarmd said yes; `shown`: the first console had it."""

    alarm: str
    act: Action
    at: float
    taken: float | None = None
    shown: float | None = None


class Answers:
    """Everything that was said, and by what telephones."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, Action], Said] = {}
        self.too_late = 0
        """Acts that met an alarm which was over."""
        self.by_phone: Counter[str] = Counter()
        """Answers that came by text or call, by what they were."""

    def say(self, alarm: str, act: Action, at: float) -> None:
        """Somebody says so now."""
        self.said.setdefault((alarm, act), Said(alarm, act, at))

    def take(self, alarm: str, act: Action, at: float) -> None:
        """alarmd has said yes."""
        said = self.said[alarm, act]
        said.taken = at if said.taken is None else said.taken

    def refuse(self, alarm: str, act: Action) -> None:
        """It came too late; it owes nobody anything."""
        self.too_late += 1
        del self.said[alarm, act]

    def show(self, event: Mapping[str, Any], at: float) -> None:
        """An event of the log, seen for the first time."""
        channel, kind = event["by"].get("channel"), event["kind"]
        if channel in PHONES:
            self.by_phone[kind] += 1
        said = self.said.get((event["alarm"], SHOWN_AS[kind])) if channel == API and kind in SHOWN_AS else None
        if said is not None and said.shown is None:
            said.shown = at

    @property
    def waits(self) -> list[float]:
        """Seconds from an act to alarmd's yes."""
        return [said.taken - said.at for said in self.said.values() if said.taken is not None]

    @property
    def waits_shown(self) -> list[float]:
        """Seconds from an act to the first console."""
        return [said.shown - said.at for said in self.said.values() if said.shown is not None]

    @property
    def untaken(self) -> list[str]:
        return [f"{said.act} of {said.alarm}" for said in self.said.values() if said.taken is None]

    @property
    def unshown(self) -> list[str]:
        """What alarmd said yes to, and no console has shown."""
        return [f"{said.act} of {said.alarm}" for said in self.said.values() if said.taken and said.shown is None]
