"""How an alarm is shown in lists, snapshots and its own page: JSON-able values of one shape. PURE. Stored beside the
alarm by the store, sent as it is by the console.
"""

from typing import Any

from alarmd.alarm.events import by_wire, next_wire
from alarmd.alarm.model import Alarm, Responder
from alarmd.alarm.times import stamp


def summary(alarm: Alarm) -> dict[str, Any]:
    """The alarm in a line. `presses`: how many signals it has; `by`, `device`, `zone` and `note` are those of the
    first.
    """
    first = alarm.first
    return {
        "id": alarm.id,
        "state": alarm.state.value,
        "kind": alarm.kind.value,
        "site": alarm.site,
        "zone": first.zone,
        "device": first.device,
        "drill": alarm.drill,
        "opened_at": stamp(alarm.opened_at),
        "changed_at": stamp(alarm.changed_at),
        "presses": len(alarm.signals),
        "version": alarm.version,
        "needed": alarm.needed,
        "responders": [responder(r) for r in alarm.responders],
        "next": next_wire(alarm.next),
        "outcome": alarm.outcome,
        "by": by_wire(first.by),
        "note": first.note,
        "cause": alarm.cause,
        "coerced": alarm.coerced,
        "linked": alarm.linked,
    }


def responder(responder: Responder) -> dict[str, Any]:
    """One who answered; `arrive_by` is null once he is there, or where nobody waits for him."""
    return {
        "person": responder.person,
        "state": responder.state.value,
        "at": stamp(responder.at),
        "counts": responder.counts,
        "arrive_by": stamp(responder.arrive_by) if responder.arrive_by else None,
    }
