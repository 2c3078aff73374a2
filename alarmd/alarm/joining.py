"""Does a signal open an alarm, join an open one, or make one stronger? PURE; the rule of joining (docs/contract.md) and
nothing else.

A signal joins only a live alarm of equal or stronger kind, never a technical, test or drill one, and a duress joins
only a duress: what looks harmless on a screen must not swallow a cry that nobody may see.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alarmd.alarm.model import Alarm, By, Kind, Signal, presser_key

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
        (a for a in open_alarms if joinable(a)),
        key=lambda a: (a.kind.strength, a.opened_at),
        reverse=True,
    )
    if rules.same_device:
        for alarm in live:
            if pressed_by(alarm, presser):
                return (Joins.JOINS if takes(alarm, kind) else Joins.UPGRADES), alarm
    if rules.same_zone_within is not None and presser.zone is not None:
        for alarm in live:
            last = alarm.presses.latest.get(presser.zone)
            if last is not None and now - last <= rules.same_zone_within and takes(alarm, kind):
                return Joins.JOINS, alarm
    return Joins.OPENS, None


def joinable(alarm: Alarm) -> bool:
    """May any later signal join it? Never one that is over, or that its pressers take for over, nor a technical, test
    or drill one."""
    return not (alarm.state.ended or alarm.veil is not None or alarm.drill or alarm.kind in APART)


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
    return alarm.presses.last.get(presser_key(presser.by, presser.device))
