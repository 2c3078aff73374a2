"""The queue before the one door: everybody gets in, the most urgent first. It refuses nobody and forgets nothing that
anybody still waits for; it bounds how much is decided in one transaction. What its sender was told no about, because
the store gave no answer in time, is decided all the same, a press may have no other chance; unless thousands of those
have gathered.

Whoever presses again, for the same kind, while his press before still waits, is a repeat and stands behind the first
presses of others: a button that is stuck holds up nobody. Of everything that waits some goes into each group, so that
no flood of urgent things starves what is due. Called by the dispatcher alone.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alarmd.alarm.incoming import Incoming, Pressed
from alarmd.alarm.model import presser_key
from alarmd.alarm.values import quick
from alarmd.dispatch.take import Taken
from alarmd.escalation.urgency import Urgency

GROUP = 256
"""How many are committed together at most, of those that hurry and of those that do not: so long does the log's lock
hold."""
GIVEN_UP = 10_000
"""When more wait than this, those for whom nobody waits any more are left out."""
SHARE = 16
"""So many of each lower urgency go into a group that is full of higher ones."""
LINGER = timedelta(milliseconds=10)
"""For so long an outcome waits for company, and lets others go before it: an acknowledgement must neither stand behind
the commit of a receipt nor pay for it. Nobody waits for these, and one that is lost in a crash is asked for again."""

FIRSTS = (Urgency.DURESS, Urgency.LIVE)


@quick
@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """One thing that came in, when, and the future by which its caller is answered."""

    incoming: Incoming
    at: datetime
    answer: "asyncio.Future[Taken]"


class Admission:
    """What waits, by urgency; within each in the order in which it came."""

    def __init__(self) -> None:
        self._lanes = {urgency: deque[Waiting]() for urgency in Urgency}
        self._pressing: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    @property
    def hurries(self) -> bool:
        """Is there anything for which somebody waits, or as much as one group takes?"""
        outcomes = len(self._lanes[Urgency.OUTCOME])
        return outcomes >= GROUP or len(self) > outcomes

    def put(self, waiting: Waiting, urgency: Urgency) -> None:
        """It waits now, in its place."""
        if isinstance(waiting.incoming, Pressed):
            key = _movement(waiting.incoming)
            if urgency in FIRSTS and self._pressing[key]:
                urgency = Urgency.REPEAT
            self._pressing[key] += 1
        self._lanes[urgency].append(waiting)

    def take(self, now: datetime) -> list[Waiting]:
        """The next group: the most urgent, and a share of everything else; outcomes where nothing hurries, or when they
        have lingered. Say `done` when it has been decided.
        """
        if len(self) > GIVEN_UP:
            self._leave_out()
        group: list[Waiting] = []
        for urgency, lane in self._lanes.items():
            room = max(SHARE, GROUP - len(group))
            if urgency is Urgency.OUTCOME:
                room = 0 if group and lane and now - lane[0].at < LINGER else GROUP
            group += [lane.popleft() for _ in range(min(room, len(lane)))]
        return group

    def _leave_out(self) -> None:
        for lane in self._lanes.values():
            given_up = [waiting for waiting in lane if waiting.answer.cancelled()]
            if given_up:
                left = [waiting for waiting in lane if not waiting.answer.cancelled()]
                lane.clear()
                lane.extend(left)
                self.done(given_up)

    def done(self, group: Sequence[Waiting]) -> None:
        """These wait no longer: whoever presses now presses first."""
        self._pressing -= Counter(_movement(w.incoming) for w in group if isinstance(w.incoming, Pressed))


def _movement(pressed: Pressed) -> Hashable:
    """Who presses, and what for."""
    return *presser_key(pressed.by, pressed.device), pressed.kind
