"""A signal or a fault comes in: it opens an alarm, joins one or makes one stronger. PURE. Called by `decide`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from alarmd.alarm.events import Event, EventKind, Json, Reason, signal_data
from alarmd.alarm.incoming import FaultFound, FaultGone, Outcome, Pressed
from alarmd.alarm.joining import Joins, Presser, Rules, join, settles
from alarmd.alarm.model import SYSTEM, Alarm, Kind, NextStep, Signal, State
from alarmd.alarm.times import stamp
from alarmd.alarm.values import quick, replace
from alarmd.alarm.veil import Veil, veil_wire
from alarmd.escalation.answering import attend, counted
from alarmd.escalation.draft import Draft, Ids
from alarmd.escalation.feedback import shown
from alarmd.escalation.plan import advance, again, do_now, first, standing, tell
from alarmd.organisation.model import Organisation


@quick
@dataclass(frozen=True, slots=True)
class Opening:
    """What a new alarm begins with: the organisation version, the two-digit answer code, the open alarms it might join
    or be linked to, and the veil behind which it is."""

    organisation: Organisation
    version: int
    code: str
    open_alarms: tuple[Alarm, ...] = ()
    organisations: Mapping[int, Organisation] = field(default_factory=dict)
    """Earlier versions that open alarms keep."""
    behind: Veil | None = None


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
    if alarm is None or what is Joins.LINKS:
        return _open(opening, pressed, signal, ids, linked=alarm.id if alarm else None)
    draft = Draft(opening.organisations.get(alarm.organisation, opening.organisation), signal.at, ids, alarm)
    if what is Joins.UPGRADES:
        upgrade(draft, signal)
        return draft
    before = draft.alarm
    sounds = not settles(alarm, presser, joining.settle, signal.at)
    clock = again(draft) if sounds else alarm.next
    reason = None if clock == alarm.next else Reason.PRESSED_AGAIN.value
    data = signal_data(signal, drill=alarm.drill, sounds=sounds, next=clock) | {"reason": reason}
    draft.happens(EventKind.JOINED, signal.by, data)
    draft.end_calls(before, signal.by)  # who presses himself need not be rung any more
    _answer(draft, signal)
    return draft


def report(opening: Opening, fault: FaultFound, signal: Signal, ids: Ids) -> Draft:
    """A technical alarm for a fault of alarmd's own."""
    return _open(opening, Pressed(SYSTEM), signal, ids, cause=fault.cause, site=fault.site)


def mend(draft: Draft, gone: FaultGone) -> None:
    """The cause is no more. Nobody has to come, so nobody gets an all-clear."""
    before = draft.alarm
    if not before.state.ended:
        data = {"outcome": Outcome.REAL.value, "reason": gone.text}
        draft.happens(EventKind.RESOLVED, SYSTEM, data, State.RESOLVED)
        draft.end_calls(before)


def _open(
    opening: Opening,
    pressed: Pressed,
    signal: Signal,
    ids: Ids,
    *,
    cause: str | None = None,
    site: str | None = None,
    linked: str | None = None,
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
        "linked": linked,
        "externals": pressed.externals,
        **({"behind": veil_wire(opening.behind)} if opening.behind else {}),
    }
    draft = Draft.opening(
        opening.organisation, ids, site, Event(EventKind.RAISED, signal.at, signal.by, State.RAISED, data)
    )
    _answer(draft, signal)
    advance(draft)
    return draft


def upgrade(draft: Draft, signal: Signal, coercion: Json = MappingProxyType({})) -> None:
    """The new kind's chain, from the alarm's own version of the organisation, starts its first step now. Whoever was
    coming still is; whether he counts and how many are needed is the new chain's word. Its first step is done even
    when enough are coming, for they were called to something weaker: only then does the clock stand; and these are told
    into what they come. `coercion`, of a duress PIN, is added to the event's data; to whom it is said to be over, he
    comes no longer."""
    before = draft.alarm
    chain = draft.organisation.chain_for(signal.kind, before.site)
    rule = chain.acknowledge
    staying = [r for r in before.responders if r.person not in coercion.get("over_for", ())]
    pressers = before.presses.and_then([signal]).people
    counting = [r for r in staying if counted(r.person, pressers, chain, draft.organisation)]
    coming = [r for r in counting if r.coming]
    clock = first(chain, signal.at)
    stands = len(coming) >= rule.needed
    data = signal_data(signal, drill=before.drill, sounds=True, next=replace(clock, at=None) if stands else clock) | {
        "chain": chain.id,
        "needed": rule.needed,
        "counts": [r.person for r in counting],
        "arrive_by": {
            r.person: stamp(r.arrive_by or signal.at + rule.arrive_within) for r in coming if r.arrive_by or not r.there
        },
        **coercion,
    }
    draft.happens(EventKind.UPGRADED, signal.by, data, standing(before, coming, rule.needed))
    _answer(draft, signal)
    draft.show(before)
    attend(draft)
    draft.end_calls(before, signal.by)
    if stands:
        do_now(draft, clock, Reason.STEP_IS_DUE)
    advance(draft)
    _tell_who_comes(draft, Reason.DURESS_PIN if coercion else Reason.UPGRADED)


def _tell_who_comes(draft: Draft, reason: Reason) -> None:
    """No step tells those who are coming; these must know into what they come."""
    alarm, step = draft.alarm, draft.chain.steps[0]
    for responder in alarm.responders:
        recipient = draft.organisation.recipient(responder.person) if responder.coming else None
        if recipient is not None and recipient.id not in alarm.pressers:
            tell(draft, recipient, step, NextStep(1, 1, draft.now), reason)


def _answer(draft: Draft, signal: Signal) -> None:
    """The durable answer to the button: committed with the signal, shown after it."""
    if signal.device is not None:
        draft.light(signal.device, shown(draft.alarm, draft.organisation), signal.ref)
