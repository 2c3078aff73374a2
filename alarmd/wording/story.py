"""What happened to an alarm, an event a sentence, with the reason where alarmd decided it. PURE. Told by the log of the
process; the sentences are those of the console's timeline.

Only ids and words of alarmd's own: nothing that anybody wrote (a note, a reason typed in) is repeated, so that a log
may be kept where notes may not.
"""

from alarmd.alarm.events import EventKind, Json, Reason
from alarmd.alarm.model import Purpose
from alarmd.wording.texts import screen, word

REASONED = (EventKind.STEP_DUE, EventKind.NOTIFIED, EventKind.JOINED, EventKind.DECLINED)
"""Kinds of event whose sentence does not say why."""
QUIET = (Reason.STEP_IS_DUE, Reason.ENDED, None)
"""Reasons that go without saying."""


def sentence(kind: EventKind, data: Json, by: str, language: str) -> str:
    """One line of an event's data; `by` is whoever did it, as he is to be called."""
    words = {
        "n": data.get("step"),
        "round": data.get("round"),
        "who": ", ".join(data.get("tell") or data.get("people") or [data.get("person", by)]),
        **{key: word(language, key, data.get(key) or "") for key in ("kind", "channel", "outcome")},
        "state": word(language, "attempt", data.get("state", "")),
    }
    said, reason = screen(language, _key(kind, data), **words), data.get("reason")
    why = [] if kind not in REASONED or reason in QUIET else [screen(language, f"reason.{reason}")]
    late = [screen(language, "event.late", n=data["late"])] if "late" in data else []
    return f"{said} ({', '.join(why + late)})" if why or late else said


def _key(kind: EventKind, data: Json) -> str:
    match kind:
        case EventKind.STEP_DUE if data["round"] > 1:
            return "event.step_due_round"
        case EventKind.NOTIFIED if data["purpose"] == Purpose.ALL_CLEAR:
            return "event.all_clear"
        case EventKind.ESCALATED if data["reason"] == Reason.NOBODY_REACHED:
            return "event.step_nobody"
        case EventKind.ESCALATED if data["reason"] == Reason.KEPT_INSIDE:
            return "event.step_inside"
        case EventKind.ESCALATED if data["reason"] == Reason.EVERY_WAY_FAILED:
            return "event.step_failed"
        case EventKind.UPGRADED if data.get("pin"):
            return "event.coerced"
        case EventKind.CANCELLED if data.get("pin"):
            return "event.cancelled_pin"
        case EventKind.NOTED:
            return "event.written"
        case _:
            return f"event.{kind}"
