"""What storm it is to be. PURE. Every share is between 0 and 1, every time in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alarmd.alarm.model import Kind

BURST = 5.0
"""All presses at once have no duration of their own: provider and nodes are then in trouble during so many seconds."""


@dataclass(frozen=True, slots=True)
class Weather:
    """`rate`: presses a second, 0 all at once. `patience`: from the last press to the verdict. `kinds`: how often each
    is asked for; empty: the device's own, always.

    Shares of the presses: `repeats` are sent again with the same ref, `late` ones carry a time long past, `garbled`
    ones cannot be read. `answers`: the share of alarms that somebody answers, `answer_after`: after so long on average,
    for each of his acts. `slow`, `failing`: the share of the time in which providers are. `kill_every`, `cut_every`:
    from one killed node, or one cut console, to the next.
    """

    presses: int
    devices: tuple[str, ...]
    rate: float = 0
    seed: int = 1
    patience: float = 30
    kinds: Mapping[Kind, float] = field(default_factory=dict)
    repeats: float = 0
    late: float = 0
    garbled: float = 0
    answers: float = 0
    answer_after: float = 3
    slow: float = 0
    failing: float = 0
    kill_every: float | None = None
    cut_every: float | None = None

    @property
    def span(self) -> float:
        """Seconds from the first press to the last; of a burst, so long troubles last."""
        return self.presses / self.rate if self.rate else BURST
