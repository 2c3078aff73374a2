"""Alarms to be put into words."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime

from alarmd.alarm.model import (
    SYSTEM,
    Alarm,
    Attempt,
    AttemptState,
    Device,
    Kind,
    Notification,
    Person,
    Purpose,
    Responder,
    ResponderState,
    Signal,
    State,
)
from tests.support.organisations import office

OFFICE = office()
AT = datetime(2027, 7, 1, 12, 5, tzinfo=UTC)
"""14.05 in Oslo."""
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("^{}\\[~]|€")
"""Letters that a plain text message holds at the price of two."""


def alarm(kind: Kind = Kind.PANIC, *, zone: str | None = "fjordvik/reception", note: str | None = None) -> Alarm:
    signal = Signal("s1", AT, kind, Device("desk-3"), ref="ref-1", device="desk-3", zone=zone, note=note)
    site = "fjordvik" if zone else None
    return Alarm("a1", State.RAISED, kind, AT, AT, 1, "panic", 2, "47", site=site, signals=(signal,))


def technical(note: str = "the broker is away", *, cause: str = "mqtt") -> Alarm:
    signal = Signal("s1", AT, Kind.TECHNICAL, SYSTEM, note=note)
    return Alarm("t1", State.RAISED, Kind.TECHNICAL, AT, AT, 1, "technical", 1, "12", cause=cause, signals=(signal,))


def told(before: Alarm, *, step: int = 1, round: int = 1, person: str = "ola", channel: str = "voice") -> Alarm:
    """The same alarm with one attempt, `t1`."""
    attempt = Attempt("t1", channel, 1, AttemptState.QUEUED, AT, AT)
    notification = Notification("n1", person, step, round, Purpose.STEP, AT, (attempt,))
    return replace(before, notifications=(notification,))


def linked(before: Alarm, name: str) -> Alarm:
    """The same alarm, pressed by this person on his way to another."""
    by = replace(before.first, by=Person("ola", name, "phone"), device=None)
    return replace(before, linked="a0", signals=(by,))


def coming(before: Alarm, *people: str) -> Alarm:
    return replace(before, responders=tuple(Responder(p, ResponderState.EN_ROUTE, AT, counts=True) for p in people))


def parsed(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - it comes from the function under test


def segments(text: str) -> int:
    """Parts that a provider sends a text in; the dash of the drill's mark is one that it replaces."""
    plain = text.replace("–", "-")
    if set(plain) <= GSM | EXTENDED:
        size, alone, joined = len(plain) + sum(c in EXTENDED for c in plain), 160, 153
    else:
        size, alone, joined = len(plain), 70, 67
    return 1 if size <= alone else -(-size // joined)
