"""What stands in the log, a line for each event that one can read."""

from collections.abc import Callable, Mapping
from typing import Any

from alarmd.alarm.events import Event, EventKind, by_wire

Json = Mapping[str, Any]


def sentence(position: int, alarm: str, event: Event) -> str:
    """`#35 A1 is acknowledged by p3; the clock stands at step 2`."""
    said = SENTENCES.get(event.kind, _simply)(event)
    return f"#{position} {alarm} {said} -> {event.state}"


def _signal(event: Event) -> str:
    data = event.data
    who = data["device"] or _by(event)
    drill = ", a drill" if data["drill"] else ""
    fault = f", {data['fault']}" if data["fault"] else ""
    cause = f" for {data['cause']}" if data.get("cause") else ""
    return (
        f"is {event.kind}{cause}: {data['kind']} by {who} in {data['zone']} ({data['ref']}{drill}{fault}){_next(data)}"
    )


def _step(event: Event) -> str:
    data = event.data
    return f"does step {data['step']} of round {data['round']} ({data['reason']}): {_names(data['tell'])}{_next(data)}"


def _passed(event: Event) -> str:
    data = event.data
    return f"{data['reason']}: step {data['step']}, by {_by(event)}{_next(data)}"


def _notified(event: Event) -> str:
    data = event.data
    ways = ", ".join(
        f"{a['channel']} ({a['id']})" if a["contact"] is not None else a["channel"] for a in data["attempts"]
    )
    return f"tells {data['person']} ({data['reason']}) by {ways}"


def _receipt(event: Event) -> str:
    data = event.data
    return f"hears of {data['attempt']}: {data['state']}{' (' + data['why'] + ')' if data['why'] else ''}"


def _responds(event: Event) -> str:
    data = event.data
    counts = "" if data["counts"] else ", who does not count"
    until = f", to be there by {_clock(data['arrive_by'])}" if data["arrive_by"] else ""
    return f"is told by {data['person']}{counts}: {event.kind}{until}{_next(data)}"


def _lapsed(event: Event) -> str:
    return f"waits no longer for {_names(event.data['people'])}{_next(event.data)}"


def _ended(event: Event) -> str:
    how = " by PIN" if event.data.get("pin") else ""
    return f"is {event.kind}{how} by {_by(event)} ({event.data['reason']})"


def _simply(event: Event) -> str:
    return f"is {event.kind} by {_by(event)}"


SENTENCES: dict[EventKind, Callable[[Event], str]] = {
    EventKind.RAISED: _signal,
    EventKind.JOINED: _signal,
    EventKind.UPGRADED: _signal,
    EventKind.STEP_DUE: _step,
    EventKind.ESCALATED: _passed,
    EventKind.NOTIFIED: _notified,
    EventKind.RECEIPT: _receipt,
    EventKind.ACKNOWLEDGED: _responds,
    EventKind.EN_ROUTE: _responds,
    EventKind.ARRIVED: _responds,
    EventKind.DECLINED: _responds,
    EventKind.LAPSED: _lapsed,
    EventKind.RESOLVED: _ended,
    EventKind.CANCELLED: _ended,
}


def _next(data: Json) -> str:
    following = data.get("next")
    if not following:
        return ""
    step = f"step {following['step']} of round {following['round']}"
    return f"; {step} at {_clock(following['at'])}" if following["at"] else f"; the clock stands before {step}"


def _clock(stamp: str) -> str:
    return stamp.partition("T")[2].removesuffix("Z")


def _names(people: list[str]) -> str:
    return ", ".join(people) or "nobody"


def _by(event: Event) -> str:
    return next(iter(by_wire(event.by).values()))
