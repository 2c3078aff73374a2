"""Whom a step meant and did not reach: somebody in his place, or he with the next one. A plain second implementation
(docs/contract.md, Steps; docs/escalation.md, Answers).
"""

from collections.abc import Iterator
from itertools import takewhile

from alarmd.alarm.events import EventKind, Reason
from alarmd.alarm.model import Alarm, AttemptState, Notification, Purpose
from alarmd.organisation.model import Step, Target, TargetKind
from tests.simulation.lost import REACHED, asking, cut_short, lost, of_its_chain, states
from tests.simulation.meant import who_can
from tests.simulation.record import Record, Told
from tests.simulation.telling import first_ways

FOLLOWS = (EventKind.NOTIFIED, EventKind.ESCALATED, EventKind.STEP_DUE)


def others_are_told(seen: Record) -> Iterator[str]:
    """When a step is lost and too few are coming, those of its `else` are told at once."""
    for id, tale in seen.tales.items():
        for number in range(len(tale)):
            for step, round in _places(tale, number):
                yield from (f"{id}: {finding}" for finding in _others(seen, tale, number, step, round))


def _others(seen: Record, tale: list[Told], number: int, step: int, round: int) -> Iterator[str]:
    """After what else this event has done at once."""
    following = _following(tale, number)
    gone = lost(seen, tale, _then(tale, number), step, round)
    if not gone:
        return
    told = tale[number]
    whole = _step(seen, told, gone[0])
    right = who_can(seen, told, whole, whole.otherwise, {n.person for n in gone} | _answered(told.alarm))
    here = [t for t in following if t.event.data.get("notification") and _is_for(t, gone[0], "every_way_failed")]
    if [t.event.data["person"] for t in here] != right:
        yield f"step {step} is lost at {told.at:.3f}, {[t.event.data['person'] for t in here]} are told and not {right}"
    yield from (finding for t in here for finding in _by_its_ways(seen, t))


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
    """Before this event: of each the newest message of this chain, where it was cut short and has not reached him."""
    short = cut_short(tale, number - 1)
    alarm = tale[number - 1].alarm
    steps = [n for n in alarm.notifications if n.purpose is Purpose.STEP and states(n)]
    newest = {n.person: n for n in steps}
    own = of_its_chain(tale, number)
    return [n for n in newest.values() if n.id in short & own and not states(n) & REACHED and not n.settled]


def _places(tale: list[Told], number: int) -> list[tuple[int, int]]:
    """Of which steps it must be asked now whether they are lost: of the one that could not tell somebody, or, when
    somebody has answered, of the last round of each.
    """
    told, data = tale[number], tale[number].event.data
    alarm = tale[_then(tale, number)].alarm
    if not asking(alarm) or alarm.coming >= alarm.needed:
        return []
    if told.event.kind in (EventKind.ACKNOWLEDGED, EventKind.DECLINED):
        return [*{n.step: n.round for n in alarm.notifications if n.purpose is Purpose.STEP}.items()]
    if told.event.kind is not EventKind.RECEIPT or data["state"] not in (AttemptState.FAILED, AttemptState.UNKNOWN):
        return []
    failed = next(n for n in alarm.notifications if n.id == data["notification"])
    goes_on = any(t.event.data.get("notification") == failed.id for t in _following(tale, number))
    helps = not failed.settled and not failed.rests and failed.person not in alarm.pressers
    return [] if goes_on or not helps or states(failed) & REACHED else [(failed.step, failed.round)]


def _then(tale: list[Told], number: int) -> int:
    """The last event before anybody is told because of what is lost."""
    also = takewhile(lambda t: t.event.data.get("reason") != Reason.EVERY_WAY_FAILED, _following(tale, number))
    return number + sum(1 for _ in also)


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
