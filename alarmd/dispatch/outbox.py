"""Performs committed effects, each at least once, and submits what became of it as an event through the one door.

Effects that this node committed are already leased to it and come in by `offer`; once a second the store is asked for
those that nobody holds: of a shell, of a node that is gone, of our own life before. It holds so many and no more; in a
storm the rest waits in the store, the most urgent first. Just before a person is told, the alarm is looked at again:
nothing leaves that an acknowledgement has made pointless.
"""

import asyncio
import heapq
import itertools
from collections import Counter, deque
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
from alarmd.errors import AlarmdError, NotDurable
from alarmd.escalation.feedback import shown
from alarmd.escalation.receipts import still_wanted
from alarmd.observe import metrics
from alarmd.organisation.model import Organisation
from alarmd.ports import Channels, Clock, Committed, Due, Lights, Message, Outcome, Reading, Store, Unit

log = structlog.get_logger()

SWEEP = timedelta(seconds=1)
RENEW = timedelta(seconds=10)
END_TRIES = 5
AGAIN = timedelta(seconds=1)
AT_ONCE = 2000
HELD = 10_000
"""Effects held here: when there are more, what is committed is left in the store. Claims go further by AT_ONCE, so that
the most urgent of what was left finds room all the same."""
IN_FLIGHT = (272, 256, 224, 192, 160, 128)
"""By priority: with fewer tellings than this under way through a channel, another one may begin. The rest wait, the
most urgent first; a provider that hangs on what is less urgent still has room for what is more."""

CODELESS = frozenset({"voice", "webhook"})
"""Channels whose messages never need the code that tells several open alarms apart."""

Spawn = Callable[[str, Coroutine[Any, Any, None]], None]


@dataclass(frozen=True, slots=True)
class Doors:
    """The ways out. `lights` is None where no broker is configured."""

    channels: Channels
    lights: Lights | None


@dataclass(frozen=True, slots=True)
class _Look:
    """The alarm as it is now, with its organisation and whether other alarms are open beside it."""

    alarm: Alarm | None
    organisation: Organisation | None
    several: bool


class Outbox:
    """One for each node. `offer` is a listener of the dispatcher."""

    def __init__(
        self, store: Store, clock: Clock, dispatcher: Dispatcher, doors: Doors, node: str, spawn: Spawn
    ) -> None:
        self._store = store
        self._clock = clock
        self._dispatcher = dispatcher
        self._doors = doors
        self._node = node
        self._spawn = spawn
        self._held: set[str] = set()
        self._telling: Counter[str] = Counter()
        self._latest: dict[str, Alarm] = {}
        self._organisations: dict[int, Organisation] = {}
        self._queues: dict[str, list[tuple[int, int, Due]]] = {}
        self._flying: dict[str, int] = {}
        self._later: list[tuple[datetime, int, Due]] = []
        self._lanes: dict[str, deque[tuple[Due, Feedback, bool]]] = {}
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._looks: list[tuple[str, asyncio.Future[_Look]]] = []
        self._looking = False

    @property
    def depth(self) -> int:
        """Effects held here and not yet done."""
        return len(self._held)

    @property
    def has_room(self) -> bool:
        """May more be leased to this node?"""
        return len(self._held) < HELD

    def offer(self, committed: Sequence[Committed]) -> None:
        """Effects that were just committed, leased to this node."""
        for one in committed:
            for due in one.effects:
                self._take(due)
            if one.alarm is not None and one.alarm.id in self._telling:
                self._latest[one.alarm.id] = one.alarm

    def show(self, alarm: str, feedback: Feedback) -> None:
        """A light that answers again; not stored, since the device asks until it sees it."""
        due = Due(alarm, feedback)
        waits = any(other == due for other, _, _ in self._lanes.get(feedback.device, ()))
        if self._doors.lights is not None and not waits:
            self._line_up(due, feedback)

    def look(self) -> None:
        """Something was committed elsewhere: ask the store now."""
        self._wake.set()

    async def run(self) -> None:
        """For ever: fetch what nobody holds, start what waited for its time, keep the leases."""
        renew_at = self._clock.now() + RENEW
        while True:
            now = self._clock.now()
            await self._fetch(now)
            while self._later and self._later[0][0] <= now:
                self._start(heapq.heappop(self._later)[2])
            if now >= renew_at:
                await self._renew(now)
                renew_at = now + RENEW
            soonest = min([now + SWEEP, *(at for at, _, _ in self._later[:1])])
            await self._clock.sleep_until(soonest, self._wake)
            self._wake.clear()

    async def _fetch(self, now: datetime) -> None:
        try:
            if self._dispatcher.doubtful:
                await self._recall(now)
            fetched = limit = 1
            while fetched == limit and (room := HELD + AT_ONCE - len(self._held)) > 0:
                limit = min(AT_ONCE, room)
                claimed = await self._store.transact(partial(_claim, node=self._node, now=now, limit=limit))
                fetched = len(claimed)
                for due in claimed:
                    self._latest.pop(due.alarm, None)  # somebody else has decided on it since
                    self._take(due, late=True)
        except NotDurable as fault:
            self._dispatcher.doubtful = True  # a claim, too, may have happened although we were told that it had not
            log.warning("outbox cannot be read", why=str(fault))

    async def _recall(self, now: datetime) -> None:
        """Take what a commit has leased to us whose answer was lost. It is not given back for that: what was committed
        while we ask is leased to us as well, and a sister would tell people what we are telling them already.
        """
        held = frozenset(self._held)
        self._dispatcher.doubtful = False
        astray = await self._store.transact(lambda unit: unit.recall(self._node, now, besides=held))
        self._latest.clear()  # what may have been committed without our knowing is not in it
        for due in astray:
            self._take(due, late=True)

    async def _renew(self, now: datetime) -> None:
        held = tuple(self._held)
        if not held:
            return
        try:
            await self._store.transact(lambda unit: unit.renew(self._node, now, held))
        except NotDurable as fault:
            log.warning("leases not renewed", why=str(fault))

    def _take(self, due: Due, *, late: bool = False) -> None:
        """`late`: it was committed a while ago, by whomever, so what it says may be old."""
        if due.effect.id in self._held:
            return
        self._held.add(due.effect.id)
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
            case Feedback() as feedback:
                self._line_up(due, feedback, late=late)
            case EndCall() as end:
                self._spawn(f"end call {end.attempt}", self._guarded(due, self._end_call(end)))
            case ReportFault() as fault:
                self._spawn(f"report {fault.cause}", self._guarded(due, self._report(fault)))

    async def _guarded(self, due: Due, work: Coroutine[Any, Any, None]) -> None:
        """Perform one effect. If that breaks, it is let go: its lease runs out, and it is tried again."""
        try:
            await work
        except Exception:
            log.exception("effect broke", effect=due.effect.id, alarm=due.alarm)
        finally:
            self._held.discard(due.effect.id)

    # Telling people: the most urgent first, so many at a time through each channel.

    def _fly(self, channel: str) -> None:
        queue = self._queues[channel]
        while queue and self._flying.get(channel, 0) < IN_FLIGHT[queue[0][0]]:
            _, _, due = heapq.heappop(queue)
            self._flying[channel] = self._flying.get(channel, 0) + 1
            self._spawn(f"tell by {channel}", self._told(channel, due))

    async def _told(self, channel: str, due: Due) -> None:
        try:
            assert isinstance(due.effect, Tell)
            await self._guarded(due, self._tell(due.alarm, due.effect))
        finally:
            self._flying[channel] -= 1
            self._forget(due.alarm)
            self._fly(channel)

    def _forget(self, alarm: str) -> None:
        """Nobody is being told of this alarm any more: it need not be kept at hand."""
        self._telling[alarm] -= 1
        if not self._telling[alarm]:
            del self._telling[alarm]
            self._latest.pop(alarm, None)

    async def _tell(self, alarm: str, tell: Tell) -> None:
        look = await self._look_again(tell, alarm)
        if look.alarm is None or look.organisation is None or not still_wanted(look.alarm, tell):
            outcome = Outcome(AttemptState.WITHDRAWN, "no_longer_needed")
        else:
            outcome = await self._send(tell, look.alarm, look.organisation, several=look.several)
        reported = Reported(
            alarm, tell.attempt, outcome.state, outcome.why, outcome.provider, outcome.again_in, tell.id
        )
        await self._done(tell.id, reported)

    async def _send(self, tell: Tell, alarm: Alarm, organisation: Organisation, *, several: bool) -> Outcome:
        recipient = organisation.recipient(tell.person)
        channel = self._doors.channels.get(tell.channel)
        if channel is None or recipient is None:
            return Outcome(AttemptState.FAILED, "not_configured")
        contact = recipient.contact[tell.contact]
        code = alarm.code if several else None
        found = alarm.find(tell.attempt)
        if found and tell.purpose is Purpose.STEP and (found[0].step, found[0].round, found[1].tried) == (1, 1, 0):
            metrics.PRESS_TO_PROVIDER.observe((self._clock.now() - alarm.opened_at).total_seconds())
        message = Message(tell.attempt, alarm, organisation, recipient, contact, tell, code)
        try:
            return await channel.send(message)
        except Exception:
            log.exception("channel broke", channel=tell.channel, alarm=alarm.id)
            return Outcome(AttemptState.FAILED, "internal_error")

    async def _look_again(self, tell: Tell, alarm: str) -> _Look:
        """Looks gather while one is under way, so that a storm is a few reads and not thousands. Where nobody else
        decides on alarms, what was committed last is known here; only a text must know whether other alarms are open.
        """
        latest = self._latest.get(alarm) if self._store.alone and tell.channel in CODELESS else None
        known = self._organisations.get(latest.organisation) if latest else None
        if known is not None:
            return _Look(latest, known, several=False)
        return await self._read(alarm)

    async def _read(self, alarm: str) -> _Look:
        answer: asyncio.Future[_Look] = asyncio.get_running_loop().create_future()
        self._looks.append((alarm, answer))
        if not self._looking:
            self._looking = True
            self._spawn("look again", self._look_all())
        return await answer

    async def _look_all(self) -> None:
        try:
            while self._looks:
                asked, self._looks = self._looks, []
                await self._look_for(asked)
        finally:
            self._looking = False

    async def _look_for(self, asked: Sequence[tuple[str, "asyncio.Future[_Look]"]]) -> None:
        """Answer each of these, with what is there or with why it cannot be read."""
        ask = partial(_look, alarms=[alarm for alarm, _ in asked])
        try:
            found: dict[str, _Look | Exception] = await self._insist(partial(self._store.read, ask))
        except Exception as broken:  # noqa: BLE001 - handed to everyone who waits for it
            found = dict.fromkeys((alarm for alarm, _ in asked), broken)
        for alarm, answer in asked:
            look = found[alarm]
            if answer.done():
                continue
            if isinstance(look, Exception):
                answer.set_exception(look)
                continue
            if look.alarm is not None and look.organisation is not None:
                self._organisations[look.alarm.organisation] = look.organisation
            answer.set_result(look)

    # The lights: one after the other for each device, so that an older state never comes last.

    def _line_up(self, due: Due, feedback: Feedback, *, late: bool = False) -> None:
        lane = self._lanes.setdefault(feedback.device, deque())
        lane.append((due, feedback, late))
        if len(lane) == 1:
            self._spawn(f"light {feedback.device}", self._show_all(feedback.device))

    async def _show_all(self, device: str) -> None:
        lane = self._lanes[device]
        while lane:
            due, feedback, late = lane[0]
            await self._guarded(due, self._show(due, feedback, late=late))
            lane.popleft()
        del self._lanes[device]

    async def _show(self, due: Due, feedback: Feedback, *, late: bool) -> None:
        """Until the broker has it. What could not be shown when it was decided is shown as things stand now."""
        while self._doors.lights is not None:
            now = await self._present(due.alarm, feedback) if late else feedback
            if await self._doors.lights.show(due.alarm, now):
                break
            late = True
            await self._clock.sleep_until(self._clock.now() + AGAIN)
        if feedback.id:
            self._spawn("light shown", self._done(feedback.id, Performed(feedback.id)))

    async def _present(self, alarm: str, feedback: Feedback) -> Feedback:
        look = await self._read(alarm)
        if look.alarm is None or look.organisation is None:
            return feedback
        return replace(feedback, state=shown(look.alarm, look.organisation))

    async def _end_call(self, end: EndCall) -> None:
        """A call that could not be ended goes on ringing for nothing: a few tries, then it rings out by itself."""
        channel = self._doors.channels.get(end.channel)
        for _ in range(END_TRIES if channel is not None else 0):
            assert channel is not None
            if await channel.end(end):
                break
            await self._clock.sleep_until(self._clock.now() + AGAIN)
        await self._done(end.id, Performed(end.id))

    async def _report(self, fault: ReportFault) -> None:
        await self._insist(partial(self._dispatcher.submit, FaultFound(fault.cause, fault.text)))
        await self._done(fault.id, Performed(fault.id))

    async def _done(self, effect: str, outcome: Incoming) -> None:
        """What became of it, until it is durable: an outcome that is lost means telling somebody twice."""
        try:
            await self._insist(partial(self._dispatcher.submit, outcome))
        except AlarmdError as refused:
            log.warning("outcome refused", effect=effect, why=str(refused))
        self._held.discard(effect)

    async def _insist(self, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        while True:
            try:
                return await ask()
            except NotDurable:
                await self._clock.sleep_until(self._clock.now() + AGAIN)


def _claim(unit: Unit, node: str, now: datetime, limit: int) -> tuple[Due, ...]:
    return unit.claim(node, now, limit)


def _look(reading: Reading, alarms: Sequence[str]) -> "dict[str, _Look | Exception]":
    """Every alarm asked about, as it stands in the store now; one that cannot be read must not hide the others."""
    several = reading.open_count(at_most=2) > 1
    found: dict[str, _Look | Exception] = {}
    for id in dict.fromkeys(alarms):
        try:
            alarm = reading.alarm(id)
            found[id] = _Look(alarm, reading.organisation(alarm.organisation) if alarm else None, several)
        except NotDurable:
            raise
        except Exception as broken:
            log.exception("alarm cannot be read", alarm=id)
            found[id] = broken
    return found
