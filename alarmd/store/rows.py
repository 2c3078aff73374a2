"""Rows of the tables, as a transaction writes them (`unit.py`)."""

from datetime import datetime
from typing import Any

import orjson

from alarmd.alarm.joining import joinable
from alarmd.alarm.model import Alarm
from alarmd.alarm.view import summary
from alarmd.ports import KnownSignal
from alarmd.store.tables import instant


def changing(alarm: Alarm, due: datetime | None) -> dict[str, Any]:
    """What of an alarm's row changes with its events."""
    return {
        "state": alarm.state.value,
        "kind": alarm.kind.value,
        "version": alarm.version,
        "open": not alarm.state.ended,
        "joinable": joinable(alarm),
        "due": None if due is None else instant(due),
        "summary": orjson.dumps(summary(alarm)).decode(),
    }


def born(alarm: Alarm, due: datetime | None, position: int) -> dict[str, Any]:
    """The whole row of an alarm that begins at this position of the log."""
    first = {
        "id": alarm.id,
        "site": alarm.site,
        "zone": alarm.first.zone,
        "code": alarm.code,
        "cause": alarm.cause,
        "opened_position": position,
    }
    return first | changing(alarm, due)


def signal(sender: str, ref: str, known: KnownSignal) -> dict[str, Any]:
    """The answer that is kept for a ref."""
    return {"sender": sender, "ref": ref, "signal": known.signal, "alarm": known.alarm, "joined": known.joined}
