"""The nouns of an alarm, frozen. PURE. An alarm holds nothing that its events do not tell: `lifecycle.fold` rebuilds
it from the log.

Words are those of the field (signal, responder, notification, attempt, receipt). Phone numbers and addresses never
stand here: an attempt names the person's contact by its place in the organisation version that the alarm keeps, so
neither log nor console can leak one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alarmd.alarm.values import quick
from alarmd.alarm.veil import Veil


class Kind(StrEnum):
    """What sort of help is asked for; in order of strength, the strongest first."""

    DURESS = "duress"
    PANIC = "panic"
    MEDICAL = "medical"
    LONE_WORKER = "lone_worker"
    ASSIST = "assist"
    TECHNICAL = "technical"
    TEST = "test"

    @property
    def strength(self) -> int:
        """Greater is stronger; only for comparing."""
        return STRENGTH[self]


STRENGTH = {kind: len(Kind) - place for place, kind in enumerate(Kind)}
APART = frozenset({Kind.TECHNICAL, Kind.TEST})
"""Kinds in which nobody is in danger."""
VOICE = "voice"
"""The channel of calls: by it he is told, and speaks."""


class State(StrEnum):
    """Where an alarm stands; the legal moves are in `transitions.py`."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ATTENDED = "attended"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (State.RESOLVED, State.CANCELLED)


class ResponderState(StrEnum):
    """What one person who was asked has said he does."""

    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    DECLINED = "declined"


class AttemptState(StrEnum):
    """What became of one try through one channel."""

    QUEUED = "queued"
    SHOWN = "shown"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    ANSWERED = "answered"
    SEEN = "seen"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


class Purpose(StrEnum):
    """Why somebody is told: a step of the chain, or that it is over."""

    STEP = "step"
    ALL_CLEAR = "all_clear"


@dataclass(frozen=True, slots=True)
class Person:
    """By a person; `channel` is how he spoke: api, console, phone, sms, voice, push."""

    person: str
    name: str
    channel: str


@dataclass(frozen=True, slots=True)
class Device:
    """By a device, by its id."""

    device: str


@dataclass(frozen=True, slots=True)
class System:
    """By alarmd itself: a deadline, a fault, an outcome."""


By = Person | Device | System
SYSTEM = System()


@quick
@dataclass(frozen=True, slots=True)
class Signal:
    """One activation. `ref` is the sender's own mark for it; `fault` says what was unreadable in it; `drill`: it starts
    one."""

    id: str
    at: datetime
    kind: Kind
    by: By
    ref: str | None = None
    device: str | None = None
    zone: str | None = None
    note: str | None = None
    pressed_at: str | None = None
    fault: str | None = None
    drill: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Presses:
    """What is asked of an alarm's signals at every press and every deadline; it follows from them alone, and is kept
    so that the ten thousandth press of a storm is taken as quickly as the first. `last`: each presser's last signal,
    by `presser_key`, in the order of their first; `latest`: when each zone pressed last; `people`: who pressed
    themselves, which whoever starts a drill has not."""

    signals: tuple[Signal, ...] = ()
    last: Mapping[tuple[str | None, str | None], Signal] = field(default_factory=dict)
    latest: Mapping[str, datetime] = field(default_factory=dict)
    people: frozenset[str] = frozenset()

    def and_then(self, signals: Iterable[Signal]) -> "Presses":
        """With these after them."""
        last, latest, people, more = {**self.last}, {**self.latest}, set(self.people), tuple(signals)
        for signal in more:
            last[presser_key(signal.by, signal.device)] = signal
            if signal.zone is not None:
                latest[signal.zone] = max(signal.at, latest.get(signal.zone, signal.at))
            if isinstance(signal.by, Person) and not signal.drill:
                people.add(signal.by.person)
        return Presses((*self.signals, *more), last, latest, frozenset(people))


def presser_key(by: By, device: str | None) -> tuple[str | None, str | None]:
    """Who pressed: the device or, without one, the person, by whichever page or phone he spoke."""
    return (None, by.person if isinstance(by, Person) else None) if device is None else (device, None)


@quick
@dataclass(frozen=True, slots=True)
class Responder:
    """A person who answered. `counts`: one of those whom the chain waits for. `arrive_by`: unarrived then, his word
    lapses. `in_need`: he has declined because he pressed himself."""

    person: str
    state: ResponderState
    at: datetime
    counts: bool
    arrive_by: datetime | None = None
    in_need: bool = False

    @property
    def coming(self) -> bool:
        return self.state is not ResponderState.DECLINED

    @property
    def there(self) -> bool:
        return self.state is ResponderState.ARRIVED


@quick
@dataclass(frozen=True, slots=True)
class Attempt:
    """One try through one channel. `contact` is its place among the person's contacts (none for the console), `tried`
    how often that contact was tried before, `begun` when this try was decided and `at` when its state changed last,
    `provider` the provider's own id, needed to end a call."""

    id: str
    channel: str
    contact: int | None
    state: AttemptState
    begun: datetime
    at: datetime
    tried: int = 0
    why: str | None = None
    provider: str | None = None

    @property
    def rings(self) -> bool:
        """Is it a call that goes on until it is answered, or ended by what its provider calls it?"""
        return self.channel == VOICE and self.state is AttemptState.ACCEPTED and self.provider is not None


@quick
@dataclass(frozen=True, slots=True)
class Notification:
    """One person to be told of one alarm at one step. `since` is when the newest attempts began: from it run the 3 s
    for acceptance and the 15 s for delivery. `fall_back`: there are other contacts to try when these do not reach him.
    `beyond`: wanted however many are coming, because he is one of them and the alarm became stronger, or because enough
    were coming already when it was decided. `settled`: this need not reach him any more, whatever comes: he has
    answered since, or was told that it is over. `rests`: enough were coming, and a press has set the clock going again;
    until too few are, it need not reach him. `cut_short`: some of it was withdrawn, or came to nothing while it did not
    help, or it is a call that an answer has ended; so unless he was reached otherwise, he is to be told anew."""

    id: str
    person: str
    step: int
    round: int
    purpose: Purpose
    since: datetime
    attempts: tuple[Attempt, ...]
    fall_back: bool = True
    beyond: bool = False
    settled: bool = False
    rests: bool = False
    cut_short: bool = False

    @property
    def rings(self) -> bool:
        return any(attempt.rings for attempt in self.attempts)


@quick
@dataclass(frozen=True, slots=True)
class NextStep:
    """The chain's clock: which step is the next undone one, in which round, and when; `at` is None while the clock
    stands."""

    step: int
    round: int
    at: datetime | None


@quick
@dataclass(frozen=True, slots=True, weakref_slot=True)
class Alarm:
    """What people answer. `organisation` and `chain` are what it began with and keeps; `version` counts its events;
    `code` is the two-digit answer code; `externals`: a drill that leaves the organisation; `cause` marks a technical
    alarm, one open for each; `linked` is the alarm to which the one who opened this was on his way. Since a cancel by
    PIN `face` is the alarm as it was cancelled, which is what those behind `veil` see; `coerced`: it was a duress PIN,
    and the alarm itself goes on. A technical alarm that such a one causes has its veil from the beginning, and no
    face: those behind it are given nothing at all. `earlier`: so many of its notifications are of weaker kinds, before
    its chain began. `held_by`: who has said that he comes since a press set the clock going although enough were
    coming; without any of them it goes on, whoever came before that press. `overdue`: whose word has lapsed and who may
    come all the same."""

    id: str
    state: State
    kind: Kind
    opened_at: datetime
    changed_at: datetime
    organisation: int
    chain: str
    needed: int
    code: str
    site: str | None = None
    drill: bool = False
    externals: bool = False
    cause: str | None = None
    linked: str | None = None
    signals: tuple[Signal, ...] = ()
    responders: tuple[Responder, ...] = ()
    notifications: tuple[Notification, ...] = ()
    next: NextStep | None = None
    outcome: str | None = None
    version: int = 0
    veil: Veil | None = None
    face: "Alarm | None" = None
    coerced: bool = False
    earlier: int = 0
    held_by: frozenset[str] | None = None
    overdue: tuple[str, ...] = ()
    presses: Presses = field(default_factory=Presses, compare=False, repr=False)
    """Of `signals`, whatever was given."""

    def __post_init__(self) -> None:
        if self.presses.signals is not self.signals:
            object.__setattr__(self, "presses", Presses().and_then(self.signals))
            object.__setattr__(self, "signals", self.presses.signals)

    @property
    def first(self) -> Signal:
        """The signal that opened it."""
        return self.signals[0]

    @property
    def live(self) -> bool:
        """Somebody may be in danger: no drill, no test, nothing that alarmd says of itself."""
        return not self.drill and self.kind not in APART

    @property
    def silent(self) -> bool:
        """No sound and no light where the presser stands."""
        return self.kind is Kind.DURESS

    @property
    def pressers(self) -> frozenset[str]:
        """The people who pressed themselves, or cancelled under duress: they are never asked to save themselves."""
        return self.presses.people

    @property
    def coming(self) -> int:
        """How many of those who count are coming or there."""
        return sum(r.counts and r.coming for r in self.responders)

    @property
    def arrived(self) -> int:
        """How many of those who count are there."""
        return sum(r.counts and r.there for r in self.responders)

    @property
    def enough(self) -> bool:
        """So many are coming that nobody else need be asked; the chain's clock stands, until somebody presses again."""
        return self.coming >= self.needed

    @property
    def asks(self) -> bool:
        """Is the chain looking for somebody? As long as its clock runs."""
        return self.next is not None and self.next.at is not None

    def wants(self, notification: Notification) -> bool:
        """Does it still help anybody that this reaches him? The all-clear always does."""
        return self.goes_on_with(notification) and (
            notification.purpose is Purpose.ALL_CLEAR or notification.person not in self.pressers
        )

    def goes_on_with(self, notification: Notification) -> bool:
        """The same, whether or not he has pressed himself."""
        if notification.purpose is Purpose.ALL_CLEAR:
            return True
        if self.state.ended or notification.settled or notification.rests:
            return False
        return notification.beyond or self.asks

    @property
    def faceless(self) -> bool:
        """Has it been behind its veil from the beginning?"""
        return self.veil is not None and self.face is None

    def seen_by(self, person: str | None, roles: Iterable[str] = ()) -> "Alarm | None":
        """The alarm as this person sees it, None: not at all. A program, which is nobody, sees it as it is."""
        if self.veil is None or person is None:
            return self
        return self.face if self.veil.hides_from(person, roles) else self

    def responder(self, person: str) -> Responder | None:
        return next((r for r in self.responders if r.person == person), None)

    def find(self, attempt: str) -> tuple[Notification, Attempt] | None:
        """The attempt with this id and whose notification it is; the newest are asked for most."""
        for notification in reversed(self.notifications):
            for each in notification.attempts:
                if each.id == attempt:
                    return notification, each
        return None
