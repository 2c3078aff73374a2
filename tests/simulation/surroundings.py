"""What is around the nodes: the disk's moods, the provider, the broker with its lights, and a list of everything that
was seen from outside. The judge reads that list and the log, and nothing of what the nodes think.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from alarmd.alarm.effects import EndCall, Feedback
from alarmd.alarm.incoming import Reported
from alarmd.alarm.model import AttemptState, Purpose
from alarmd.ports import Message, Outcome
from alarmd.store.tables import instant
from tests.simulation.disk import Fate
from tests.simulation.scenario import Scenario, Trouble
from tests.simulation.virtual import VirtualLoop


@dataclass(frozen=True)
class Sent:
    """A message reached a provider."""

    at: float
    node: str
    alarm: str
    attempt: str
    person: str
    channel: str
    purpose: Purpose


@dataclass(frozen=True)
class Shown:
    """A light showed something."""

    at: float
    node: str
    alarm: str
    device: str
    state: str
    ref: str | None


@dataclass(frozen=True)
class Outage:
    """A time in which nothing can be asked of the nodes (or of one of them)."""

    start: float
    end: float
    node: str | None = None


@dataclass
class Surroundings:
    """One for a world. `heard` is told what was delivered to whom, `receipt` what a provider says afterwards."""

    scenario: Scenario
    loop: VirtualLoop
    story: list[tuple[float, str]] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    ended: dict[str, float] = field(default_factory=dict)
    changes: int = 0
    crashes: int = 0

    def __post_init__(self) -> None:
        self.network = Network(self)
        for window in self.scenario.windows:
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
        now = self.time
        return any(
            w.trouble is trouble and w.start <= now < w.end and what in (None, w.what) for w in self.scenario.windows
        )

    def chance(self, likely: float) -> bool:
        return self.troubled and likely > 0 and self.scenario.chance.random() < likely

    # The disk.

    def fate(self) -> Fate:
        """Of the transaction that begins now."""
        likely, chance = self.scenario.likely, self.scenario.chance
        if self.within(Trouble.FULL):
            return chance.choice([Fate.REFUSED, Fate.REFUSED, Fate.BROKEN])
        if self.chance(likely["crash"]):
            return chance.choice([Fate.CRASH_BEFORE, Fate.CRASH_AFTER])
        if self.chance(likely["refused"]):
            return chance.choice([Fate.REFUSED, Fate.BROKEN])
        if self.chance(likely["unknown"]):
            return Fate.UNKNOWN
        return Fate.GOOD

    def unreadable(self) -> bool:
        return self.chance(self.scenario.likely["refused"] / 4)

    def refused(self, node: str, why: str) -> None:
        self.tell(f"{node}: {why}")
        self.outages.append(Outage(self.time, self.time))

    async def disk_turns(self) -> None:
        """Before it does anything."""
        slow = self.within(Trouble.SLOW)
        await asyncio.sleep(self.scenario.chance.uniform(0.05, 1.0) if slow else 0.002)

    async def disk_answers(self) -> None:
        """After it has done it."""
        slow = self.within(Trouble.SLOW)
        await asyncio.sleep(self.scenario.chance.uniform(0.0, 0.4) if slow else 0.001)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Nothing can be in time when the disk is not: so long did it take, or had taken when the node died."""
        asked = self.time
        try:
            yield
        finally:
            if self.time - asked > 0.2:
                self.outages.append(Outage(asked, self.time))

    @staticmethod
    def milliseconds(at: datetime) -> int:
        return instant(at)

    # Dying.

    def dies_now(self) -> bool:
        return self.chance(self.scenario.likely["crash"])

    def crashed(self, node: str, how: str) -> None:
        self.crashes += 1
        self.tell(f"{node}: CRASH, {how}")

    # The lights.

    async def show(self, node: str, alarm: str, feedback: Feedback) -> bool:
        await asyncio.sleep(0.005)
        if self.within(Trouble.BROKER) or self.chance(0.1 if Trouble.BROKER in self.scenario.troubles else 0):
            return False
        self.shown.append(Shown(self.time, node, alarm, feedback.device, feedback.state, feedback.ref))
        self.tell(f"light {feedback.device} shows {feedback.state} ({feedback.ref}) for {alarm}")
        return True


@dataclass
class Network:
    """The provider of every channel."""

    around: Surroundings
    delivered: Callable[[str, str, str, float], None] = lambda _person, _alarm, _channel, _after: None
    receipt: Callable[[Reported, float], None] = lambda _reported, _after: None
    calls: int = 0

    async def take(self, node: str, channel: str, message: Message) -> Outcome:
        """A message arrives at the provider; what it answers."""
        around, chance = self.around, self.around.scenario.chance
        tell, person = message.tell, message.recipient.id
        around.sent.append(Sent(around.time, node, message.alarm.id, message.attempt, person, channel, tell.purpose))
        outcome, wait = self._mood(channel)
        around.tell(f"{node} tells {person} by {channel} of {message.alarm.id} ({tell.purpose}): {outcome.state}")
        await asyncio.sleep(wait)
        if outcome.state in (AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.UNKNOWN):
            after = chance.choice([0.1, 0.5, 2.0, 9.0])
            if outcome.state is not AttemptState.UNKNOWN or chance.random() < 0.5:
                self.delivered(person, message.alarm.id, channel, after)
            if outcome.state is AttemptState.ACCEPTED:
                self._receipts(message, outcome.provider, after)
        return outcome

    def end(self, node: str, effect: EndCall) -> None:
        """A call is ended."""
        self.around.ended.setdefault(effect.provider, self.around.time)
        self.around.tell(f"{node} ends call {effect.provider}")

    def _mood(self, channel: str) -> tuple[Outcome, float]:
        """What the provider answers, and after how long."""
        around, chance, troubles = self.around, self.around.scenario.chance, self.around.scenario.troubles
        self.calls += 1
        provider = f"call-{self.calls}"
        wait = chance.choice([0.02, 0.2])
        if around.within(Trouble.HANGS, channel):
            wait = chance.choice([2.5, 12.0, 45.0, 45.0])
        if around.within(Trouble.PROVIDER, channel):
            return chance.choice(
                [
                    Outcome(AttemptState.FAILED, "unreachable", again_in=chance.choice([0.5, 2.0])),
                    Outcome(AttemptState.FAILED, "provider_failed"),
                    Outcome(AttemptState.UNKNOWN, "timeout", again_in=1.0),
                ]
            ), wait
        if Trouble.RECEIPTS in troubles and around.troubled and chance.random() < 0.2:
            return Outcome(AttemptState.FAILED, "no_such_number"), wait
        if channel == "webhook":
            return Outcome(AttemptState.DELIVERED, provider=provider), wait
        return Outcome(AttemptState.ACCEPTED, provider=provider), wait

    def _receipts(self, message: Message, provider: str | None, after: float) -> None:
        """What the provider says later: the truth, and where receipts are troubled anything, in any order."""
        chance, troubled = self.around.scenario.chance, Trouble.RECEIPTS in self.around.scenario.troubles
        said = [AttemptState.DELIVERED]
        if troubled and self.around.troubled:
            said = chance.choices(
                [AttemptState.DELIVERED, AttemptState.FAILED, AttemptState.ACCEPTED, AttemptState.UNKNOWN],
                k=chance.choice([0, 1, 2, 4]),
            )
        for state in said:
            later = after + (chance.uniform(-after, 20) if troubled else 0)
            self.receipt(Reported(message.alarm.id, message.attempt, state, "said so", provider), later)
