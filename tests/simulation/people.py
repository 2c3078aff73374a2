"""People and buttons. A button presses until it is answered; a person who is told does as his habits are, and some do
things that nobody has asked them to do; and every message of theirs goes to whichever node is there, again when that
one dies, does not answer or cannot store it.
"""

import asyncio
from dataclasses import dataclass, field, replace

from alarmd.alarm.incoming import Action, Answered, Incoming, Outcome, Pressed, Reported
from alarmd.alarm.model import Device, Person
from alarmd.dispatch.take import Taken
from alarmd.errors import NotDurable, NotFound
from alarmd.escalation.draft import Refusal
from alarmd.ports import KnownSignal
from tests.simulation.administration import Administration
from tests.simulation.network import Network
from tests.simulation.node import Life
from tests.simulation.offices import SITES
from tests.simulation.scenario import Meddling, Press, TakenBack, Trouble
from tests.simulation.surroundings import Surroundings

PATIENCE = 60.0
"""Seconds for which a button or a person goes on trying."""
HANGS_UP = 5.0
"""Seconds after which he tries elsewhere, while what he has said may still be heard."""


@dataclass(frozen=True)
class Accepted:
    """Somebody was told that this is stored."""

    at: float
    press: Press
    signal: KnownSignal


@dataclass(frozen=True)
class Refused:
    """Somebody was told that there is no such device or place."""

    asked: float
    at: float
    press: Press


@dataclass(frozen=True)
class Heard:
    """Somebody was told that his answer is stored, or why not. `asked`: when he first said so."""

    asked: float
    at: float
    answered: Answered
    refusal: Refusal | None


@dataclass(frozen=True)
class GaveUp:
    """Somebody has tried from then on for PATIENCE, and nobody has stored it."""

    asked: float
    what: str


@dataclass
class People:
    """Everybody outside. `up` are the lives that can be reached."""

    around: Surroundings
    network: Network
    up: dict[str, Life]
    shell: Administration
    accepted: list[Accepted] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    gave_up: list[GaveUp] = field(default_factory=list)
    _busy: set[tuple[str, str]] = field(default_factory=set)
    _known: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Everything that happens by itself."""
        for press in self.around.scenario.presses:
            for copy in range(press.copies):
                self.around.spawn(self._press(press, copy))
        for meddling in self.around.scenario.meddling:
            self.around.spawn(self._meddle(meddling))
        self.network.delivered = lambda *told: self.around.spawn(self._told(*told))
        self.network.receipt = lambda reported, after: self.around.spawn(self._receipt(reported, after))

    async def _press(self, press: Press, copy: int) -> None:
        around = self.around
        await asyncio.sleep(press.at + (around.scenario.chance.choice([0.0, 0.001, 3.0, 20.0]) if copy else 0))
        by = Device(press.device) if press.device else Person(press.person or "", "x", "phone")
        zone = None if press.device else press.zone
        pressed = Pressed(
            by,
            press.device,
            zone,
            press.kind,
            press.ref,
            fault=press.fault,
            drill=press.drill,
            externals=press.externals,
        )
        what = f"{press.device or press.person} presses {press.ref}{' in the shell' if press.shell else ''}"
        asked = around.time
        try:
            taken = await self._type(what, pressed) if press.shell else await self._say(what, pressed)
        except NotFound as fault:
            around.tell(f"{press.ref} is refused: {fault}")
            self.refused.append(Refused(asked, around.time, press))
            return
        if taken is not None and taken.signal is not None:
            around.tell(f"{press.ref} is accepted as {taken.signal.signal} of {taken.signal.alarm}")
            self.accepted.append(Accepted(around.time, press, taken.signal))
            self._known.append(taken.signal.alarm)
            if press.taken_back is not None and not copy:
                around.spawn(self._take_back(taken.signal.alarm, press.taken_back))

    async def _take_back(self, alarm: str, how: TakenBack) -> None:
        await asyncio.sleep(how.after)
        by = Person(how.person, how.person.upper(), "phone")
        await self._answer(Answered(alarm, Action.CANCEL, by, pin=how.pin))

    async def _type(self, what: str, pressed: Pressed) -> Taken:
        full = [w.end for w in self.around.scenario.windows if w.trouble is Trouble.FULL]
        await asyncio.sleep(max([0.0, *(end - self.around.time for end in full)]))
        self.around.tell(what)
        return self.shell.press(pressed)

    async def _told(self, person: str, alarm: str, channel: str, after: float) -> None:
        self._known.append(alarm)
        habits, chance = self.around.scenario.habits.get(person), self.around.scenario.chance
        if habits is None or (person, alarm) in self._busy or chance.random() >= habits.answers:
            return
        self._busy.add((person, alarm))
        await asyncio.sleep(after + habits.after)
        by = Person(person, person.upper(), "voice" if channel == "voice" else "phone")
        if chance.random() < habits.presses:
            zone = chance.choice([zone for names in SITES.values() for zone in names])
            await self._press(Press(0.0, None, person, zone, None, f"{person}-{alarm}"), 0)
        if chance.random() < habits.declines:
            await self._answer(Answered(alarm, Action.DECLINE, by))
            return
        await self._come(alarm, by)
        if chance.random() < habits.ends:
            await asyncio.sleep(chance.uniform(0.5, 12))
            end = chance.choice([Action.RESOLVE, Action.CANCEL])
            await self._answer(Answered(alarm, end, by, reason="seen to", outcome=Outcome.REAL))

    async def _come(self, alarm: str, by: Person) -> None:
        """He says so; perhaps he is seen, perhaps leaves again, perhaps he thinks better of it, perhaps he has lied."""
        habits, chance = self.around.scenario.habits[by.person], self.around.scenario.chance
        await self._answer(Answered(alarm, chance.choice([Action.ACKNOWLEDGE, Action.EN_ROUTE]), by))
        if chance.random() < habits.arrives:
            await asyncio.sleep(chance.uniform(0.5, 12))
            await self._answer(Answered(alarm, Action.ARRIVED, by))
            if chance.random() < 0.1:
                await asyncio.sleep(chance.uniform(0.5, 12))
                await self._answer(Answered(alarm, Action.DECLINE, by))
        elif chance.random() < 0.2:
            await asyncio.sleep(chance.uniform(0.5, 5))
            await self._answer(Answered(alarm, Action.DECLINE, by))

    async def _meddle(self, meddling: Meddling) -> None:
        await asyncio.sleep(meddling.at)
        if self._known:
            alarm = self.around.scenario.chance.choice(self._known)
            by = Person(meddling.person, meddling.person.upper(), "console")
            await self._answer(Answered(alarm, meddling.action, by, meddling.reason, text="a note"))

    async def _answer(self, answered: Answered) -> None:
        """Each door says what roles he has by the organisation that holds then."""
        asked = self.around.time
        person = self.shell.organisations[max(self.shell.organisations)].people.get(answered.by.person)
        answered = replace(answered, roles=person.roles if person else ())
        how = f" by {answered.pin} PIN" if answered.pin else ""
        taken = await self._say(f"{answered.by.person} says {answered.action} to {answered.alarm}{how}", answered)
        if taken is not None:
            self.heard.append(Heard(asked, self.around.time, answered, taken.decision.refusal))

    async def _receipt(self, reported: Reported, after: float) -> None:
        await asyncio.sleep(max(0.0, after))
        await self._say(f"the provider says {reported.state} of {reported.attempt}", reported)

    async def _say(self, what: str, incoming: Incoming) -> Taken | None:
        """Until somebody has stored it. None: nobody has, and he has given up."""
        chance, asked = self.around.scenario.chance, self.around.time
        self.around.tell(what)
        while self.around.time < asked + PATIENCE:
            ready = sorted(name for name, life in self.up.items() if life.ready and not self._avoided(life))
            if ready:
                taken = await self._ask(self.up[chance.choice(ready)], incoming)
                if taken is not None:
                    return taken
            await asyncio.sleep(chance.choice([0.2, 1.0]))
        self.gave_up.append(GaveUp(asked, what))
        return None

    def _avoided(self, life: Life) -> bool:
        """A load balancer hears within a second that a node is told to stop."""
        told = life.told_at is not None and self.around.time - life.told_at > 1.0
        return told and len(self.up) > 1

    async def _ask(self, life: Life, incoming: Incoming) -> Taken | None:
        """One node. None: it died, does not answer, or could not store it, and who asked does not know which."""
        loop = self.around.loop
        submit = loop.create_task(life.dispatcher.submit(incoming), context=life.process.context())
        life.requests.add(submit)
        over = loop.create_task(life.over.wait())
        try:
            await asyncio.wait((submit, over), timeout=HANGS_UP, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if not submit.done():
            return None
        life.requests.discard(submit)
        try:
            taken = submit.result()
        except NotDurable:
            return None
        if taken.light is not None and taken.alarm is not None and life.alive:
            life.process.context().run(life.outbox.show, taken.alarm.id, taken.light)
        return taken
