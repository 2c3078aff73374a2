"""What a world has left behind, put in order for the judge: the log with the second at which each event was durable,
and each alarm as it stood after every commit.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import orjson

from alarmd.alarm.events import Event, from_wire
from alarmd.alarm.lifecycle import after, opened
from alarmd.alarm.model import Alarm, Kind
from alarmd.organisation.model import Organisation
from alarmd.store.verify import verify
from tests.simulation.administration import Administration
from tests.simulation.duties import Duties
from tests.simulation.judging import Commit, Court
from tests.simulation.node import Life
from tests.simulation.people import People
from tests.simulation.scenario import Scenario
from tests.simulation.sentences import sentence
from tests.simulation.surroundings import Outage, Surroundings

LEASE = 6.0
"""Seconds after which what a dead node held is somebody else's: its lease, and the second in which others look."""
LOOKS = 10.5
"""Seconds within which every node has looked at the clock of the database that it shares."""
GRACE = 1.3
"""Seconds in which what is due must be done: the second of the promise, and what disk and network take."""


@dataclass(frozen=True)
class Told:
    """An event, and the alarm as it stood after it. `at`: the second at which it was durable."""

    at: float
    position: int
    event: Event
    alarm: Alarm


@dataclass(frozen=True)
class Unknowing:
    """Where a clock was put back, a node that starts goes on from the end of the log: when it died and started, from
    which instant it goes on, and by how much it may be behind its sister for that.
    """

    died: float
    start: float
    instant: datetime
    behind: float


@dataclass
class Record:
    """Everything the judge may know."""

    scenario: Scenario
    around: Surroundings
    people: People
    lives: list[Life]
    shell: Administration
    tales: dict[str, list[Told]]
    commits: list[Commit]
    head: int
    verified: tuple[str, ...]
    ways: list[Outage] = field(init=False)
    """What was in the way; of no node: nobody could do anything."""
    standstills: list[Outage] = field(init=False)
    """Of these the times in which nobody could store anything: no single commit that was refused, nor a wrong clock."""
    _duties: dict[int, Duties] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ways = [*self.around.outages]
        self.ways += [Outage(start, end) for start, end in self._nobody_up(self.scenario.nodes)]
        self.standstills = [way for way in self.ways if way.start < way.end]
        if len(self.scenario.nodes) > 1:
            self.ways += [Outage(at, at + LOOKS) for at, _ in self.scenario.clock]

    def _nobody_up(self, nodes: tuple[str, ...]) -> Iterator[tuple[float, float]]:
        first, *others = ([o for o in self.around.outages if o.node == name] for name in nodes)
        for down in first:
            if not others:
                yield down.start, down.end
            both = ((max(down.start, o.start), min(down.end, o.end)) for other in others for o in other)
            yield from ((start, end) for start, end in both if start <= end)

    @cached_property
    def unknowing(self) -> "list[Unknowing]":
        """The starts after which a clock goes on from the end of the log."""
        back = min((at for at, step in self.scenario.clock if step < timedelta()), default=None)
        if back is None:
            return []
        lost = sorted((o.end, o.start) for o in self.around.outages if o.dead and o.end > back)
        log = sorted((told.position, told.at, told.event.at) for tale in self.tales.values() for told in tale)
        ends = ((died, start, [(at, instant) for _, at, instant in log if at < start]) for start, died in lost)
        return [Unknowing(died, start, found[-1][1], start - found[-1][0]) for died, start, found in ends if found]

    def organisation(self, alarm: Alarm) -> Organisation:
        """The one with which it began."""
        return self.shell.organisations[alarm.organisation]

    def leaves(self, alarm: Alarm) -> bool:
        """May those outside be told: of no exercise, but where whoever opened it wanted that."""
        wanted = bool(self.tales[alarm.id][0].event.data["externals"])
        return wanted or not (alarm.drill or alarm.kind is Kind.TEST)

    def duties(self, alarm: Alarm) -> Duties:
        """Who is on call and who is away, by the version with which it began."""
        if alarm.organisation not in self._duties:
            self._duties[alarm.organisation] = Duties(self.organisation(alarm), self.scenario.began)
        return self._duties[alarm.organisation]

    def standing(self, alarm: str, at: float) -> Told | None:
        """How an alarm stood, durably, at this second."""
        tale = self.tales.get(alarm, [])
        place = bisect_left(tale, at, key=lambda told: told.at)
        return tale[place - 1] if place else None

    def in_time(self, at: float, alarm: str | None = None, *, held: bool = False) -> float:
        """Until when must be done what is due at this second: a second later, or after the end of what was in the way.
        `held`: by some node; when that dies its lease must run out first.
        """
        return _after(self.ways, at, alarm, held=held)

    def heard_by(self, at: float) -> float:
        """Until when whoever tries from this second on must have been heard: so long nobody could have stored it."""
        return _after(self.standstills, at)

    def second_of(self, due: datetime, told: Told) -> float:
        """The second at which an instant comes that was stored with this event. A clock that is put back later must not
        make it later; one that is put forward may make it sooner.
        """
        stepped = any(at <= told.at for at, _ in self.scenario.clock)
        now = told.event.at if stepped else self.scenario.began + timedelta(seconds=told.at)
        second = told.at + max(0.0, (due - now).total_seconds())
        for unknowing in self.unknowing:
            if told.at < unknowing.start and unknowing.died <= self.in_time(second, told.alarm.id):
                second = unknowing.start + max(0.0, (due - unknowing.instant).total_seconds())
        behind = [u.behind for u in self.unknowing if u.start <= told.at and len(self.scenario.nodes) > 1]
        return second + max(behind, default=0.0)


def just_after(at: float) -> float:
    """What was committed at this second stands then. Of what happens in one instant nobody can say here what came
    first: whoever looked may have seen a commit of it, or may not."""
    return at + 0.0001


def _after(ways: list[Outage], at: float, alarm: str | None = None, *, held: bool = False) -> float:
    until, again = at, True
    while again:
        again = False
        for way in ways:
            over = _over(way, held=held) + 0.001
            concerned = way.alarms is None or alarm in way.alarms
            if concerned and way.start - GRACE <= until < over:
                until, again = over, True
    return until + GRACE


def _over(way: Outage, *, held: bool) -> float:
    """When it is in the way no more of what any node may do, or of what that one holds."""
    if way.node is None:
        return way.end
    return min(way.end, way.start + LEASE) if held and not way.released else way.start


def record(around: Surroundings, people: People, lives: list[Life], shell: Administration, court: Court) -> Record:
    """Read the whole log."""
    ends = [commit.position for commit in court.commits]
    tales: dict[str, list[Told]] = {}
    head, disk = 0, shell.disk
    for position, alarm, site, body in disk.ask("SELECT position, alarm, site, body FROM events ORDER BY position"):
        head = position
        event = from_wire(orjson.loads(body))
        tale = tales.setdefault(alarm, [])
        stands = after(tale[-1].alarm, event) if tale else opened(alarm, site, event)
        at = court.commits[bisect_left(ends, position)].at
        tale.append(Told(at, position, event, stands))
        around.story.append((at, sentence(position, alarm, event)))
    database = disk.open("judge", shared=True)
    try:
        verified = verify(database).findings
    finally:
        database.close()
    return Record(around.scenario, around, people, lives, shell, tales, court.commits, head, verified)


def names(tales: Mapping[str, list[Told]]) -> dict[str, str]:
    """What a reader calls alarms, signals and attempts, instead of by their ids."""
    found: dict[str, str] = {}
    for number, (id, tale) in enumerate(tales.items(), 1):
        found[id] = alarm = f"A{number}"
        times = Counter[str]()
        for data in (told.event.data for told in tale):
            found |= {data["signal"]: f"{alarm}'s signal"} if "signal" in data else {}
            for attempt in data.get("attempts", ()):
                way = f"{alarm}/{data['person']}/{attempt['channel']}"
                times[way] += 1
                found[attempt["id"]] = way if times[way] == 1 else f"{way}/{times[way]}"
    return found
