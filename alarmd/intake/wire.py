"""The one parser of signals, for HTTP and MQTT, and the words of the MQTT topics. PURE.

Whatever bytes come in, this never breaks: HTTP gets a Malformed that names key, found and expected; a press over MQTT
is never refused (`press_of`). Keys that are not known are ignored, so that a newer button is not refused by an older
alarmd; null is the same as left out. Nothing of a payload but a clipped `kind` is ever repeated in an error: a keypad
may have put a PIN into it.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from alarmd.alarm.effects import Feedback
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device, Kind
from alarmd.alarm.times import moment, stamp
from alarmd.errors import Malformed

LARGEST = 64 * 1024
"""Bytes of a body that are looked at; a signal has a few dozen."""
LONGEST_REF, LONGEST_NOTE, LONGEST_ID, LONGEST_ECHO = 200, 1000, 127, 40
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL and UTF-8 cannot hold: it must be told here, not by a commit that fails."""


T = TypeVar("T")


class Topic(StrEnum):
    """What a message on `alarmd/v1/{topic}/{device}` is."""

    SIGNAL = "signal"
    HEARTBEAT = "heartbeat"
    STATUS = "status"


TOPICS = frozenset(Topic)


@dataclass(frozen=True, slots=True)
class Body:
    """A signal's body as it was read. `pressed_at` is UTC with milliseconds, whatever offset it came with."""

    device: str | None = None
    zone: str | None = None
    kind: Kind | None = None
    ref: str | None = None
    note: str | None = None
    pressed_at: str | None = None


def read_signal(body: bytes | Mapping[str, object]) -> Body:
    """The body of `POST /v1/signals`; it names a device or, for a person without one, a zone. Raises Malformed."""
    fields = body if isinstance(body, Mapping) else read_object(body)
    device, zone = _id(fields, "device"), _id(fields, "zone")
    if (device is None) == (zone is None):
        found = "both are there" if device else "neither is there"
        raise Malformed(f"device, zone: {found}; expected device, or zone for a press without a device")
    return Body(device, zone, _kind(fields), _ref(fields), _note(fields), _pressed_at(fields))


def press_of(device: str, payload: bytes) -> tuple[Pressed, str | None]:
    """The press that a message on the device's signal topic is, and what in it could not be read, or None.

    Empty is a press of the device's own kind. Where the body, `kind` or `ref` cannot be read, the press carries a
    `fault`, by which it raises all the same; an unreadable `note` or time is left out and takes nothing from it."""
    if not payload:
        return Pressed(Device(device), device), None
    try:
        fields = read_object(payload)
    except Malformed as fault:
        return Pressed(Device(device), device, fault=str(fault)), str(fault)
    ref, bad_ref = _attempt(_ref, fields)
    kind, bad_kind = _attempt(_kind, fields)
    note, bad_note = _attempt(_note, fields)
    at, bad_at = _attempt(_pressed_at, fields)
    pressed = Pressed(Device(device), device, kind=kind, ref=ref, note=note, pressed_at=at, fault=bad_kind or bad_ref)
    return pressed, bad_kind or bad_ref or bad_note or bad_at


def read_object(body: bytes) -> Mapping[str, object]:
    """A JSON object in UTF-8. Raises Malformed."""
    if len(body) > LARGEST:
        raise Malformed(f"body: {len(body)} bytes; expected at most {LARGEST}")
    try:
        fields = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as fault:
        raise Malformed('body: not JSON in UTF-8; expected an object such as {"device":"desk-3"}') from fault
    if not isinstance(fields, dict):
        raise Malformed(f'body: {_type(fields)}; expected an object such as {{"device":"desk-3"}}')
    return fields


def read_topic(topic: str) -> tuple[Topic, str] | None:
    """What kind of message it is and of which device; None for a topic that is none of ours."""
    match topic.split("/"):
        case ["alarmd", "v1", word, device] if word in TOPICS and device:
            return Topic(word), device
        case _:
            return None


def read_battery(payload: bytes) -> int | None:
    """The percentage in a heartbeat, or None where there is none to be read: the heartbeat counts all the same."""
    try:
        level = read_object(payload).get("battery")
    except Malformed:
        return None
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 100:
        return None
    return round(level)


def read_status(payload: bytes) -> str | None:
    """`online` or `offline`, forgiving case, blanks and quotation marks; None for anything else."""
    word = payload[:40].decode("utf-8", "replace").strip().strip("\"'").lower()
    return word if word in ("online", "offline") else None


def feedback_topic(device: str) -> str:
    """Where this device is told."""
    return f"alarmd/v1/feedback/{device}"


def feedback_payload(alarm: str, feedback: Feedback) -> bytes:
    """What a button is told: the state of its alarm, and whose press that answers."""
    body = {"state": feedback.state, "alarm": alarm, "ref": feedback.ref}
    return COMPACT.encode(body).encode()


def _attempt(read: Callable[[Mapping[str, object]], T], fields: Mapping[str, object]) -> tuple[T | None, str | None]:
    try:
        return read(fields), None
    except Malformed as fault:
        return None, str(fault)


def _kind(fields: Mapping[str, object]) -> Kind | None:
    word = _text(fields, "kind")
    if word is None:
        return None
    try:
        return Kind(word)
    except ValueError as fault:
        raise Malformed(f"kind: {_clipped(word)}; expected one of {', '.join(Kind)}") from fault


def _ref(fields: Mapping[str, object]) -> str | None:
    ref = _text(fields, "ref")
    if ref is not None and not 1 <= len(ref) <= LONGEST_REF:
        raise Malformed(f"ref: {len(ref)} characters; expected 1 to {LONGEST_REF}")
    return ref


def _note(fields: Mapping[str, object]) -> str | None:
    """A note that is too long is cut: nobody's call for help is refused for saying too much."""
    note = _text(fields, "note")
    if note is None or len(note) <= LONGEST_NOTE:
        return note or None
    return note[: LONGEST_NOTE - 1] + "…"


def _pressed_at(fields: Mapping[str, object]) -> str | None:
    text = _text(fields, "pressed_at")
    if text is None:
        return None
    expected = "expected RFC 3339 with an offset, such as 2027-03-28T01:30:00.000Z"
    if not RFC3339.fullmatch(text):
        raise Malformed(f"pressed_at: no such time; {expected}")
    try:
        return stamp(moment(text.upper()))
    except (ValueError, OverflowError) as fault:
        raise Malformed(f"pressed_at: no such time; {expected}") from fault


def _id(fields: Mapping[str, object], key: str) -> str | None:
    text = _text(fields, key)
    if text is not None and not 1 <= len(text) <= LONGEST_ID:
        raise Malformed(f"{key}: {len(text)} characters; expected an id of 1 to {LONGEST_ID}")
    return text


def _text(fields: Mapping[str, object], key: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed(f"{key}: {_type(value)}; expected text")
    if UNSTORABLE.search(value):
        raise Malformed(f"{key}: text with a NUL or half a character; expected text in UTF-8")
    return value


def _clipped(word: str) -> str:
    return ascii(word if len(word) <= LONGEST_ECHO else word[:LONGEST_ECHO] + "...")


def _type(value: object) -> str:
    """What JSON calls it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"
