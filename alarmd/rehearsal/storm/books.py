"""All books of a storm, and the one place where news is entered. PURE. Every console brings every event; the first that
brings one makes it news, and since no console may miss any, all are news in the order of the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alarmd.rehearsal.storm.answers import Answers
from alarmd.rehearsal.storm.samples import Samples
from alarmd.rehearsal.storm.sight import Sight
from alarmd.rehearsal.storm.steps import Steps
from alarmd.rehearsal.storm.tally import Tally
from alarmd.rehearsal.storm.told import Told

SIGNALS = ("raised", "joined", "upgraded")
Event = Mapping[str, Any]


@dataclass(slots=True)
class Books:
    """`sights`: one for each console. `told` is None where no provider of the storm's can be told."""

    sights: Sequence[Sight] = ()
    told: Told | None = None
    tally: Tally = field(init=False)
    steps: Steps = field(default_factory=Steps)
    answers: Answers = field(default_factory=Answers)
    samples: Samples = field(default_factory=Samples)
    events: int = 0
    cuts: int = 0
    lag: float = 0.0
    """Seconds by which the storm itself was late at the worst: so much of its figures may be its own."""
    _known: int = -1

    def __post_init__(self) -> None:
        self.tally = Tally(len(self.sights))

    def frame(self, sight: Sight, frame: Mapping[str, Any], at: float, instant: datetime) -> list[Event]:
        """A frame has come to a console, at these seconds and this instant of the nodes' clock. The events that nobody
        had seen before."""
        news = []
        for event in sight.take(frame, at):
            if event["kind"] in SIGNALS and event["data"].get("ref"):
                self.tally.see(event["data"]["ref"], at)
            if event["position"] > self._known:
                self._known = event["position"]
                self._enter(event, at, instant)
                news.append(event)
        return news

    def _enter(self, event: Event, at: float, instant: datetime) -> None:
        self.events += 1
        kind, data = event["kind"], event["data"]
        if kind in SIGNALS:
            self.tally.show(event["position"], data)
        self.steps.take(event, instant)
        self.answers.show(event, at)
        if self.told is not None:
            self.told.take(event)
            if kind == "raised" and data.get("ref") in self.tally.pressed:
                self.told.opened[event["alarm"]] = self.tally.pressed[data["ref"]]

    @property
    def open_matters(self) -> dict[str, int]:
        """What the storm still waits for, in words; empty when it is over."""
        matters = {
            "not accepted": self.tally.unanswered,
            "not on every console": self.tally.missing,
            "unreadable, not raised": sum(self.tally.silent.values()),
            "not told": len(self.told.untold) if self.told is not None else 0,
            "answers not taken": len(self.answers.untaken),
            "answers not shown": len(self.answers.unshown) if self.sights else 0,
        }
        return {what: count for what, count in matters.items() if count}
