"""Alarms as they stand in the store now, for whoever is about to act on them. Looks gather while one is under way, so
that a storm is a few reads and not thousands. Part of the outbox.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from operator import attrgetter
from typing import Any

import structlog

from alarmd.alarm.model import Alarm
from alarmd.alarm.veil import Veil
from alarmd.dispatch.lanes import Spawn
from alarmd.errors import NotDurable
from alarmd.escalation.feedback import Held, devices, lit
from alarmd.escalation.veil import hides
from alarmd.organisation.model import Organisation, Recipient
from alarmd.ports import Reading, Store

log = structlog.get_logger()

Insist = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Coroutine[Any, Any, Any]]
Asked = tuple[str, str | None]
"""An alarm, and the device whose light it is about."""


@dataclass(frozen=True, slots=True)
class Look:
    """The alarm as it is now, with its organisation. `open`: how many alarms are open, counted no further than two, but
    for those that go on behind these `veils`. `lit`: whose states the device shows, one after the other."""

    alarm: Alarm | None
    organisation: Organisation | None
    open: int = 0
    veils: tuple[Veil, ...] = ()
    lit: tuple[Held, ...] = ()

    def several(self, recipient: Recipient) -> bool:
        """Are several open for all that he knows?"""
        return self.open + sum(not hides(veil, recipient) for veil in self.veils) > 1


@dataclass(slots=True)
class Looks:
    """`insist`: ask until the store can be read. `organisations`: the versions seen so far."""

    store: Store
    spawn: Spawn
    insist: Insist
    organisations: dict[int, Organisation] = field(default_factory=dict)
    _asked: "list[tuple[Asked, asyncio.Future[Look]]]" = field(default_factory=list)
    _looking: bool = False

    async def at(self, alarm: str, device: str | None = None) -> Look:
        """With what this device shows. Raises what the store raises for this one alarm."""
        answer: asyncio.Future[Look] = asyncio.get_running_loop().create_future()
        self._asked.append(((alarm, device), answer))
        if not self._looking:
            self._looking = True
            self.spawn("look again", self._look_all())
        return await answer

    async def _look_all(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                await self._look_for(asked)
        finally:
            self._looking = False

    async def _look_for(self, asked: "Sequence[tuple[Asked, asyncio.Future[Look]]]") -> None:
        """Answer each of these, with what is there or with why it cannot be read."""
        ask = partial(_look, asked=[what for what, _ in asked])
        try:
            found: dict[Asked, Look | Exception] = await self.insist(partial(self.store.read, ask))
        except Exception as broken:  # noqa: BLE001 - handed to everyone who waits for it
            found = dict.fromkeys((what for what, _ in asked), broken)
        for what, answer in asked:
            look = found[what]
            if answer.done():
                continue
            if isinstance(look, Exception):
                answer.set_exception(look)
                continue
            if look.alarm is not None and look.organisation is not None:
                self.organisations[look.alarm.organisation] = look.organisation
            answer.set_result(look)


def _look(reading: Reading, asked: Sequence[Asked]) -> dict[Asked, Look | Exception]:
    """Everything asked about; an alarm that cannot be read must not hide the others."""
    veils = reading.open_veils()
    open = reading.open_count(at_most=2 + len(veils)) - len(veils)
    found: dict[Asked, Look | Exception] = {}
    alarm_of = cache(reading.alarm)  # many buttons may have pressed in one
    for id, device in dict.fromkeys(asked):
        try:
            alarm = alarm_of(id)
            if alarm is None:
                found[id, device] = Look(None, None, open, veils)
                continue
            own = alarm, reading.organisation(alarm.organisation)
            others = open > (not alarm.state.ended and alarm.veil is None)
            live = _live(reading, alarm, device) if device is not None and others else ()
            found[id, device] = Look(*own, open, veils, lit(own, live))
        except NotDurable:
            raise
        except Exception as broken:
            log.exception("alarm cannot be read", alarm=id)
            found[id, device] = broken
    return found


def _live(reading: Reading, alarm: Alarm, device: str) -> Iterator[Held]:
    """The live alarms that are open at this device, the newest first. By device those are found in which it has pressed
    with a ref; where it has none, as in an exercise mostly, the zone is asked, too."""
    there: Iterable[Alarm] = reading.open_at(device)
    if not (alarm.face or alarm).live or devices(alarm).get(device) is None:
        near = [a for zone in alarm.presses.latest for a in reading.open_in_zone(zone) if device in devices(a)]
        both = {a.id: a for a in (*there, *reversed(near))}
        there = sorted(both.values(), key=attrgetter("opened_at"), reverse=True)
    return ((a, reading.organisation(a.organisation)) for a in there)
