"""Does a signal open an alarm, join an open one, or make one stronger? PURE; DESIGN's rule of joining and nothing else.

A signal joins only a live alarm of equal or stronger kind, never a technical, test or drill one, and a duress joins
only a duress: what looks harmless on a screen must not swallow a cry that nobody may see.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alarmd.alarm.model import Alarm, By, Kind, Person, Signal

APART = frozenset({Kind.TECHNICAL, Kind.TEST})


class Joins(StrEnum):
    """What a signal does to the alarms that are open."""

    OPENS = "opens"
    JOINS = "joins"
    UPGRADES = "upgrades"


@dataclass(frozen=True, slots=True)
class Presser:
    """Where a signal comes from: its device or, without one, its person; and its zone."""

    by: By
    device: str | None
    zone: str | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What the organisation wants joined. `same_zone_within` None: never by zone."""

    same_device: bool
    same_zone_within: timedelta | None


def join(
    presser: Presser, kind: Kind, open_alarms: Iterable[Alarm], rules: Rules, now: datetime
) -> tuple[Joins, Alarm | None]:
    """What the signal does, and with which of the open alarms. The same device goes before the same zone, the
    stronger before the weaker, the newer before the older."""
    if kind in APART:
        return Joins.OPENS, None
    live = sorted(
        (a for a in open_alarms if not a.drill and a.kind not in APART),
        key=lambda a: (a.kind.strength, a.opened_at),
        reverse=True,
    )
    if rules.same_device:
        for alarm in live:
            if pressed_by(alarm, presser):
                return (Joins.JOINS if takes(alarm, kind) else Joins.UPGRADES), alarm
    if rules.same_zone_within is not None and presser.zone is not None:
        for alarm in live:
            near = any(s.zone == presser.zone and now - s.at <= rules.same_zone_within for s in reversed(alarm.signals))
            if near and takes(alarm, kind):
                return Joins.JOINS, alarm
    return Joins.OPENS, None


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


def _last_press(alarm: Alarm, presser: Presser) -> Signal | None:
    """From the newest on: in a storm of presses the one looked for is among the last."""
    return next((s for s in reversed(alarm.signals) if _same(s, presser)), None)


def _same(signal: Signal, presser: Presser) -> bool:
    if presser.device is not None:
        return signal.device == presser.device
    return signal.device is None and _person(signal.by) == _person(presser.by)


def _person(by: By) -> str | None:
    """Who, by whichever page or phone he spoke."""
    return by.person if isinstance(by, Person) else None
