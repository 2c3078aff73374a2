"""Everything that is known of one alarm, as its own page shows it: JSON-able values of one shape. PURE. Called by the
console."""

from collections.abc import Sequence
from typing import Any

from alarmd.alarm.events import by_wire
from alarmd.alarm.model import Alarm, Notification, Signal
from alarmd.alarm.times import stamp
from alarmd.alarm.view import summary


def detail(alarm: Alarm, timeline: Sequence[Any], plan: Sequence[Any]) -> dict[str, Any]:
    """The summary, and signals, ledger, events and the steps to come. `timeline` and `plan` go in as they are."""
    return {
        **summary(alarm),
        "signals": [signal(s) for s in alarm.signals],
        "timeline": list(timeline),
        "notifications": [notification(n) for n in alarm.notifications],
        "plan": list(plan),
    }


def signal(signal: Signal) -> dict[str, Any]:
    """One press. `fault` says what was unreadable in it."""
    return {
        "signal": signal.id,
        "ref": signal.ref,
        "device": signal.device,
        "zone": signal.zone,
        "kind": signal.kind.value,
        "note": signal.note,
        "at": stamp(signal.at),
        "by": by_wire(signal.by),
        "pressed_at": signal.pressed_at,
        "fault": signal.fault,
    }


def notification(notification: Notification) -> dict[str, Any]:
    """One person told at one step, with every attempt."""
    return {
        "id": notification.id,
        "person": notification.person,
        "step": notification.step,
        "round": notification.round,
        "purpose": notification.purpose.value,
        "attempts": [
            {"id": a.id, "channel": a.channel, "state": a.state.value, "at": stamp(a.at), "why": a.why}
            for a in notification.attempts
        ],
    }
