"""What goes first when more has come in than one transaction takes: duress before all, then live signals and the
people who answer, then steps that are due, repeats, and what is no danger to anybody. PURE. Called by the dispatcher.
"""

from enum import IntEnum
from typing import assert_never

from alarmd.alarm.incoming import (
    Answered,
    DeadlinePassed,
    FaultFound,
    FaultGone,
    Incoming,
    Performed,
    Pressed,
    Reported,
)
from alarmd.alarm.model import Kind
from alarmd.escalation.pressing import kind_of
from alarmd.organisation.model import Organisation


class Urgency(IntEnum):
    """The most urgent first. `REPEAT`: a press of somebody whose press before still waits; only the queue can know
    that. `OUTCOME`: what became of an attempt, for which nobody waits."""

    DURESS = 0
    LIVE = 1
    DUE = 2
    REPEAT = 3
    BACKGROUND = 4
    OUTCOME = 5


def urgency(incoming: Incoming, organisation: Organisation | None) -> Urgency:
    """How urgent this is, by itself. Without an organisation a press goes by the kind it names."""
    match incoming:
        case Pressed():
            return _of_press(incoming, organisation)
        case Answered():
            return Urgency.LIVE
        case DeadlinePassed():
            return Urgency.DUE
        case FaultFound() | FaultGone():
            return Urgency.BACKGROUND
        case Reported() | Performed():
            return Urgency.OUTCOME
        case _:
            assert_never(incoming)


def _of_press(pressed: Pressed, organisation: Organisation | None) -> Urgency:
    kind = kind_of(pressed, organisation) if organisation is not None else pressed.kind
    if pressed.drill or kind in (Kind.TECHNICAL, Kind.TEST):
        return Urgency.BACKGROUND
    return Urgency.DURESS if kind is Kind.DURESS else Urgency.LIVE
