"""Small wrongs, each of them one that somebody has once made or nearly made here. `make mutants` switches them on one
after the other: the simulated world must find every one. A wrong is a change of a function's text, made in memory; one
whose text is no longer there fails loudly, so that the list follows the code.
"""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """What is wrong, in which function (`module:Class.function`), and how its text differs."""

    wrong: str
    where: str
    right: str
    instead: str


MUTANTS = (
    Mutant(
        "a press is answered before it is committed",
        "alarmd.dispatch.dispatcher:Dispatcher._take_all",
        "return results",
        "[_answer(waiting, result) for waiting, result in zip(group, results, strict=True)]; return results",
    ),
    Mutant(
        "people are told before it is committed",
        "alarmd.dispatch.dispatcher:Dispatcher._take_all",
        "return results",
        "[heard([r.committed]) for heard in self.listeners for r in results if getattr(r, 'committed', None)]\n"
        "    return results",
    ),
    Mutant(
        "a passed deadline does not wake the dispatcher",
        "alarmd.dispatch.dispatcher:Dispatcher.hand_in",
        "self._wake.set()",
        "type(incoming).__name__ == 'DeadlinePassed' or self._wake.set()",
    ),
    Mutant(
        "after a commit that failed nobody asks what became of it",
        "alarmd.dispatch.outbox:Outbox._fetch",
        "if self._dispatcher.doubtful:",
        "if False:",
    ),
    Mutant(
        "timers are in memory only",
        "alarmd.dispatch.deadlines:Deadlines._sweep",
        "(unit.overdue(now, AT_ONCE), unit.next_due())",
        "((), None)",
    ),
    Mutant(
        "a deadline that comes exactly now has not come",
        "alarmd.dispatch.deadlines:Deadlines._passed",
        "self._heap[0][0] <= now",
        "self._heap[0][0] < now",
    ),
    Mutant(
        "nobody looks again before a provider is called",
        "alarmd.dispatch.outbox:Outbox._tell",
        "not still_wanted(look.alarm, tell)",
        "False",
    ),
    Mutant(
        "the outbox forgets at a restart what was not sent",
        "alarmd.dispatch.outbox:Outbox._fetch",
        "await self._store.transact(partial(_claim, node=self._node, now=now, limit=limit))",
        "()",
    ),
    Mutant(
        "a lease is never renewed",
        "alarmd.dispatch.outbox:Outbox._renew",
        "if not held:",
        "if True:",
    ),
    Mutant(
        "an outcome that could not be stored is dropped",
        "alarmd.dispatch.outbox:Outbox._insist",
        "await self._clock.sleep_until(self._clock.now() + AGAIN)",
        "raise",
    ),
    Mutant(
        "a light that the broker did not take is not shown again",
        "alarmd.dispatch.lanes:Lanes._show",
        "if await self.lights.show(due.alarm, now):",
        "if await self.lights.show(due.alarm, now) or True:",
    ),
    Mutant(
        "the feed tells what it has, whatever lies between",
        "alarmd.dispatch.follower:Follower.offer",
        "if logged[0].position == self._position + 1:",
        "if True:",
    ),
    Mutant(
        "a node that starts goes by the clock on the wall",
        "alarmd.clock:SystemClock.catch_up",
        "if with_ is not None and with_ - self.now() > STEP:",
        "if False:",
    ),
    Mutant(
        "a clock that is put back is followed",
        "alarmd.clock:SystemClock.now",
        "ours = self._anchor + (steady - self._since)",
        "ours = self._anchor = self._wall()",
    ),
    Mutant(
        "a ref is a new signal every time",
        "alarmd.dispatch.take:Taker._press",
        "if known is not None:",
        "if False:",
    ),
    Mutant(
        "a step that is due exactly now is not due",
        "alarmd.escalation.plan:advance",
        "clock.at <= draft.now",
        "clock.at < draft.now",
    ),
    Mutant(
        "a lapse sets no new deadline",
        "alarmd.escalation.plan:resumed",
        "return replace(clock, at=draft.now)",
        "return clock",
    ),
    Mutant(
        "a helper's own press joins the alarm that he is coming to",
        "alarmd.alarm.joining:join",
        "return Joins.LINKS, promised",
        "return Joins.JOINS, promised",
    ),
    Mutant(
        "a press leaves a clock standing that stands",
        "alarmd.escalation.plan:again",
        "return replace(clock, at=draft.now + _distance(draft.chain, clock))",
        "return clock",
    ),
    Mutant(
        "a lapse that comes exactly now is none",
        "alarmd.escalation.plan:lapse",
        "r.arrive_by <= draft.now",
        "r.arrive_by < draft.now",
    ),
    Mutant(
        "a late step pushes the later ones back",
        "alarmd.escalation.plan:_following",
        "clock.at or draft.now",
        "draft.now",
    ),
    Mutant(
        "a step that reaches nobody is waited for",
        "alarmd.escalation.plan:_pass",
        "after = replace(after, at=clock.at)",
        "pass",
    ),
    Mutant(
        "a round begins with the first step, whatever the chain says",
        "alarmd.escalation.plan:_begins",
        "chain.repeat.start",
        "1",
    ),
    Mutant(
        "another try forgets which ways were tried",
        "alarmd.escalation.retry:other_contact",
        "if i not in tried",
        "if len(tried) < len(recipient.contact)",
    ),
    Mutant(
        "accepted is taken for delivered",
        "alarmd.escalation.retry:reached",
        "a.state in REACHED",
        "a.state in TAKEN",
    ),
    Mutant(
        "others go on being told although enough are coming",
        "alarmd.alarm.model:Alarm.wants",
        "return notification.beyond or self.asks",
        "return True",
    ),
    Mutant(
        "calls ring on after the answer",
        "alarmd.escalation.draft:Draft.end_calls",
        "if pointless and",
        "if False and",
    ),
    Mutant(
        "what a node held is nobody's when it starts again",
        "alarmd.store.database:Database._release",
        "connection.execute(",
        "str(",
    ),
    Mutant(
        "a node does not read what its sister has written",
        "alarmd.store.database:Database._catch_up",
        "if (memory.position, memory.hash) == (head.position, head.hash):",
        "if memory.position > 0:",
    ),
    Mutant(
        "effects are leased for a moment only",
        "alarmd.store.unit:StoredUnit._hold",
        "instant(now + LEASE) if node else 0",
        "0",
    ),
    Mutant(
        "a light shows that a cancel by PIN was none",
        "alarmd.escalation.feedback:shown",
        "alarm = alarm.face or alarm",
        "pass",
    ),
    Mutant(
        "after a duress PIN those who may not know are still waited for",
        "alarmd.alarm.lifecycle:_upgraded",
        "if r.person not in over_for",
        "if True",
    ),
    Mutant(
        "the end of an alarm is told again to whom it was over before",
        "alarmd.escalation.answering:close",
        "[p for p in told(before) if not is_behind(before.veil, draft.organisation, p)]",
        "told(before)",
    ),
)


@contextmanager
def switched_on(mutant: Mutant) -> Iterator[None]:
    """The wrong holds inside the block. Raises LookupError where the right text is not found exactly once."""
    function = _function(mutant.where)
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(mutant.right) != 1:
        raise LookupError(f"{mutant.where} has {mutant.right!r} {source.count(mutant.right)} times, not once")
    lines = source.splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith(("def ", "async def ")))
    changed = "\n".join(lines[start:]).replace(mutant.right, mutant.instead)
    made: dict[str, Any] = {}
    exec(compile(changed, f"<{mutant.wrong}>", "exec"), function.__globals__, made)
    before, function.__code__ = function.__code__, made[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = before


def _function(where: str) -> FunctionType:
    module, _, path = where.partition(":")
    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    assert isinstance(found, FunctionType)
    return found
