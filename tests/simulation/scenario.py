"""What a seed means: an organisation, people with their habits, who presses what and when, and which faults there are.
Each world has some classes of faults and not others, so that one cannot hide what another would show.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from random import Random

from alarmd.alarm.model import Kind
from alarmd.organisation.model import (
    CONSOLE,
    Acknowledge,
    Chain,
    Contact,
    Device,
    Joining,
    Organisation,
    Person,
    Repeat,
    Site,
    Step,
    Target,
    TargetKind,
    TellPresser,
    Zone,
)

CALM = 45.0
"""Seconds without faults at the end: longer than a lease, so that everything has had the time to recover."""
ROLES = ("guard", "manager", "staff")
ADDRESSES = {
    "sms": "+4790000001",
    "voice": "+4790000001",
    "webhook": "https://example.org/hook",
    "email": "somebody@example.org",
}
CHANNELS = ("sms", "voice", "webhook", "email")


class Trouble(StrEnum):
    """Classes of faults."""

    CRASH = "crash"
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


@dataclass(frozen=True)
class Habits:
    """What a person does when he is told: how likely he acts at all, and whether he comes, lies, or cannot."""

    answers: float
    declines: float
    arrives: float
    ends: float
    after: float


@dataclass(frozen=True)
class Press:
    """A device, or a person at a zone, presses at this second of the world. `copies`: so often the broker brings it."""

    at: float
    device: str | None
    person: str | None
    zone: str
    kind: Kind | None
    ref: str
    copies: int
    drill: bool


@dataclass(frozen=True)
class Window:
    """Something is unwell for a while: disk full or slow, a provider or the broker or the relay away, a node down."""

    trouble: Trouble
    start: float
    end: float
    what: str = ""


@dataclass
class Scenario:
    """Everything that is settled before the world begins; what is left to chance in it comes from `chance`."""

    seed: int
    chance: Random
    nodes: tuple[str, ...]
    troubles: frozenset[Trouble]
    organisation: Organisation
    habits: dict[str, Habits]
    presses: list[Press]
    windows: list[Window]
    steps_of_the_clock: list[tuple[float, str, timedelta]]
    calm_at: float
    ends_at: float
    likely: dict[str, float] = field(default_factory=dict)


def scenario(seed: int) -> Scenario:
    """The scenario of a seed; the same for ever, as long as this file does not change."""
    chance = Random(seed)
    nodes = ("north", "south") if chance.random() < 0.4 else ("north",)
    troubles = frozenset(t for t in Trouble if chance.random() < (0.12 if t is Trouble.CLOCK else 0.35))
    calm_at = chance.uniform(30, 90)
    organisation = _organisation(chance)
    likely = {
        "crash": chance.choice([0.002, 0.01]) if Trouble.CRASH in troubles else 0.0,
        "refused": chance.choice([0.02, 0.1]) if Trouble.COMMITS in troubles else 0.0,
        "unknown": chance.choice([0.02, 0.1]) if Trouble.COMMITS in troubles else 0.0,
    }
    return Scenario(
        seed,
        chance,
        nodes,
        troubles,
        organisation,
        {p: _habits(chance) for p in organisation.people},
        _presses(chance, organisation, calm_at, troubles),
        [w for t in sorted(troubles) for w in _windows(chance, t, calm_at, nodes)],
        _clock(chance, troubles, calm_at, nodes),
        calm_at,
        calm_at + CALM,
        likely,
    )


def _habits(chance: Random) -> Habits:
    kind = chance.random()
    if kind < 0.55:
        return Habits(0, 0, 0, 0, 0)
    return Habits(
        answers=chance.choice([0.3, 1.0]),
        declines=chance.choice([0, 0, 0.5, 1.0]),
        arrives=chance.choice([0, 0.5, 1.0]),
        ends=chance.choice([0, 0.5]),
        after=chance.choice([0.05, 2, 10, 40]),
    )


def _presses(chance: Random, organisation: Organisation, calm_at: float, troubles: frozenset[Trouble]) -> list[Press]:
    presses = []
    zones = [z for site in organisation.sites.values() for z in site.zones]
    for number in range(chance.choice([1, 1, 2, 3, 6])):
        device = chance.choice([*organisation.devices, None])
        presses.append(
            Press(
                at=1.0 if number == 0 else chance.uniform(1, calm_at),
                device=device,
                person=None if device else chance.choice(sorted(organisation.people)),
                zone=chance.choice(zones),
                kind=chance.choice([None, None, Kind.PANIC, Kind.DURESS, Kind.ASSIST, Kind.TEST]),
                ref=f"r{number}",
                copies=chance.choice([2, 3]) if Trouble.REDELIVERY in troubles and chance.random() < 0.7 else 1,
                drill=chance.random() < 0.1,
            )
        )
    return presses


def _windows(chance: Random, trouble: Trouble, calm_at: float, nodes: tuple[str, ...]) -> list[Window]:
    """Times of trouble; all are over when the calm begins."""
    longest = {
        Trouble.FULL: 20.0,
        Trouble.SLOW: 10.0,
        Trouble.PROVIDER: 60.0,
        Trouble.BROKER: 20.0,
        Trouble.RELAY: 60.0,
        Trouble.CRASH: 20.0,
        Trouble.HANGS: 30.0,
    }.get(trouble)
    if longest is None:
        return []
    windows = []
    for _ in range(chance.choice([1, 2])):
        start = chance.uniform(0.5, calm_at)
        end = min(calm_at, start + chance.uniform(0.1, longest))
        choices = nodes if trouble is Trouble.CRASH else CHANNELS
        windows.append(Window(trouble, start, end, chance.choice(choices)))
    return windows


def _clock(
    chance: Random, troubles: frozenset[Trouble], calm_at: float, nodes: tuple[str, ...]
) -> list[tuple[float, str, timedelta]]:
    """Steps of an hour; of all nodes together, as when the time server was wrong."""
    if Trouble.CLOCK not in troubles:
        return []
    hour = timedelta(hours=chance.choice([1, -1]))
    at = chance.uniform(2, calm_at - 5)
    steps = [(at, node, hour) for node in nodes]
    if chance.random() < 0.5:
        back = at + chance.uniform(1, 5)
        steps += [(back, node, -hour) for node in nodes]
    return steps


def _organisation(chance: Random) -> Organisation:
    zones = {f"office/z{n}": Zone(f"office/z{n}", "office", f"Zone {n}") for n in range(2)}
    people = {
        p.id: p for p in (_person(chance, f"p{n}", [*zones, "office", None]) for n in range(chance.randint(2, 6)))
    }
    ids = sorted(people)
    teams = {
        "few": tuple(chance.sample(ids, k=min(2, len(ids)))),
        "all": tuple(ids),
        "nobody": (),
    }
    targets = [
        *(Target(TargetKind.TEAM, t) for t in ("few", "all", "few", "all", "nobody")),
        *(Target(TargetKind.ROLE, r) for r in ROLES),
        *(Target(TargetKind.PERSON, p) for p in ids),
        Target(TargetKind.COLLEAGUES, "zone"),
        Target(TargetKind.COLLEAGUES, "site"),
    ]
    chains = {
        "panic": _chain(chance, "panic", targets, frozenset({Kind.PANIC, Kind.MEDICAL})),
        "duress": _chain(chance, "duress", targets, frozenset({Kind.DURESS})),
        "technical": _chain(chance, "technical", targets, frozenset({Kind.TECHNICAL, Kind.TEST})),
        "rest": _chain(chance, "rest", targets, frozenset()),
    }
    kinds = (Kind.PANIC, Kind.DURESS, Kind.ASSIST, Kind.LONE_WORKER)
    devices = {f"d{n}": Device(f"d{n}", chance.choice([*zones]), chance.choice(kinds)) for n in range(3)}
    return Organisation(
        name="Office",
        time_zone="Europe/Oslo",
        language="en",
        sites={"office": Site("office", "Office", zones)},
        devices=devices,
        people=people,
        teams=teams,
        schedules={},
        externals={},
        chains=chains,
        joining=Joining(
            same_device=chance.random() < 0.8,
            same_zone_within=chance.choice([None, timedelta(seconds=20), timedelta(minutes=10)]),
            settle=timedelta(seconds=1),
        ),
    )


def _person(chance: Random, id: str, places: list[str | None]) -> Person:
    kinds = chance.sample(CHANNELS, k=chance.choice([0, 1, 2, 2, 3]))
    contact = tuple(Contact(kind, ADDRESSES[kind]) for kind in kinds)
    return Person(id, id.upper(), (chance.choice(ROLES),), chance.choice(places), contact)


def _chain(chance: Random, id: str, targets: list[Target], kinds: frozenset[Kind]) -> Chain:
    after = 0.0
    steps = []
    for number in range(chance.choice([1, 2, 2, 3])):
        after += chance.choice([0, 0, 2, 7]) if number == 0 else chance.choice([0, 1, 5, 12, 20])
        by = tuple(chance.sample((CONSOLE, *CHANNELS), k=chance.choice([0, 0, 1, 2])))
        otherwise = tuple(chance.sample(targets, k=chance.choice([0, 0, 1])))
        steps.append(
            Step(timedelta(seconds=after), tuple(chance.sample(targets, k=chance.choice([1, 1, 2]))), by, otherwise)
        )
    every = timedelta(seconds=chance.choice([10, 20, 40]))
    return Chain(
        id,
        tuple(steps),
        kinds,
        repeat=Repeat(chance.randint(1, len(steps)), every) if chance.random() < 0.6 else None,
        acknowledge=Acknowledge(
            chance.choice([frozenset(), frozenset({"guard"}), frozenset({"guard", "manager"})]),
            chance.choice([1, 1, 2]),
            timedelta(seconds=chance.choice([3, 10, 30, 300])),
        ),
        tell_presser=chance.choice(list(TellPresser)),
        all_clear=chance.random() < 0.8,
    )
