"""The shape of an organisation file: which keys stand where, and what each may hold. PURE. Called by `file.py` and
`plain.py` alone.

One page per section, in the file's own order; schedules have `shape_schedules.py`. Whether what is named exists is
asked by `sense.py`, when the shape is right. Keys are only ever added here, and what is left out keeps its meaning:
every stored version of an organisation is read by this again.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from alarmd.alarm.model import Kind
from alarmd.organisation import scalars
from alarmd.organisation.model import (
    CONSOLE,
    CONTACT_KINDS,
    Absence,
    Acknowledge,
    Calendar,
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
    Watched,
    Zone,
)
from alarmd.organisation.reading import Item, Wrong, shown, suggestion
from alarmd.organisation.shape_schedules import calendar, schedule, span, window

LANGUAGES = ("nb", "nn", "en")
MAKERS = (
    "zigbee2mqtt",
    "shelly",
    "shelly2",
    "tasmota",
    "esphome",
    "homeassistant",
    "chirpstack",
    "ttn",
    "traccar",
    "minew",
)

SHORTEST_ABSENCE = timedelta(seconds=15)

_KIND = scalars.one_of({kind.value: kind for kind in Kind}, "kind of alarm")
_LANGUAGE = scalars.one_of({each: each for each in LANGUAGES}, "language")
_MAKER = scalars.one_of({each: each for each in MAKERS}, "maker of buttons")
_CHANNEL = scalars.one_of({each: each for each in (CONSOLE, *CONTACT_KINDS)}, "channel")
_COUNT = scalars.whole(1, 99)
_COLLEAGUES = scalars.one_of({"zone": "zone", "site": "site"}, "place of colleagues")
_TELL = scalars.one_of(
    {"true": TellPresser.YES, "false": TellPresser.NO, "discreetly": TellPresser.DISCREETLY}, "way to tell the presser"
)
_ALL_CLEAR = scalars.one_of({"everyone_told": True, "nobody": False}, "receiver of the all-clear")
_URL = scalars.matching(r"https?://[^\s/]+(/\S*)?", "web address; write it like https://example.org/hook")
_ADDRESSES = {
    "push": scalars.filled,
    "sms": scalars.phone,
    "voice": scalars.phone,
    "email": scalars.matching(r"[^\s@]+@[^\s@]+\.[^\s@]+", "mail address; write it like eva@example.org"),
    "apprise": scalars.matching(
        r"[a-z][a-z0-9+.-]*://\S+", "address of apprise; write it like ntfy://example.org/topic"
    ),
}
_ACCOUNT = scalars.matching(r"[0-9A-Fa-f]{3,16}", "account; receiving centres give 3 to 16 digits, 0-9 and A-F")
_RECEIVER = scalars.matching(
    r"[^\s/]+:[1-9]\d{0,4}/[0-9A-Fa-f]{3,16}",
    "receiving centre; write it like {host: 127.0.0.1, port: 10700, account: 1234}",
)
_HOST = scalars.matching(r"[^\s/]+", "host; write a name or address, such as 127.0.0.1")


def organisation(item: Item) -> Organisation:
    """The whole file. Faults are noted in the item's book; with any there, the value must not be used. Raises Wrong
    when the item is no mapping.
    """
    fields = item.fields(
        "alarmd",
        "name",
        "time_zone",
        "language",
        "sites",
        "devices",
        "people",
        "teams",
        "schedules",
        "externals",
        "chains",
        "joining",
        "holidays",
        "console",
    )
    fields.need("alarmd", _version, 1)
    return Organisation(
        name=fields.need("name", scalars.filled, ""),
        time_zone=fields.need("time_zone", scalars.time_zone, ""),
        language=fields.take("language", _LANGUAGE, LANGUAGES[0]),
        sites=fields.section("sites", _site, need=True),
        devices=fields.section("devices", _device),
        people=fields.section("people", _person),
        teams=fields.section("teams", _team),
        schedules=fields.section("schedules", schedule),
        externals=fields.section("externals", _external),
        chains=fields.section("chains", _chain, need=True),
        joining=fields.take("joining", _joining, Joining()),
        holidays=fields.take("holidays", calendar, Calendar()),
        watched=fields.take("console", _console, None),
    )


def _version(item: Item) -> int:
    if item.value not in (1, "1"):
        raise Wrong(f"{shown(item.value)} is no version of this format that is known here; write alarmd: 1")
    return 1


# --- places and buttons ---


def _site(key: str, item: Item) -> Site:
    scalars.identifier(key)
    fields = item.fields("name", "address", "emergency_number", "zones")
    zones = fields.section("zones", partial(_zone, key))
    return Site(
        id=key,
        name=fields.need("name", scalars.filled, ""),
        zones={zone.id: zone for zone in zones.values()},
        address=fields.take("address", scalars.text, ""),
        emergency_number=fields.take("emergency_number", scalars.emergency, "112"),
    )


def _zone(site: str, key: str, item: Item) -> Zone:
    scalars.identifier(key)
    fields = item.fields("name", "floor", "way", "audible_to", "area")
    near = fields.each("audible_to", scalars.place, "zones")
    return Zone(
        id=f"{site}/{key}",
        site=site,
        name=fields.need("name", scalars.filled, ""),
        floor=fields.take("floor", scalars.text, ""),
        way=fields.take("way", scalars.text, ""),
        audible_to=tuple(each if "/" in each else f"{site}/{each}" for each in near),
        area=fields.take("area", _area, None),
    )


def _area(item: Item) -> tuple[float, float, float, float]:
    x, y, width, height = scalars.fractions(4)(item)
    if x + width > 1.0001 or y + height > 1.0001:
        raise Wrong("the area leaves the drawing; x + width and y + height are at most 1")
    return x, y, width, height


def _pin(item: Item) -> tuple[float, float]:
    x, y = scalars.fractions(2)(item)
    return x, y


def _device(key: str, item: Item) -> Device:
    scalars.identifier(key)
    fields = item.fields("zone", "kind", "maker", "address", "presses", "supervise", "battery_low", "pin")
    presses = fields.section("presses", lambda _, press: _KIND(press))
    if "kind" not in fields.table and not presses:
        item.note("the key kind is missing")
    return Device(
        id=key,
        zone=fields.need("zone", scalars.zone, ""),
        kind=fields.take("kind", _KIND, next(iter(presses.values()), Kind.PANIC)),
        maker=fields.take("maker", _MAKER, None),
        address=fields.take("address", scalars.filled, None),
        presses=presses,
        supervise=fields.take("supervise", scalars.some_time, None),
        battery_low=fields.take("battery_low", scalars.whole(1, 99), None),
        pin=fields.take("pin", _pin, None),
    )


# --- people ---


def _person(key: str, item: Item) -> Person:
    scalars.identifier(key)
    fields = item.fields("name", "roles", "at", "contact", "language", "absent")
    return Person(
        id=key,
        name=fields.need("name", scalars.filled, ""),
        roles=fields.each("roles", scalars.role, "roles"),
        at=fields.take("at", scalars.place, None),
        contact=fields.each("contact", _contact, "ways of contact"),
        language=fields.take("language", _LANGUAGE, None),
        absent=fields.each("absent", _absence, "spans"),
    )


def _absence(item: Item) -> Absence:
    fields = item.fields("from", "to")
    return Absence(*span(fields))


def _contact(item: Item) -> Contact:
    kind, inner = _single(item, CONTACT_KINDS, "way of contact")
    return inner.attempt(partial(_way, kind), Contact(kind, ""))


def _way(kind: str, item: Item) -> Contact:
    if kind == "webhook":
        return _webhook(item)
    return Contact(kind, _receiver(item) if kind == "dc09" else _ADDRESSES[kind](item))


def _webhook(item: Item) -> Contact:
    if not isinstance(item.value, dict):
        return Contact("webhook", _URL(item))
    fields = item.fields("url", "secret")
    return Contact("webhook", fields.need("url", _URL, ""), fields.take("secret", scalars.filled, None))


def _receiver(item: Item) -> str:
    """An alarm receiving centre as `host:port/account`; written so, or by its parts."""
    if isinstance(item.value, str):
        return _RECEIVER(item)
    fields = item.fields("host", "port", "account")
    host, port = fields.need("host", _HOST, ""), fields.need("port", scalars.whole(1, 65535), 0)
    return f"{host}:{port}/{fields.need('account', _ACCOUNT, '')}"


def _team(key: str, item: Item) -> tuple[str, ...]:
    scalars.identifier(key)
    members = (each.kept(scalars.name_of("person")) for each in item.series("people"))
    return tuple(person for member in members for person in member)


def _external(key: str, item: Item) -> External:
    scalars.identifier(key)
    fields = item.fields("name", "language", *CONTACT_KINDS)
    ways = [key for key in fields.table if key in CONTACT_KINDS]
    if len(ways) != 1:
        fields.item.note(f"has {len(ways)} ways of contact; exactly one of {', '.join(CONTACT_KINDS)} is wanted")
    contact = tuple(found for way in ways for found in item.below(way).kept(partial(_way, way)))
    return External(
        id=key,
        name=fields.need("name", scalars.filled, ""),
        contact=contact,
        settings=_settings(contact),
        language=fields.take("language", _LANGUAGE, None),
    )


def _settings(contact: tuple[Contact, ...]) -> dict[str, object]:
    if not contact or contact[0].kind != "dc09":
        return {}
    place, _, account = contact[0].address.partition("/")
    host, _, port = place.rpartition(":")
    return {"host": host, "port": int(port), "account": account}


# --- chains ---


def _chain(key: str, item: Item) -> Chain:
    scalars.identifier(key)
    fields = item.fields("for", "steps", "repeat", "acknowledge", "tell_presser", "all_clear")
    kinds, sites = fields.need("for", _purpose, (frozenset[Kind](), frozenset[str]()))
    silent = TellPresser.DISCREETLY if kinds == {Kind.DURESS} else TellPresser.YES
    return Chain(
        id=key,
        steps=fields.each("steps", _step, "steps", need=True),
        kinds=kinds,
        sites=sites,
        repeat=fields.take("repeat", _repeat, None),
        acknowledge=fields.take("acknowledge", _acknowledge, Acknowledge()),
        tell_presser=fields.take("tell_presser", _tell, silent),
        all_clear=fields.take("all_clear", _all_clear, True),
    )


def _purpose(item: Item) -> tuple[frozenset[Kind], frozenset[str]]:
    fields = item.fields("kinds", "sites")
    kinds = fields.each("kinds", _KIND, "kinds of alarm", need="kinds" in fields.table)
    sites = fields.each("sites", scalars.name_of("site"), "sites", need="sites" in fields.table)
    return frozenset(kinds), frozenset(sites)


def _step(item: Item) -> Step:
    fields = item.fields("after", "notify", "by", "else")
    return Step(
        after=fields.need("after", scalars.duration, timedelta()),
        notify=fields.each("notify", _target, "those to tell", need=True),
        by=fields.each("by", _CHANNEL, "channels"),
        otherwise=fields.each("else", _target, "those to tell"),
    )


def _target(item: Item) -> Target:
    word, inner = _single(item, tuple(TargetKind), "target")
    kind = TargetKind(word)
    if kind is TargetKind.NEAREST:
        return inner.attempt(_nearest, Target(kind, ""))
    return Target(kind, inner.attempt(_TARGETS[kind], ""))


def _nearest(item: Item) -> Target:
    if not isinstance(item.value, dict):
        return Target(TargetKind.NEAREST, "", _COUNT(item))
    fields = item.fields("count", "role")
    count, role = fields.need("count", _COUNT, 1), fields.take("role", scalars.role, "")
    return Target(TargetKind.NEAREST, role, count)


def _repeat(item: Item) -> Repeat:
    fields = item.fields("from", "every")
    return Repeat(fields.need("from", scalars.whole(1, 999), 1), fields.need("every", scalars.some_time, timedelta()))


def _acknowledge(item: Item) -> Acknowledge:
    fields, left_out = item.fields("by_roles", "needed", "arrive_within"), Acknowledge()
    return Acknowledge(
        by_roles=frozenset(fields.each("by_roles", scalars.role, "roles")),
        needed=fields.take("needed", scalars.whole(1, 999), left_out.needed),
        arrive_within=fields.take("arrive_within", scalars.some_time, left_out.arrive_within),
    )


def _tell(item: Item) -> TellPresser:
    return _TELL(replace(item, value=str(item.value).lower()) if isinstance(item.value, bool) else item)


def _all_clear(item: Item) -> bool:
    return item.fields("to").need("to", _ALL_CLEAR, True)


def _joining(item: Item) -> Joining:
    fields, left_out = item.fields("same_device", "same_zone_within", "settle"), Joining()
    return Joining(
        same_device=fields.take("same_device", scalars.flag, left_out.same_device),
        same_zone_within=fields.take("same_zone_within", scalars.some_time, left_out.same_zone_within),
        settle=fields.take("settle", scalars.duration, left_out.settle),
    )


def _console(item: Item) -> Watched | None:
    return item.fields("watched").take("watched", _watched, None)


def _watched(item: Item) -> Watched:
    fields, left_out = item.fields("by_roles", "only", "within"), Watched()
    roles = fields.each("by_roles", scalars.role, "roles", need="by_roles" in fields.table)
    return Watched(
        by_roles=frozenset(roles) or left_out.by_roles,
        only=fields.take("only", window, None),
        within=fields.take("within", _patience, left_out.within),
    )


def _patience(item: Item) -> timedelta:
    """Until it is said that nobody is there: a page is loaded anew, a node started again meanwhile."""
    span = scalars.duration(item)
    if span < SHORTEST_ABSENCE:
        raise Wrong(f"{shown(item.value)} is too short: a page that is loaded anew takes as long; write at least 15s")
    return span


def _single(item: Item, known: tuple[str, ...], what: str) -> tuple[str, Item]:
    """The only entry of a mapping such as {sms: ...}, whose key is one of these."""
    entries = item.entries(f"a {what} such as {{{known[1]}: ...}}")
    if len(entries) != 1:
        raise Wrong(f"{len(entries)} keys stand where one {what} is wanted, in braces of its own")
    word, inner = entries[0]
    if word not in known:
        raise Wrong(f"{shown(word)} is no {what}{suggestion(word, known) or ';'} known: {', '.join(known)}")
    return word, inner


_TARGETS = {
    TargetKind.PERSON: scalars.name_of("person"),
    TargetKind.TEAM: scalars.name_of("team"),
    TargetKind.ON_CALL: scalars.name_of("schedule"),
    TargetKind.COLLEAGUES: _COLLEAGUES,
    TargetKind.ROLE: scalars.role,
    TargetKind.EXTERNAL: scalars.name_of("external"),
}
