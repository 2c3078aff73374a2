"""One organisation as a frozen value: what `alarmd apply` loads and every alarm keeps a version of. PURE.

Ids are `[a-z0-9][a-z0-9-]{0,62}`; a zone's full id is `site/zone`, and that is what stands everywhere but under
`sites:` in the file. Times of day and dates without offset are local to `time_zone`. Built by `file.py`; read by
everybody, changed by nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from alarmd.alarm.model import Kind

CONSOLE = "console"
CONTACT_KINDS = ("push", "sms", "voice", "email", "webhook", "apprise", "dc09")
TEXTUAL = ("sms", "push", "email", "webhook", "apprise")
"""Contact kinds that carry a written message; the all-clear goes by these, never by call."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A room or area. `audible_to`: full ids of zones whose people hear a shout from here. `area`: x, y, width,
    height on its floor's drawing as fractions 0-1.
    """

    id: str
    site: str
    name: str
    floor: str = ""
    way: str = ""
    audible_to: tuple[str, ...] = ()
    area: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A building or office. `zones` are by full id."""

    id: str
    name: str
    zones: Mapping[str, Zone]
    address: str = ""
    emergency_number: str = "112"


@dataclass(frozen=True, slots=True)
class Device:
    """A button. Without `maker` it speaks alarmd's own topics; `presses` maps the maker's action to a kind."""

    id: str
    zone: str
    kind: Kind
    maker: str | None = None
    address: str | None = None
    presses: Mapping[str, Kind] = field(default_factory=dict)
    supervise: timedelta | None = None
    battery_low: int | None = None
    pin: tuple[float, float] | None = None

    @property
    def site(self) -> str:
        return self.zone.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach somebody. `address`: a number, mail address or URL; never in a log line. `secret` signs
    webhooks.
    """

    kind: str
    address: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Absence:
    """Away from the first instant (included) to the second (not included). Local."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """`at`: a site or a zone's full id; None belongs to every site. `contact` is in order of preference."""

    id: str
    name: str
    roles: tuple[str, ...] = ()
    at: str | None = None
    contact: tuple[Contact, ...] = ()
    language: str | None = None
    absent: tuple[Absence, ...] = ()

    def belongs_to(self, site: str | None) -> bool:
        return self.at is None or site is None or self.at.partition("/")[0] == site


@dataclass(frozen=True, slots=True)
class External:
    """Somebody outside, such as an alarm receiving centre; told like a person by its only contact."""

    id: str
    name: str
    contact: tuple[Contact, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    language: str | None = None


class OnHolidays(StrEnum):
    """What a public holiday is to a window: a day like others, never in it, the only kind of day in it (of the
    weekdays that it names), or in it whatever its weekday.
    """

    AS_EVER = "as_ever"
    NEVER = "never"
    ONLY = "only"
    ALSO = "also"


@dataclass(frozen=True, slots=True)
class Window:
    """Weekdays (Monday is 0) and a span of local time of day; `end` <= `start` goes over midnight, and belongs to the
    day on which it begins.
    """

    days: frozenset[int]
    start: time
    end: time
    holidays: OnHolidays = OnHolidays.AS_EVER


@dataclass(frozen=True, slots=True)
class Rotation:
    """People in turn from a local instant, each for `every` by the clock on the wall: a hand-over keeps its local time
    of day over daylight saving. `only`: turns go on outside it, and nobody is on call by them there. `instead`: while
    it has somebody, the rotations written above it rest.
    """

    people: tuple[str, ...]
    start: datetime
    every: timedelta
    only: Window | None = None
    instead: bool = False


class Change(StrEnum):
    """What an override does: its person alone instead of all others, beside them, or not at all."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Override:
    """A change for one local span."""

    person: str
    start: datetime
    end: datetime
    change: Change = Change.REPLACE


@dataclass(frozen=True, slots=True)
class Calendar:
    """The public holidays. `of`: a country or a part of it, `NO`, `DE-BY`; `also`: days of the organisation's own;
    `days`: those of `of`, whole years of them, looked up when the file was read. They are kept and not looked up again:
    what was decided by them can be decided again, and no update of a library moves anybody's duty unseen.
    """

    of: str = ""
    also: frozenset[date] = frozenset()
    days: frozenset[date] = frozenset()

    def __contains__(self, day: object) -> bool:
        return day in self.days or day in self.also

    @property
    def last_year(self) -> int | None:
        """The last year whose days of `of` are known; None where none are."""
        return max(self.days).year if self.days else None


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """One person's duty from `start` (included) to `end` (not included), aware UTC."""

    start: datetime
    end: datetime
    person: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a calendar said when it was read last: its shifts, in order, to the instant `until` (aware UTC). `unclear`
    are events that name nobody known or cannot be read: a mark of each, and the instant of the first, where it has one;
    what else stands in a calendar is nobody's business, and not kept. All of this is kept with the version: what was
    decided by it can be decided again, also when the calendar is away.
    """

    shifts: tuple[Shift, ...]
    until: datetime
    unclear: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Roster:
    """Duties that are kept elsewhere, in a calendar (RFC 5545): in a `file`, absolute once it was read, or at a `url`,
    which may hold a secret; one of the two. `people`: whom the text of an event means; None: nobody, on purpose.
    `instead`: while it has somebody, the rotations rest. `known` None: it was never read.
    """

    file: str = ""
    url: str = field(default="", repr=False)
    people: Mapping[str, str | None] = field(default_factory=dict)
    instead: bool = False
    known: Known | None = None

    def is_of(self, other: "Roster | None") -> bool:
        """Are both kept in the same place."""
        return other is not None and (self.file, self.url) == (other.file, other.url)

    @property
    def shifts(self) -> tuple[Shift, ...]:
        return self.known.shifts if self.known else ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who is on call: rotations in turn and a calendar's shifts, only in a window where one is given, changed for
    single spans.
    """

    id: str
    rotations: tuple[Rotation, ...]
    only: Window | None = None
    overrides: tuple[Override, ...] = ()
    calendar: Roster | None = None


class TargetKind(StrEnum):
    """Who is meant: the key under `notify`."""

    PERSON = "person"
    TEAM = "team"
    ON_CALL = "on_call"
    COLLEAGUES = "colleagues"
    ROLE = "role"
    EXTERNAL = "external"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True)
class Target:
    """`{team: guards}` is Target(TEAM, "guards"); colleagues name `zone` or `site`; nearest name a role, or nothing for
    any, and so many people of the site in `count`."""

    kind: TargetKind
    name: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """`after`: since the alarm began. `by` empty: all contacts and the console. `otherwise` is the file's `else`."""

    after: timedelta
    notify: tuple[Target, ...]
    by: tuple[str, ...] = ()
    otherwise: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """A new round from this step (1 is the first), `every` after the last step of the round before."""

    start: int
    every: timedelta


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Who counts (empty: any role), how many are needed, and how long their word holds without arrival."""

    by_roles: frozenset[str] = frozenset()
    needed: int = 1
    arrive_within: timedelta = timedelta(minutes=5)


class TellPresser(StrEnum):
    """Whether the button shows that help is coming; discreetly and no show nothing but received."""

    YES = "yes"
    DISCREETLY = "discreetly"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Chain:
    """An escalation chain. `kinds` and `sites` say for what; both empty: for whatever no other chain fits."""

    id: str
    steps: tuple[Step, ...]
    kinds: frozenset[Kind] = frozenset()
    sites: frozenset[str] = frozenset()
    repeat: Repeat | None = None
    acknowledge: Acknowledge = Acknowledge()
    tell_presser: TellPresser = TellPresser.YES
    all_clear: bool = True


@dataclass(frozen=True, slots=True)
class Joining:
    """When a later signal joins an open alarm. `same_zone_within` None: never by zone."""

    same_device: bool = True
    same_zone_within: timedelta | None = None
    settle: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody with one of these roles is to be at a console that can be heard, in the hours of `only` (None: always);
    said aloud when there has been none for `within`.
    """

    by_roles: frozenset[str] = frozenset({"guard"})
    only: Window | None = None
    within: timedelta = timedelta(seconds=60)


Recipient = Person | External


@dataclass(frozen=True, slots=True)
class Organisation:
    """The whole. Mappings are by id and in the file's order. `watched` None: nobody need be at a console."""

    name: str
    time_zone: str
    language: str
    sites: Mapping[str, Site]
    devices: Mapping[str, Device]
    people: Mapping[str, Person]
    teams: Mapping[str, tuple[str, ...]]
    schedules: Mapping[str, Schedule]
    externals: Mapping[str, External]
    chains: Mapping[str, Chain]
    joining: Joining = Joining()
    holidays: Calendar = Calendar()
    watched: Watched | None = None

    def zone(self, full_id: str | None) -> Zone | None:
        """The zone, or None for no or an unknown id."""
        site = self.sites.get((full_id or "").partition("/")[0])
        return site.zones.get(full_id or "") if site else None

    def chain_for(self, kind: Kind, site: str | None) -> Chain:
        """The most specific chain that fits: one that names the site before one that names the kind before the rest."""
        fitting = (
            c for c in self.chains.values() if (not c.kinds or kind in c.kinds) and (not c.sites or site in c.sites)
        )
        return max(fitting, key=lambda c: (bool(c.sites), bool(c.kinds)))

    def recipient(self, id: str) -> Recipient | None:
        """A person or an external, whoever has this id."""
        return self.people.get(id) or self.externals.get(id)

    def language_of(self, recipient: Recipient | None) -> str:
        return (recipient.language if recipient else None) or self.language
