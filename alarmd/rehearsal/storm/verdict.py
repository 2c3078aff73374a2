"""What a storm came to: the figures, and whether the promises held. PURE."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import ceil

from alarmd.rehearsal.storm.books import Books
from alarmd.rehearsal.storm.plan import Trouble
from alarmd.rehearsal.storm.promises import Ending, Promise, judge
from alarmd.rehearsal.storm.samples import NodeFigures, Sample

BUCKETS = 120
"""In so many pieces a storm's time is cut for the plots, of a second at least."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Of a number of waits, in milliseconds; None where there was none. Percentiles are by nearest rank."""

    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A piece of the storm's time, from `at` seconds on: presses, and the waits to the first console of those pressed
    in it."""

    at: float
    pressed: int
    accepted: int
    to_console: Latency


@dataclass(frozen=True, slots=True)
class Timeline:
    """The storm as it went, for the plots; seconds from its first press on. `waits`: every wait in milliseconds,
    sorted, thinned out to what a plot can show."""

    buckets: tuple[Bucket, ...] = ()
    samples: tuple[Sample, ...] = ()
    kills: tuple[tuple[float, str], ...] = ()
    troubles: tuple[Trouble, ...] = ()
    waits: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`unanswered`: presses to which nobody said yes. `lost`: accepted, and not on every console's feed. `repeated`:
    two signals of one press. `frames`: to each console, on average. `unasked`: on the feed although nobody had said yes
    yet; that is no fault, the yes was lost. `tried_again`: tries that nobody took. `storm_lag`: by so many milliseconds
    the storm itself was late at the worst.
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
    to_every_console: Latency | None
    to_provider: Latency | None
    to_answer: Latency | None
    answer_to_console: Latency | None
    steps_late: Latency | None
    consoles: int
    events: int
    frames: int
    cuts: int
    garbled: int
    provider_requests: int
    provider_refused: int
    answers: int
    answers_by_phone: int
    storm_lag: float
    nodes: tuple[NodeFigures, ...]
    faults: dict[str, int]
    promises: tuple[Promise, ...]
    timeline: Timeline

    @property
    def held(self) -> bool:
        """Did alarmd keep its promises, as far as anybody looked?"""
        return all(promise.held is not False for promise in self.promises)

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"held": self.held}


def latency(seconds: Iterable[float]) -> Latency:
    """The figures of these waits."""
    waits = sorted(seconds)
    if not waits:
        return Latency(0)

    def rank(share: float) -> float:
        return round(1000 * waits[max(0, ceil(share * len(waits)) - 1)], 3)

    return Latency(len(waits), rank(0.50), rank(0.95), rank(0.99), round(1000 * waits[-1], 3))


def verdict(books: Books, ending: Ending, troubles: tuple[Trouble, ...] = ()) -> Verdict:
    """Close the books."""
    tally, told, answers = books.tally, books.told, books.answers
    began = min(tally.pressed.values(), default=0.0)
    seconds = max(tally.accepted.values(), default=began) - began
    waits = {
        "accepted": [at - tally.pressed[ref] for ref, at in tally.accepted.items()],
        "console": [at - tally.pressed[ref] for ref, at in tally.seen.items()],
        "every console": [at - tally.pressed[ref] for ref, at in tally.everywhere.items()],
        "provider": told.waits if told else [],
        "answer": answers.waits,
        "answer on console": answers.waits_shown,
        "step": books.steps.late,
    }
    seen = bool(books.sights)
    return Verdict(
        presses=len(tally.pressed) + sum(tally.garbled.values()),
        accepted=len(tally.accepted),
        unanswered=tally.unanswered,
        lost=tally.missing,
        repeated=len(tally.twice),
        unasked=len(tally.seen.keys() - tally.accepted.keys()),
        alarms=len(set(tally.alarms.values())),
        tried_again=tally.tried_again,
        seconds=round(seconds, 3),
        per_second=round(len(tally.accepted) / seconds, 1) if seconds else 0.0,
        to_accepted=latency(waits["accepted"]),
        to_console=latency(waits["console"]) if seen else None,
        to_every_console=latency(waits["every console"]) if len(books.sights) > 1 else None,
        to_provider=latency(waits["provider"]) if told and seen else None,
        to_answer=latency(waits["answer"]) if answers.said else None,
        answer_to_console=latency(waits["answer on console"]) if answers.said and seen else None,
        steps_late=latency(waits["step"]) if seen else None,
        consoles=len(books.sights),
        events=books.events,
        frames=round(sum(sight.frames for sight in books.sights) / len(books.sights)) if seen else 0,
        cuts=books.cuts,
        garbled=sum(tally.garbled.values()),
        provider_requests=told.requests if told else 0,
        provider_refused=told.refused if told else 0,
        answers=len(answers.said) + answers.too_late,
        answers_by_phone=sum(answers.by_phone.values()),
        storm_lag=round(1000 * books.lag, 1),
        nodes=books.samples.figures,
        faults=dict(tally.faults),
        promises=judge(books, ending),
        timeline=_timeline(books, began, waits, troubles),
    )


def _timeline(books: Books, began: float, waits: Mapping[str, list[float]], troubles: tuple[Trouble, ...]) -> Timeline:
    samples = tuple(
        Sample(round(s.at - began, 2), s.node, s.memory, round(s.cpu, 3), s.files, s.database, s.tasks)
        for s in books.samples.taken
    )
    kills = tuple((round(at - began, 2), node) for at, node in books.samples.kills)
    return Timeline(
        _buckets(books, began), samples, kills, troubles, {name: _thinned(found) for name, found in waits.items()}
    )


def _buckets(books: Books, began: float) -> tuple[Bucket, ...]:
    tally = books.tally
    over = max((*tally.pressed.values(), *tally.accepted.values()), default=began) - began
    wide = max(1.0, ceil(over / BUCKETS))
    pressed, accepted = defaultdict[int, int](int), defaultdict[int, int](int)
    waits = defaultdict[int, list[float]](list)
    for ref, at in tally.pressed.items():
        pressed[int((at - began) / wide)] += 1
        if ref in tally.seen:
            waits[int((at - began) / wide)].append(tally.seen[ref] - at)
    for at in tally.accepted.values():
        accepted[int((at - began) / wide)] += 1
    last = max((*pressed, *accepted), default=-1)
    return tuple(Bucket(n * wide, pressed[n], accepted[n], latency(waits[n])) for n in range(last + 1))


def _thinned(seconds: Iterable[float]) -> tuple[float, ...]:
    """In milliseconds, sorted; no more than a plot can show, the longest always among them."""
    waits = sorted(seconds)
    step = max(1, len(waits) // 200)
    return tuple(round(1000 * wait, 2) for wait in [*waits[::step], *waits[-1:]])
