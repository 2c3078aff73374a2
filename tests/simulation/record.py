"""What a world has left behind, put in order for the judge: the log with the second at which each event was durable,
and each alarm as it stood after every commit.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import orjson

from alarmd.alarm.events import Event, from_wire
from alarmd.alarm.lifecycle import after, opened
from alarmd.alarm.model import Alarm
from alarmd.store.verify import verify
from tests.simulation.disk import Disk
from tests.simulation.judging import Commit, Court
from tests.simulation.node import Life
from tests.simulation.people import People
from tests.simulation.scenario import Scenario, Trouble
from tests.simulation.surroundings import Surroundings
from tests.simulation.virtual import BEGAN

LEASE = 31.0
"""Seconds after which what a dead node held is anybody's."""
GRACE = 1.3
"""Seconds in which what is due must be done: the second of the promise, and what disk and network take."""


@dataclass(frozen=True)
class Told:
    """An event, and the alarm as it stood after it. `at`: the second at which it was durable."""

    at: float
    position: int
    event: Event
    alarm: Alarm


@dataclass
class Record:
    """Everything the judge may know."""

    scenario: Scenario
    around: Surroundings
    people: People
    lives: list[Life]
    tales: dict[str, list[Told]]
    commits: list[Commit]
    head: int
    verified: tuple[str, ...]
    ways: list[tuple[float, float, str | None]] = field(init=False)
    """What was in the way: from, to, and of which node; of none, nobody could do anything."""

    lost: list[tuple[float, float]] = field(init=False)
    """A node that starts after the clock was put back goes on from the end of the log: then, so much is lost."""

    def __post_init__(self) -> None:
        back = min((at for at, _, step in self.scenario.steps_of_the_clock if step < timedelta()), default=None)
        starts = sorted(o.end for o in self.around.outages if o.node is not None and back is not None and o.end > back)
        # Not every commit makes the log longer, and its end is all that a node goes by; on a slow disk that was heard a
        # while before it was committed.
        old = 3.0 if Trouble.SLOW in self.scenario.troubles else 0.0
        grown = [c.at for before, c in pairwise(self.commits) if c.position > before.position]
        self.lost = [(at, at - max((g for g in grown if g < at), default=0.0) + old) for at in starts]
        self.ways = [(o.start, o.end, o.node) for o in self.around.outages]
        first, *others = ([o for o in self.around.outages if o.node == name] for name in self.scenario.nodes)
        for down in first:
            both = [(max(down.start, o.start), min(down.end, o.end)) for other in others for o in other]
            self.ways += (
                [(start, end, None) for start, end in both if start <= end]
                if others
                else [(down.start, down.end, None)]
            )

    def standing(self, alarm: str, at: float) -> Told | None:
        """How an alarm stood, durably, at this second."""
        tale = self.tales.get(alarm, [])
        place = bisect_left(tale, at, key=lambda told: told.at)
        return tale[place - 1] if place else None

    def in_time(self, at: float, *, held: bool = False) -> float:
        """Until when must be done what is due at this second: a second later, or after the end of what was in the way.
        `held`: by some node; when that dies its lease must run out first.
        """
        until, again = at, True
        while again:
            again = False
            for start, end, whose in self.ways:
                over = end if whose is None else min(end, start + LEASE) if held else start
                if start - GRACE <= until < over + 0.001:
                    until, again = over + 0.001, True
        return until + GRACE

    def second_of(self, due: datetime, known: float) -> float:
        """The second at which an instant comes that was known at a second: so much later as it then was away. A clock
        that is put back must not make it later; one that is put forward may make it sooner.
        """
        steps = {(at, step) for at, _, step in self.scenario.steps_of_the_clock}
        wrong = sum((step for at, step in steps if at <= known), timedelta())
        left = max(0.0, (due - (BEGAN + wrong)).total_seconds() - known)
        for back, lost in self.lost:
            left += lost if known < back and back - lost <= known + left else 0  # time stood still from there to here
        return known + left


def record(around: Surroundings, people: People, lives: list[Life], court: Court, disk: Disk) -> Record:
    """Read the whole log."""
    ends = [commit.position for commit in court.commits]
    tales: dict[str, list[Told]] = {}
    head = 0
    for position, alarm, site, body in disk.ask("SELECT position, alarm, site, body FROM events ORDER BY position"):
        head = position
        event = from_wire(orjson.loads(body))
        tale = tales.setdefault(alarm, [])
        stands = after(tale[-1].alarm, event) if tale else opened(alarm, site, event)
        at = court.commits[bisect_left(ends, position)].at
        tale.append(Told(at, position, event, stands))
        around.story.append((at, f"log {position}: {alarm} {event.kind} -> {event.state} {_short(event)}"))
    database = disk.open("judge", shared=True)
    try:
        verified = verify(database).findings
    finally:
        database.close()
    return Record(around.scenario, around, people, lives, tales, court.commits, head, verified)


def _short(event: Event) -> str:
    keep = (
        "reason",
        "step",
        "round",
        "tell",
        "person",
        "channel",
        "state",
        "why",
        "attempt",
        "purpose",
        "next",
        "people",
        "cause",
        "kind",
        "ref",
        "device",
        "attempts",
    )
    return " ".join(f"{key}={event.data[key]}" for key in keep if event.data.get(key) is not None)
