"""The chain, read from the organisation by a plain second implementation: which steps come, when, and whom each tells,
from the press to the end, through every answer, lapse and upgrade. What the engine has done must be that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from alarmd.alarm.events import EventKind, Reason
from alarmd.alarm.model import NextStep, State
from alarmd.organisation.model import Chain, TargetKind
from tests.simulation.answers import COME, Answers, chain_for, pressed_silently
from tests.simulation.lost import REACHED, lost, states
from tests.simulation.meant import meant
from tests.simulation.record import Record, Told

ANSWERED = (State.ACKNOWLEDGED, State.ATTENDED)


def chain_was_followed(seen: Record) -> Iterator[str]:
    """Every alarm told everyone whom its chain names, in order and in time, as long as too few were coming, and nobody
    when enough were; and what people said has made of it what it should.
    """
    for id, tale in seen.tales.items():
        yield from (f"{id}: {finding}" for finding in Clock(seen, tale).findings(tale))


@dataclass
class Due:
    """The next step: when (not while the clock stands), and the event by which that was settled. `asked`: somebody
    wants it whoever is coming, and since then those that were `passed` have reached nobody.
    """

    step: int
    round: int
    at: datetime | None
    since: Told
    asked: bool = False
    passed: frozenset[int] = frozenset()


class Clock:
    """The clock of one alarm's chain."""

    def __init__(self, seen: Record, tale: list[Told]) -> None:
        self._seen = seen
        opened = tale[0]
        organisation = seen.organisation(opened.alarm)
        self.answers = Answers(organisation, chain_for(organisation, opened.alarm.kind, opened.alarm.site))
        self._pressed_again = False
        self._began = opened.event.at
        self._due = Due(1, 1, opened.event.at + self._chain.steps[0].after, opened)

    @property
    def _chain(self) -> Chain:
        return self.answers.chain

    def findings(self, tale: list[Told]) -> Iterator[str]:
        """What is not as it should be; the first event that is wrong is the last that is judged."""
        for number, told in enumerate(tale):
            following = tale[number + 1] if number + 1 < len(tale) else None
            wrong = list(self._kept_waiting(told.at))
            if told.event.kind is EventKind.STEP_DUE or self._passed(told):
                wrong += self._do(told)
            if self._hurried(told):
                wrong += self._hurry(tale, number)
            coming = self.answers.coming
            wrong += self.answers.hear(told)
            self._move(told, fewer=self.answers.coming < coming)
            wrong += [*self._shown(told), *self._waits(tale, number, following)]
            yield from wrong
            if wrong:
                return
        yield from self._kept_waiting(self._seen.scenario.ends_at)
        if self._due.at is not None and not self.answers.over:
            until = self._until(self._due.at, self._due.since)
            if until < self._seen.scenario.ends_at:
                yield f"step {self._due.step} of round {self._due.round} should have been done until {until:.3f}"

    @staticmethod
    def _hurried(told: Told) -> bool:
        return told.event.kind is EventKind.ESCALATED and told.event.data["reason"] == Reason.EVERY_WAY_FAILED

    @staticmethod
    def _passed(told: Told) -> bool:
        """A step that tells nobody."""
        unmoving = (Reason.ASKED_FOR_MORE, Reason.EVERY_WAY_FAILED)
        return told.event.kind is EventKind.ESCALATED and told.event.data["reason"] not in unmoving

    def _hurry(self, tale: list[Told], number: int) -> Iterator[str]:
        """The next step comes at once because the one before it is lost."""
        told, due = tale[number], self._due
        is_lost = lost(self._seen, tale, number, due.step - 1, due.round)
        if told.event.data["step"] != due.step - 1 or due.at is None or not is_lost:
            yield f"hurries step {due.step} of round {due.round} at {told.at:.3f}, and step {due.step - 1} is not lost"
        due.at, due.since = min(due.at or told.event.at, told.event.at), told

    def _waits(self, tale: list[Told], number: int, following: Told | None) -> Iterator[str]:
        """With the last of them nothing is waited for: those of its `else`, or the next step."""
        told, due = tale[number], self._due
        if told.event.kind is not EventKind.RECEIPT or due.at is None or self.answers.enough:
            return
        failed = next(n for n in told.alarm.notifications if n.id == told.event.data["notification"])
        helps = not failed.settled and not failed.rests and failed.person not in told.alarm.pressers
        reached = states(failed) & REACHED
        otherwise = self._chain.steps[due.step - 2].otherwise
        kept = not self._seen.leaves(told.alarm) and any(t.kind is TargetKind.EXTERNAL for t in otherwise)
        if (failed.step, failed.round) != (due.step - 1, due.round) or not helps or kept or reached:
            return
        if not lost(self._seen, tale, number, due.step - 1, due.round):
            return
        again = {"every_way_failed", "attempt_failed", "try_again"}
        if following is None or following.event.at != told.event.at or following.event.data.get("reason") not in again:
            yield f"waits for step {due.step} of round {due.round} from {told.at:.3f}, and step {due.step - 1} is lost"

    def _move(self, told: Told, *, fewer: bool) -> None:
        """What an answer, a lapse, an upgrade or one more press makes of the clock. It stands while enough are coming,
        unless somebody has pressed since one of them has said so. With one who came and counted gone, and too few left
        or nobody who has answered the last press, the next step is due at once.
        """
        kind, at, due = told.event.kind, told.event.at, self._due
        enough = self.answers.enough
        self._answer(told)
        if self._the_last_has_left(told):
            self._pressed_again = True
            due.at, due.since = min(due.at or at, at), told
        elif kind is EventKind.UPGRADED:
            self._began = at
            begins = at if enough else at + self._chain.steps[0].after
            self._due = Due(1, 1, begins, told, asked=enough)
        elif kind is EventKind.ESCALATED and told.event.data["reason"] == Reason.ASKED_FOR_MORE:
            self._due = Due(due.step, due.round, at, told, asked=True)
        elif kind is EventKind.JOINED and told.event.data["sounds"] and self.answers.state in ANSWERED:
            self._pressed_again = True
            if due.at is None:
                self.answers.holders = set()
                due.at, due.since = at + self._distance(due.step, due.round), told
        elif (self.answers.over or (enough and not self._pressed_again)) and not due.asked:
            due.at = None
        elif not enough and (fewer or due.at is None):
            due.at, due.since = min(due.at or at, at), told

    def _answer(self, told: Told) -> None:
        """To the last press."""
        kind = told.event.kind
        if kind is EventKind.UPGRADED:
            self._pressed_again, self.answers.holders = False, None
        if kind in COME and self.answers.counts(told.event.data["person"]) and not pressed_silently(told):
            self._pressed_again = False
            if self.answers.holders is not None:
                self.answers.holders.add(told.event.data["person"])

    def _the_last_has_left(self, told: Told) -> bool:
        """Of those who had answered the last press."""
        kind, data = told.event.kind, told.event.data
        if not self.answers.holders or kind not in (EventKind.LAPSED, EventKind.DECLINED):
            return False
        self.answers.holders -= {*data.get("people", ()), data.get("person")}
        return not self.answers.holders

    def _shown(self, told: Told) -> Iterator[str]:
        """What everybody can see of the clock."""
        due, next = self._due, told.alarm.next
        if self.answers.over:
            if next is not None:
                yield f"shows a next step after {told.event.kind} at {told.at:.3f}, and is over"
        elif not due.asked and next != NextStep(due.step, due.round, due.at):
            yield f"shows {next} after {told.event.kind} at {told.at:.3f}; next is {due.step}, {due.round}, {due.at}"

    def _do(self, told: Told) -> Iterator[str]:
        """This step is done, or passed because it reaches nobody."""
        due, data = self._due, told.event.data
        people = meant(self._seen, told, self._chain.steps[due.step - 1])
        passed = told.event.kind is EventKind.ESCALATED
        kept = passed and bool(meant(self._seen, told, self._chain.steps[due.step - 1], outside=True))
        name = f"step {due.step} of round {due.round}"
        if data["step"] != due.step or passed == bool(people) or data.get("round", due.round) != due.round:
            yield f"{'passed' if passed else 'did'} step {data['step']}, expected {name} for {people}"
            return
        if passed and data["reason"] != (Reason.KEPT_INSIDE if kept else Reason.NOBODY_REACHED):
            yield f"{name} was passed because of {data['reason']}"
        if not passed and data["tell"] != people:
            yield f"{name} tells {data['tell']}, and should tell {people}"
        if due.at is None:
            yield f"{name} was done at {told.at:.3f}, and enough were coming"
            return
        if told.event.at < due.at:
            yield f"{name} came at {told.event.at.time()}, before its time {due.at.time()}"
        until = self._until(due.at, due.since)
        if told.at > until:
            yield f"{name} was done at {told.at:.3f}, and should have been until {until:.3f}"
        self._due = self._following(due.at, told, passed=passed, kept=kept)

    def _following(self, at: datetime, told: Told, *, passed: bool, kept: bool) -> Due:
        """The step after this one, which takes its time where that was `kept` inside. Of those asked for each is tried
        once, whatever keeps it from telling anybody, until one reaches somebody.
        """
        due = self._due
        tried = due.passed | {due.step}
        if due.step < len(self._chain.steps):
            step, round = due.step + 1, due.round
            later = at if passed and not kept else at + self._distance(step, round)
        else:
            step, round = self._begins(), due.round + 1
            later = max(at, told.event.at) + self._distance(step, round)
        if due.asked and passed and step not in tried:
            return Due(step, round, told.event.at, told, asked=True, passed=tried)
        return Due(step, round, later, told)

    def _begins(self) -> int:
        """With which step each later round begins."""
        return self._chain.repeat.start if self._chain.repeat else len(self._chain.steps)

    def _distance(self, step: int, round: int) -> timedelta:
        """How long after the step before it a step comes."""
        if round > 1 and step == self._begins():
            return self._chain.repeat.every if self._chain.repeat else timedelta(seconds=60)
        steps = self._chain.steps
        return steps[step - 1].after - (steps[step - 2].after if step > 1 else timedelta())

    def _kept_waiting(self, now: float) -> Iterator[str]:
        """Nobody's word holds beyond its time."""
        for person, word in self.answers.promised():
            assert word.until is not None
            assert word.since is not None
            until = self._until(word.until, word.since)
            if until < now:
                yield f"{person} should have been there by {word.until.time()}, and was waited for until {now:.3f}"

    def _until(self, at: datetime, since: Told) -> float:
        return self._seen.in_time(self._seen.second_of(at, since), since.alarm.id)
