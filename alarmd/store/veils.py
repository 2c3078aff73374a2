"""How the veil of an alarm is stored, and what stands behind it for each of its events. Everything here follows from
the log."""

from functools import lru_cache
from typing import Any

import orjson

from alarmd.alarm.events import from_wire, wire
from alarmd.alarm.lifecycle import faced
from alarmd.alarm.model import Alarm
from alarmd.alarm.veil import Veil, veil_from_wire, veil_wire
from alarmd.alarm.view import summary

KEPT = 64
"""Veils that need not be read again."""


def stored(alarm: Alarm) -> str:
    """Who is behind the veil of this alarm, and how it is listed there; null: not at all."""
    assert alarm.veil is not None
    face = summary(alarm.face) if alarm.face else None
    return orjson.dumps({**veil_wire(alarm.veil), "face": face}).decode()


@lru_cache(KEPT)
def who(body: str) -> Veil:
    """From whom it hides; the same text stands with every event of an alarm."""
    return read(body)[0]


def read(body: str) -> tuple[Veil, dict[str, Any] | None]:
    """What `stored` wrote. Raises KeyError, TypeError or ValueError where that was tampered with."""
    told: dict[str, Any] = orjson.loads(body)
    return veil_from_wire(told), told["face"]


def begins(alarm: Alarm, count: int) -> int | None:
    """At which of its `count` newest events the veil begins, negative where it is an earlier one, or was there before
    the first; None without one."""
    if alarm.veil is None:
        return None
    return (alarm.face.version if alarm.face else 0) - alarm.version + count - 1


def behind(body: str, distance: int) -> str | None:
    """What is given in place of a logged event that stands so far after the one that made the veil: none for what was
    before it, a cancelled event for itself, nothing for what came after it."""
    if distance:
        return None if distance < 0 else ""
    told = orjson.loads(body)
    return orjson.dumps(wire(faced(from_wire(told)), told["alarm"], told["site"])).decode()
