"""The heart: one pure function that says what follows from whatever came in.

    decide(incoming, situation, now, ids) -> Decision(alarm, events, effects, due)

Every event carries its reason. It reads no clock, sleeps never and touches nothing: the dispatcher loads the
situation, commits the decision in the same transaction, and only then lets its effects out. The same inputs give the
same decision, which is what `preview`, the simulated world and the log rely on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from alarmd.alarm.incoming import (
    Answered,
    DeadlinePassed,
    FaultFound,
    FaultGone,
    NeedsHelp,
    Pressed,
    Reported,
)
from alarmd.alarm.model import SYSTEM, Alarm, Kind, Signal
from alarmd.alarm.values import quick
from alarmd.escalation import plan
from alarmd.escalation.afterwards import tell_after_all
from alarmd.escalation.answering import answer, call_off
from alarmd.escalation.cancelling import cancel
from alarmd.escalation.draft import Decision, Draft, Ids, Refusal
from alarmd.escalation.pressing import Opening, kind_of, mend, press, report, zone_of
from alarmd.escalation.receipts import receive
from alarmd.organisation.model import Organisation

Moving = Answered | NeedsHelp | DeadlinePassed | Reported | FaultGone
"""What concerns an alarm that is there."""
Decidable = Pressed | FaultFound | Moving


@quick
@dataclass(frozen=True, slots=True)
class Situation:
    """The alarm concerned, and the version of the organisation with which it began."""

    alarm: Alarm
    organisation: Organisation


def decide(incoming: Decidable, situation: Situation | Opening, now: datetime, ids: Ids) -> Decision:
    """What follows. A signal or fault is decided with an Opening, all else with the alarm's own Situation."""
    match incoming:
        case Pressed():
            assert isinstance(situation, Opening)
            return _decided(press(situation, incoming, _signal(incoming, situation.organisation, now, ids), ids))
        case FaultFound():
            assert isinstance(situation, Opening)
            signal = Signal(ids(), now, Kind.TECHNICAL, SYSTEM, note=incoming.text)
            return _decided(report(situation, incoming, signal, ids))
        case _:
            assert isinstance(situation, Situation)
            return _move(incoming, Draft(situation.organisation, now, ids, situation.alarm))


def _move(incoming: Moving, draft: Draft) -> Decision:
    refusal: Refusal | None = None
    done: tuple[str, ...] = ()
    match incoming:
        case Answered():
            refusal = answer(draft, incoming) if incoming.pin is None else cancel(draft, incoming)
        case NeedsHelp():
            call_off(draft, incoming.by, silent=incoming.silent)
        case DeadlinePassed():
            plan.lapse(draft)
            plan.advance(draft)
            plan.fall_back(draft)
        case Reported():
            receive(draft, incoming)
            tell_after_all(draft, incoming.attempt)
            done = (incoming.effect,) if incoming.effect else ()
        case FaultGone():
            mend(draft, incoming)
        case _:
            assert_never(incoming)
    return _decided(draft, refusal, done)


def _decided(draft: Draft, refusal: Refusal | None = None, done: tuple[str, ...] = ()) -> Decision:
    return Decision(draft.alarm, tuple(draft.events), tuple(draft.effects), plan.due(draft.alarm), refusal, done)


def _signal(pressed: Pressed, organisation: Organisation, now: datetime, ids: Ids) -> Signal:
    return Signal(
        id=ids(),
        at=now,
        kind=kind_of(pressed, organisation),
        by=pressed.by,
        ref=pressed.ref,
        device=pressed.device,
        zone=zone_of(pressed, organisation),
        note=pressed.note,
        pressed_at=pressed.pressed_at,
        fault=pressed.fault,
    )
