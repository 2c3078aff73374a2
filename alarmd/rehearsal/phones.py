"""What simulated phones know: their texts, their calls, and how each behaves.

A model without loop, clock or network: `now` is an argument, every change is told to the one `changed` listener with
the phone's number. It never sends anything; `texting.py` and `call_life.py` live the lives of texts and calls on it,
and the page and Twilio's lists are read from it.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from alarmd.errors import NotFound, Refused

SHOWN_ON_CARD = 40  # texts, and calls, that a card keeps
REMEMBERED = 5000  # texts, and calls, that are over and can still be looked up by their id
CARDS = 500  # phones; above that the oldest number without an owner gives way
ASKS = re.compile(r"\b(?:svar|reply|send)\W{0,3}1(?P<code> \d\d)?\b", re.IGNORECASE)
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_DOUBLE = frozenset("^{}\\[~]|€\f")  # two septets each

Thing = TypeVar("Thing")


class TextStatus(StrEnum):
    """Twilio's words for a message."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    RECEIVED = "received"
    FAILED = "failed"


class CallStatus(StrEnum):
    """Twilio's words for a call."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def ended(self) -> bool:
        return not MOVES[self]


MOVES: dict[CallStatus, frozenset[CallStatus]] = {
    CallStatus.QUEUED: frozenset({CallStatus.RINGING, CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.CANCELED}),
    CallStatus.RINGING: frozenset({CallStatus.IN_PROGRESS, CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.CANCELED}),
    CallStatus.IN_PROGRESS: frozenset({CallStatus.COMPLETED}),
    CallStatus.COMPLETED: frozenset(),
    CallStatus.BUSY: frozenset(),
    CallStatus.NO_ANSWER: frozenset(),
    CallStatus.CANCELED: frozenset(),
}


class Answers(StrEnum):
    """What a phone does by itself; a person at the page may always do more."""

    SILENT = "silent"  # nothing: it waits for a hand
    REPLY = "reply"  # replies to a text that asks for an answer
    PRESS = "press"  # answers a call and presses keys when asked


@dataclass(frozen=True, slots=True)
class PhoneOwner:
    """Whose phone it is. `number` is E.164, `language` nb, nn or en."""

    name: str
    number: str
    language: str = "nb"


@dataclass(frozen=True, slots=True)
class Habit:
    """How a phone behaves. `says` is the reply or the keys, `after` seconds from the text or the first ring."""

    answers: Answers = Answers.SILENT
    says: str = "1"
    after: float = 2.0
    reachable: bool = True
    voicemail: bool = False
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One text, to the phone or (`inbound`, seen from Twilio) from it."""

    sid: str
    direction: str
    sender: str
    to: str
    body: str
    created: datetime
    changed: datetime
    status: TextStatus
    sent: datetime | None = None
    error_code: int | None = None

    @property
    def inbound(self) -> bool:
        return self.direction == "inbound"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One thing that was said in a call; `language` as the caller gave it (`nb-NO`), empty when it gave none."""

    words: str
    language: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a phone. `keys` are those not yet taken by a listener; `pressed` is all that was pressed."""

    sid: str
    sender: str
    to: str
    created: datetime
    changed: datetime
    status: CallStatus = CallStatus.QUEUED
    started: datetime | None = None
    ended: datetime | None = None
    answered_by: str | None = None
    spoken: tuple[Spoken, ...] = ()
    listening: bool = False
    keys: str = ""
    pressed: str = ""

    @property
    def seconds(self) -> int:
        """Whole seconds of talk; 0 when nobody answered."""
        return round((self.ended - self.started).total_seconds()) if self.started and self.ended else 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that alarmd answered wrongly, as Twilio's debugger would show it: the code and what happened."""

    at: datetime
    code: int
    what: str


@dataclass(slots=True)
class Phone:
    """One card: the owner, the habit, and the ids of its latest texts and calls, oldest first; `line` is the call that
    rings or talks.
    """

    owner: PhoneOwner
    expected: bool
    habit: Habit = Habit()
    text_sids: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN_ON_CARD))
    call_sids: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN_ON_CARD))
    line: str | None = None
    fault: Fault | None = None


class Phones:
    """All simulated phones. Raises NotFound for what was never there or is forgotten, Refused for a move that does not
    fit.
    """

    def __init__(self, owners: Iterable[PhoneOwner], changed: Callable[[str], None]) -> None:
        self.texts: dict[str, Text] = {}
        self.calls: dict[str, Call] = {}
        self._changed = changed
        self._phones = {owner.number: Phone(owner, expected=True) for owner in owners}
        self._service: str | None = None
        self._over_texts: deque[str] = deque()
        self._over_calls: deque[str] = deque()

    # -- phones

    def all(self) -> list[Phone]:
        return list(self._phones.values())

    def phone(self, number: str) -> Phone:
        """The phone with this number; it is there from the first time somebody contacts it."""
        if number not in self._phones:
            raise NotFound(f"No phone here has the number {number}.")
        return self._phones[number]

    def habit(self, number: str) -> Habit:
        """How it behaves; one whose card gave way to others behaves like any."""
        phone = self._phones.get(number)
        return phone.habit if phone is not None else Habit()

    def set_habit(self, number: str, habit: Habit) -> None:
        self.phone(number).habit = habit
        self._changed(number)

    def show_fault(self, number: str, fault: Fault | None) -> None:
        if number in self._phones:
            self._phones[number].fault = fault
            self._changed(number)

    # -- texts

    def add_text(self, text: Text) -> None:
        """A text begins its life; its phone gets a card if it had none."""
        number = text.sender if text.inbound else text.to
        self.texts[text.sid] = text
        self._contacted(number, text.to if text.inbound else text.sender).text_sids.append(text.sid)
        self._changed(number)

    def move_text(self, sid: str, status: TextStatus, now: datetime, error_code: int | None = None) -> Text:
        old = self.text(sid)
        sent = now if status is TextStatus.SENT else old.sent
        text = replace(old, status=status, changed=now, sent=sent, error_code=error_code)
        self.texts[sid] = text
        if status not in (TextStatus.QUEUED, TextStatus.SENT):
            _forget_oldest(self.texts, self._over_texts, sid)
        self._changed(text.sender if text.inbound else text.to)
        return text

    def text(self, sid: str) -> Text:
        if sid not in self.texts:
            raise NotFound(f"The requested resource {sid} was not found")
        return self.texts[sid]

    def service_number(self) -> str:
        """The number that a reply goes to: the one that last contacted any phone."""
        if self._service is None:
            raise Refused("Nobody has texted or called these phones yet, so there is no number to reply to.")
        return self._service

    # -- calls

    def add_call(self, call: Call) -> None:
        """A call begins its life; its phone gets a card if it had none."""
        self.calls[call.sid] = call
        self._contacted(call.to, call.sender).call_sids.append(call.sid)
        self._changed(call.to)

    def call(self, sid: str) -> Call:
        if sid not in self.calls:
            raise NotFound(f"The requested resource {sid} was not found")
        return self.calls[sid]

    def line(self, number: str) -> Call | None:
        """The call that rings or talks on this phone: it has one line."""
        phone = self._phones.get(number)
        return self.calls[phone.line] if phone is not None and phone.line is not None else None

    def move_call(self, sid: str, status: CallStatus, now: datetime, answered_by: str | None = None) -> Call:
        """One step in the life of a call, as MOVES allows."""
        old = self.call(sid)
        if status not in MOVES[old.status]:
            raise Refused(f"A call that is {old.status} cannot become {status}.")
        call = replace(
            old,
            status=status,
            changed=now,
            started=now if status is CallStatus.IN_PROGRESS else old.started,
            ended=now if status.ended else None,
            answered_by=answered_by or old.answered_by,
            listening=False,
        )
        self._occupy(call)
        if status.ended:
            _forget_oldest(self.calls, self._over_calls, sid)
        return self._put(call)

    def speak(self, sid: str, spoken: Spoken) -> None:
        call = self.call(sid)
        self._put(replace(call, spoken=(*call.spoken, spoken)))

    def listen(self, sid: str, listening: bool) -> None:
        """The caller begins or ends to listen for keys; what was pressed before counts for nothing."""
        self._put(replace(self.call(sid), listening=listening, keys=""))

    def press(self, sid: str, keys: str, now: datetime) -> None:
        """Keys are pressed in an answered call."""
        call = self.call(sid)
        if call.status is not CallStatus.IN_PROGRESS or call.answered_by != "human":
            raise Refused("Keys can be pressed only by who has answered the call.")
        self._put(replace(call, keys=call.keys + keys, pressed=call.pressed + keys, changed=now))

    def _occupy(self, call: Call) -> None:
        """A call that rings or talks holds its phone's line, and gives it free at its end."""
        phone = self._phones.get(call.to)
        if phone is not None and call.status is CallStatus.RINGING:
            phone.line = call.sid
        elif phone is not None and call.status.ended and phone.line == call.sid:
            phone.line = None

    def _put(self, call: Call) -> Call:
        self.calls[call.sid] = call
        self._changed(call.to)
        return call

    def _contacted(self, number: str, service: str) -> Phone:
        self._service = service
        if number not in self._phones:
            strangers = [other for other, phone in self._phones.items() if not phone.expected]
            if len(self._phones) >= CARDS and strangers:
                del self._phones[strangers[0]]
            self._phones[number] = Phone(PhoneOwner("", number), expected=False)
        return self._phones[number]


def _forget_oldest(things: dict[str, Thing], over: deque[str], sid: str) -> None:
    """Another one is over: above REMEMBERED the one that was over first is forgotten. What still lives is never."""
    over.append(sid)
    if len(over) > REMEMBERED:
        things.pop(over.popleft(), None)


def scripted_reply(text: Text, habit: Habit) -> str | None:
    """What the phone replies by itself, with the code of the alarm where the text gives one; None: nothing.

    Only a text that asks is answered, and never an answer to its own reply, so that two machines never talk for ever.
    """
    asks = ASKS.search(text.body)
    if habit.answers is not Answers.REPLY or text.direction != "outbound-api" or asks is None:
        return None
    return habit.says + (asks["code"] or "") if habit.says.isdigit() else habit.says


def segments(body: str) -> int:
    """How many parts a text is sent in: 160 (153) septets of GSM 03.38, or 70 (67) UTF-16 units when a letter is
    outside it.
    """
    if set(body) <= GSM_7 | GSM_7_DOUBLE:
        length, whole, part = len(body) + sum(letter in GSM_7_DOUBLE for letter in body), 160, 153
    else:
        length, whole, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= whole else -(-length // part)
