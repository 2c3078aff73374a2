"""Queues, as pure values: jobs come to a station in the order of their arrival and leave it later. Everything random is
handed in as service times, so that the same dice give the same queue.

Each station is a recursion over the arrivals (Lindley's, and Kiefer and Wolfowitz's for several servers), not an event
calendar: a million jobs take a second. Times are in seconds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace
from itertools import pairwise
from math import ceil

Service = Callable[[int], float]
"""How long the job with this number takes."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Jobs through one station: when each left, in the order of the arrivals; `busy`: seconds of work in all;
    `longest`: how many waited or were served at once at the worst."""

    left: Sequence[float]
    busy: float
    longest: int


def serve(arrivals: Sequence[float], service: Service, servers: int = 1) -> Passage:
    """First come, first served, at so many equal servers. `arrivals` must be in order. Raises ValueError."""
    _in_order(arrivals)
    free = [0.0] * servers
    heapify(free)
    left, busy = [], 0.0
    for number, at in enumerate(arrivals):
        takes = service(number)
        busy += takes
        end = max(at, free[0]) + takes
        heapreplace(free, end)
        left.append(end)
    return Passage(left, busy, _longest(arrivals, left))


def commit(arrivals: Sequence[float], fixed: float, each: float, most: int) -> Passage:
    """One writer that takes all that waits, `most` at once, and needs a fixed time and some for each: a group commit. A
    job leaves with its group. `arrivals` must be in order. Raises ValueError."""
    _in_order(arrivals)
    left: list[float] = []
    free, busy, first = 0.0, 0.0, 0
    while first < len(arrivals):
        begins = max(free, arrivals[first])
        last = first
        while last < len(arrivals) and last - first < most and arrivals[last] <= begins:
            last += 1
        takes = fixed + each * (last - first)
        free, busy = begins + takes, busy + takes
        left += [free] * (last - first)
        first = last
    return Passage(left, busy, _longest(arrivals, left))


def spread(arrivals: Sequence[float], over: int) -> list[list[float]]:
    """The same jobs, one after the other to each of so many stations."""
    return [list(arrivals[number::over]) for number in range(over)]


def percentile(values: Iterable[float], share: float) -> float:
    """By nearest rank; nought of nothing."""
    found = sorted(values)
    return found[max(0, ceil(share * len(found)) - 1)] if found else 0.0


def _in_order(arrivals: Sequence[float]) -> None:
    if any(later < sooner for sooner, later in pairwise(arrivals)):
        raise ValueError("arrivals must be in order")


def _longest(arrivals: Sequence[float], left: Sequence[float]) -> int:
    """How many were there at once: came and had not left."""
    most = gone = 0
    ends = sorted(left)
    for number, at in enumerate(arrivals):
        while gone < len(ends) and ends[gone] <= at:
            gone += 1
        most = max(most, number + 1 - gone)
    return most
