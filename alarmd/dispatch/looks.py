"""Alarms as they stand in the store now, for whoever is about to act on them. Looks gather while one is under way, so
that a storm is a few reads and not thousands. Part of the outbox.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from alarmd.alarm.model import Alarm
from alarmd.alarm.veil import Veil
from alarmd.dispatch.lanes import Spawn
from alarmd.errors import NotDurable
from alarmd.escalation.feedback import devices
from alarmd.escalation.veil import hides
from alarmd.organisation.model import Organisation, Recipient
from alarmd.ports import Reading, Store

log = structlog.get_logger()

Insist = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Look:
    """The alarm as it is now, with its organisation. `open`: how many alarms are open, counted no further than two, but
    for those that go on behind these `veils`. `overtaking`: of an exercise, the live alarms that are open where
    it is, the newest last."""

    alarm: Alarm | None
    organisation: Organisation | None
    open: int = 0
    veils: tuple[Veil, ...] = ()
    overtaking: tuple[tuple[Alarm, Organisation], ...] = ()

    def holding(self, device: str) -> tuple[Alarm, Organisation] | None:
        """Whose the light of this device is: the newest live alarm's in which it has pressed, else this one's."""
        live = [both for both in self.overtaking if device in devices(both[0])]
        if live:
            return live[-1]
        return (self.alarm, self.organisation) if self.alarm and self.organisation else None

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
    _asked: "list[tuple[str, asyncio.Future[Look]]]" = field(default_factory=list)
    _looking: bool = False

    async def at(self, alarm: str) -> Look:
        """Raises what the store raises for this one alarm."""
        answer: asyncio.Future[Look] = asyncio.get_running_loop().create_future()
        self._asked.append((alarm, answer))
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

    async def _look_for(self, asked: "Sequence[tuple[str, asyncio.Future[Look]]]") -> None:
        """Answer each of these, with what is there or with why it cannot be read."""
        ask = partial(_look, alarms=[alarm for alarm, _ in asked])
        try:
            found: dict[str, Look | Exception] = await self.insist(partial(self.store.read, ask))
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
                self.organisations[look.alarm.organisation] = look.organisation
            answer.set_result(look)


def _overtaking(reading: Reading, alarm: Alarm) -> tuple[tuple[Alarm, Organisation], ...]:
    """Live alarms do not ask: theirs goes before every exercise."""
    zones = () if alarm.live else tuple(alarm.presses.latest)
    return tuple((a, reading.organisation(a.organisation)) for zone in zones for a in reading.open_in_zone(zone))


def _look(reading: Reading, alarms: Sequence[str]) -> dict[str, Look | Exception]:
    """Every alarm asked about; one that cannot be read must not hide the others."""
    veils = reading.open_veils()
    open = reading.open_count(at_most=2 + len(veils)) - len(veils)
    found: dict[str, Look | Exception] = {}
    for id in dict.fromkeys(alarms):
        try:
            alarm = reading.alarm(id)
            organisation = reading.organisation(alarm.organisation) if alarm else None
            found[id] = Look(alarm, organisation, open, veils, _overtaking(reading, alarm) if alarm else ())
        except NotDurable:
            raise
        except Exception as broken:
            log.exception("alarm cannot be read", alarm=id)
            found[id] = broken
    return found
