"""Small organisations for stories and properties, as values and not as files."""

from datetime import timedelta

from alarmd.alarm.model import Kind
from alarmd.organisation.model import (
    CONSOLE,
    Acknowledge,
    Chain,
    Contact,
    Device,
    External,
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

ANYBODY = Acknowledge()


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def person(id: str, *roles: str, at: str | None = None, contact: tuple[Contact, ...] | None = None) -> Person:
    number = f"+4790000{sum(map(ord, id)) % 1000:03d}"
    default = (Contact("sms", number), Contact("voice", number))
    return Person(id, id.capitalize() + " Fjord", roles, at, default if contact is None else contact)


def team(name: str) -> Target:
    return Target(TargetKind.TEAM, name)


def role(name: str) -> Target:
    return Target(TargetKind.ROLE, name)


def step(
    after: float, *notify: Target, by: tuple[str, ...] = (CONSOLE, "sms"), otherwise: tuple[Target, ...] = ()
) -> Step:
    return Step(seconds(after), notify, by, otherwise)


def answered_by(
    *steps: Step,
    repeat: Repeat | None = None,
    acknowledge: Acknowledge = ANYBODY,
    tell_presser: TellPresser = TellPresser.YES,
    all_clear: bool = True,
    **changes: object,
) -> Organisation:
    """The office with one chain, `only`, for whatever happens."""
    chain = Chain("only", steps, repeat=repeat, acknowledge=acknowledge, tell_presser=tell_presser, all_clear=all_clear)
    return office(chains={"only": chain}, **changes)


def office(**changes: object) -> Organisation:
    """A reception and a room, three guards, a manager, a colleague; a panic, a duress and a technical chain, and the
    rest."""
    zones = {
        "fjordvik/reception": Zone("fjordvik/reception", "fjordvik", "Mottak", "1. etg.", "Inngang A"),
        "fjordvik/room-2": Zone("fjordvik/room-2", "fjordvik", "Samtalerom 2", "2. etg.", "", ("fjordvik/room-3",)),
        "fjordvik/room-3": Zone("fjordvik/room-3", "fjordvik", "Samtalerom 3", "2. etg."),
    }
    values: dict[str, object] = {
        "name": "Nav Fjordvik",
        "time_zone": "Europe/Oslo",
        "language": "nb",
        "sites": {"fjordvik": Site("fjordvik", "Nav Fjordvik", zones, "Torggata 1", "112")},
        "devices": {
            "desk-3": Device("desk-3", "fjordvik/reception", Kind.PANIC),
            "desk-4": Device("desk-4", "fjordvik/reception", Kind.PANIC),
            "room-2": Device("room-2", "fjordvik/room-2", Kind.ASSIST),
            "under-desk-2": Device("under-desk-2", "fjordvik/room-2", Kind.DURESS),
        },
        "people": {
            p.id: p
            for p in (
                person("kari", "staff", at="fjordvik/reception"),
                person("ola", "guard"),
                person("per", "guard"),
                person("siv", "guard"),
                person("eva", "manager"),
                person("ane", "safety_representative", contact=(Contact("email", "ane@example.org"),)),
            )
        },
        "teams": {"guards": ("ola", "per", "siv"), "nobody": ()},
        "schedules": {},
        "externals": {
            "arc": External(
                "arc",
                "Alarm receiving centre",
                (Contact("dc09", "127.0.0.1:10700"),),
                {"host": "127.0.0.1", "port": 10700, "account": "1234"},
            )
        },
        "chains": {c.id: c for c in _chains()},
        "joining": Joining(same_device=True, same_zone_within=timedelta(minutes=10), settle=seconds(1)),
    }
    return Organisation(**(values | changes))  # type: ignore[arg-type]  # the names are those of the value


def _chains() -> tuple[Chain, ...]:
    guards = (CONSOLE, "sms")
    return (
        Chain(
            "panic",
            (
                step(0, Target(TargetKind.COLLEAGUES, "zone"), team("guards"), by=guards),
                step(20, team("guards"), by=("voice",)),
                step(60, role("manager"), by=("voice", "sms")),
            ),
            frozenset({Kind.PANIC, Kind.MEDICAL}),
            repeat=Repeat(2, seconds(60)),
            acknowledge=Acknowledge(frozenset({"guard", "manager", "staff"}), 1, timedelta(minutes=5)),
        ),
        Chain(
            "duress",
            (step(0, team("guards"), by=guards), step(15, team("guards"), role("manager"), by=("voice",))),
            frozenset({Kind.DURESS}),
            repeat=Repeat(2, seconds(45)),
            acknowledge=Acknowledge(frozenset({"guard", "manager"}), 2, timedelta(minutes=5)),
            tell_presser=TellPresser.DISCREETLY,
        ),
        Chain("technical", (step(0, role("manager"), by=(CONSOLE,)),), frozenset({Kind.TECHNICAL, Kind.TEST})),
        Chain("rest", (step(0, team("guards"), by=guards), step(30, role("manager"), by=("voice",)))),
    )
