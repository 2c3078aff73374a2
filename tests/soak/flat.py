"""The rule by which a course of figures is called flat: after a warm-up, it does not rise by more than its own noise,
or by a few percent. Falling is no fault. Values in, values out.

The rise is the slope of Theil and Sen (the median of the slopes between all pairs of points, which a few outliers do
not move) times the time that is left after the warm-up; the noise is the median distance from that line, scaled to a
standard deviation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

WARM, AT_LEAST, AT_MOST = 1 / 3, 15.0, 2 / 3
"""The warm-up is a third of the time, but no less than so many minutes, nor more than so great a part of it: what
alarmd remembers has a bound, and is full by then."""
NOISES, SHARE = 2.0, 0.03
"""A rise is none within so many times the noise, or within this share of the median."""
SIGMA = 1.4826
"""From the median distance to a standard deviation, of what is normally distributed."""
LOOKED_AT = 240
"""Points between which slopes are taken; of more, as many evenly among them."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Course:
    """Figures over time, in minutes. `least`: a rise that is none, whatever the noise, in the unit of the figures."""

    name: str
    unit: str
    points: Sequence[Point]
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`rise` over the time after the warm-up, and the `limit` within which it is none. `middle`: the median there."""

    name: str
    unit: str
    flat: bool
    middle: float
    rise: float
    limit: float
    noise: float


def warm_up(minutes: float) -> float:
    """Minutes of a run that are not judged."""
    return min(max(WARM * minutes, AT_LEAST), AT_MOST * minutes)


def judge(course: Course, minutes: float) -> Finding:
    """Is it flat, in a run of so many minutes? Raises ValueError where nothing is left to be judged."""
    points = [point for point in course.points if point[0] >= warm_up(minutes)]
    if len(points) < 3:
        raise ValueError(f"{course.name}: {len(points)} points after the warm-up; at least 3 are needed")
    points = points[:: max(1, len(points) // LOOKED_AT)]
    middle = median(y for _, y in points)
    slope = median(_slopes(points))
    at, level = median(x for x, _ in points), middle
    noise = SIGMA * median(abs(y - (level + slope * (x - at))) for x, y in points)
    rise = slope * (points[-1][0] - points[0][0])
    limit = max(NOISES * noise, SHARE * abs(middle), course.least)
    return Finding(course.name, course.unit, rise <= limit, middle, rise, limit, noise)


def _slopes(points: Sequence[Point]) -> Iterator[float]:
    return ((y - b) / (x - a) for (a, b), (x, y) in combinations(points, 2) if x > a)
