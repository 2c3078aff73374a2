"""One incoming thing inside one transaction: load what it concerns, decide, write. Synchronous, no loop, no I/O but
the unit's.

The dispatcher calls it for many things in one transaction, the command line for one; so a press from a shell and one
from a button go the same way. Raises Refused (NotFound) and Superseded; a Conflict or a missing reason stands in the
decision's `refusal`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alarmd.alarm.effects import DURESS, Feedback, urgency
from alarmd.alarm.incoming import (
    Answered,
    DeadlinePassed,
    FaultFound,
    FaultGone,
    Incoming,
    NeedsHelp,
    Performed,
    Pressed,
    Reported,
)
from alarmd.alarm.joining import helps
from alarmd.alarm.model import APART, Alarm, Person
from alarmd.alarm.values import quick
from alarmd.dispatch.deliveries import note_stored, stored_already
from alarmd.errors import NotFound
from alarmd.escalation.decide import Moving, Situation, decide
from alarmd.escalation.draft import Decision
from alarmd.escalation.feedback import shown
from alarmd.escalation.pressing import Opening, kind_of, zone_of
from alarmd.organisation.model import Organisation
from alarmd.ports import Committed, KnownSignal, Unit


@quick
@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it. `alarm` is as it stands after. `signal` is the answer to a press; `repeated`: this press was
    known already and no event was written, only `light` answers it at its device again. `also`: what was written
    of other alarms.
    """

    decision: Decision
    alarm: Alarm | None
    committed: Committed | None = None
    signal: KnownSignal | None = None
    repeated: bool = False
    light: Feedback | None = None
    also: tuple[Committed, ...] = ()


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes: which node writes, where ids come from, and whether its outbox has room. Where it has none, effects
    are left to whoever has; only what is most urgent never waits for that.
    """

    node: str
    ids: Callable[[], str]
    room: Callable[[], bool] = lambda: True

    def take(self, unit: Unit, incoming: Incoming, now: datetime) -> Taken:
        match incoming:
            case Pressed():
                return self._press(unit, incoming, now)
            case FaultFound():
                return self._fault(unit, incoming, now)
            case Performed():
                return self._write(unit, Decision(None, done=(incoming.effect,)), now)
            case FaultGone():
                return self._move(unit, incoming, unit.open_for_cause(incoming.cause), now)
            case Reported():
                return self._move(unit, incoming, unit.alarm(incoming.alarm), now)
            case Answered() | DeadlinePassed():
                alarm = unit.alarm(incoming.alarm)
                if alarm is None:
                    raise NotFound(f"no alarm {incoming.alarm}")
                return self._move(unit, incoming, alarm, now)

    def _press(self, unit: Unit, pressed: Pressed, now: datetime) -> Taken:
        sender = sender_of(pressed)
        known = unit.known_signal(sender, pressed.ref) if pressed.ref is not None else None
        if known is None and pressed.delivery is not None:
            known = stored_already(unit, pressed.delivery)
        if known is not None:
            return self._repeat(unit, pressed, known)
        version = unit.head().organisation
        organisation = current(unit)
        _require_place(pressed, organisation)
        candidates = _candidates(unit, pressed, organisation)
        versions = {a.organisation: unit.organisation(a.organisation) for a in candidates}
        opening = Opening(organisation, version, unit.next_code(), candidates, versions)
        taken = self._write(unit, decide(pressed, opening, now, self.ids), now)
        alarm, first = taken.decision.alarm, taken.decision.events[0]
        assert alarm is not None
        answer = KnownSignal(first.data["signal"], alarm.id, first.kind.value != "raised")
        if pressed.delivery is not None:
            note_stored(unit, pressed.delivery, answer)
        also = self._call_off(unit, pressed, alarm, candidates, now)
        return Taken(taken.decision, alarm, taken.committed, answer, also=also)

    def _call_off(
        self, unit: Unit, pressed: Pressed, own: Alarm, others: Sequence[Alarm], now: datetime
    ) -> tuple[Committed, ...]:
        """Whoever presses on his way to other alarms is waited for there no longer. By a silent press nothing may be
        told where he stands, so there his word holds until its time is over.
        """
        by = pressed.by
        if not isinstance(by, Person):
            return ()
        left = [alarm for alarm in others if alarm.id != own.id and helps(alarm, by)]
        taken = [self._move(unit, NeedsHelp(alarm.id, by, own.silent), alarm, now) for alarm in left]
        return tuple(each.committed for each in taken if each.committed is not None)

    def _repeat(self, unit: Unit, pressed: Pressed, known: KnownSignal) -> Taken:
        """A ref that was taken before. Its device hears so once more."""
        alarm = unit.alarm(known.alarm)
        if alarm is None or pressed.device is None:
            return Taken(Decision(None), alarm, signal=known, repeated=True)
        state = shown(alarm, unit.organisation(alarm.organisation))
        light = Feedback("", pressed.device, state, pressed.ref, urgency(alarm))
        return Taken(Decision(None), alarm, signal=known, repeated=True, light=light)

    def _fault(self, unit: Unit, fault: FaultFound, now: datetime) -> Taken:
        """For each cause one alarm at most that all may see, and one behind a veil: what is hidden must not change what
        is seen.
        """
        behind = None if fault.about is None else unit.veil_of(fault.about)
        known = unit.open_for_cause(fault.cause)
        told = known is not None and (known.veil is None or behind is not None)
        if told or not unit.head().organisation:
            return Taken(Decision(None), known)
        code = unit.next_code(unseen=behind is not None)
        opening = Opening(current(unit), unit.head().organisation, code, behind=behind)
        return self._write(unit, decide(fault, opening, now, self.ids), now)

    def _move(self, unit: Unit, incoming: Moving, alarm: Alarm | None, now: datetime) -> Taken:
        if alarm is None:
            # Its effect concerns an alarm that no log knows: nothing can follow from it.
            done = (incoming.effect,) if isinstance(incoming, Reported) and incoming.effect else ()
            return self._write(unit, Decision(None, done=done), now)
        situation = Situation(alarm, unit.organisation(alarm.organisation))
        return self._write(unit, decide(incoming, situation, now, self.ids), now)

    def _write(self, unit: Unit, decision: Decision, now: datetime) -> Taken:
        if decision.alarm is None and not decision.done:
            return Taken(decision, None)
        ours = self.room() or any(effect.priority <= DURESS for effect in decision.effects)
        committed = unit.write(decision, node=self.node if ours else "", now=now)
        return Taken(decision, decision.alarm, committed)


def current(unit: Unit) -> Organisation:
    """The organisation that holds now. Raises NotFound where none was applied yet."""
    version = unit.head().organisation
    if not version:
        raise NotFound("no organisation yet; load one with `alarmd apply FILE`")
    return unit.organisation(version)


def sender_of(pressed: Pressed) -> str:
    """Whose refs these are: the device's, or the person's who pressed without one."""
    if pressed.device is not None:
        return pressed.device
    return f"person:{pressed.by.person}" if isinstance(pressed.by, Person) else "alarmd"


def _require_place(pressed: Pressed, organisation: Organisation) -> None:
    if pressed.device is not None and pressed.device not in organisation.devices:
        raise NotFound(f"no device {pressed.device!r} in this organisation")
    if pressed.device is None and organisation.zone(pressed.zone) is None:
        raise NotFound(f"no zone {pressed.zone!r} in this organisation; a zone is written site/zone")


def _candidates(unit: Unit, pressed: Pressed, organisation: Organisation) -> tuple[Alarm, ...]:
    """The open alarms that a signal of this kind might join or be linked to; not asked for where nothing joins."""
    joining = organisation.joining
    zone = zone_of(pressed, organisation)
    if pressed.drill or kind_of(pressed, organisation) in APART:
        return ()
    near = unit.open_in_zone(zone) if zone and (joining.same_device or joining.same_zone_within) else ()
    bound = unit.open_bound_to(pressed.by.person) if isinstance(pressed.by, Person) else ()
    return tuple({alarm.id: alarm for alarm in (*near, *bound)}.values())
