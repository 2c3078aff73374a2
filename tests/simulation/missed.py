"""Whom a step meant and did not reach: somebody in his place, or he with the next one. A plain second implementation
(docs/contract.md, Steps; docs/escalation.md, Answers).
"""

from collections.abc import Iterator
from itertools import takewhile

from alarmd.alarm.events import EventKind, Reason
from alarmd.alarm.model import Alarm, AttemptState, Notification, Purpose
from alarmd.organisation.model import CONSOLE, Step, Target, TargetKind
from tests.simulation.meant import who_can
from tests.simulation.record import Record, Told
from tests.simulation.telling import first_ways

FOLLOWS = (EventKind.NOTIFIED, EventKind.ESCALATED, EventKind.STEP_DUE)
LOST = {AttemptState.FAILED, AttemptState.WITHDRAWN}


def others_are_told(seen: Record) -> Iterator[str]:
    """When every way to everybody of a step has failed and too few are coming, those of its `else` are told at once."""
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            lost = _lost(tale, number)
            if not lost:
                continue
            step = _step(seen, told, lost[0])
            without = {n.person for n in lost} | _answered(told.alarm)
            right = [] if step.by == (CONSOLE,) else who_can(seen, told, step, step.otherwise, without)
            following = _following(tale, number)
            here = [
                t for t in following if t.event.data.get("notification") and _is_for(t, lost[0], "every_way_failed")
            ]
            if [t.event.data["person"] for t in here] != right:
                what = f"{id}: every way of step {lost[0].step} has failed at {told.at:.3f}"
                yield f"{what}, {[t.event.data['person'] for t in here]} are told and should be {right}"
            yield from (f"{id}: {finding}" for t in here for finding in _by_its_ways(seen, t))


def who_was_missed_is_told(seen: Record) -> Iterator[str]:
    """Whoever was told nothing because enough were coming before his message left is told with the next step that is
    done of itself, by the ways of his own step."""
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            if told.event.kind is EventKind.NOTIFIED and told.event.data["reason"] == Reason.NOT_TOLD_YET:
                yield from (f"{id}: {finding}" for finding in _by_its_ways(seen, told))
            if not _is_done(told) or not number:
                continue
            together = [t for t in tale if t.event.at == told.event.at]
            if any(t.event.data.get("reason") == Reason.ASKED_FOR_MORE for t in together):
                continue
            now, last = {t.event.data["person"] for t in together if t.event.kind is EventKind.NOTIFIED}, together[-1]
            for missed in _missed(tale, number):
                target = _target(seen, told, missed.person)
                right = who_can(seen, told, _step(seen, told, missed), [target], _answered(last.alarm))
                if missed.person in right and missed.person not in now:
                    yield f"{id}: {missed.person} was not told by step {missed.step}, nor with the one at {told.at:.3f}"


def _is_done(told: Told) -> bool:
    """A step, whether or not it tells anybody."""
    passed = told.event.data.get("reason") in (Reason.NOBODY_REACHED, Reason.KEPT_INSIDE)
    return told.event.kind is EventKind.STEP_DUE or (told.event.kind is EventKind.ESCALATED and passed)


def _missed(tale: list[Told], number: int) -> list[Notification]:
    """Of each the newest message of this chain, where all of it was withdrawn or failed, and no step has told him."""
    alarm = tale[number - 1].alarm
    steps = [n for n in alarm.notifications if n.purpose is Purpose.STEP and _states(n)]
    newest = {n.person: n for n in steps}
    told = {n.person for n in steps if not _states(n) <= LOST}
    began = _began(tale, number)
    return [
        n
        for n in newest.values()
        if AttemptState.WITHDRAWN in _states(n)
        and n.person not in told
        and not n.settled
        and n.attempts[0].begun >= tale[began].event.at
    ]


def _lost(tale: list[Told], number: int) -> list[Notification]:
    """The messages of a step all of which have failed, with this event; none while another way is tried, or where
    nobody asks any more."""
    told, data = tale[number], tale[number].event.data
    if told.event.kind is not EventKind.RECEIPT or data["state"] != AttemptState.FAILED:
        return []
    alarm = told.alarm
    failed = next(n for n in alarm.notifications if n.id == data["notification"])
    began = tale[_began(tale, number)].event.at
    place = (failed.step, failed.round, Purpose.STEP)
    of_step = [n for n in alarm.notifications if (n.step, n.round, n.purpose) == place and n.attempts[0].begun >= began]
    goes_on = any(t.event.data.get("notification") == failed.id for t in _following(tale, number))
    asks = alarm.next is not None and alarm.next.at is not None and alarm.coming < alarm.needed
    helps = asks and not failed.settled and failed.person not in alarm.pressers
    if failed not in of_step or goes_on or not helps or set().union(*map(_states, of_step)) != {AttemptState.FAILED}:
        return []
    return of_step


def _began(tale: list[Told], number: int) -> int:
    """With which event its chain began."""
    return max((n for n in range(number + 1) if tale[n].event.kind is EventKind.UPGRADED), default=0)


def _following(tale: list[Told], number: int) -> list[Told]:
    """What follows from this event at once."""
    at = tale[number].event.at
    return [*takewhile(lambda t: t.event.kind in FOLLOWS and t.event.at == at, tale[number + 1 :])]


def _is_for(told: Told, of: Notification, reason: str) -> bool:
    data = told.event.data
    return (data["step"], data["round"], data["reason"]) == (of.step, of.round, reason)


def _by_its_ways(seen: Record, told: Told) -> Iterator[str]:
    data, organisation = told.event.data, seen.organisation(told.alarm)
    step = organisation.chains[told.alarm.chain].steps[data["step"] - 1]
    ways, right = [a["channel"] for a in data["attempts"]], first_ways(organisation, data["person"], step.by)
    if ways != right:
        yield f"{data['person']} is told by {ways} at {told.at:.3f} ({data['reason']}), and should by {right}"


def _step(seen: Record, told: Told, of: Notification) -> Step:
    return seen.organisation(told.alarm).chains[told.alarm.chain].steps[of.step - 1]


def _target(seen: Record, told: Told, who: str) -> Target:
    outside = who in seen.organisation(told.alarm).externals
    return Target(TargetKind.EXTERNAL if outside else TargetKind.PERSON, who)


def _answered(alarm: Alarm) -> set[str]:
    """Who has said anything, or may not be told."""
    return {r.person for r in alarm.responders} | alarm.pressers | (alarm.veil.people if alarm.veil else set())


def _states(notification: Notification) -> set[AttemptState]:
    """Of the attempts that can reach anybody."""
    return {a.state for a in notification.attempts if a.contact is not None}
