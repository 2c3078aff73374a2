"""Every row of the benchmark, and how good each of its figures must be and wants to be."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.bench import rows
from tests.bench.rows import Measured, Size
from tests.bench.systems import FLOOR, POSTGRESQL, SQLITE

BOTH, ALONE, ALL = (FLOOR, SQLITE), (SQLITE,), (FLOOR, SQLITE, POSTGRESQL)
POSTGRESQL_MUST = 2.0
"""Times the figure on SQLite."""


@dataclass(frozen=True)
class Goal:
    """One figure. `must` and `aim` are times the floor's figure, or, `absolute`, the figure itself. It wants to be low,
    or, where something is counted per second, high."""

    figure: str
    title: str
    must: float | None = None
    aim: float | None = None
    absolute: bool = False

    @property
    def high(self) -> bool:
        return self.figure.endswith("per second")

    def held(self, value: float, limit: float, beside: float = 1.0) -> bool:
        return value >= limit * beside if self.high else value <= limit * beside


@dataclass(frozen=True)
class Row:
    """Measured so many times in turn on each system, on PostgreSQL once. The figure of the first goal is the one that
    is compared with the run before."""

    measure: Callable[[str, Size], Awaitable[Measured]]
    systems: Sequence[str]
    rounds: int
    goals: Sequence[Goal]


ROWS = {
    "one": Row(
        rows.one,
        ALL,
        3,
        [
            Goal("console p50", "one press until a console shows it, p50, ms", 2.0, 1.3),
            Goal("webhook p50", "until the webhook is called, p50, ms", 2.0, 1.3),
            Goal("acknowledge p50", "an acknowledgement until the console shows it, p50, ms", 2.0, 1.3),
        ],
    ),
    "one-to-many": Row(
        rows.one_to_many, ALL, 3, [Goal("console p50", "one press until the last of 500 consoles, p50, ms", 1.5, 1.0)]
    ),
    "storm": Row(
        rows.storm,
        BOTH,
        2,
        [
            Goal("p99", "1,000 presses in 10 s to 500 consoles, p99, ms", 1.2, 0.8),
            Goal("cpu seconds", "its processor time, s", 1.1, 0.55),
        ],
    ),
    "burst": Row(
        rows.burst,
        ALL,
        3,
        [
            Goal("seconds", "10,000 presses at once to console and webhook, s", 3.0, 1.5),
            Goal("cpu seconds", "its processor time, s"),
            Goal("MiB", "its memory at most, MiB", 200, 130, absolute=True),
        ],
    ),
    "burst-to-some": Row(
        rows.burst_to_some, BOTH, 2, [Goal("console seconds", "10,000 presses at once to 50 consoles, s", 1.2, 0.6)]
    ),
    "post": Row(rows.post, ALL, 3, [Goal("per second", "POST to 202, committed, 32 in flight, per second", 0.3, 0.5)]),
    "start": Row(
        rows.start,
        BOTH,
        3,
        [
            Goal("seconds", "start until the first press is accepted, s", 2.0, 1.2, absolute=True),
            Goal("MiB", "memory when idle, MiB", 120, 90, absolute=True),
        ],
    ),
    "hanging": Row(
        rows.hanging, ALONE, 3, [Goal("ratio", "console p99 while the webhook hangs, times without", 1.2, 1.0, True)]
    ),
    "crash": Row(
        rows.crash,
        ALONE,
        1,
        [
            Goal("ready seconds", "killed in a burst of 10,000, started: until it is ready, s", None, 2.0, True),
            Goal("seconds", "until every press is shown and told, s"),
        ],
    ),
    "outage": Row(
        rows.outage, ALONE, 1, [Goal("seconds", "webhook away for 3 s: all told after its return, s", 5.0, 2.0, True)]
    ),
    "growth": Row(
        rows.growth,
        ALONE,
        1,
        [
            Goal("press ratio", "a press with 1,000,000 events in the log, times an empty one", 1.2, 1.0, True),
            Goal("list ratio", "the list of open alarms, likewise", 1.2, 1.0, True),
            Goal("start later", "the start is later by, s", 0.5, 0.1, True),
            Goal("verified per second", "`alarmd verify`, events per second", 50_000, 50_000, True),
        ],
    ),
    "decided": Row(
        rows.decided,
        ALONE,
        1,
        [
            Goal("first µs", "a press decided and written, processor time, µs"),
            Goal("joins µs", "the 10,000th press of one alarm, likewise, µs"),
        ],
    ),
}
