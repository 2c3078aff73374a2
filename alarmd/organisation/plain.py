"""An organisation as plain values in the file's own keys, and back: what the store keeps of a version. PURE.

Whole and exact: `from_plain(plain(x)) == x`, in the same order. It loads no YAML library, so the daemon starts quickly.
Phone numbers and secrets stand in full in what `plain` gives: it goes to the store and to `apply`'s own screen, never
to a log.
"""

from collections.abc import Mapping
from datetime import datetime, time
from itertools import groupby

from alarmd.alarm.model import Kind
from alarmd.errors import FaultyFile
from alarmd.organisation import scalars, shape
from alarmd.organisation.model import (
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
    Roster,
    Rotation,
    Schedule,
    Site,
    Step,
    Target,
    TargetKind,
    TellPresser,
    Watched,
    Window,
    Zone,
)
from alarmd.organisation.reading import Book, Item

Plain = dict[str, object]

_TELL: dict[TellPresser, object] = {TellPresser.YES: True, TellPresser.NO: False, TellPresser.DISCREETLY: "discreetly"}


def plain(organisation: Organisation) -> Plain:
    """Values that JSON and YAML can hold, as the organisation file would say them."""
    return {
        "alarmd": 1,
        "name": organisation.name,
        "time_zone": organisation.time_zone,
        "language": organisation.language,
        "sites": {key: _site(site) for key, site in organisation.sites.items()},
        "devices": {key: _device(device) for key, device in organisation.devices.items()},
        "people": {key: _person(person) for key, person in organisation.people.items()},
        "teams": {key: list(members) for key, members in organisation.teams.items()},
        "schedules": {key: _schedule(schedule) for key, schedule in organisation.schedules.items()},
        "externals": {key: _external(external) for key, external in organisation.externals.items()},
        "chains": {key: _chain(chain) for key, chain in organisation.chains.items()},
        "joining": _joining(organisation.joining),
        **_said(holidays=_calendar(organisation.holidays), console=_console(organisation.watched)),
    }


def from_plain(tree: Mapping[str, object], name: str = "stored organisation") -> Organisation:
    """The organisation that `plain` gave these values for. They are looked at for their shape alone: their sense was
    asked when they came in. Raises FaultyFile when they are none, such as a version that a newer alarmd stored.
    """
    book = Book(name)
    found = Item(dict(tree), "", book).kept(shape.organisation)
    if not found or book.noted:
        raise FaultyFile(book.faults())
    return found[0]


def _said(**values: object) -> Plain:
    """The keys that say something; `_` at the end of a name keeps it apart from a word of Python."""
    return {key.rstrip("_"): value for key, value in values.items() if value not in (None, "", [], {})}


def _site(site: Site) -> Plain:
    zones = {key.partition("/")[2]: _zone(zone) for key, zone in site.zones.items()}
    return _said(name=site.name, address=site.address, emergency_number=site.emergency_number, zones=zones)


def _zone(zone: Zone) -> Plain:
    return _said(
        name=zone.name,
        floor=zone.floor,
        way=zone.way,
        audible_to=[each.removeprefix(f"{zone.site}/") for each in zone.audible_to],
        area=list(zone.area or ()),
    )


def _device(device: Device) -> Plain:
    return _said(
        zone=device.zone,
        kind=device.kind.value,
        maker=device.maker,
        address=device.address,
        presses={action: kind.value for action, kind in device.presses.items()},
        supervise=device.supervise and scalars.duration_text(device.supervise),
        battery_low=device.battery_low,
        pin=list(device.pin or ()),
    )


def _person(person: Person) -> Plain:
    return _said(
        name=person.name,
        roles=list(person.roles),
        at=person.at,
        contact=[{each.kind: _address(each)} for each in person.contact],
        language=person.language,
        absent=[scalars.span_texts(each.start, each.end) for each in person.absent],
    )


def _address(contact: Contact) -> object:
    return {"url": contact.address, "secret": contact.secret} if contact.secret is not None else contact.address


def _schedule(schedule: Schedule) -> Plain:
    rotations = [_rotation(each) for each in schedule.rotations]
    overrides = [_override(each) for each in schedule.overrides]
    calendar = schedule.calendar and _roster(schedule.calendar)
    return _said(rotations=rotations, calendar=calendar, overrides=overrides) | _only(schedule.only)


def _roster(roster: Roster) -> Plain:
    said = _said(file=roster.file, url=roster.url, people=dict(roster.people), instead=roster.instead or None)
    return said | ({"known": _known(roster.known)} if roster.known else {})


def _known(known: Known) -> Plain:
    """The shifts by their people, as ISO 8601 writes spans."""
    shifts: dict[str, list[str]] = {}
    for each in known.shifts:
        shifts.setdefault(each.person, []).append(f"{_utc(each.start)}/{_utc(each.end)}")
    unclear = {words: first and _utc(first) for words, first in known.unclear.items()}
    return {"until": _utc(known.until)} | _said(shifts=shifts, unclear=unclear)


def _utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _rotation(rotation: Rotation) -> Plain:
    every = scalars.duration_text(rotation.every)
    turns = _said(people=list(rotation.people), from_=scalars.instant_text(rotation.start), every=every)
    return turns | _only(rotation.only) | _said(instead=rotation.instead or None)


def _override(override: Override) -> Plain:
    change = None if override.change is Change.REPLACE else override.change.value
    return {"person": override.person, **scalars.span_texts(override.start, override.end)} | _said(change=change)


def _only(window: Window | None) -> Plain:
    """A window may be empty and say something all the same: always."""
    return {} if window is None else {"only": _window(window)}


def _window(window: Window) -> Plain:
    whole = window.start == window.end == time()
    between = "" if whole else scalars.hours_text(window.start, window.end)
    holidays = None if window.holidays is OnHolidays.AS_EVER else window.holidays.value
    return _said(days=scalars.weekdays_text(window.days), between=between, holidays=holidays)


def _calendar(calendar: Calendar) -> Plain:
    """The days by their years, so that a year more is one line of a difference."""
    years = groupby(sorted(calendar.days), key=lambda day: day.year)
    days = {str(year): [day.isoformat() for day in found] for year, found in years}
    return _said(of=calendar.of, also=[day.isoformat() for day in sorted(calendar.also)], days=days)


def _external(external: External) -> Plain:
    ways = {each.kind: dict(external.settings) if external.settings else _address(each) for each in external.contact}
    return _said(name=external.name, language=external.language) | ways


def _chain(chain: Chain) -> Plain:
    repeat = chain.repeat and {"from": chain.repeat.start, "every": scalars.duration_text(chain.repeat.every)}
    return {
        "for": _said(kinds=[kind.value for kind in Kind if kind in chain.kinds], sites=sorted(chain.sites)),
        "steps": [_step(step) for step in chain.steps],
        **_said(repeat=repeat, acknowledge=_acknowledge(chain.acknowledge)),
        "tell_presser": _TELL[chain.tell_presser],
        "all_clear": {"to": "everyone_told" if chain.all_clear else "nobody"},
    }


def _step(step: Step) -> Plain:
    return _said(
        after=scalars.duration_text(step.after),
        notify=[_target(each) for each in step.notify],
        by=list(step.by),
        else_=[_target(each) for each in step.otherwise],
    )


def _target(target: Target) -> Plain:
    if target.kind is TargetKind.NEAREST:
        return {"nearest": {"count": target.count, "role": target.name} if target.name else target.count}
    return {target.kind.value: target.name}


def _acknowledge(acknowledge: Acknowledge) -> Plain:
    return _said(
        by_roles=sorted(acknowledge.by_roles),
        needed=acknowledge.needed,
        arrive_within=scalars.duration_text(acknowledge.arrive_within),
    )


def _joining(joining: Joining) -> Plain:
    within = joining.same_zone_within and scalars.duration_text(joining.same_zone_within)
    return {"same_device": joining.same_device} | _said(
        same_zone_within=within, settle=scalars.duration_text(joining.settle)
    )


def _console(watched: Watched | None) -> Plain:
    if watched is None:
        return {}
    said = _said(by_roles=sorted(watched.by_roles), within=scalars.duration_text(watched.within))
    return {"watched": said | _only(watched.only)}
