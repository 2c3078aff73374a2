"""Who would be told, when and how: the engine itself, run on an imagined press or on from an alarm as it stands,
telling nobody. PURE.

It assumes that every message arrives and nobody answers, so what it shows is the chain to its last step of this
round. A real drill then does the same, step by step, because it is the same `decide`.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alarmd.alarm.effects import Tell
from alarmd.alarm.events import Event, EventKind
from alarmd.alarm.incoming import DeadlinePassed, Pressed, Reported
from alarmd.alarm.model import Alarm, AttemptState, Device, Kind
from alarmd.escalation.decide import Situation, decide
from alarmd.escalation.draft import Decision
from alarmd.escalation.pressing import Opening
from alarmd.organisation.model import Organisation


@dataclass(frozen=True, slots=True)
class Told:
    """One person and the channels used at once."""

    person: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PreviewStep:
    """One step as it would be done. `tell` is empty where it reaches nobody; `reason` is that of the event."""

    step: int
    at: datetime
    after: timedelta
    tell: tuple[Told, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """An imagined press: the chain that answers it and its steps."""

    device: str
    kind: Kind
    at: datetime
    chain: str
    steps: tuple[PreviewStep, ...]


def preview(organisation: Organisation, device: str, kind: Kind | None, at: datetime) -> Preview:
    """What a press of this device at this instant (aware) would do. The device must be known."""
    ids = _ids()
    pressed = Pressed(Device(device), device=device, kind=kind)
    decision = decide(pressed, Opening(organisation, 1, "10"), at, ids.__next__)
    assert decision.alarm is not None
    alarm = decision.alarm
    onwards = _onwards(_delivered(decision, organisation, at, ids), organisation, ids, 1)
    steps = (*_steps(decision.events, alarm.opened_at), *onwards)
    return Preview(device, alarm.kind, at, alarm.chain, steps)


def upcoming(alarm: Alarm, organisation: Organisation) -> tuple[PreviewStep, ...]:
    """The steps of this round that are still to come if nobody answers; none while the clock stands."""
    return _onwards(alarm, organisation, _ids(), alarm.next.round if alarm.next else 0)


def _onwards(alarm: Alarm, organisation: Organisation, ids: Iterator[str], round: int) -> tuple[PreviewStep, ...]:
    """On from here to the end of this round."""
    steps: list[PreviewStep] = []
    while alarm.next is not None and alarm.next.at is not None and alarm.next.round == round:
        at = alarm.next.at
        decision = decide(DeadlinePassed(alarm.id), Situation(alarm, organisation), at, ids.__next__)
        steps += _steps(decision.events, alarm.opened_at)
        alarm = _delivered(decision, organisation, at, ids)
    return tuple(steps)


def _delivered(decision: Decision, organisation: Organisation, at: datetime, ids: Iterator[str]) -> Alarm:
    """The alarm once every message of this decision has arrived, so that no other contact is tried."""
    alarm = decision.alarm
    assert alarm is not None
    for effect in decision.effects:
        if isinstance(effect, Tell):
            reported = Reported(alarm.id, effect.attempt, AttemptState.DELIVERED)
            moved = decide(reported, Situation(alarm, organisation), at, ids.__next__).alarm
            assert moved is not None
            alarm = moved
    return alarm


def _steps(events: Iterable[Event], began: datetime) -> Iterable[PreviewStep]:
    """The steps in these events, each with those it told; other contacts of earlier steps are none of theirs."""
    done: list[PreviewStep] = []
    newest: tuple[int, int] | None = None
    for event in events:
        data = event.data
        if event.kind in (EventKind.STEP_DUE, EventKind.ESCALATED):
            done.append(PreviewStep(data["step"], event.at, event.at - began, (), data["reason"]))
            newest = (data["step"], data["round"]) if event.kind is EventKind.STEP_DUE else None
        elif event.kind is EventKind.NOTIFIED and (data["step"], data["round"]) == newest:
            told = Told(data["person"], tuple(a["channel"] for a in data["attempts"]))
            done[-1] = replace(done[-1], tell=(*done[-1].tell, told))
    return done


def _ids() -> Iterator[str]:
    """Ids that only have to differ: nothing of this is ever stored."""
    return map(str, itertools.count())
