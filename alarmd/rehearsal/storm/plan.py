"""What follows from a seed: every press, its fate and who answers it, when providers are in trouble, when a node is
killed. PURE: the dice are handed in. Each matter has dice of its own, so that what is added to a storm changes nothing
of the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import Kind
from alarmd.rehearsal.storm.weather import Weather

T = TypeVar("T")

LATEST = 6 * 3600.0
"""Seconds: so late a late press may be."""
GARBLES = 5
"""How many ways there are to be unreadable (`spoken.py`)."""
AGAIN_WITHIN = 4.0
"""Seconds in which a press is sent again that is a repeat."""
DOWN = 0.5
"""Times `kill_every`: by so much the next kill may be sooner or later."""
WINDOWS = 3
"""In so many pieces the share of time is cut in which a provider is in trouble."""

HABITS: Sequence[tuple[float, tuple[Action, ...]]] = (
    (0.60, (Action.ACKNOWLEDGE, Action.EN_ROUTE, Action.ARRIVED, Action.RESOLVE)),
    (0.15, (Action.EN_ROUTE, Action.ARRIVED, Action.RESOLVE)),
    (0.15, (Action.ACKNOWLEDGE,)),
    (0.10, (Action.DECLINE,)),
)
"""What those do who answer, and how often: most come and end it, some promise and do not come, some cannot."""
AT_LAST = 15
"""Times `answer_after`: so long after that, on average, an alarm is ended that nobody came to."""


class Dice(Protocol):
    """What is asked of chance."""

    def random(self) -> float: ...

    def choice(self, of: Sequence[T], /) -> T: ...

    def expovariate(self, lambd: float, /) -> float: ...


Rolls = Callable[[str], Dice]
"""The dice for a matter, always the same for the same seed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answers: `person` between 0 and 1, among those who can; what he does, each after so many seconds. `at_last`:
    where that does not end the alarm, he does so many seconds later, for which no storm waits."""

    person: float
    acts: tuple[tuple[Action, float], ...]
    at_last: float | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """One press. `at`: seconds from the beginning; `late`: seconds before that it claims to have been pressed;
    `garbled`: in which way it is unreadable; `again`: seconds after which it is sent once more; `answer`: what is done
    if it opens an alarm.
    """

    number: int
    at: float
    device: str
    ref: str
    kind: Kind | None = None
    late: float | None = None
    garbled: int | None = None
    again: float | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A span of time in which a provider is `slow`, or fails."""

    start: float
    end: float
    slow: bool


def presses(weather: Weather, run: str, rolls: Rolls) -> Iterator[Press]:
    """All of them, in order. `run` tells this storm's refs from those of others with the same seed."""
    where, which, fates, people = (rolls(matter) for matter in ("devices", "kinds", "fates", "people"))
    for number in range(weather.presses):
        device, kind = where.choice(weather.devices), _kind(weather, which)
        garbled = int(fates.random() * GARBLES) if fates.random() < weather.garbled else None
        late = LATEST ** fates.random() if fates.random() < weather.late else None
        again = AGAIN_WITHIN * fates.random() if fates.random() < weather.repeats else None
        yield Press(
            number,
            number / weather.rate if weather.rate else 0.0,
            device,
            f"storm-{weather.seed}-{run}-{number}",
            kind,
            late if garbled is None else None,
            garbled,
            again if garbled is None else None,
            _answer(weather, people),
        )


def troubles(weather: Weather, rolls: Rolls) -> tuple[Trouble, ...]:
    """When providers are slow, and when they fail: both in a few pieces, anywhere in the storm."""
    found = []
    for share, slow in ((weather.slow, True), (weather.failing, False)):
        dice = rolls("slow" if slow else "failing")
        piece = weather.span / WINDOWS
        for number in range(WINDOWS if share else 0):
            start = number * piece + dice.random() * piece * (1 - share)
            found.append(Trouble(start, start + piece * share, slow))
    return tuple(sorted(found, key=lambda trouble: trouble.start))


def kills(every: float | None, weather: Weather, dice: Dice) -> Iterator[tuple[float, float]]:
    """Seconds from the beginning, and which (between 0 and 1, of those who live): more or less `every` so often, until
    the last press."""
    at = 0.0
    while every is not None:
        at += every * (1 - DOWN / 2 + DOWN * dice.random())
        if at >= weather.span:
            return
        yield at, dice.random()


def _kind(weather: Weather, dice: Dice) -> Kind | None:
    if not weather.kinds:
        return None
    mark, last = dice.random() * sum(weather.kinds.values()), None
    for kind, weight in weather.kinds.items():
        mark, last = mark - weight, kind
        if mark < 0:
            break
    return last


def _answer(weather: Weather, dice: Dice) -> Answer | None:
    """Who would answer, and how: rolled for every press, whether it opens an alarm or not."""
    answers, person, mark = dice.random() < weather.answers, dice.random(), dice.random()
    acts: tuple[Action, ...] = ()
    for share, habit in HABITS:
        mark, acts = mark - share, habit
        if mark < 0:
            break
    waits = tuple((act, dice.expovariate(1 / weather.answer_after)) for act in acts)
    last = dice.expovariate(1 / weather.answer_after) * AT_LAST
    return Answer(person, waits, last if acts[-1] is not Action.RESOLVE else None) if answers else None
