"""A signal or a fault comes in: it opens an alarm, joins one or makes one stronger. PURE. Called by `decide`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alarmd.alarm.effects import Feedback
from alarmd.alarm.events import Event, EventKind, signal_data
from alarmd.alarm.incoming import FaultFound, FaultGone, Outcome, Pressed
from alarmd.alarm.joining import Joins, Presser, Rules, join, settles
from alarmd.alarm.model import SYSTEM, Alarm, Kind, ResponderState, Signal, State
from alarmd.escalation.answering import attend, counted
from alarmd.escalation.draft import Draft, Ids
from alarmd.escalation.feedback import shown
from alarmd.escalation.plan import advance, first
from alarmd.organisation.model import Organisation


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new alarm begins with: the organisation version, the two-digit answer code, and the open alarms it might
    join."""

    organisation: Organisation
    version: int
    code: str
    open_alarms: tuple[Alarm, ...] = ()
    organisations: Mapping[int, Organisation] = field(default_factory=dict)
    """Earlier versions that open alarms keep."""


def kind_of(pressed: Pressed, organisation: Organisation) -> Kind:
    """The kind asked for, or the device's own. An unreadable signal raises all the same: as duress where that is the
    device's own, so that nothing is shown; else as assist, the cheapest help that still brings somebody."""
    device = organisation.devices.get(pressed.device or "")
    own = device.kind if device else Kind.PANIC
    if pressed.fault is not None:
        return Kind.DURESS if own is Kind.DURESS else Kind.ASSIST
    return pressed.kind or own


def zone_of(pressed: Pressed, organisation: Organisation) -> str | None:
    """Where help is wanted: where the device hangs, else what the person says."""
    device = organisation.devices.get(pressed.device or "")
    return device.zone if device else pressed.zone


def press(opening: Opening, pressed: Pressed, signal: Signal, ids: Ids) -> Draft:
    """The draft for a signal. Its kind and zone are settled in `signal`."""
    joining = opening.organisation.joining
    presser = Presser(signal.by, signal.device, signal.zone)
    rules = Rules(joining.same_device, joining.same_zone_within)
    candidates = () if pressed.drill else opening.open_alarms
    what, alarm = join(presser, signal.kind, candidates, rules, signal.at)
    if alarm is None:
        return _open(opening, pressed, signal, ids)
    draft = Draft(opening.organisations.get(alarm.organisation, opening.organisation), signal.at, ids, alarm)
    if what is Joins.UPGRADES:
        return _upgrade(draft, signal)
    sounds = not settles(alarm, presser, joining.settle, signal.at)
    draft.happens(EventKind.JOINED, signal.by, signal_data(signal, drill=alarm.drill, sounds=sounds, next=alarm.next))
    _answer(draft, signal)
    return draft


def report(opening: Opening, fault: FaultFound, signal: Signal, ids: Ids) -> Draft:
    """A technical alarm for a fault of alarmd's own."""
    pressed = Pressed(SYSTEM, note=fault.text)
    return _open(opening, pressed, signal, ids, cause=fault.cause, site=fault.site)


def mend(draft: Draft, gone: FaultGone) -> None:
    """The cause is no more. Nobody has to come, so nobody gets an all-clear."""
    draft.happens(EventKind.RESOLVED, SYSTEM, {"outcome": Outcome.REAL.value, "reason": gone.text}, State.RESOLVED)


def _open(
    opening: Opening, pressed: Pressed, signal: Signal, ids: Ids, cause: str | None = None, site: str | None = None
) -> Draft:
    site = signal.zone.partition("/")[0] if signal.zone else site
    chain = opening.organisation.chain_for(signal.kind, site)
    clock = first(chain, signal.at)
    data = signal_data(signal, drill=pressed.drill, sounds=True, next=clock) | {
        "chain": chain.id,
        "organisation": opening.version,
        "needed": chain.acknowledge.needed,
        "code": opening.code,
        "cause": cause,
    }
    draft = Draft.opening(
        opening.organisation, ids, site, Event(EventKind.RAISED, signal.at, signal.by, State.RAISED, data)
    )
    _answer(draft, signal)
    advance(draft)
    return draft


def _upgrade(draft: Draft, signal: Signal) -> Draft:
    """The new kind's chain, from the alarm's own version of the organisation, starts its first step now. Whoever was
    coming still is; whether he counts and how many are needed is the new chain's word."""
    before = draft.alarm
    chain = draft.organisation.chain_for(signal.kind, before.site)
    counts = [r.person for r in before.responders if counted(r.person, chain, draft.organisation)]
    clock = first(chain, signal.at)
    data = signal_data(signal, drill=before.drill, sounds=True, next=clock) | {
        "chain": chain.id,
        "needed": chain.acknowledge.needed,
        "counts": counts,
    }
    draft.happens(EventKind.UPGRADED, signal.by, data, _upgraded_state(before, counts, chain.acknowledge.needed))
    _answer(draft, signal)
    draft.show(before)
    attend(draft)
    advance(draft)
    return draft


def _upgraded_state(before: Alarm, counts: Sequence[str], needed: int) -> State:
    """What those who have come for the weaker kind make of the stronger one."""
    those = [r for r in before.responders if r.person in counts and r.coming]
    if before.state is State.ATTENDED and sum(r.state is ResponderState.ARRIVED for r in those) >= needed:
        return State.ATTENDED
    return State.ACKNOWLEDGED if those and before.state is not State.RAISED else State.RAISED


def _answer(draft: Draft, signal: Signal) -> None:
    """The durable answer to the button: committed with the signal, shown after it."""
    if signal.device is not None:
        draft.effects.append(Feedback(draft.ids(), signal.device, shown(draft.alarm, draft.organisation), signal.ref))
