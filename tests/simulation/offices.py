"""Random organisations: two sites, people with duties and absences, chains with every sort of target. Whatever changes
at an hour of the clock changes while the world lasts, in the nights on which clocks change, too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from alarmd.alarm.model import Kind
from alarmd.organisation.model import (
    CONSOLE,
    Absence,
    Acknowledge,
    Calendar,
    Chain,
    Change,
    Contact,
    Device,
    External,
    Joining,
    OnHolidays,
    Organisation,
    Override,
    Person,
    Repeat,
    Rotation,
    Schedule,
    Site,
    Step,
    Target,
    TargetKind,
    TellPresser,
    Window,
    Zone,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ROLES = ("guard", "manager", "staff")
CHANNELS = ("sms", "voice", "webhook", "email")
ADDRESSES = {
    "sms": "+4790000001",
    "voice": "+4790000001",
    "webhook": "https://example.org/hook",
    "email": "somebody@example.org",
}
SITES = {"office": ("office/z0", "office/z1", "office/z2"), "annex": ("annex/z0",)}
KINDS = (Kind.PANIC, Kind.DURESS, Kind.ASSIST, Kind.LONE_WORKER, Kind.MEDICAL)


@dataclass(frozen=True)
class Turn:
    """A minute of the clock at which duties may change hands while the world lasts."""

    zone: str
    at: datetime

    @property
    def shown(self) -> datetime:
        """What the clock on the wall shows then."""
        return self.at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)


MORNING = Turn("Europe/Oslo", datetime(2027, 3, 1, 9, 0, tzinfo=UTC))
TURNS = (
    MORNING,
    Turn("Europe/Oslo", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
    Turn("Europe/Oslo", datetime(2027, 10, 31, 0, 0, tzinfo=UTC)),
    Turn("Europe/Oslo", datetime(2027, 10, 31, 1, 0, tzinfo=UTC)),
    Turn("Europe/Oslo", datetime(2027, 12, 31, 23, 0, tzinfo=UTC)),
    Turn("Australia/Lord_Howe", datetime(2027, 4, 3, 15, 0, tzinfo=UTC)),
    Turn("Africa/Cairo", datetime(2027, 10, 28, 21, 0, tzinfo=UTC)),
)
"""A morning, both nights in Norway, the turn of the year, a night of half an hour, and one over midnight."""


def turn(chance: Random) -> Turn:
    return MORNING if chance.random() < 0.5 else chance.choice(TURNS[1:])


def office(chance: Random, turn: Turn) -> Organisation:
    """One organisation; two of the same chance have the same names in them and little else in common."""
    sites = {site: Site(site, site.title(), _zones(chance, site)) for site in SITES}
    zones = [zone for names in SITES.values() for zone in names]
    people = {p.id: p for p in (_person(chance, f"p{n}", zones, turn) for n in range(chance.randint(2, 7)))}
    externals = {id: External(id, id.upper(), (_contact(chance.choice(CHANNELS)),)) for id in ("x0", "x1")}
    schedules = {id: _schedule(chance, id, sorted(people), turn) for id in ("days", "nights")}
    teams = {
        "few": tuple(chance.sample(sorted(people), k=min(2, len(people)))),
        "all": tuple(sorted(people)),
        "nobody": (),
    }
    targets = _targets(sorted(people), [*externals])
    devices = [_device(chance, f"d{n}", zones) for n in range(chance.choice([3, 3, 4]))]
    return Organisation(
        name="Office",
        time_zone=turn.zone,
        language="en",
        sites=sites,
        devices={device.id: device for device in devices},
        people=people,
        teams=teams,
        schedules=schedules,
        externals=externals,
        chains={chain.id: chain for chain in _chains(chance, targets)},
        joining=Joining(
            same_device=chance.random() < 0.8,
            same_zone_within=chance.choice([None, timedelta(seconds=20), timedelta(minutes=10)]),
            settle=timedelta(seconds=chance.choice([0, 1, 1, 5])),
        ),
        holidays=Calendar(also=frozenset({turn.shown.date()}) if chance.random() < 0.3 else frozenset()),
    )


def _zones(chance: Random, site: str) -> dict[str, Zone]:
    return {id: _zone(chance, id, site) for id in SITES[site]}


def _zone(chance: Random, id: str, site: str) -> Zone:
    everywhere = [zone for names in SITES.values() for zone in names if zone != id]
    heard = tuple(chance.sample(everywhere, k=chance.choice([0, 0, 1, 2])))
    area = (chance.random() / 2, chance.random() / 2, 0.1, 0.3) if chance.random() < 0.7 else None
    return Zone(id, site, id, floor=chance.choice(["", "1", "1", "2"]), audible_to=heard, area=area)


def _device(chance: Random, id: str, zones: list[str]) -> Device:
    return Device(id, chance.choice(zones), chance.choice(KINDS))


def _contact(kind: str) -> Contact:
    return Contact(kind, ADDRESSES[kind])


def ways_to(kinds: Iterable[str]) -> tuple[Contact, ...]:
    """Somebody's contacts of these kinds."""
    return tuple(_contact(kind) for kind in kinds)


def _person(chance: Random, id: str, zones: list[str], turn: Turn) -> Person:
    contact = ways_to(chance.sample(CHANNELS, k=chance.choice([0, 1, 2, 2, 3])))
    place = chance.choice([*zones, *zones, *SITES, None, None])
    absent = tuple(Absence(*_span(chance, turn)) for _ in range(chance.choice([0, 0, 0, 0, 1])))
    return Person(id, id.upper(), (chance.choice(ROLES),), place, contact, absent=absent)


def _span(chance: Random, turn: Turn) -> tuple[datetime, datetime]:
    """Local; it begins or ends while the world lasts, or holds all the time."""
    shown = turn.shown
    before, after = shown - chance.choice([HOUR, 5 * HOUR, DAY]), shown + chance.choice([HOUR, 5 * HOUR, DAY])
    middle = shown + chance.choice([timedelta(), timedelta(), MINUTE, -HOUR / 2])
    return chance.choice([(before, middle), (middle, after), (before, after), (shown, shown + MINUTE)])


# Duties.


def _schedule(chance: Random, id: str, people: list[str], turn: Turn) -> Schedule:
    rotations = tuple(_rotation(chance, people, turn) for _ in range(chance.choice([0, 1, 1, 2])))
    overrides = tuple(
        Override(chance.choice(people), *_span(chance, turn), chance.choice([*Change]))
        for _ in range(chance.choice([0, 0, 1, 2]))
    )
    return Schedule(id, rotations, _window(chance, turn) if chance.random() < 0.3 else None, overrides)


def _rotation(chance: Random, people: list[str], turn: Turn) -> Rotation:
    every = chance.choice([MINUTE, HOUR, 8 * HOUR, DAY, 7 * DAY])
    start = turn.shown - chance.randint(1, 5) * every + chance.choice([timedelta(), timedelta(), MINUTE, -HOUR / 2])
    who = tuple(chance.sample(people, k=min(len(people), chance.choice([1, 2, 3]))))
    only = _window(chance, turn) if chance.random() < 0.3 else None
    return Rotation(who, start, every, only, instead=chance.random() < 0.3)


def _window(chance: Random, turn: Turn) -> Window:
    shown = turn.shown
    clocks = [shown.time(), (shown + MINUTE).time(), (shown + HOUR).time(), (shown - HOUR).time(), time(2, 30), time()]
    days = frozenset(range(7)) if chance.random() < 0.7 else frozenset({shown.weekday()})
    return Window(days, chance.choice(clocks), chance.choice(clocks), chance.choice([*OnHolidays]))


# Chains.


def _targets(people: list[str], externals: list[str]) -> list[Target]:
    return [
        *(Target(TargetKind.TEAM, t) for t in ("few", "all", "few", "all", "nobody")),
        *(Target(TargetKind.ROLE, r) for r in ROLES),
        *(Target(TargetKind.PERSON, p) for p in people),
        *(Target(TargetKind.EXTERNAL, x) for x in externals),
        *(Target(TargetKind.ON_CALL, s) for s in ("days", "nights", "days", "nights")),
        *(Target(TargetKind.COLLEAGUES, where) for where in ("zone", "zone", "site")),
        *(Target(TargetKind.NEAREST, role, count) for role, count in (("", 1), ("", 2), ("guard", 1), ("staff", 3))),
    ]


def _chains(chance: Random, targets: list[Target]) -> list[Chain]:
    chains = [
        _chain(chance, "panic", targets, frozenset({Kind.PANIC, Kind.MEDICAL})),
        _chain(chance, "duress", targets, frozenset({Kind.DURESS})),
        _chain(chance, "technical", targets, frozenset({Kind.TECHNICAL, Kind.TEST})),
        _chain(chance, "rest", targets, frozenset()),
    ]
    if chance.random() < 0.4:
        kinds = chance.choice([frozenset(), frozenset({Kind.PANIC, Kind.ASSIST})])
        chains.append(_chain(chance, "annex", targets, kinds, frozenset({"annex"})))
    return chains


def _chain(
    chance: Random, id: str, targets: list[Target], kinds: frozenset[Kind], sites: frozenset[str] = frozenset()
) -> Chain:
    after, steps = 0.0, []
    for number in range(chance.choice([1, 2, 2, 3])):
        after += chance.choice([0, 0, 2, 7]) if number == 0 else chance.choice([0, 1, 5, 12, 20])
        steps.append(_step(chance, after, targets))
    every = timedelta(seconds=chance.choice([10, 20, 40]))
    return Chain(
        id,
        tuple(steps),
        kinds,
        sites,
        repeat=Repeat(chance.randint(1, len(steps)), every) if chance.random() < 0.6 else None,
        acknowledge=Acknowledge(
            chance.choice([frozenset(), frozenset({"guard"}), frozenset({"guard", "manager"})]),
            chance.choice([1, 1, 2]),
            timedelta(seconds=chance.choice([3, 10, 30, 300])),
        ),
        tell_presser=chance.choice([*TellPresser]),
        all_clear=chance.random() < 0.8,
    )


def _step(chance: Random, after: float, targets: list[Target]) -> Step:
    notify = tuple(chance.sample(targets, k=chance.choice([1, 1, 2, 3])))
    by = tuple(chance.sample((CONSOLE, *CHANNELS), k=chance.choice([0, 0, 1, 2])))
    return Step(timedelta(seconds=after), notify, by, tuple(chance.sample(targets, k=chance.choice([0, 0, 1]))))
