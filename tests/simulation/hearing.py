"""Whoever speaks is heard: what he was told of it is so."""

from collections.abc import Iterator

from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action
from alarmd.alarm.model import Person, ResponderState, State
from alarmd.escalation.draft import Refusal
from tests.simulation.people import PATIENCE, Heard
from tests.simulation.record import Record, Told
from tests.simulation.veils import CLOSE, taken_back

STORED = {
    Action.ACKNOWLEDGE: EventKind.ACKNOWLEDGED,
    Action.EN_ROUTE: EventKind.EN_ROUTE,
    Action.ARRIVED: EventKind.ARRIVED,
    Action.DECLINE: EventKind.DECLINED,
    Action.NOTE: EventKind.NOTED,
    Action.ESCALATE: EventKind.ESCALATED,
    Action.RESOLVE: EventKind.RESOLVED,
    Action.CANCEL: EventKind.CANCELLED,
}
FURTHER = (ResponderState.ACKNOWLEDGED, ResponderState.EN_ROUTE, ResponderState.ARRIVED)
SAYS = {Action.ACKNOWLEDGE: 0, Action.EN_ROUTE: 1, Action.ARRIVED: 2}


def nobody_gave_up(seen: Record) -> Iterator[str]:
    """Whoever presses or answers for a minute is heard, unless in all of it there was no time to hear him."""
    for gave_up in seen.people.gave_up:
        # Nodes that die or are stopped as soon as they are back, and a full disk, can fill a minute between them. Had
        # there been one stretch in it long enough to hear him, then he should have been heard.
        if seen.heard_by(gave_up.asked) < gave_up.asked + PATIENCE:
            yield f"nobody ever took it: {gave_up.what}"


def answers_are_there(seen: Record) -> Iterator[str]:
    """Whoever was told that his answer is stored stands in the log with it; or it had been true before."""
    for heard in seen.people.heard:
        tale = seen.tales.get(heard.answered.alarm, [])
        who, action = heard.answered.by.person, heard.answered.action
        if heard.refusal is None and not any(_says(told, heard) for told in tale) and not _was_so(seen, heard):
            yield f"{who} was told at {heard.at:.3f} that his {action} of {heard.answered.alarm} is stored; it is not"


def refusals_have_a_reason(seen: Record) -> Iterator[str]:
    """Nobody is refused but at an alarm that is over, or that he may not know of, or for want of a reason where one is
    wanted."""
    for heard in seen.people.heard:
        stood, action = seen.standing(heard.answered.alarm, heard.at), heard.answered.action
        over = stood is not None and (stood.alarm.state in (State.RESOLVED, State.CANCELLED) or _over_for(stood, heard))
        there = stood is not None and any(
            r.counts and r.state is ResponderState.ARRIVED for r in stood.alarm.responders
        )
        unknown = stood is not None and stood.alarm.face is None and _over_for(stood, heard)
        right = {
            None: not unknown,
            Refusal.ENDED: over and (unknown or action is not Action.NOTE),
            Refusal.NEEDS_REASON: not heard.answered.reason
            and heard.answered.pin is None
            and (action is Action.CANCEL or (action is Action.RESOLVE and not there)),
        }[heard.refusal]
        if not right:
            who = heard.answered.by.person
            yield f"{who} was refused at {heard.at:.3f} ({heard.refusal}): {action} of {heard.answered.alarm}"


def _says(told: Told, heard: Heard) -> bool:
    by = told.event.by
    his = isinstance(by, Person) and by.person == heard.answered.by.person
    stored = told.event.kind is STORED[heard.answered.action] or (heard.answered.pin is not None and taken_back(told))
    return his and stored and heard.asked <= told.at <= heard.at


def _over_for(stood: Told, heard: Heard) -> bool:
    """It is cancelled for whoever may not know that it goes on; and nobody cancels by PIN what was cancelled so."""
    veil, who = stood.alarm.veil, heard.answered.by.person
    if veil is None:
        return False
    knows = who in veil.told or bool(CLOSE & {*heard.answered.roles})
    return heard.answered.pin is not None or who in veil.people or not knows


def _was_so(seen: Record, heard: Heard) -> bool:
    """He says what he has said before, or declines what nobody asks of him."""
    stood = seen.standing(heard.answered.alarm, heard.at)
    if stood is None:
        return False
    known = next((r for r in stood.alarm.responders if r.person == heard.answered.by.person), None)
    if heard.answered.action is Action.DECLINE:
        asked = any(n.person == heard.answered.by.person and not n.settled for n in stood.alarm.notifications)
        return not asked and (known is None or known.state is ResponderState.DECLINED)
    said = SAYS.get(heard.answered.action)
    return said is not None and known is not None and known.state in FURTHER[said:]
