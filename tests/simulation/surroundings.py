"""What is around the nodes: the disk's moods, the broker with its lights, what was in the way of whom, and a list of
everything that was seen from outside. The judge reads that list and the log, and nothing of what the nodes think.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from alarmd.alarm.effects import Feedback
from alarmd.alarm.model import Purpose
from tests.simulation.disk import Fate
from tests.simulation.scenario import Scenario, Trouble, Window
from tests.simulation.virtual import VirtualLoop


@dataclass(frozen=True)
class Sent:
    """A message reached a provider. `behind`: the node looked at the alarm before it was stopped, and sends now."""

    at: float
    node: str
    alarm: str
    attempt: str
    person: str
    channel: str
    purpose: Purpose
    behind: bool


@dataclass(frozen=True)
class Shown:
    """A light showed something. `behind`: the node was stopped just before, as in `Sent`."""

    at: float
    node: str
    alarm: str
    device: str
    state: str
    ref: str | None
    behind: bool


@dataclass(frozen=True)
class Outage:
    """A time in which nothing can be asked of the nodes (or of one of them); where `alarms` are known, what is awaited
    of others is none the later for it. `dead`: the node was not there, and has begun anew; `released`: what it held it
    had given back.
    """

    start: float
    end: float
    node: str | None = None
    alarms: frozenset[str] | None = None
    dead: bool = False
    released: bool = False


@dataclass(frozen=True)
class Refusal:
    """A transaction of this node came to nothing, or it was told so; `what` asked for it."""

    at: float
    node: str
    what: str


@dataclass
class Surroundings:
    """One for a world. `spawn` starts a task of the world, which no node takes with it when it dies."""

    scenario: Scenario
    loop: VirtualLoop
    spawn: Callable[[Coroutine[Any, Any, None]], None] = lambda work: work.close()
    story: list[tuple[float, str]] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    ended: dict[str, float] = field(default_factory=dict)
    changes: int = 0
    _windows: dict[Trouble, list[Window]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for window in self.scenario.windows:
            self._windows.setdefault(window.trouble, []).append(window)
            if window.trouble is Trouble.FULL:
                self.outages.append(Outage(window.start, window.end))
            self.story.append((window.start, f"{window.trouble} {window.what} until {window.end:.3f}"))

    @property
    def time(self) -> float:
        return self.loop.time()

    @property
    def troubled(self) -> bool:
        """Faults still happen."""
        return self.time < self.scenario.calm_at

    def tell(self, what: str) -> None:
        self.story.append((self.time, what))

    def within(self, trouble: Trouble, what: str | None = None) -> bool:
        """Is it that sort of time?"""
        windows = self._windows.get(trouble)
        if not windows:
            return False
        now = self.time
        return any(w.start <= now < w.end and what in (None, w.what) for w in windows)

    def happens(self, likely: float) -> bool:
        return likely > 0 and self.troubled and self.scenario.chance.random() < likely

    # The disk.

    def fate(self) -> Fate:
        """Of the transaction that begins now."""
        likely, chance = self.scenario.likely, self.scenario.chance
        if self.within(Trouble.FULL):
            return chance.choice([Fate.REFUSED, Fate.REFUSED, Fate.BROKEN])
        if self.happens(likely["crash"]):
            return chance.choice([Fate.CRASH_BEFORE, Fate.CRASH_AFTER])
        if self.happens(likely["refused"]):
            return chance.choice([Fate.REFUSED, Fate.BROKEN])
        if self.happens(likely["unknown"]):
            return Fate.UNKNOWN
        return Fate.GOOD

    def unreadable(self) -> bool:
        return self.happens(self.scenario.likely["refused"] / 4)

    def refused(self, node: str, why: str, what: str, alarms: frozenset[str] | None) -> None:
        self.tell(f"{node}: {why} ({what})")
        self.outages.append(Outage(self.time, self.time, alarms=alarms))
        self.refusals.append(Refusal(self.time, node, what))

    async def disk_turns(self) -> None:
        """Before it does anything."""
        slow = self.within(Trouble.SLOW)
        await asyncio.sleep(self.scenario.chance.uniform(0.05, 1.0) if slow else 0.002)

    async def disk_answers(self) -> None:
        """After it has done it."""
        slow = self.within(Trouble.SLOW)
        await asyncio.sleep(self.scenario.chance.uniform(0.0, 0.4) if slow else 0.001)

    @contextmanager
    def waiting(self, node: str) -> Iterator[None]:
        """Nothing can be in time when the disk is not: so long did it take, or had taken when the node died."""
        asked = self.time
        try:
            yield
        finally:
            if self.time - asked > 0.2:
                slow = any(w.start <= self.time and asked < w.end for w in self._windows.get(Trouble.SLOW, ()))
                self.outages.append(Outage(asked, self.time, None if slow else node))

    # The lights.

    async def show(self, node: str, alarm: str, feedback: Feedback, *, behind: bool) -> bool:
        """A message reaches the broker, unless that is away."""
        away = self.within(Trouble.BROKER) or self.happens(0.1 if Trouble.BROKER in self.scenario.troubles else 0)
        if not away:
            self.shown.append(Shown(self.time, node, alarm, feedback.device, feedback.state, feedback.ref, behind))
            self.tell(f"light {feedback.device} shows {feedback.state} ({feedback.ref}) for {alarm}")
        await asyncio.sleep(0.005)
        return not away
