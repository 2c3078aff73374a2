"""Who has said that he comes, and what that makes of an alarm: a plain second implementation, moved by nothing but what
people said, and by who was stronger.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Kind, Person, State
from alarmd.organisation.model import Chain, Organisation
from tests.simulation.record import Told
from tests.simulation.veils import CLOSE, taken_back

PRESSES = (EventKind.RAISED, EventKind.JOINED, EventKind.UPGRADED)
COME = (EventKind.ACKNOWLEDGED, EventKind.EN_ROUTE, EventKind.ARRIVED)
ENDS = {EventKind.RESOLVED: State.RESOLVED, EventKind.CANCELLED: State.CANCELLED}


def chain_for(organisation: Organisation, kind: Kind, site: str | None) -> Chain:
    """The most specific one that fits: one for this site before one for this kind, and one for both before either."""
    chains = organisation.chains.values()
    fits = [c for c in chains if (not c.sites or site in c.sites) and (not c.kinds or kind in c.kinds)]
    return max(fits, key=lambda c: 2 * bool(c.sites) + bool(c.kinds))


def pressed_silently(told: Told) -> bool:
    """Is it no word of his, but what his silent press elsewhere makes of the one that he is there?"""
    return told.event.kind is EventKind.ARRIVED and told.event.data["arrive_by"] is not None


@dataclass
class Word:
    """What one person has said last. `until`: then he must be there; `since`: the event by which that was settled;
    `in_need`: he cannot because he has pressed himself."""

    coming: bool
    there: bool = False
    until: datetime | None = None
    since: Told | None = None
    in_need: bool = False


@dataclass
class Answers:
    """Of one alarm, whose chain this is now."""

    organisation: Organisation
    chain: Chain
    words: dict[str, Word] = field(default_factory=dict)
    pressers: set[str] = field(default_factory=set)
    attended: bool = False
    over: State | None = None
    holders: set[str] | None = None
    """Who has answered the last press that set a clock going which stood."""

    def counts(self, person: str) -> bool:
        """Is he one of those for whom the chain waits? Never who pressed himself or was forced to cancel: he is in
        danger, and so is his word.
        """
        if person in self.pressers:
            return False
        wanted, known = self.chain.acknowledge.by_roles, self.organisation.people.get(person)
        return not wanted or (known is not None and bool(wanted & {*known.roles}))

    @property
    def coming(self) -> int:
        return sum(self.counts(person) and word.coming for person, word in self.words.items())

    @property
    def arrived(self) -> int:
        return sum(self.counts(person) and word.there for person, word in self.words.items())

    @property
    def enough(self) -> bool:
        """Nobody else need be asked."""
        return self.attended or self.over is not None or self.coming >= self.chain.acknowledge.needed

    @property
    def state(self) -> State:
        """What the alarm must be."""
        if self.over or self.attended:
            return self.over or State.ATTENDED
        return State.ACKNOWLEDGED if self.coming else State.RAISED

    def promised(self) -> list[tuple[str, Word]]:
        """Whose word lapses when its time comes."""
        if self.state not in (State.ACKNOWLEDGED, State.ATTENDED):
            return []
        here = self.state is State.ATTENDED
        words = [(person, word) for person, word in self.words.items() if word.until]
        return [(person, word) for person, word in words if word.there or not here or person in (self.holders or ())]

    def hear(self, told: Told) -> Iterator[str]:
        """One more event; what is wrong about it."""
        kind, data = told.event.kind, told.event.data
        before = self.state
        if kind in PRESSES and isinstance(told.event.by, Person) and not data["drill"]:
            self.pressers.add(told.event.by.person)
            if (word := self.words.get(told.event.by.person)) is not None:
                word.until = None
        if kind in COME:
            self._come(told)
        elif kind is EventKind.DECLINED:
            self.words[data["person"]] = Word(coming=False, in_need=data.get("reason") == "needs_help")
            self._leave(told)
        elif kind is EventKind.LAPSED:
            yield from self._lapse(told)
        elif kind is EventKind.ATTENDED:
            self.attended = True
            if self.arrived < self.chain.acknowledge.needed:
                yield f"is attended, and {self.arrived} are there"
        elif kind is EventKind.UPGRADED:
            yield from self._rise(told)
        self.over = ENDS.get(kind, self.over)
        if told.event.state is not self.state:
            yield f"was {before}, and after {kind} it is {told.event.state}; it should be {self.state}"

    def _come(self, told: Told) -> None:
        person, at = told.event.data["person"], told.event.at
        word = self.words.get(person)
        if told.event.kind is EventKind.ACKNOWLEDGED and (word is None or not word.coming):
            until = at + self.chain.acknowledge.arrive_within if self.counts(person) else None
            self.words[person] = Word(coming=True, until=until, since=told)
        elif told.event.kind is EventKind.ARRIVED and word is not None:
            bounded = told.event.at + self.chain.acknowledge.arrive_within if pressed_silently(told) else None
            word.there, word.until, word.since = True, bounded, told

    def _leave(self, told: Told) -> None:
        """With too few left there, those who are only coming are waited for again, each as long as he has promised."""
        if self.attended and self.arrived < self.chain.acknowledge.needed:
            self.attended = False
            for word in self.words.values():
                word.since = told

    def _lapse(self, told: Told) -> Iterator[str]:
        at, people = told.event.at, told.event.data["people"]
        late = [person for person, word in self.promised() if word.until is not None and word.until <= at]
        if people != late:
            yield f"the words of {people} have lapsed, and should have those of {late}"
        for person in people:
            self.words.pop(person, None)
        self._leave(told)

    def _knows(self, told: Told, person: str) -> bool:
        """May he know that it was cancelled under duress? Else he is told that it is over, and comes no longer."""
        known = self.organisation.people.get(person)
        if known is None:
            return person in self.organisation.externals
        return bool(CLOSE & {*known.roles}) and told.alarm.veil is not None and person not in told.alarm.veil.people

    def _rise(self, told: Told) -> Iterator[str]:
        """Whoever was coming still is; whether he counts is the new chain's word."""
        self.chain = chain_for(self.organisation, told.alarm.kind, told.alarm.site)
        rule = self.chain.acknowledge
        if taken_back(told):
            self.words = {person: word for person, word in self.words.items() if self._knows(told, person)}
        self.words = {person: word for person, word in self.words.items() if word.coming or word.in_need}
        for person, word in self.words.items():
            waited_for = self.counts(person) and word.coming and (word.until is not None or not word.there)
            until = (word.until or told.event.at + rule.arrive_within) if waited_for else None
            word.until, word.since = until, told
        self.attended = self.attended and self.arrived >= rule.needed
        if {r.person for r in told.alarm.responders} != {*self.words}:
            yield f"goes on with {told.alarm.responders} when it becomes stronger, and should with {[*self.words]}"
