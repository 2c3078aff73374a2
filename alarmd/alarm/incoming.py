"""What comes in by the one door, from everywhere: presses, answers, passed deadlines, outcomes and receipts. PURE.

Each says only what was heard; what it means is decided by `escalation/decide.py`. The shells (HTTP, MQTT, texts,
calls) build these.
"""

from dataclasses import dataclass
from enum import StrEnum

from alarmd.alarm.model import AttemptState, By, Kind, Person
from alarmd.alarm.values import quick


class Action(StrEnum):
    """What a person may do with an alarm; the last words of `POST /v1/alarms/{id}/...`."""

    ACKNOWLEDGE = "acknowledge"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    DECLINE = "decline"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    NOTE = "note"
    ESCALATE = "escalate"


class Outcome(StrEnum):
    """What an alarm turned out to be."""

    REAL = "real"
    FALSE = "false"
    MISTAKE = "mistake"
    TEST = "test"


class Pin(StrEnum):
    """Which of his two PINs somebody typed."""

    HONEST = "honest"
    DURESS = "duress"


@dataclass(frozen=True, slots=True)
class Seat:
    """Which node takes the presses that the broker keeps; there is one seat. `holder` empty: nobody. `beat` grows
    while the holder works. `term` names this taking and `session` the one that the broker keeps: numbers that are never
    given twice, in no order."""

    holder: str
    term: int
    beat: int
    session: int


@quick
@dataclass(frozen=True, slots=True)
class Sitting:
    """The time in which a node has that seat, and the broker's session that it reads."""

    term: int
    session: int


@quick
@dataclass(frozen=True, slots=True)
class Delivery:
    """How a message without a ref came from the broker, so that it is stored once however often it is delivered. Within
    `session` the broker calls it by `packet` until it is acknowledged, whichever node it is delivered to, and says when
    it delivers it `again`. `term`: in which its node has the seat. `arrival` names this message at this node, `digest`
    what it is; `retried`: the node has tried to store it before."""

    term: int
    session: int
    packet: int
    arrival: str
    digest: bytes
    again: bool = False
    retried: bool = False


@dataclass(frozen=True, slots=True)
class Pressed:
    """A signal: by a device (its id), or by a person at a zone. `kind` None is the device's own. `fault`: it could
    not be read, and raises all the same. `drill`: an exercise; `externals`: one that leaves the organisation.
    `delivery` stands where there is no `ref` to know it by."""

    by: By
    device: str | None = None
    zone: str | None = None
    kind: Kind | None = None
    ref: str | None = None
    note: str | None = None
    pressed_at: str | None = None
    fault: str | None = None
    drill: bool = False
    externals: bool = False
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class FaultFound:
    """Something of alarmd's own is unwell. Opens a technical alarm; one is open for each cause at most. `about`: the
    alarm that it tells something of, and to nobody more than may know."""

    cause: str
    text: str
    site: str | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class FaultGone:
    """The cause is no more: its technical alarm is resolved."""

    cause: str
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A person acts on an alarm. `reason` for resolve and cancel, `text` for a note. `pin`: from the presser's side he
    cancels by this one. `roles`: those that he has now, by which is known whether he sees through a veil."""

    alarm: str
    action: Action
    by: Person
    reason: str | None = None
    outcome: Outcome | None = None
    text: str | None = None
    pin: Pin | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedsHelp:
    """Somebody who is on his way to this alarm has pressed himself, and opened or joined another. Comes from nowhere
    outside: it is taken with that press. `silent`: nothing may be seen of it."""

    alarm: str
    by: Person
    silent: bool = False


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The stored due time of an alarm has come."""

    alarm: str


@quick
@dataclass(frozen=True, slots=True)
class Reported:
    """What became of an attempt: from the outbox (`effect` is then done) or from a provider's receipt. `again_in`:
    seconds after which the same contact may be tried again."""

    alarm: str
    attempt: str
    state: AttemptState
    why: str | None = None
    provider: str | None = None
    again_in: float | None = None
    effect: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Performed:
    """An effect without a story (feedback shown, call ended) is done."""

    effect: str


Incoming = Pressed | FaultFound | FaultGone | Answered | DeadlinePassed | Reported | Performed
