"""What an installation, a country and a million devices ask of broker, nodes, database and provider. Values in, values
out: every figure is either measured (`Figures`, by `measure.py`) or a size (`Size`).

A power cut ends. Every device says hello as its power returns, and one in a hundred is pressed. Sites belong to one
installation each, and installations are strangers: so one of them is lived through, and all are alike.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge

from tests.scale.queues import Passage, commit, percentile, serve


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of one core, all measured. `forward`: the broker hands one message on; `hello`: a node takes a status or
    heartbeat; `press`: a node does all that one press makes it do, the telling too; `fixed`, `each`: the database
    commits a group, `group` at most; `after`: so much more is written later than with the press itself (what became of
    attempts, further steps); `frame`: one frame to one console.
    """

    forward: float
    hello: float
    press: float
    fixed: float
    each: float
    group: int
    after: float
    frame: float


@dataclass(frozen=True, slots=True)
class Size:
    """`heartbeat`: seconds between two of a device; `back`: so long after the power returns, on average, a device says
    hello; `pressed`: the share of devices that are; `told`: people told by text at the first step of each alarm, and
    `texts` that the provider takes in a second, for each installation."""

    name: str
    devices: int
    sites: int
    installations: int = 1
    nodes: int = 1
    consoles: int = 20
    heartbeat: float = 60
    back: float = 30
    pressed: float = 0.01
    told: int = 4
    texts: float = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """Loads are shares of one core (of the database: of its one writer), while nothing happens (`quiet`) and at the
    worst second of the storm (`busy`). Waits in seconds, of presses, from the finger: until the commit (p50, p99,
    longest), the same if presses went first (`committed_apart`), until the first person of each alarm was with the
    provider (p50, p99), until the last of all was. `queue`: messages that wait for a node at the worst.
    """

    size: Size
    presses: int
    quiet_node: float
    quiet_broker: float
    busy_node: float
    busy_database: float
    committed: tuple[float, float, float]
    committed_apart: tuple[float, float, float]
    first_told: tuple[float, float]
    last_told: float
    queue: int

    @property
    def holds(self) -> bool:
        """Is a press stored within a second, nearly always, and is there room for the day's other work?"""
        return self.committed[1] <= 1.0 and self.quiet_node <= 0.5 and self.quiet_broker <= 0.5


def live_through(size: Size, figures: Figures, seed: int = 1) -> Outcome:
    """The storm of one installation. The same seed and name are the same storm."""
    dice = random.Random(f"{seed} {size.name}")
    devices = max(1, size.devices // size.installations)
    hellos = sorted(dice.expovariate(1 / size.back) for _ in range(devices))
    presses = sorted(dice.expovariate(1 / size.back) for _ in range(max(1, round(devices * size.pressed))))
    through, marks = _through_the_broker(hellos, presses, figures)
    node, stored = _through_a_node(through, marks, size, figures)
    apart, _ = _through_a_node([at for at, is_press in zip(through, marks, strict=True) if is_press], [], size, figures)
    written = _commit(stored, figures)
    written_apart = _commit(sorted(apart.left), figures)
    telling = serve([at for at in written.left for _ in range(size.told)], lambda _: 1 / size.texts)
    firsts = [left - at for at, left in zip(presses, telling.left[:: size.told], strict=True)]
    beats = devices / size.heartbeat
    return Outcome(
        size,
        len(presses),
        beats / size.nodes * figures.hello,
        2 * beats * figures.forward,
        _worst(through, [figures.press if mark else figures.hello for mark in marks]) / size.nodes,
        _worst(stored, [written.busy / len(stored)] * len(stored)),
        _waits(presses, written.left[: len(presses)]),
        _waits(presses, written_apart.left[: len(presses)]),
        (percentile(firsts, 0.5), percentile(firsts, 0.99)),
        telling.left[-1] - presses[0],
        node.longest,
    )


def _through_the_broker(
    hellos: Sequence[float], presses: Sequence[float], figures: Figures
) -> tuple[list[float], list[bool]]:
    """When each message comes out, in order, and whether it is a press: one line, first come, first served."""
    line = list(merge(((at, False) for at in hellos), ((at, True) for at in presses)))
    passage = serve([at for at, _ in line], lambda _: figures.forward)
    return list(passage.left), [is_press for _, is_press in line]


def _through_a_node(
    arrivals: Sequence[float], marks: Sequence[bool], size: Size, figures: Figures
) -> tuple[Passage, list[float]]:
    """The nodes share what comes in; when each press is ready to be stored. Without `marks` all are presses."""
    kinds = marks or [True] * len(arrivals)
    fan_out = size.consoles * figures.frame / size.nodes
    takes = [figures.press + fan_out if is_press else figures.hello for is_press in kinds]
    passage = serve(arrivals, takes.__getitem__, servers=size.nodes)
    ready = sorted(left for left, is_press in zip(passage.left, kinds, strict=True) if is_press)
    return passage, ready


def _commit(ready: Sequence[float], figures: Figures) -> Passage:
    """Presses, each with what follows from it: more work in the same groups."""
    return commit(ready, figures.fixed, figures.each * (1 + figures.after), figures.group)


def _waits(came: Sequence[float], left: Sequence[float]) -> tuple[float, float, float]:
    found = [end - at for at, end in zip(came, sorted(left), strict=True)]
    return percentile(found, 0.5), percentile(found, 0.99), max(found)


def _worst(arrivals: Sequence[float], takes: Sequence[float]) -> float:
    """The most work that comes in any one second."""
    seconds: dict[int, float] = {}
    for at, took in zip(arrivals, takes, strict=True):
        seconds[int(at)] = seconds.get(int(at), 0.0) + took
    return max(seconds.values(), default=0.0)
