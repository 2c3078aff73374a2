"""Tells in the log of the process what alarmd has decided by itself, and why, a sentence each. A listener of the
dispatcher: it hears of what is committed, and looks at a text before it reads it, for in a storm most are none of its
business.

What people say stands in the alarm's own log; theirs are names and words that a log of the process need not keep.
"""

import asyncio
import json
import re
from collections.abc import Sequence

import structlog

from alarmd.alarm.events import EventKind, Reason
from alarmd.ports import Committed, Logged
from alarmd.wording.story import sentence

log = structlog.get_logger()

LANGUAGE = "en"
OTHER_WAYS = frozenset({Reason.NOT_ACCEPTED, Reason.NOT_DELIVERED, Reason.ATTEMPT_FAILED, Reason.TRY_AGAIN})
DECIDED = {
    EventKind.STEP_DUE: frozenset(Reason),
    EventKind.ESCALATED: frozenset(Reason) - {Reason.ASKED_FOR_MORE},
    EventKind.LAPSED: frozenset(Reason),
    EventKind.JOINED: frozenset({Reason.PRESSED_AGAIN}),
    EventKind.DECLINED: frozenset({Reason.NEEDS_HELP}),
    EventKind.NOTIFIED: OTHER_WAYS | {Reason.EVERY_WAY_FAILED, Reason.NOT_TOLD_YET, Reason.DURESS_PIN},
}
"""Whom a step tells is said with the step; afterwards only why somebody is told another way, or in another's place, or
late."""
MOST = 20
"""Lines for one commit: in a storm the process has better things to do, and every alarm's own log has them all."""
_REASONED = re.compile(r'\{"alarm":"[^"]*","kind":"(\w+)".*"reason":"(\w+)"', re.DOTALL)


def chronicle(committed: Sequence[Committed]) -> None:
    """A line for each decision in these, in the loop's next turn: what people and consoles are told leaves before."""
    asyncio.get_running_loop().call_soon(_tell, committed)


def _tell(committed: Sequence[Committed]) -> None:
    decided = [found for one in committed for logged in one.logged if (found := _decision(logged))]
    for kind, reason, logged in decided[:MOST]:
        log.info(sentence(kind, json.loads(logged.body)["data"], "alarmd", LANGUAGE), alarm=logged.alarm, reason=reason)
    if len(decided) > MOST:
        log.info("more was decided", decisions=len(decided) - MOST)


def _decision(logged: Logged) -> tuple[EventKind, Reason, Logged] | None:
    found = _REASONED.match(logged.body) if '"reason":"' in logged.body else None
    if found is None or found[2] not in DECIDED.get(EventKind(found[1]), ()):
        return None
    return EventKind(found[1]), Reason(found[2]), logged
