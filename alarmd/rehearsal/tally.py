"""The books of a storm: what was pressed, accepted and seen, and what that makes in figures. PURE: the caller brings
every time, in seconds of one clock that only goes forward.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from math import ceil


@dataclass(frozen=True, slots=True)
class Latency:
    """Of a number of waits, in milliseconds; None where there was none. Percentiles are by nearest rank."""

    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a storm came to.

    `unanswered`: presses to which nobody said yes. `lost`: accepted, and not on the console's feed. `repeated`: on the
    feed more than once. `unasked`: on the feed although nobody had said yes yet; that is no fault, the yes was lost.
    """

    presses: int
    accepted: int
    unanswered: int
    lost: int
    repeated: int
    unasked: int
    alarms: int
    tried_again: int
    seconds: float
    per_second: float
    to_accepted: Latency
    to_console: Latency | None
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Did alarmd keep its promise: every press accepted, none lost, none twice?"""
        return not (self.unanswered or self.lost or self.repeated)

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"held": self.held}


class Tally:
    """Counts as it goes. `watched` is False where no console looks on: then nothing can be called lost."""

    def __init__(self, *, watched: bool) -> None:
        self.watched = watched
        self.pressed: dict[str, float] = {}
        self.accepted: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self.tried_again = 0
        self.faults: dict[str, int] = {}
        self._twice: set[str] = set()
        self._alarms: set[str] = set()

    def press(self, ref: str, at: float) -> None:
        """A press is due now: from here its wait is counted, also that for a free line."""
        self.pressed[ref] = at

    def accept(self, ref: str, at: float, alarm: str) -> None:
        """The yes to a press; the first one counts."""
        if ref in self.pressed:
            self.accepted.setdefault(ref, at)
            self._alarms.add(alarm)

    def see(self, ref: str, at: float) -> None:
        """It is on the console's feed. What others press there is none of ours."""
        if ref not in self.pressed:
            return
        if ref in self.seen:
            self._twice.add(ref)
        self.seen.setdefault(ref, at)

    def fault(self, what: str) -> None:
        """Something went wrong that is tried again."""
        self.faults[what] = self.faults.get(what, 0) + 1

    @property
    def missing(self) -> int:
        """Accepted, and not on the console yet."""
        return len(self.accepted.keys() - self.seen.keys()) if self.watched else 0

    def verdict(self, presses: int, seconds: float) -> Verdict:
        """`presses`: how many were meant; `seconds`: from the first press to the last answer."""
        return Verdict(
            presses=presses,
            accepted=len(self.accepted),
            unanswered=presses - len(self.accepted),
            lost=self.missing,
            repeated=len(self._twice),
            unasked=len(self.seen.keys() - self.accepted.keys()),
            alarms=len(self._alarms),
            tried_again=self.tried_again,
            seconds=round(seconds, 3),
            per_second=round(len(self.accepted) / seconds, 1) if seconds else 0.0,
            to_accepted=latency(at - self.pressed[ref] for ref, at in self.accepted.items()),
            to_console=latency(at - self.pressed[ref] for ref, at in self.seen.items()) if self.watched else None,
            faults=dict(self.faults),
        )


def latency(seconds: Iterable[float]) -> Latency:
    """The figures of these waits."""
    waits = sorted(seconds)
    if not waits:
        return Latency(0)

    def rank(share: float) -> float:
        return round(1000 * waits[max(0, ceil(share * len(waits)) - 1)], 3)

    return Latency(len(waits), rank(0.50), rank(0.95), rank(0.99), round(1000 * waits[-1], 3))
