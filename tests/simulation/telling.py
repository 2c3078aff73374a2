"""How each person was told: his ways one after the other, until one has reached him."""

from collections.abc import Iterator
from itertools import pairwise

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Notification, Purpose
from alarmd.organisation.model import CONSOLE
from tests.simulation.record import Record, Told

REACHED = {"delivered", "answered", "seen"}
WITHIN = 15.0
"""Seconds after which whoever was not reached is told another way."""


def nobody_gave_up(seen: Record) -> Iterator[str]:
    """Whoever presses or answers for a minute is heard."""
    for what in seen.people.gave_up:
        yield f"nobody ever took it: {what}"


def ways_follow_each_other(seen: Record) -> Iterator[str]:
    """Another way is one that was not tried yet; another try goes the same way."""
    for id, tale in seen.tales.items():
        for before, told in pairwise(tale):
            data = told.event.data
            if told.event.kind is not EventKind.NOTIFIED:
                continue
            known = next((n for n in before.alarm.notifications if n.id == data["notification"]), None)
            if known is None:
                continue
            tried = {attempt.contact: attempt.tried for attempt in known.attempts}
            for attempt in data["attempts"]:
                again = data["reason"] == "try_again"
                fits = (
                    tried.get(attempt["contact"]) == attempt["tried"] - 1 if again else attempt["contact"] not in tried
                )
                if not fits:
                    yield f"{id}: {data['person']} is told by {attempt['channel']}, which was tried ({data['reason']})"


def every_way_was_tried(seen: Record) -> Iterator[str]:
    """Whoever is still wanted and was not reached has been told by every way he has, one each fifteen seconds."""
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            if told.event.kind is EventKind.NOTIFIED:
                yield from (f"{id}: {finding}" for finding in _all_ways(seen, tale, number))


def _all_ways(seen: Record, tale: list[Told], number: int) -> Iterator[str]:
    """After this `notified`: by the time that it must be judged, more has happened or nothing need happen."""
    told = tale[number]
    data = told.event.data
    until = seen.in_time(told.at + WITHIN, held=True) + (5 if data["reason"] == "try_again" else 0)
    if until >= seen.scenario.ends_at or data["purpose"] != Purpose.STEP.value or seen.scenario.steps_of_the_clock:
        return
    person = seen.scenario.organisation.people[data["person"]]
    steps = seen.scenario.organisation.chains[told.alarm.chain].steps
    if data["step"] > len(steps):  # a step of the weaker chain with which the alarm began
        return
    step = steps[data["step"] - 1]
    later = [t for t in tale[number + 1 :] if t.at <= until]
    stood = (later or [told])[-1].alarm
    known = next(n for n in stood.notifications if n.id == data["notification"])
    newest = [n for n in stood.notifications if n.person == person.id and n.purpose is Purpose.STEP][-1]
    tried = {a.contact for a in known.attempts if a.contact is not None}
    if newest is not known or step.by == (CONSOLE,) or len(tried) == len(person.contact) or not tried:
        return
    if any(a.state.value in REACHED for a in known.attempts if a.contact is not None):
        return
    if any(not _asks(t, known) for t in (told, *later)) or known.since > told.event.at:
        return
    yield f"{person.id} was not reached since {told.at:.3f}, and nothing else was tried until {until:.3f}"


def _asks(told: Told, notification: Notification) -> bool:
    now = next(n for n in told.alarm.notifications if n.id == notification.id)
    return told.alarm.wants(now)
