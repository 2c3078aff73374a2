"""Performs committed effects, each at least once, and submits what became of it as an event through the one door.

Effects that this node committed are already leased to it and come in by `offer`; once a second the store is asked for
those that nobody holds: of a shell, of a node that is gone, of our own life before. It holds so many and no more; in a
storm the rest waits in the store, the most urgent first. Just before a person is told, the alarm is looked at again:
nothing leaves that an acknowledgement has made pointless, nor what is a sister's by now, because this node stood still
or could not keep its lease.
"""

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from alarmd.alarm.effects import EndCall, Feedback, ReportFault, Tell
from alarmd.alarm.incoming import FaultFound, Incoming, Performed, Reported
from alarmd.alarm.model import Alarm, AttemptState, Purpose
from alarmd.alarm.values import replace
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.dispatch.lanes import AGAIN, Lanes, Spawn
from alarmd.dispatch.leases import RENEW, Leases
from alarmd.dispatch.looks import Look, Looks
from alarmd.dispatch.take import Taken
from alarmd.errors import NotDurable, Undecidable
from alarmd.escalation.feedback import devices, shown
from alarmd.escalation.receipts import still_wanted
from alarmd.escalation.veil import seen_by
from alarmd.observe import metrics
from alarmd.organisation.model import Organisation
from alarmd.ports import Channels, Clock, Committed, Due, Lights, Message, Outcome, Store, Unit

log = structlog.get_logger()

SWEEP = timedelta(seconds=1)
END_TRIES = 5
AT_ONCE = 2000
HELD = 10_000
"""Effects held here: when there are more, what is committed is left in the store. Claims go further by AT_ONCE, so that
the most urgent of what was left finds room all the same. Lights that wait for a broker take no room from people: for
them there is a room of its own (`lanes.py`)."""
IN_FLIGHT = (272, 256, 224, 192, 160, 128)
"""By priority: with fewer tellings than this under way through a channel, another one may begin. The rest wait, the
most urgent first; a provider that hangs on what is less urgent still has room for what is more."""

CODELESS = frozenset({"voice", "webhook"})
"""Channels whose messages never need the code that tells several open alarms apart."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The ways out. `lights` is None where no broker is configured."""

    channels: Channels
    lights: Lights | None


class Outbox:
    """One for each node. `offer` is a listener of the dispatcher."""

    def __init__(
        self, store: Store, clock: Clock, dispatcher: Dispatcher, doors: Doors, node: str, spawn: Spawn
    ) -> None:
        self._store = store
        self._clock = clock
        self._dispatcher = dispatcher
        self._doors = doors
        self._spawn = spawn
        self._leases = Leases(store, clock, node)
        self._under_way: set[str] = set()
        self._settled = asyncio.Event()
        self._more = False
        """More waits in the store than there was room for."""
        self._closed = False
        self._untold: list[tuple[str, Incoming]] = []
        self._telling: Counter[str] = Counter()
        self._latest: dict[str, Alarm] = {}
        self._looks = Looks(store, spawn, self._insist)
        self._queues: dict[str, list[tuple[int, int, Due]]] = {}
        self._flying: dict[str, int] = {}
        self._later: list[tuple[datetime, int, Due]] = []
        how = self._present, self._guarded, self._conclude
        self._lanes = Lanes(doors.lights, clock, spawn, *how) if doors.lights else None
        self._order = itertools.count()
        self._wake = asyncio.Event()

    @property
    def depth(self) -> int:
        """Effects held here and not yet done."""
        return len(self._leases.held)

    @property
    def has_room(self) -> bool:
        """May more be leased to this node?"""
        return not self._closed and self._taken < HELD

    @property
    def _taken(self) -> int:
        """So much of HELD is taken."""
        return len(self._leases.held) - (self._lanes.depth if self._lanes else 0)

    def offer(self, committed: Sequence[Committed]) -> None:
        """Effects that were just committed, leased to this node."""
        for one in committed:
            opens = one.alarm is not None and one.alarm.version == len(one.logged)
            for due in one.effects:
                self._take(due, late=not opens)
            if one.alarm is not None and one.alarm.id in self._telling:
                self._latest[one.alarm.id] = one.alarm
            self._more = self._more or one.left
        self._fetch_more()

    def show(self, alarm: str, feedback: Feedback) -> None:
        """A light that answers again; not stored, since the device asks until it sees it."""
        if self._lanes is not None:
            self._lanes.show(Due(alarm, feedback), feedback)

    def look(self) -> None:
        """Something was committed elsewhere: ask the store now."""
        self._wake.set()

    def close(self) -> None:
        """Begin nothing any more: what is under way is finished, everything else is handed to whoever looks next."""
        self._closed = True
        self._later.clear()  # held still, and so handed over
        if self._lanes is not None:
            self._lanes.close()
        self._wake.set()

    async def settle(self, until: datetime) -> bool:
        """Wait until nothing is under way, nor waits to be begun; False: it still is."""
        while self._under_way or (not self._closed and any(self._queues.values())):
            if self._clock.now() >= until:
                return False
            self._settled.clear()
            await self._clock.sleep_until(until, self._settled)
        return True

    async def run(self) -> None:
        """For ever: keep the leases, fetch what nobody holds, start what waited for its time."""
        renew_at = self._clock.now() + RENEW
        while True:
            now = self._clock.now()
            if now >= renew_at:
                renew_at = now + RENEW
                await self._leases.renew()
            await (self._hand_over() if self._closed else self._fetch())
            self._tell_again()
            while self._later and self._later[0][0] <= now:
                self._start(heapq.heappop(self._later)[2])
            soonest = min(
                [now + SWEEP, *([renew_at] if self._leases.held else []), *(at for at, _, _ in self._later[:1])]
            )
            await self._clock.sleep_until(soonest, self._wake)
            self._wake.clear()

    async def _fetch(self) -> None:
        try:
            if self._dispatcher.doubtful:
                await self._recall(self._clock.now())
            fetched = limit = 1
            while fetched == limit and (room := HELD + AT_ONCE - self._taken) > 0:
                limit = min(AT_ONCE, room)
                lights = self._lanes is None or self._lanes.room >= limit
                ask = partial(_claim, node=self._leases.node, now=self._clock.now(), limit=limit, lights=lights)
                claimed = await self._store.transact(ask)
                fetched = len(claimed)
                for due in claimed:
                    if due.effect.id not in self._leases.held:
                        self._latest.pop(due.alarm, None)  # somebody else has decided on it since
                    self._take(due, late=True)
            self._more = fetched == limit
        except NotDurable as fault:
            self._dispatcher.doubtful = True  # a claim, too, may have happened although we were told that it had not
            log.warning("outbox cannot be read", why=str(fault))

    async def _recall(self, now: datetime) -> None:
        """Take what a commit has leased to us whose answer was lost. It is not given back for that: what was committed
        while we ask is leased to us as well, and a sister would tell people what we are telling them already.
        """
        held = frozenset(self._leases.held)
        self._dispatcher.doubtful = False
        astray = await self._store.transact(lambda unit: unit.recall(self._leases.node, now, besides=held))
        self._latest.clear()  # what may have been committed without our knowing is not in it
        for due in astray:
            self._take(due, late=True)

    async def _hand_over(self) -> None:
        left = tuple(self._leases.held.keys() - self._under_way)
        if left:
            await self._leases.give_back(left)

    def _take(self, due: Due, *, late: bool = False) -> None:
        """`late`: it was committed a while ago, by whomever, so what it says may be old; or of an alarm that has not
        just been opened, so that the light may be a newer one's."""
        assert due.until is not None
        known = due.effect.id in self._leases.held
        if not known and self._lanes is not None and not self._lanes.has_room(due):
            return  # its lease runs out, and it is left in the store
        self._leases.held[due.effect.id] = due.until
        if known:
            return
        if self._closed:
            self._wake.set()
            return
        if isinstance(due.effect, Tell):
            self._telling[due.alarm] += 1
        not_before = due.effect.not_before if isinstance(due.effect, Tell) else None
        if not_before is not None and not_before > self._clock.now():
            heapq.heappush(self._later, (not_before, next(self._order), due))
            self._wake.set()
        else:
            self._start(due, late=late)

    def _start(self, due: Due, *, late: bool = False) -> None:
        match due.effect:
            case Tell(channel=channel):
                heapq.heappush(self._queues.setdefault(channel, []), (due.effect.priority, next(self._order), due))
                self._fly(channel)
            case Feedback() as feedback if self._lanes is not None:
                self._lanes.line_up(due, feedback, late=late)
            case Feedback() as feedback:
                self._conclude(feedback.id, Performed(feedback.id))
            case EndCall() as end:
                self._begin(f"end call {end.attempt}", due, self._guarded(due, self._end_call(end)))
            case ReportFault() as fault:
                self._begin(f"report {fault.cause}", due, self._guarded(due, self._report(due.alarm, fault)))

    def _begin(self, name: str, due: Due, work: Coroutine[Any, Any, None]) -> None:
        self._under_way.add(due.effect.id)
        self._spawn(name, work)

    async def _guarded(self, due: Due, work: Coroutine[Any, Any, Incoming | None]) -> None:
        """Perform one effect; what became of it is submitted, None: nothing. If that breaks, it is let go: its lease
        runs out, and it is tried again.
        """
        outcome = None
        try:
            outcome = await work
        except Exception:
            log.exception("effect broke", effect=due.effect.id, alarm=due.alarm)
        finally:
            if outcome is None:
                self._let_go(due.effect.id)
            else:
                self._conclude(due.effect.id, outcome)

    def _conclude(self, effect: str, outcome: Incoming) -> None:
        """What became of it, until it is durable: an outcome that is lost means telling somebody twice."""
        self._under_way.add(effect)
        self._dispatcher.hand_in(outcome).add_done_callback(partial(self._concluded, effect, outcome))

    def _concluded(self, effect: str, outcome: Incoming, answer: "asyncio.Future[Taken]") -> None:
        fault = None if answer.cancelled() else answer.exception()
        if isinstance(fault, NotDurable):
            self._untold.append((effect, outcome))
            return
        if isinstance(fault, Undecidable) and not isinstance(outcome, Performed):
            # Nobody is told the same for ever: it is done, and the alarm goes on as where a provider has said nothing.
            self._conclude(effect, Performed(effect))
            return
        if isinstance(fault, Undecidable):  # nor can that be stored: it stays ours, and is not performed again
            self._under_way.discard(effect)
            self._settled.set()
            return
        if fault is not None:
            log.warning("outcome refused", effect=effect, why=str(fault))
        self._let_go(effect)

    def _tell_again(self) -> None:
        untold, self._untold = self._untold, []
        for effect, outcome in untold:
            self._conclude(effect, outcome)

    def _let_go(self, effect: str) -> None:
        self._leases.held.pop(effect, None)
        self._under_way.discard(effect)
        self._settled.set()
        self._fetch_more()

    def _fetch_more(self) -> None:
        """As soon as there is room, and not only when the store is asked the next time."""
        if self._more and self._taken < HELD:
            self._wake.set()

    # Telling people: the most urgent first, so many at a time through each channel.

    def _fly(self, channel: str) -> None:
        while (due := self._next(channel, self._flying.get(channel, 0))) is not None:
            self._flying[channel] = self._flying.get(channel, 0) + 1
            self._begin(f"tell by {channel}", due, self._tell_all(channel, due))

    def _next(self, channel: str, beside: int) -> Due | None:
        """Whose turn it is beside so many, and whether it is anybody's."""
        queue = self._queues[channel]
        if not queue or self._closed or beside >= IN_FLIGHT[queue[0][0]]:
            return None
        return heapq.heappop(queue)[2]

    async def _tell_all(self, channel: str, first: Due) -> None:
        """One telling after the other, while there is one whose turn it is."""
        due: Due | None = first
        try:
            while due is not None:
                assert isinstance(due.effect, Tell)
                self._under_way.add(due.effect.id)
                await self._guarded(due, self._tell(due.alarm, due.effect))
                self._forget(due.alarm)
                due = self._next(channel, self._flying[channel] - 1)
        finally:
            self._flying[channel] -= 1

    def _forget(self, alarm: str) -> None:
        """Nobody is being told of this alarm any more: it need not be kept at hand."""
        self._telling[alarm] -= 1
        if not self._telling[alarm]:
            del self._telling[alarm]
            self._latest.pop(alarm, None)

    async def _tell(self, alarm: str, tell: Tell) -> Reported | None:
        look = await self._look_again(tell, alarm)
        if not self._leases.holds(tell.id):
            if not await self._leases.keeps(tell.id):
                return None
            look = await self._look_again(tell, alarm)
        if look.alarm is None or look.organisation is None or not still_wanted(look.alarm, tell):
            outcome = Outcome(AttemptState.WITHDRAWN, "no_longer_needed")
        else:
            outcome = await self._send(tell, look.alarm, look.organisation, look)
        return Reported(alarm, tell.attempt, outcome.state, outcome.why, outcome.provider, outcome.again_in, tell.id)

    async def _send(self, tell: Tell, alarm: Alarm, organisation: Organisation, look: Look) -> Outcome:
        recipient = organisation.recipient(tell.person)
        channel = self._doors.channels.get(tell.channel)
        if channel is None or recipient is None:
            return Outcome(AttemptState.FAILED, "not_configured")
        contact = recipient.contact[tell.contact]
        code = alarm.code if look.several(recipient) else None
        found = alarm.find(tell.attempt)
        if found and tell.purpose is Purpose.STEP and (found[0].step, found[0].round, found[1].tried) == (1, 1, 0):
            metrics.PRESS_TO_PROVIDER.observe((self._clock.now() - alarm.opened_at).total_seconds())
        message = Message(tell.attempt, seen_by(alarm, recipient), organisation, recipient, contact, tell, code)
        try:
            return await channel.send(message)
        except Exception:
            log.exception("channel broke", channel=tell.channel, alarm=alarm.id)
            return Outcome(AttemptState.FAILED, "internal_error")

    async def _look_again(self, tell: Tell, alarm: str) -> Look:
        """Where nobody else decides on alarms, what was committed last is known here; only a text must know whether
        other alarms are open.
        """
        latest = self._latest.get(alarm) if self._store.alone and tell.channel in CODELESS else None
        known = self._looks.organisations.get(latest.organisation) if latest else None
        if known is not None:
            return Look(latest, known)
        return await self._looks.at(alarm)

    # The lights.

    async def _present(self, alarm: str, feedback: Feedback) -> Sequence[tuple[str, Feedback]]:
        """What is to be shown there now, one after the other, and of which alarms. The first answers the press for
        which this was, whosesoever the light is."""
        lit = (await self._looks.at(alarm, feedback.device)).lit
        shows = [
            (each.id, replace(feedback, state=shown(each, organisation), ref=ref or devices(each).get(feedback.device)))
            for ref, (each, organisation) in zip((feedback.ref, None), lit, strict=False)
        ]
        return shows or [(alarm, feedback)]

    async def _end_call(self, end: EndCall) -> Performed:
        """A call that could not be ended goes on ringing for nothing: a few tries, then it rings out by itself."""
        channel = self._doors.channels.get(end.channel)
        for _ in range(END_TRIES if channel is not None else 0):
            assert channel is not None
            if await channel.end(end):
                break
            await self._clock.sleep_until(self._clock.now() + AGAIN)
        return Performed(end.id)

    async def _report(self, alarm: str, fault: ReportFault) -> Performed:
        await self._insist(partial(self._dispatcher.submit, FaultFound(fault.cause, fault.text, about=alarm)))
        return Performed(fault.id)

    async def _insist(self, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        while True:
            try:
                return await ask()
            except NotDurable:
                await self._clock.sleep_until(self._clock.now() + AGAIN)


def _claim(unit: Unit, node: str, now: datetime, limit: int, lights: bool) -> tuple[Due, ...]:
    return unit.claim(node, now, limit, lights=lights)
