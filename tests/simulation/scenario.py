"""What a seed means: an organisation, people with their habits, who presses what and when, and which faults there are.
Each world has some classes of faults and not others, so that one cannot hide what another would show.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from alarmd.alarm.incoming import Action, Pin
from alarmd.alarm.model import Kind
from alarmd.organisation.model import Organisation
from tests.simulation.offices import CHANNELS, SITES, Turn, office, turn

CALM = 45.0
"""Seconds without faults at the end: longer than any node stands still and a lease after it, so that all recovers."""
PEOPLE = tuple(f"p{n}" for n in range(7))
"""Whoever may be in one of its organisations."""
DEVICES = tuple(f"d{n}" for n in range(4))


class Trouble(StrEnum):
    """Classes of faults."""

    CRASH = "crash"
    LEAVE = "leave"
    STOP = "stop"
    COMMITS = "commits"
    FULL = "full"
    SLOW = "slow"
    PROVIDER = "provider"
    RECEIPTS = "receipts"
    HANGS = "hangs"
    BROKER = "broker"
    REDELIVERY = "redelivery"
    RELAY = "relay"
    CLOCK = "clock"
    CROWD = "crowd"


LONGEST = {
    Trouble.CRASH: 20.0,
    Trouble.LEAVE: 30.0,
    Trouble.STOP: 45.0,
    Trouble.FULL: 20.0,
    Trouble.SLOW: 10.0,
    Trouble.PROVIDER: 240.0,
    Trouble.HANGS: 30.0,
    Trouble.BROKER: 60.0,
    Trouble.RELAY: 240.0,
}
"""Seconds that a time of trouble lasts at most; the others come in instants."""
NODES = (Trouble.CRASH, Trouble.LEAVE, Trouble.STOP)
"""What happens to one node."""
SLUGGISH = (Trouble.COMMITS, Trouble.FULL, Trouble.SLOW, Trouble.HANGS)
"""What keeps a node waiting."""
RARE = {Trouble.CLOCK: 0.12, Trouble.CROWD: 0.12, Trouble.LEAVE: 0.2}
DATABASE = "database"
"""Whose clock it is by which nodes go that share one."""


@dataclass(frozen=True)
class Habits:
    """What a person does when he is told: how likely he acts at all, and whether he comes, lies, or cannot."""

    answers: float
    declines: float
    arrives: float
    ends: float
    after: float
    presses: float


@dataclass(frozen=True)
class TakenBack:
    """So many seconds after the press was accepted this person, who is there, cancels by PIN."""

    after: float
    person: str
    pin: Pin


@dataclass(frozen=True)
class Press:
    """A device, or a person at a zone, presses at this second of the world. `copies`: so often the broker brings it.
    `shell`: by the command line, beside whatever runs.
    """

    at: float
    device: str | None
    person: str | None
    zone: str
    kind: Kind | None
    ref: str | None
    copies: int = 1
    drill: bool = False
    externals: bool = False
    fault: str | None = None
    shell: bool = False
    taken_back: TakenBack | None = None


@dataclass(frozen=True)
class Meddling:
    """At this second somebody whom nobody has asked does this to whatever alarm."""

    at: float
    person: str
    action: Action
    reason: str | None


@dataclass(frozen=True)
class Change:
    """At this second the shell changes something: the organisation is this one from then on, or a key is made or
    revoked.
    """

    at: float
    organisation: Organisation | None = None
    key: str | None = None


@dataclass(frozen=True)
class Window:
    """Something is unwell for a while: disk full or slow, a provider or the broker or the relay away, a node stopped;
    at the beginning a node crashes, or is told to stop.
    """

    trouble: Trouble
    start: float
    end: float
    what: str = ""


@dataclass
class Scenario:
    """Everything that is settled before the world begins; what is left to chance in it comes from `chance`."""

    seed: int
    chance: Random
    began: datetime
    nodes: tuple[str, ...]
    troubles: frozenset[Trouble]
    organisation: Organisation
    habits: dict[str, Habits]
    presses: list[Press]
    meddling: list[Meddling]
    changes: list[Change]
    windows: list[Window]
    clock: list[tuple[float, timedelta]]
    """At these seconds the clock by which the nodes go is put forward or back by so much."""
    walls: list[tuple[float, str, timedelta]]
    """At these the one of this machine is, which its node does not go by."""
    likely: dict[str, float]
    calm_at: float
    ends_at: float
    late_word: bool = False
    """A provider that could not tell says later what has failed, and that it may be tried again."""


def drawn(seed: int) -> Scenario:
    """What chance makes of a seed; `made.scenario` adds what it would bring too seldom."""
    chance = Random(seed)
    nodes = ("north", "south") if chance.random() < 0.4 else ("north",)
    troubles = frozenset(t for t in Trouble if chance.random() < RARE.get(t, 0.33))
    calm_at = chance.uniform(30, 90) if chance.random() < 0.95 else chance.uniform(150, 300)
    when = turn(chance)
    organisation = office(chance, when)
    return Scenario(
        seed,
        chance,
        when.at - timedelta(seconds=chance.randint(2, 50)),
        nodes,
        troubles,
        organisation,
        {p: _habits(chance) for p in PEOPLE},
        [_perhaps_taken_back(Random(f"{seed} {n}"), p) for n, p in enumerate(_presses(chance, calm_at, troubles))],
        _meddling(chance, calm_at),
        _changes(chance, when, calm_at),
        [w for t in Trouble if t in troubles for w in _windows(chance, t, calm_at, nodes)],
        _clock(chance, troubles, calm_at, nodes),
        _walls(chance, nodes, calm_at),
        _likely(chance, troubles),
        calm_at,
        calm_at + CALM,
    )


def _likely(chance: Random, troubles: frozenset[Trouble]) -> dict[str, float]:
    """How likely a transaction, a call or a step of a node meets this."""
    commits, crash, stop = Trouble.COMMITS in troubles, Trouble.CRASH in troubles, Trouble.STOP in troubles
    return {
        "crash": chance.choice([0.002, 0.01]) if crash else 0.0,
        "refused": chance.choice([0.02, 0.1]) if commits else 0.0,
        "unknown": chance.choice([0.02, 0.1]) if commits else 0.0,
        "killed": chance.choice([0.0001, 0.0005]) if crash else 0.0,
        "stopped": chance.choice([0.0001, 0.0005]) if stop else 0.0,
    }


def _habits(chance: Random) -> Habits:
    kind = chance.random()
    if kind < 0.5:
        return Habits(0, 0, 0, 0, 0, 0)
    return Habits(
        answers=chance.choice([0.3, 1.0]),
        declines=chance.choice([0, 0, 0.5, 1.0]),
        arrives=chance.choice([0, 0.5, 1.0]),
        ends=chance.choice([0, 0.5]),
        after=chance.choice([0.05, 2, 10, 40]),
        presses=chance.choice([0, 0, 0.2]),
    )


def _presses(chance: Random, calm_at: float, troubles: frozenset[Trouble]) -> list[Press]:
    presses: list[Press] = []
    for number in range(chance.choice([1, 1, 2, 3, 6])):
        again = presses and chance.random() < 0.25
        first = presses[-1] if again else _press(chance, 1.0 if not presses else chance.uniform(1, calm_at))
        copies = chance.choice([2, 3]) if Trouble.REDELIVERY in troubles and chance.random() < 0.7 else 1
        at = min(first.at + chance.choice([0.0, 0.3, 1.5, 8.0]), calm_at) if again else first.at
        presses.append(
            Press(
                at,
                first.device,
                first.person,
                first.zone,
                chance.choice([None, None, None, Kind.PANIC, Kind.DURESS, Kind.ASSIST, Kind.TEST]),
                f"r{number}" if chance.random() < 0.95 else None,
                copies,
                drill=chance.random() < 0.12,
                externals=chance.random() < 0.3,
                fault="cannot be read" if first.device and chance.random() < 0.05 else None,
                shell=chance.random() < 0.1,
            )
        )
    return presses


def _press(chance: Random, at: float) -> Press:
    device = chance.choice([*DEVICES, *DEVICES, None])
    zones = [zone for names in SITES.values() for zone in names]
    return Press(at, device, None if device else chance.choice(PEOPLE), chance.choice(zones), None, None)


def _perhaps_taken_back(chance: Random, press: Press) -> Press:
    """By a chance of its own: what else happens in a seed is as it was before anybody had a PIN."""
    if chance.random() > 0.25:
        return press
    person = press.person or chance.choice(PEOPLE)
    return replace(press, taken_back=TakenBack(chance.choice([0.5, 4.0, 12.0, 30.0]), person, chance.choice([*Pin])))


def _meddling(chance: Random, calm_at: float) -> list[Meddling]:
    return [
        Meddling(
            chance.uniform(2, calm_at + 10),
            chance.choice(PEOPLE),
            chance.choice([*Action, Action.ESCALATE, Action.NOTE]),
            chance.choice([None, "because"]),
        )
        for _ in range(chance.choice([0, 0, 1, 3]))
    ]


def _changes(chance: Random, when: Turn, calm_at: float) -> list[Change]:
    changes = [
        Change(chance.uniform(0.5, calm_at + 5), organisation=office(chance, when))
        for _ in range(chance.choice([0, 0, 0, 1, 2]))
    ]
    changes += [Change(chance.uniform(0.5, calm_at + 5), key=f"k{n % 2}") for n in range(chance.choice([0, 0, 0, 3]))]
    return sorted(changes, key=lambda change: change.at)


def _windows(chance: Random, trouble: Trouble, calm_at: float, nodes: tuple[str, ...]) -> list[Window]:
    """Times of trouble; all are over when the calm begins."""
    if trouble not in LONGEST:
        return []
    windows = []
    for _ in range(chance.choice([1, 2])):
        start = chance.uniform(0.5, calm_at)
        end = min(calm_at, start + chance.uniform(0.1, LONGEST[trouble]))
        choices = nodes if trouble in NODES else CHANNELS
        windows.append(Window(trouble, start, end, chance.choice(choices)))
    return windows


def _clock(
    chance: Random, troubles: frozenset[Trouble], calm_at: float, nodes: tuple[str, ...]
) -> list[tuple[float, timedelta]]:
    """Steps of an hour, as when the time server was wrong. Not one that is undone before everybody has noticed (of
    several nodes each looks every ten seconds): it would part them by an hour, and nothing is promised of such.
    """
    if Trouble.CLOCK not in troubles:
        return []
    hour = timedelta(hours=chance.choice([1, -1]))
    at = chance.uniform(2, calm_at - 5)
    undone = at + chance.uniform(1, 5) + (11 if len(nodes) > 1 else 0)
    once = chance.random() < 0.5 or Trouble.STOP in troubles
    return [(at, hour)] if once else [(at, hour), (undone, -hour)]


def _walls(chance: Random, nodes: tuple[str, ...], calm_at: float) -> list[tuple[float, str, timedelta]]:
    """Nodes that share a database go by its clock; what hangs on their own walls is anything."""
    if len(nodes) == 1 or chance.random() < 0.5:
        return []
    return [
        (
            chance.choice([0.0, chance.uniform(1, calm_at)]),
            chance.choice(nodes),
            timedelta(minutes=chance.uniform(-70, 70)),
        )
        for _ in range(chance.choice([1, 2]))
    ]
