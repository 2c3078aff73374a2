"""Whose message was cut short, and when a step is lost. A plain second implementation (docs/contract.md, Steps)."""

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, AttemptState, Notification, Purpose
from alarmd.organisation.model import CONSOLE, Step, TargetKind
from tests.simulation.record import Record, Told

VAIN = {AttemptState.FAILED, AttemptState.UNKNOWN}
FEWER = (EventKind.LAPSED, EventKind.DECLINED)
COME = (EventKind.ACKNOWLEDGED, EventKind.EN_ROUTE, EventKind.ARRIVED)
REACHED = {AttemptState.DELIVERED, AttemptState.ANSWERED, AttemptState.SEEN}


def cut_short(tale: list[Told], number: int) -> set[str]:
    """The notifications of which something was withdrawn until this event, or failed while it helped nobody, or which
    were calls that rang then: enough were coming, or had been when a press set the clock going again.
    """
    resting: set[str] = set()
    beyond: set[str] = set()
    short: set[str] = set()
    known: set[str] = set()
    asked = True
    for told in tale[: number + 1]:
        event, asks = told.event, asking(told.alarm)
        about: str = event.data.get("notification", "")
        if event.kind is EventKind.NOTIFIED and about not in known:
            known.add(about)
            beyond |= set() if asked else {about}
        if event.kind is EventKind.JOINED and asks and not asked:
            resting |= known - beyond
        if event.kind in FEWER and told.alarm.coming < told.alarm.needed:
            resting.clear()
        if event.kind is EventKind.UPGRADED and told.alarm.coming < told.alarm.needed:
            resting.clear()
        if event.kind in COME and asked and not asks:
            short |= {n.id for n in told.alarm.notifications if rings(n) and n.id not in resting | beyond}
        if event.kind is EventKind.RECEIPT:
            ringing = any(n.id == about and rings(n) for n in told.alarm.notifications)
            helps = about not in resting and (asks or about in beyond)
            in_vain = not helps and (event.data["state"] == AttemptState.FAILED or ringing)
            short |= {about} if in_vain or event.data["state"] == AttemptState.WITHDRAWN else set()
        asked = asks
    return short


def rings(notification: Notification) -> bool:
    """Is it a call that its provider can be told to end?"""
    calls = (a for a in notification.attempts if a.channel == "voice" and a.state is AttemptState.ACCEPTED)
    return any(call.provider for call in calls)


def lost(seen: Record, tale: list[Told], number: int, step: int, round: int) -> list[Notification]:
    """After this event: the newest message to each whom this step of this chain has told, where some of them cannot be
    reached and the others have answered; none where an exercise keeps somebody from being told.
    """
    alarm = tale[number].alarm
    if step < 1 or step > len(_steps(seen, alarm)):
        return []
    whole = _steps(seen, alarm)[step - 1]
    kept = not seen.leaves(alarm) and any(target.kind is TargetKind.EXTERNAL for target in whole.notify)
    own, place = of_its_chain(tale, number), (step, round, Purpose.STEP)
    told = {n.person: n for n in alarm.notifications if n.id in own and (n.step, n.round, n.purpose) == place}
    answered = {r.person for r in alarm.responders}
    others = [n for n in told.values() if n.person not in answered]
    short = cut_short(tale, number)
    vain = [n.id not in short and not n.fall_back and states(n) <= VAIN for n in others]
    return [*told.values()] if any(map(states, others)) and all(vain) and not kept and whole.by != (CONSOLE,) else []


def of_its_chain(tale: list[Told], number: int) -> set[str]:
    """The notifications that were made after its chain began, whatever the clock said."""
    began = max((n for n in range(number + 1) if tale[n].event.kind is EventKind.UPGRADED), default=0)
    return _notified(tale[began : number + 1]) - _notified(tale[:began])


def _notified(tale: list[Told]) -> set[str]:
    return {told.event.data["notification"] for told in tale if told.event.kind is EventKind.NOTIFIED}


def asking(alarm: Alarm) -> bool:
    """Does its clock run?"""
    return alarm.next is not None and alarm.next.at is not None


def states(notification: Notification) -> set[AttemptState]:
    """Of the attempts that can reach anybody."""
    return {a.state for a in notification.attempts if a.contact is not None}


def _steps(seen: Record, alarm: Alarm) -> tuple[Step, ...]:
    return seen.organisation(alarm).chains[alarm.chain].steps
