"""What the loop asks of the world, as Protocols. The page to read first: everything that dispatch/ touches outside
itself is here, and `app/` is the only place that says which concrete thing stands behind each.

Times are aware UTC with milliseconds. Methods of `Unit` and `Reading` are synchronous and run inside one database
transaction, in the store's own thread; everything else is for the event loop.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from alarmd.access.model import Account, Key, Session
from alarmd.alarm.effects import Effect, EndCall, Feedback, Tell
from alarmd.alarm.incoming import Seat
from alarmd.alarm.model import Alarm, AttemptState
from alarmd.alarm.values import quick
from alarmd.alarm.veil import Veil
from alarmd.escalation.draft import Decision
from alarmd.organisation.model import Contact, Organisation, Recipient, Roster
from alarmd.organisation.plain import Plain
from alarmd.organisation.roster import Said

T = TypeVar("T")
RESTORED, EVENTS_LOST = "restored", "events_lost"  # in the audit log: from here on it is another log
Hides = Callable[[Veil], bool]
"""Does this veil hide an alarm from whoever asks?"""


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The instant, cut to milliseconds."""
        ...

    async def sleep_until(self, when: datetime | None, wake: asyncio.Event | None = None) -> None:
        """Return when the instant has come or `wake` is set, whichever is first; None waits for `wake` alone."""
        ...


@quick
@dataclass(frozen=True, slots=True)
class Logged:
    """An event as the log holds it. `body` is its JSON without the position, exactly as it was hashed and as it is
    sent. Those behind `veil` are given `face` in its place: nothing where that is empty.
    """

    position: int
    alarm: str
    site: str | None
    body: str
    face: str | None = None
    veil: Veil | None = None


@quick
@dataclass(frozen=True, slots=True)
class Due:
    """An effect with its alarm, as the outbox handles it. `until`: it is this node's to perform before that instant,
    unless it is leased anew; a sister's afterwards."""

    alarm: str
    effect: Effect
    until: datetime | None = None


@quick
@dataclass(frozen=True, slots=True)
class KnownSignal:
    """What was answered to a sender's ref the first time."""

    signal: str
    alarm: str
    joined: bool


@quick
@dataclass(frozen=True, slots=True)
class Head:
    """The one row that every writer locks: how long the log is, and which versions of organisation and access hold."""

    position: int
    organisation: int
    access: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Left by a press without a ref that is stored, under the number that the broker gave it, until the broker knows.
    `arrival` names the very message at the node that stored it, beginning with its connection, `digest` what it was.
    """

    arrival: str
    digest: bytes
    known: KnownSignal


class Reading(Protocol):
    """Questions to the store, all within one snapshot."""

    def head(self) -> Head: ...

    def era(self) -> str:
        """Which log this is: another one after a restore, or where its last events were lost."""
        ...

    def time(self) -> datetime | None:
        """What the database's own clock shows now; None where it goes by this machine's."""
        ...

    def organisation(self, version: int) -> Organisation:
        """A stored version. Raises NotFound."""
        ...

    def alarm(self, id: str) -> Alarm | None:
        """The alarm folded from its events."""
        ...

    def story(self, id: str) -> tuple[Logged, ...]:
        """Every event of an alarm, in order."""
        ...

    def summaries(
        self, *, open: bool | None, site: str | None, limit: int, hides: Hides | None = None
    ) -> tuple[str, ...]:
        """JSON texts of alarms as lists and snapshots show them, newest first; to somebody from whom `hides` says
        that a veil hides an alarm, that one as it looks to him."""
        ...

    def open_count(self, *, at_most: int) -> int:
        """How many alarms are open, counted no further than `at_most`."""
        ...

    def veil_of(self, alarm: str) -> Veil | None:
        """Of this alarm, whether or not its story can be read."""
        ...

    def open_veils(self) -> tuple[Veil, ...]:
        """Of the open alarms that go on behind one."""
        ...

    def seen_to(self, hides: Hides) -> int:
        """The position of the last event that no veil hides."""
        ...

    def open_alarms(self, *, at_most: int) -> tuple[Alarm, ...]:
        """Those of people first, then tests and drills, then technical ones; the newest first among each. So nothing
        that alarmd says of itself crowds out a cry for help."""
        ...

    def open_told(self, who: Callable[[int], Collection[str]]) -> tuple[Alarm, ...]:
        """All of which one of those was told whom `who` names for the organisation of the alarm; in the same order."""
        ...

    def open_in_zone(self, zone: str) -> tuple[Alarm, ...]:
        """The open alarms of a zone that a later signal might join: no technical, test or drill ones."""
        ...

    def open_at(self, device: str) -> Iterator[Alarm]:
        """The open, joinable alarms in which this device has pressed with a ref, newest first, read one by one."""
        ...

    def events(self, after: int, limit: int) -> tuple[Logged, ...]:
        """The log from `after` + 1 on."""
        ...

    def latest(self) -> datetime | None:
        """The instant of the last event: behind it no clock may go that decides what comes next."""
        ...

    def key(self, hash: str) -> Key | None:
        """The key with this hash, unless revoked."""
        ...

    def keys(self) -> tuple[Key, ...]: ...

    def session(self, hash: str) -> Session | None: ...

    def account(self, person: str) -> Account | None: ...

    def known_signal(self, sender: str, ref: str) -> KnownSignal | None:
        """By device id, or `person:ID` for one who pressed without a device."""
        ...

    def seat(self) -> Seat: ...


class Unit(Reading, Protocol):
    """One transaction under the head's lock: what is read here cannot have changed before it is written."""

    def open_bound_to(self, person: str) -> tuple[Alarm, ...]:
        """The open alarms that a press by this person concerns, wherever they are: those that he has opened himself
        and may join, and those to which he is on his way, also where they go on after a duress PIN."""
        ...

    def open_for_cause(self, cause: str) -> Alarm | None:
        """The open alarm of this cause; where there are two, the one without a veil."""
        ...

    def next_code(self, *, unseen: bool = False) -> str:
        """The two-digit answer code of a new alarm: no open one's, unless all 90 are. `unseen`: missed by nobody."""
        ...

    def write(self, decision: Decision, *, node: str, now: datetime) -> "Committed":
        """Events, alarm, signals, effects and due time; effects are claimed for `node`, or left to any node where it is
        empty. Nothing is durable before the transaction ends."""
        ...

    def claim(self, node: str, now: datetime, limit: int, *, lights: bool = True) -> tuple[Due, ...]:
        """Effects that nobody holds (never claimed, or whose lease has run out) and that are due, with `lights` or
        without, the first by priority, leased to `node`. None is ever given to two nodes within its lease."""
        ...

    def recall(self, node: str, now: datetime, *, besides: Collection[str]) -> tuple[Due, ...]:
        """Every effect that is leased to this node but for these, leased to it anew."""
        ...

    def give_back(self, node: str, effects: Sequence[str] | None = None) -> None:
        """Let go of what is leased to this node: of these effects, or of every one."""
        ...

    def renew(self, node: str, now: datetime, effects: Sequence[str]) -> Mapping[str, datetime]:
        """Hold these a while longer: until when. What a sister has taken over since, or what is done, is left out."""
        ...

    def overdue(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Alarms whose due time has come, the earliest first."""
        ...

    def next_due(self, after: datetime) -> datetime | None:
        """The earliest due time of all alarms after this instant."""
        ...

    def put_seat(self, seat: Seat) -> None: ...

    def mark(self, packet: int) -> Mark | None: ...

    def put_mark(self, packet: int, mark: Mark) -> None: ...

    def drop_marks(self, settled: Iterable[tuple[int, str]]) -> None: ...

    def drop_marks_besides(self, connection: str) -> None:
        """All but those of what came by this connection; empty: all."""
        ...


class Registry(Unit, Protocol):
    """What administration writes, in the same kind of transaction; each change adds a line to the audit log with its
    own hash chain, and raises `Head.access` or `Head.organisation` so that every node notices.
    """

    def add_organisation(
        self, organisation: Organisation, *, by: str, now: datetime, why: str | None, body: Plain | None = None
    ) -> int:
        """Store a new version and make it the one that holds; its number. `why`: the reason given for accepting a bad
        chain. `body`: what `plain` makes of it, where that was done before anything was locked."""
        ...

    def add_key(self, key: Key, *, by: str) -> None:
        """Raises Refused when the name is taken."""
        ...

    def revoke_key(self, name: str, *, by: str, now: datetime) -> None:
        """Raises NotFound."""
        ...

    def put_account(self, account: Account, *, by: str, now: datetime) -> None: ...

    def add_session(self, session: Session) -> None: ...

    def end_session(self, hash: str, *, now: datetime) -> None: ...

    def end_sessions(self, person: str, *, by: str, now: datetime) -> None:
        """All of this person's: nobody stays signed in by a password that holds no longer."""
        ...

    def note(self, action: str, detail: dict[str, Any], *, by: str, now: datetime) -> None:
        """A line in the audit log about something that changed no row of its own."""
        ...


@quick
@dataclass(frozen=True, slots=True)
class Committed:
    """What one decision wrote: for the feed, the outbox and the deadlines of this node. `effects` are those leased to
    it: none where they were `left` to whoever has room.
    """

    alarm: Alarm | None
    logged: tuple[Logged, ...]
    effects: tuple[Due, ...]
    due: datetime | None
    left: bool = False


class Store(Protocol):
    """What must survive."""

    @property
    def alone(self) -> bool:
        """Nobody but this process decides on alarms in this database; others may only press."""
        ...

    async def transact(self, work: Callable[[Registry], T]) -> T:
        """Run `work` in one transaction and return when it is durable (on disk). Raises NotDurable."""
        ...

    async def read(self, work: Callable[[Reading], T]) -> T:
        """Run `work` in a read transaction beside the writer. Raises NotDurable when the store cannot be asked."""
        ...


class Relay(Protocol):
    """Telling sister nodes that the log has grown, and what else they may want to know. May lose everything: the log is
    asked again every second, and nothing that must be kept is said here.
    """

    async def publish(self, position: int) -> None: ...

    async def say(self, words: str) -> None: ...

    async def run(self, heard: Callable[[int], None], told: Callable[[str], None]) -> None:
        """Call `heard` with every position that another node announces and `told` with its words, for ever."""
        ...

    @property
    def healthy(self) -> bool: ...

    @property
    def lag(self) -> timedelta:
        """How long it took to answer last."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt, with all that a channel needs to word and send it. `code`: the two digits, where several alarms
    are open.
    """

    attempt: str
    alarm: Alarm
    organisation: Organisation
    recipient: Recipient
    contact: Contact
    tell: Tell
    code: str | None

    @property
    def language(self) -> str:
        return self.organisation.language_of(self.recipient)


@quick
@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try, and by that what to do next, a closed set: ACCEPTED (wait for its receipt), DELIVERED
    (the provider's own word is enough), FAILED with `again_in` seconds (the same way again), FAILED without (another
    way), UNKNOWN (we cannot know: again, and reconcile). `why` is a short machine word, never an address; `provider`
    the provider's id.
    """

    state: AttemptState
    why: str | None = None
    provider: str | None = None
    again_in: float | None = None


class Channel(Protocol):
    """A way out to people. Raises nothing on purpose: every failure is an Outcome."""

    async def send(self, message: Message) -> Outcome: ...

    async def end(self, effect: EndCall) -> bool:
        """Stop what still rings; one that is over is no fault. False: not done, try again. What never rings: True."""
        ...


class Lights(Protocol):
    """Where buttons are told."""

    async def show(self, alarm: str, feedback: Feedback) -> bool:
        """Send the retained message; False when the broker cannot be reached now: it is tried again."""
        ...


class Calendars(Protocol):
    """Where duties are read that are kept elsewhere."""

    async def read(self, roster: Roster, zone: str, span: tuple[datetime, datetime]) -> Said:
        """What a roster's calendar says now of a span (aware UTC); `zone` is the organisation's. Whatever it says and
        however long it takes, nothing else waits for it. Raises Unreadable."""
        ...


Channels = Mapping[str, Channel]
Listener = Callable[[Iterable[Committed]], None]
Json = Mapping[str, Any]
