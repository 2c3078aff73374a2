"""Does a signal open an alarm, join an open one, or make one stronger? PURE; the rule of joining (docs/contract.md) and
nothing else.

A signal joins only a live alarm of equal or stronger kind, never a technical, test or drill one, and a duress joins
only a duress: what looks harmless on a screen must not swallow a cry that nobody may see. For the same reason somebody
who is on his way to an alarm and presses himself never joins it, nor any other: his is an alarm of its own, linked to
it, which his later presses join.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alarmd.alarm.model import APART, Alarm, By, Kind, Person, Signal, presser_key
from alarmd.alarm.values import quick


class Joins(StrEnum):
    """What a signal does to the alarms that are open."""

    OPENS = "opens"
    JOINS = "joins"
    UPGRADES = "upgrades"
    LINKS = "links"


@quick
@dataclass(frozen=True, slots=True)
class Presser:
    """Where a signal comes from: its device or, without one, its person; and its zone."""

    by: By
    device: str | None
    zone: str | None


@quick
@dataclass(frozen=True, slots=True)
class Rules:
    """What the organisation wants joined. `same_zone_within` None: never by zone."""

    same_device: bool
    same_zone_within: timedelta | None


def join(
    presser: Presser, kind: Kind, open_alarms: Iterable[Alarm], rules: Rules, now: datetime
) -> tuple[Joins, Alarm | None]:
    """What the signal does, and with which of the open alarms. The same device goes before the same zone, the stronger
    before the weaker, the newer before the older. What links opens an alarm too."""
    if kind in APART:
        return Joins.OPENS, None
    live = sorted(
        (a for a in open_alarms if joinable(a)),
        key=lambda a: (a.kind.strength, a.opened_at),
        reverse=True,
    )
    own = _linked_by(presser, live)
    if own is None and (promised := _promised(presser, live)) is not None:
        return Joins.LINKS, promised
    own = own or (_same_device(presser, live) if rules.same_device else None)
    if own is not None:
        return (Joins.JOINS if takes(own, kind) else Joins.UPGRADES), own
    if rules.same_zone_within is not None and presser.zone is not None:
        for alarm in live:
            last = alarm.presses.latest.get(presser.zone)
            if last is not None and now - last <= rules.same_zone_within and takes(alarm, kind):
                return Joins.JOINS, alarm
    return Joins.OPENS, None


def bound(alarm: Alarm) -> frozenset[str]:
    """The people whose own presses, wherever they are, concern this alarm: who opened it himself, if such a press may
    join it, and whoever is on his way to it, also where its pressers take it for over."""
    if not alarm.live or alarm.state.ended:
        return frozenset()
    opener = alarm.first.by
    own = {opener.person} if isinstance(opener, Person) and joinable(alarm) else set()
    return frozenset(own | {r.person for r in alarm.responders if r.coming})


def joinable(alarm: Alarm) -> bool:
    """May any later signal join it? Never one that is over, or that its pressers take for over, nor a technical, test
    or drill one."""
    return alarm.live and not alarm.state.ended and alarm.veil is None


def helps(alarm: Alarm, by: Person) -> bool:
    """Is he on his way to this alarm, or there, which somebody else has opened?"""
    known = alarm.responder(by.person)
    return known is not None and known.coming and not _opened(alarm, by)


def takes(alarm: Alarm, kind: Kind) -> bool:
    """May a signal of this kind join without changing the alarm?"""
    if kind is Kind.DURESS:
        return alarm.kind is Kind.DURESS
    return alarm.kind.strength >= kind.strength


def pressed_by(alarm: Alarm, presser: Presser) -> bool:
    """Has this device, or this person where there is no device, pressed in this alarm?"""
    return _last_press(alarm, presser) is not None


def settles(alarm: Alarm, presser: Presser, settle: timedelta, now: datetime) -> bool:
    """A press so soon after the last one of the same presser that it is one movement of the hand: it sounds nothing
    again. A last press in the future was by a clock that has been put back since, and is no such thing."""
    last = _last_press(alarm, presser)
    return last is not None and abs(now - last.at) <= settle


def _same_device(presser: Presser, live: Iterable[Alarm]) -> Alarm | None:
    return next((a for a in live if pressed_by(a, presser)), None)


def _linked_by(presser: Presser, live: Iterable[Alarm]) -> Alarm | None:
    """The one that he has opened himself on his way to another."""
    return next((a for a in live if a.linked is not None and _opened(a, presser.by)), None)


def _promised(presser: Presser, live: Iterable[Alarm]) -> Alarm | None:
    """The alarm of somebody else to which he has last said that he is coming; one that is said to be over keeps its
    secret."""
    if not isinstance(presser.by, Person):
        return None
    person = presser.by.person
    said = [(r.at, a) for a in live if (r := a.responder(person)) and helps(a, presser.by)]
    return max(said, key=lambda each: each[0])[1] if said else None


def _opened(alarm: Alarm, by: By) -> bool:
    opener = alarm.first.by
    return isinstance(opener, Person) and isinstance(by, Person) and opener.person == by.person


def _last_press(alarm: Alarm, presser: Presser) -> Signal | None:
    return alarm.presses.last.get(presser_key(presser.by, presser.device))
