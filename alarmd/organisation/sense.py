"""The sense of an organisation whose shape is right: does what it names exist, and is each question answered exactly
once. PURE.

Faults refuse a file; warnings are told and taken. Both are pairs of a path such as `devices.desk-3.zone` and words that
say what is wrong and what would be right. Whether anybody can be reached is not asked here but in
`escalation/readiness.py`.
"""

from collections.abc import Collection, Iterator
from itertools import combinations

from alarmd.organisation.model import Chain, OnHolidays, Organisation, Person, Target, TargetKind, Window
from alarmd.organisation.reading import shown, suggestion

Complaint = tuple[str, str]

NOT_BUILT = frozenset({"push", "email", "apprise", "dc09"})
"""Contact kinds whose channel this version does not have yet. Of the makers it has none."""


def faults(organisation: Organisation) -> Iterator[Complaint]:
    """Everything that makes the organisation impossible."""
    yield from _places(organisation)
    yield from _devices(organisation)
    yield from _people(organisation)
    yield from _schedules(organisation)
    for chain in organisation.chains.values():
        yield from _chain(organisation, chain)
    yield from _choice(organisation)


def warnings(organisation: Organisation) -> Iterator[Complaint]:
    """What is taken, and will not do what was meant: not built yet, or a role that nobody has."""
    for device in organisation.devices.values():
        if device.maker:
            words = f"buttons of {device.maker} are known but not built yet; presses of this one will not be heard"
            yield f"devices.{device.id}.maker", words
    for section, owners in (("people", organisation.people), ("externals", organisation.externals)):
        for owner in owners.values():
            for place, contact in enumerate(owner.contact, 1):
                if contact.kind in NOT_BUILT:
                    inner = f"contact.{place}" if isinstance(owner, Person) else contact.kind
                    words = f"{contact.kind} is known but not built yet; its attempts fail at once as not_configured"
                    yield f"{section}.{owner.id}.{inner}", words
    yield from _roles(organisation)


def _places(organisation: Organisation) -> Iterator[Complaint]:
    zones = [zone for site in organisation.sites.values() for zone in site.zones]
    for site in organisation.sites.values():
        for zone in site.zones.values():
            for place, other in enumerate(zone.audible_to, 1):
                path = f"sites.{site.id}.zones.{zone.id.partition('/')[2]}.audible_to.{place}"
                yield from _known(path, other, zones, "zone")


def _devices(organisation: Organisation) -> Iterator[Complaint]:
    zones = [zone for site in organisation.sites.values() for zone in site.zones]
    for device in organisation.devices.values():
        path = f"devices.{device.id}"
        yield from _known(f"{path}.zone", device.zone, zones, "zone")
        if device.maker and not device.address:
            yield (
                path,
                f"a button of {device.maker} needs its address, so that its messages are known; add address: ...",
            )
        for key in ("address", "presses"):
            if getattr(device, key) and not device.maker:
                yield f"{path}.{key}", f"{key} belongs to another maker's button; add maker: ..., or leave it out"


def _people(organisation: Organisation) -> Iterator[Complaint]:
    places = [*organisation.sites, *(zone for site in organisation.sites.values() for zone in site.zones)]
    for person in organisation.people.values():
        if person.at is not None:
            yield from _known(f"people.{person.id}.at", person.at, places, "site or zone")
    for team, members in organisation.teams.items():
        for place, member in enumerate(members, 1):
            yield from _known(f"teams.{team}.{place}", member, organisation.people, "person")
    for external in organisation.externals:
        if external in organisation.people:
            yield f"externals.{external}", f"a person has the id {shown(external)} too; give one of them another"


def _schedules(organisation: Organisation) -> Iterator[Complaint]:
    for schedule in organisation.schedules.values():
        path = f"schedules.{schedule.id}"
        for place, rotation in enumerate(schedule.rotations, 1):
            for turn, person in enumerate(rotation.people, 1):
                yield from _known(f"{path}.rotations.{place}.people.{turn}", person, organisation.people, "person")
        for place, override in enumerate(schedule.overrides, 1):
            yield from _known(f"{path}.overrides.{place}.person", override.person, organisation.people, "person")
        for text, meant in schedule.calendar.people.items() if schedule.calendar else ():
            if meant is not None:
                yield from _known(f"{path}.calendar.people.{text}", meant, organisation.people, "person")
    calendar = organisation.holidays
    for where, window in _windows(organisation):
        if window.holidays is not OnHolidays.AS_EVER and not (calendar.of or calendar.also or calendar.days):
            words = "no public holidays are known; add to the file what they are, such as holidays: NO"
            yield f"{where}.holidays", words


def _windows(organisation: Organisation) -> Iterator[tuple[str, Window]]:
    for schedule in organisation.schedules.values():
        path = f"schedules.{schedule.id}"
        if schedule.only:
            yield f"{path}.only", schedule.only
        for place, rotation in enumerate(schedule.rotations, 1):
            if rotation.only:
                yield f"{path}.rotations.{place}.only", rotation.only
    if organisation.watched and organisation.watched.only:
        yield "console.watched.only", organisation.watched.only


def _chain(organisation: Organisation, chain: Chain) -> Iterator[Complaint]:
    path = f"chains.{chain.id}"
    for site in sorted(chain.sites):
        yield from _known(f"{path}.for.sites", site, organisation.sites, "site")
    for place, step in enumerate(chain.steps, 1):
        yield from _targets(organisation, f"{path}.steps.{place}.notify", step.notify)
        yield from _targets(organisation, f"{path}.steps.{place}.else", step.otherwise)
        if place > 1 and step.after < chain.steps[place - 2].after:
            yield (
                f"{path}.steps.{place}.after",
                "a step begins before the one above it; write the steps in the order of after",
            )
    if chain.repeat and chain.repeat.start > len(chain.steps):
        yield f"{path}.repeat.from", f"there is no step {chain.repeat.start}; write 1 to {len(chain.steps)}"


def _targets(organisation: Organisation, path: str, targets: tuple[Target, ...]) -> Iterator[Complaint]:
    known: dict[TargetKind, Collection[str]] = {
        TargetKind.PERSON: organisation.people,
        TargetKind.TEAM: organisation.teams,
        TargetKind.ON_CALL: organisation.schedules,
        TargetKind.EXTERNAL: organisation.externals,
    }
    for place, target in enumerate(targets, 1):
        if target.kind in known:
            what = "schedule" if target.kind is TargetKind.ON_CALL else target.kind.value
            yield from _known(f"{path}.{place}", target.name, known[target.kind], what)


def _choice(organisation: Organisation) -> Iterator[Complaint]:
    """Each signal must find one chain: one for the rest, and never two that fit equally well."""
    chains = list(organisation.chains.values())
    rest = [chain for chain in chains if not chain.kinds and not chain.sites]
    if not rest:
        yield "chains", "no chain has an empty for: {}; exactly one must, for whatever no other chain fits"
    for chain in rest[1:]:
        yield f"chains.{chain.id}.for", f"chain {rest[0].id} has an empty for: {{}} too; exactly one may"
    for one, other in combinations([chain for chain in chains if chain not in rest], 2):
        if both := _both_fit(one, other):
            yield f"chains.{other.id}.for", f"chain {one.id} fits {both} just as well; leave that to one of them"


def _both_fit(one: Chain, other: Chain) -> str:
    """What two chains answer equally closely, in words; empty when one of them always goes first."""
    if (bool(one.kinds), bool(one.sites)) != (bool(other.kinds), bool(other.sites)):
        return ""
    kinds, sites = one.kinds & other.kinds, one.sites & other.sites
    if (one.kinds and not kinds) or (one.sites and not sites):
        return ""
    return " at ".join(", ".join(sorted(each)) for each in (kinds, sites) if each)


def _roles(organisation: Organisation) -> Iterator[Complaint]:
    held = {role for person in organisation.people.values() for role in person.roles}
    for chain in organisation.chains.values():
        for place, step in enumerate(chain.steps, 1):
            for key, targets in (("notify", step.notify), ("else", step.otherwise)):
                for turn, target in enumerate(targets, 1):
                    named = target.kind is TargetKind.ROLE or (target.kind is TargetKind.NEAREST and target.name)
                    if named and target.name not in held:
                        yield f"chains.{chain.id}.steps.{place}.{key}.{turn}", _nobody(target.name, held)
        for role in sorted(chain.acknowledge.by_roles - held):
            yield f"chains.{chain.id}.acknowledge.by_roles", _nobody(role, held)
    for role in sorted(organisation.watched.by_roles - held if organisation.watched else ()):
        yield "console.watched.by_roles", _nobody(role, held)


def _nobody(role: str, held: Collection[str]) -> str:
    return f"nobody has the role {shown(role)}{suggestion(role, held)}"


def _known(path: str, name: str, known: Collection[str], what: str) -> Iterator[Complaint]:
    if name not in known:
        some = ", ".join([*known][:8]) or "none yet"
        more = " ..." if len(known) > 8 else ""
        yield path, f"there is no {what} {shown(name)}{suggestion(name, known) or ';'} known: {some}{more}"
