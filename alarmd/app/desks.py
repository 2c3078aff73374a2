"""What the doors see of the loop: each room has named what it asks for as a Protocol, and here stands who answers. No
decision is made here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from alarmd.alarm.incoming import Answered, Incoming, Pressed, Reported
from alarmd.alarm.model import Alarm
from alarmd.alarm.model import Person as By
from alarmd.alarm.values import replace
from alarmd.console.desk import Readiness
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.dispatch.outbox import Outbox
from alarmd.dispatch.presence import Presence
from alarmd.dispatch.sisters import Sisters
from alarmd.dispatch.take import Taken
from alarmd.errors import NotDurable, NotFound
from alarmd.escalation.draft import Decision
from alarmd.escalation.veil import seen_by
from alarmd.intake import desk as intake
from alarmd.observe import metrics
from alarmd.organisation.model import Contact, Organisation, Person
from alarmd.ports import Clock, Head, Reading, Store

MQTT_READY = ("off", "subscribed", "standby", "unreachable")
"""Contract: ready means subscribed, connected while another node takes the presses, or that the broker could not be
reached at the first try, which the body then says.
"""


_signals = cache(metrics.SIGNALS.labels)


PATIENCE = 10.0
"""Seconds that somebody waits for the store. Longer, and he believes that nobody is there."""


@dataclass(frozen=True, slots=True)
class House:
    """The loop of one node, whole."""

    node: str
    store: Store
    clock: Clock
    dispatcher: Dispatcher
    outbox: Outbox
    follower: Follower
    health: Health
    sisters: Sisters = field(default_factory=Sisters)

    def organisation(self) -> tuple[int, Organisation]:
        """The version that holds, and it, from memory. Raises NotFound."""
        known = self.follower.organisation
        if known is None:
            raise NotFound("no organisation yet; load one with `alarmd apply FILE`")
        return self.follower.head.organisation, known

    async def take(self, incoming: Incoming, *, patient: bool = False) -> Taken:
        """The one door; a ref that was known already lights its button again. Raises NotDurable also for what may yet
        be stored, unless `patient`: whoever waits for an answer is told the truth after PATIENCE, and asks again.
        """
        try:
            async with asyncio.timeout(None if patient else PATIENCE):
                taken = await self.dispatcher.submit(incoming)
        except TimeoutError:
            raise NotDurable(
                f"the store has not answered within {PATIENCE:.0f} s; it may or may not be stored: try again, with the"
                " same ref if it has one"
            ) from None
        if taken.light is not None and taken.alarm is not None:
            self.outbox.show(taken.alarm.id, taken.light)
        return taken


@dataclass(frozen=True, slots=True)
class SignalCounter:
    """Fulfils `intake.desk.SignalDesk`; one for each door, `source`. `patient`: a door that delivers again by itself,
    and must not while the first may yet be stored.
    """

    house: House
    source: str
    patient: bool = False

    def site_of(self, *, device: str | None, zone: str | None) -> str:
        _, organisation = self.house.organisation()
        if device is not None:
            known = organisation.devices.get(device)
            if known is None:
                raise NotFound(f"no device {device!r} in this organisation")
            return known.site
        found = organisation.zone(zone)
        if found is None:
            raise NotFound(f"no zone {zone!r} in this organisation; a zone is written site/zone")
        return found.site

    async def submit(self, pressed: Pressed) -> intake.Taken:
        pressed = self._named(pressed)
        try:
            taken = await self.house.take(pressed, patient=self.patient)
        except Exception:
            _signals(self.source, "refused").inc()
            raise
        assert taken.signal is not None
        assert taken.alarm is not None
        answer = taken.signal
        result = "repeated" if taken.repeated else "joined" if answer.joined else "raised"
        _signals(self.source, result).inc()
        seen = taken.alarm.face or taken.alarm  # a presser never sees behind a veil
        return intake.Taken(answer.signal, answer.alarm, answer.joined, seen.state.value, taken.repeated)

    def _named(self, pressed: Pressed) -> Pressed:
        """A person who presses is shown by name; without a device he did it on his phone page."""
        if not isinstance(pressed.by, By):
            return pressed
        person = self.house.organisation()[1].people.get(pressed.by.person)
        channel = "phone" if pressed.device is None else pressed.by.channel
        return replace(pressed, by=By(pressed.by.person, person.name if person else pressed.by.name, channel))


@dataclass(frozen=True, slots=True)
class GuardsDesk:
    """Fulfils `console.desk.Desk`."""

    house: House
    presence: Presence

    @property
    def node(self) -> str:
        return self.house.node

    @property
    def store(self) -> Store:
        return self.house.store

    @property
    def clock(self) -> Clock:
        return self.house.clock

    @property
    def sisters(self) -> Sisters:
        return self.house.sisters

    @property
    def head(self) -> Head:
        return self.house.follower.head

    def organisation(self) -> tuple[int, Organisation]:
        return self.house.organisation()

    async def submit(self, incoming: Answered | Pressed) -> Taken:
        return await self.house.take(incoming)

    def health(self) -> Readiness:
        health = self.house.health
        states = {part: ask() for part, ask in health.states.items()}
        ready = health.commits and not health.stopping and states.get("mqtt", "off") in MQTT_READY
        store = "commits" if health.commits else "does not commit"
        how = {"store": store, **states, "consoles": self.presence.counts.plain()}
        body = {**how, "stopping": health.stopping, "faults": list(health.banner())}
        return Readiness(ready, body)


@dataclass(frozen=True, slots=True)
class AnswerDesk:
    """Fulfils `intake.answers.AnswerDesk`: who spoke, and of which alarm."""

    house: House

    async def submit(self, incoming: Answered | Reported) -> Decision:
        return (await self.house.take(incoming)).decision

    async def alarm(self, id: str) -> tuple[Alarm, Organisation] | None:
        """An alarm with the organisation that it keeps."""
        return await self.house.store.read(lambda reading: _alarm(reading, id))

    async def asked(self, number: str) -> list[tuple[Person, Alarm, Organisation]]:
        """The open alarms of which the owner of this number was told, the newest first; none that is over for him."""
        return await self.house.store.read(lambda reading: _asked(reading, number))


def _alarm(reading: Reading, id: str) -> tuple[Alarm, Organisation] | None:
    alarm = reading.alarm(id)
    return (alarm, reading.organisation(alarm.organisation)) if alarm else None


def _asked(reading: Reading, number: str) -> list[tuple[Person, Alarm, Organisation]]:
    @cache
    def owners(version: int) -> dict[str, Person]:
        return {id: p for id, p in reading.organisation(version).people.items() if _owns(p.contact, number)}

    found: list[tuple[Person, Alarm, Organisation]] = []
    for alarm in reading.open_told(owners):
        told, organisation = {n.person for n in alarm.notifications}, reading.organisation(alarm.organisation)
        people = (person for id, person in owners(alarm.organisation).items() if id in told)
        found += [(person, alarm, organisation) for person in people if seen_by(alarm, person) is alarm]
    return found


def _owns(contacts: Sequence[Contact], number: str) -> bool:
    return any(c.kind in ("sms", "voice") and c.address == number for c in contacts)
