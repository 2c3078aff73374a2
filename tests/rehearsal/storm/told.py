"""Frames and events as the feed brings them, for the books of a storm."""

from collections.abc import Mapping
from typing import Any

HELLO = {"type": "hello", "node": "one", "time": "2027-03-01T09:00:00.000Z"}


def hello(position: int) -> dict[str, Any]:
    return {**HELLO, "position": position}


def snapshot(position: int) -> dict[str, Any]:
    return {"type": "snapshot", "position": position, "alarms": []}


def beat(position: int) -> dict[str, Any]:
    return {"type": "beat", "position": position, "time": HELLO["time"]}


def events(*found: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "events", "position": found[-1]["position"], "events": list(found)}


def event(
    position: int, kind: str = "noted", alarm: str = "a", at: str = "2027-03-01T09:00:00.000Z", **data: Any
) -> dict[str, Any]:
    """`by` and `channel` in data say who did it."""
    by = {"person": data.pop("person_by"), "channel": data.pop("channel")} if "person_by" in data else {"device": "d"}
    return {"position": position, "alarm": alarm, "kind": kind, "at": at, "by": by, "state": "raised", "data": data}


def raised(position: int, ref: str | None, alarm: str = "a", **data: Any) -> dict[str, Any]:
    return event(position, data.pop("kind", "raised"), alarm, ref=ref, **{"device": "desk", "fault": None, **data})
