"""Random organisations, whole and sensible, for property tests here and elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from hypothesis import strategies as st

from alarmd.alarm.model import Kind
from alarmd.organisation.model import (
    CONSOLE,
    CONTACT_KINDS,
    Absence,
    Acknowledge,
    Calendar,
    Chain,
    Change,
    Contact,
    Device,
    External,
    Joining,
    Known,
    OnHolidays,
    Organisation,
    Override,
    Person,
    Repeat,
    Roster,
    Rotation,
    Schedule,
    Shift,
    Site,
    Step,
    Target,
    TargetKind,
    TellPresser,
    Watched,
    Window,
    Zone,
)
from alarmd.organisation.roster import folded
from alarmd.organisation.shape import MAKERS

T = TypeVar("T")

IDS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
# Words that YAML could take for something else stand among the random ones.
WORDS = st.one_of(
    st.sampled_from(
        [
            "112",
            "true",
            "null",
            "~",
            "1e3",
            "2026-01-05",
            "07:00",
            "- x",
            "a: b",
            "#1",
            "*x",
            "?x",
            ":x",
            "0x1F",
            "æøå",
            "«»",
            "🚨",
        ]
    ),
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12),
)
ROLES = st.sampled_from(["guard", "manager", "staff", "safety_representative"])
LANGUAGES = st.none() | st.sampled_from(["nb", "nn", "en"])
SECONDS = st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))
MIDNIGHTS = st.dates(date(2000, 1, 1), date(2199, 12, 30)).map(lambda day: datetime.combine(day, time()))
INSTANTS = MIDNIGHTS | st.datetimes(
    datetime.combine(date(2000, 1, 1), time()), datetime.combine(date(2199, 12, 30), time())
).map(lambda at: at.replace(microsecond=0))
CLOCKS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
SPANS = st.tuples(INSTANTS, INSTANTS).filter(lambda span: span[0] != span[1]).map(sorted)
FRACTIONS = st.integers(0, 10**4).map(lambda number: number / 10**4)
NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
KINDS = st.sampled_from(list(Kind))
CONTACTS = st.one_of(
    st.builds(Contact, st.sampled_from(["sms", "voice"]), NUMBERS),
    st.builds(Contact, st.just("push"), WORDS),
    st.builds(Contact, st.just("email"), st.sampled_from(["eva@example.org", "o'x@æ.no"])),
    st.builds(Contact, st.just("apprise"), st.just("ntfy://example.org/x")),
    st.builds(
        Contact, st.just("webhook"), st.sampled_from(["http://127.0.0.1:1/x", "https://x.example"]), st.none() | WORDS
    ),
    st.builds(Contact, st.just("dc09"), st.just("127.0.0.1:10700/12AF")),
)
WINDOWS = st.builds(Window, st.frozensets(st.integers(0, 6), min_size=1), CLOCKS, CLOCKS, st.sampled_from(OnHolidays))
WATCHED = st.builds(
    Watched,
    st.frozensets(ROLES, min_size=1, max_size=2),
    st.none() | WINDOWS,
    SECONDS.map(lambda span: span + timedelta(seconds=15)),
)
UTC_INSTANTS = INSTANTS.map(lambda at: at.replace(tzinfo=UTC))
# A file or a web address.
PLACES = st.sampled_from(
    [
        (st.just("vakt.ics"), st.just("")),
        (st.just("/etc/vakt ø.ics"), st.just("")),
        (st.just(""), st.just("https://example.org/x?key=1")),
        (st.just(""), st.just("webcal://example.org/a")),
    ]
)
DATES = st.frozensets(st.dates(date(2000, 1, 1), date(2199, 12, 31)), max_size=3)
# As a file has it, before anybody looked up the days of the country.
CALENDARS = st.builds(Calendar, st.sampled_from(["", "NO", "DE-BY"]), DATES.filter(bool))


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    """An organisation that `parse` would take: everything that is named exists, and one chain is for the rest."""
    sites = draw(_by_id(_site, least=1))
    zones = [zone for site in sites.values() for zone in site.zones]
    people = draw(_by_id(lambda key: _person(key, [*sites, *zones]), least=1))
    names = st.sampled_from(list(people))
    teams = draw(st.dictionaries(IDS, st.lists(names, max_size=3).map(tuple), max_size=2))
    schedules = draw(_by_id(lambda key: _schedule(key, names)))
    externals = {key: each for key, each in draw(_by_id(_external)).items() if key not in people}
    targets = _targets(people, teams, schedules, externals)
    rest = draw(_chain("rest", targets))
    chains = {"rest": rest} | draw(_special(targets, sites))
    return Organisation(
        name=draw(WORDS),
        time_zone=draw(st.sampled_from(["Europe/Oslo", "UTC", "America/New_York"])),
        language=draw(st.sampled_from(["nb", "nn", "en"])),
        sites=sites,
        devices=draw(_by_id(lambda key: _device(key, zones))) if zones else {},
        people=people,
        teams=teams,
        schedules=schedules,
        externals=externals,
        chains=chains,
        joining=draw(st.builds(Joining, st.booleans(), st.none() | SECONDS, st.just(timedelta()) | SECONDS)),
        holidays=draw(CALENDARS.flatmap(_looked_up)),
        watched=draw(st.none() | WATCHED),
    )


def _by_id(one: Callable[[str], st.SearchStrategy[T]], least: int = 0) -> st.SearchStrategy[dict[str, T]]:
    ids = st.lists(IDS, min_size=least, max_size=3, unique=True)
    return ids.flatmap(lambda keys: st.fixed_dictionaries({key: one(key) for key in keys}))


@st.composite
def _site(draw: st.DrawFn, key: str) -> Site:
    zones = draw(_by_id(lambda zone: _zone(key, zone)))
    return Site(
        id=key,
        name=draw(WORDS),
        zones={zone.id: zone for zone in zones.values()},
        address=draw(st.just("") | WORDS),
        emergency_number=draw(st.sampled_from(["112", "911", "+4712345678"])),
    )


def _zone(site: str, key: str) -> st.SearchStrategy[Zone]:
    return st.builds(
        Zone,
        st.just(f"{site}/{key}"),
        st.just(site),
        WORDS,
        floor=st.just("") | WORDS,
        way=st.just("") | WORDS,
        audible_to=st.sampled_from([(), (f"{site}/{key}",)]),
        area=st.none() | st.tuples(*[FRACTIONS.map(lambda number: round(number / 2, 4))] * 4),
    )


@st.composite
def _device(draw: st.DrawFn, key: str, zones: list[str]) -> Device:
    maker = draw(st.none() | st.sampled_from(MAKERS))
    return Device(
        id=key,
        zone=draw(st.sampled_from(zones)),
        kind=draw(KINDS),
        maker=maker,
        address=draw(WORDS) if maker else None,
        presses=draw(st.dictionaries(WORDS, KINDS, max_size=2)) if maker else {},
        supervise=draw(st.none() | SECONDS),
        battery_low=draw(st.none() | st.integers(1, 99)),
        pin=draw(st.none() | st.tuples(FRACTIONS, FRACTIONS)),
    )


def _person(key: str, places: list[str]) -> st.SearchStrategy[Person]:
    return st.builds(
        Person,
        st.just(key),
        WORDS,
        roles=st.lists(ROLES, max_size=2).map(tuple),
        at=st.none() | st.sampled_from(places),
        contact=st.lists(CONTACTS, max_size=3).map(tuple),
        language=LANGUAGES,
        absent=st.lists(SPANS.map(lambda span: Absence(*span)), max_size=2).map(tuple),
    )


def _looked_up(calendar: Calendar) -> st.SearchStrategy[Calendar]:
    return DATES.map(lambda days: replace(calendar, days=days)) if calendar.of else st.just(calendar)


def _schedule(key: str, names: st.SearchStrategy[str]) -> st.SearchStrategy[Schedule]:
    turns = st.lists(names, min_size=1, max_size=3).map(tuple)
    rotations = st.builds(Rotation, turns, INSTANTS, SECONDS, st.none() | WINDOWS, st.booleans())
    changes = st.sampled_from(Change)
    overrides = st.tuples(names, SPANS, changes).map(lambda each: Override(each[0], each[1][0], each[1][1], each[2]))
    return st.builds(
        Schedule,
        st.just(key),
        st.lists(rotations, max_size=2).map(tuple),
        st.none() | WINDOWS,
        st.lists(overrides, max_size=2).map(tuple),
        st.none() | _roster(names),
    )


def _roster(names: st.SearchStrategy[str]) -> st.SearchStrategy[Roster]:
    shifts = st.builds(Shift, UTC_INSTANTS, UTC_INSTANTS, names)
    known = st.builds(
        Known,
        st.frozensets(shifts, max_size=3).map(lambda each: tuple(sorted(each))),
        UTC_INSTANTS,
        st.dictionaries(WORDS, st.none() | UTC_INSTANTS, max_size=2),
    )
    meant = st.dictionaries(WORDS, st.none() | names, max_size=3).filter(
        lambda each: len({*map(folded, each)}) == len(each)
    )

    return PLACES.flatmap(lambda place: st.builds(Roster, *place, meant, st.booleans(), st.none() | known))


def _external(key: str) -> st.SearchStrategy[External]:
    def build(name: str, contact: Contact, language: str | None) -> External:
        host = {"host": "127.0.0.1", "port": 10700, "account": "12AF"} if contact.kind == "dc09" else {}
        return External(key, name, (contact,), host, language)

    return st.builds(build, WORDS, CONTACTS, LANGUAGES)


def _targets(
    people: dict[str, Person],
    teams: dict[str, tuple[str, ...]],
    schedules: dict[str, Schedule],
    externals: dict[str, External],
) -> st.SearchStrategy[Target]:
    sections = {
        TargetKind.PERSON: [*people],
        TargetKind.TEAM: [*teams],
        TargetKind.ON_CALL: [*schedules],
        TargetKind.EXTERNAL: [*externals],
        TargetKind.COLLEAGUES: ["zone", "site"],
        TargetKind.ROLE: ["guard", "manager"],
    }
    plain = [Target(kind, name) for kind, names in sections.items() for name in names]
    near = [Target(TargetKind.NEAREST, role, count) for role in ("", "guard") for count in (1, 99)]
    return st.sampled_from([*plain, *near])


@st.composite
def _chain(
    draw: st.DrawFn,
    key: str,
    targets: st.SearchStrategy[Target],
    kinds: frozenset[Kind] = frozenset(),
    sites: frozenset[str] = frozenset(),
) -> Chain:
    some = st.lists(targets, max_size=2).map(tuple)
    afters = sorted(draw(st.lists(st.just(timedelta()) | SECONDS, min_size=1, max_size=3)))
    channels = st.lists(st.sampled_from([CONSOLE, *CONTACT_KINDS]), max_size=2).map(tuple)
    steps = tuple(Step(after, (draw(targets), *draw(some)), draw(channels), draw(some)) for after in afters)
    return Chain(
        id=key,
        steps=steps,
        kinds=kinds,
        sites=sites,
        repeat=draw(st.none() | st.builds(Repeat, st.integers(1, len(steps)), SECONDS)),
        acknowledge=draw(st.builds(Acknowledge, st.frozensets(ROLES, max_size=2), st.integers(1, 3), SECONDS)),
        tell_presser=draw(st.sampled_from(TellPresser)),
        all_clear=draw(st.booleans()),
    )


@st.composite
def _special(draw: st.DrawFn, targets: st.SearchStrategy[Target], sites: dict[str, Site]) -> dict[str, Chain]:
    """Chains that differ in what they name, so that no two fit equally well."""
    kinds = draw(st.frozensets(KINDS, min_size=1, max_size=3))
    site = frozenset({draw(st.sampled_from(list(sites)))})
    forms = {"by-kind": (kinds, frozenset[str]()), "by-site": (frozenset[Kind](), site), "by-both": (kinds, site)}
    chosen = draw(st.frozensets(st.sampled_from(list(forms))))
    return {key: draw(_chain(key, targets, *purpose)) for key, purpose in forms.items() if key in chosen}
