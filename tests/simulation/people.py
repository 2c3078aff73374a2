"""People and buttons. A button presses until it is answered; a person who is told does as his habits are; and every
message of theirs goes to whichever node is there, again when that one dies or cannot store it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from alarmd.alarm.incoming import Action, Answered, Incoming, Outcome, Pressed, Reported
from alarmd.alarm.model import Device, Person
from alarmd.dispatch.take import Taken
from alarmd.errors import NotDurable
from alarmd.ports import KnownSignal
from tests.simulation.node import Life
from tests.simulation.scenario import Press
from tests.simulation.surroundings import Surroundings

PATIENCE = 60.0
"""Seconds for which a button or a person goes on trying."""


@dataclass(frozen=True)
class Accepted:
    """Somebody was told that this is stored."""

    at: float
    press: Press
    signal: KnownSignal


@dataclass(frozen=True)
class Heard:
    """Somebody was told that his answer is stored."""

    at: float
    answered: Answered


@dataclass
class People:
    """Everybody outside. `up` are the lives that can be reached, `spawn` starts a task of the world."""

    around: Surroundings
    up: dict[str, Life]
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    accepted: list[Accepted] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    _busy: set[tuple[str, str]] = field(default_factory=set)

    def begin(self) -> None:
        """Everything that happens by itself."""
        for press in self.around.scenario.presses:
            for copy in range(press.copies):
                self.spawn(self._press(press, copy))
        self.around.network.delivered = lambda *told: self.spawn(self._told(*told))
        self.around.network.receipt = lambda reported, after: self.spawn(self._receipt(reported, after))

    async def _press(self, press: Press, copy: int) -> None:
        chance = self.around.scenario.chance
        await asyncio.sleep(press.at + (chance.choice([0.0, 0.001, 3.0]) if copy else 0))
        by = Device(press.device) if press.device else Person(press.person or "", "x", "phone")
        zone = None if press.device else press.zone
        pressed = Pressed(by, press.device, zone, press.kind, press.ref, drill=press.drill)
        taken = await self._say(f"{press.device or press.person} presses {press.ref}", pressed)
        if taken is not None and taken.signal is not None:
            self.around.tell(f"{press.ref} is accepted as {taken.signal.signal} of {taken.signal.alarm}")
            self.accepted.append(Accepted(self.around.time, press, taken.signal))

    async def _told(self, person: str, alarm: str, channel: str, after: float) -> None:
        habits, chance = self.around.scenario.habits[person], self.around.scenario.chance
        if (person, alarm) in self._busy or chance.random() >= habits.answers:
            return
        self._busy.add((person, alarm))
        await asyncio.sleep(after + habits.after)
        by = Person(person, person.upper(), "voice" if channel == "voice" else "phone")
        if chance.random() < habits.declines:
            await self._answer(Answered(alarm, Action.DECLINE, by))
            return
        await self._answer(Answered(alarm, chance.choice([Action.ACKNOWLEDGE, Action.EN_ROUTE]), by))
        if chance.random() < habits.arrives:
            await asyncio.sleep(chance.uniform(0.5, 12))
            await self._answer(Answered(alarm, Action.ARRIVED, by))
        elif chance.random() < 0.2:
            await asyncio.sleep(chance.uniform(0.5, 5))
            await self._answer(Answered(alarm, Action.DECLINE, by))
        if chance.random() < habits.ends:
            await asyncio.sleep(chance.uniform(0.5, 12))
            end = chance.choice([Action.RESOLVE, Action.CANCEL])
            await self._answer(Answered(alarm, end, by, reason="seen to", outcome=Outcome.REAL))

    async def _answer(self, answered: Answered) -> None:
        taken = await self._say(f"{answered.by.person} says {answered.action} to {answered.alarm}", answered)
        if taken is not None and taken.decision.refusal is None:
            self.heard.append(Heard(self.around.time, answered))

    async def _receipt(self, reported: Reported, after: float) -> None:
        await asyncio.sleep(max(0.0, after))
        await self._say(f"the provider says {reported.state} of {reported.attempt}", reported)

    async def _say(self, what: str, incoming: Incoming) -> Taken | None:
        """Until somebody has stored it. None: nobody has, and he has given up."""
        chance, until = self.around.scenario.chance, self.around.time + PATIENCE
        self.around.tell(what)
        while self.around.time < until:
            ready = sorted(name for name, life in self.up.items() if life.ready)
            if ready:
                taken = await self._ask(self.up[chance.choice(ready)], incoming)
                if taken is not None:
                    return taken
            await asyncio.sleep(chance.choice([0.2, 1.0]))
        self.gave_up.append(what)
        return None

    async def _ask(self, life: Life, incoming: Incoming) -> Taken | None:
        """One node. None: it died, or could not store it, and who asked does not know which."""
        submit = asyncio.ensure_future(life.dispatcher.submit(incoming))
        over = asyncio.ensure_future(life.over.wait())
        try:
            await asyncio.wait((submit, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            given_up = submit.cancel()  # it does nothing where the answer is there
        if given_up:
            return None
        try:
            return submit.result()
        except NotDurable:
            return None
