"""The provider of every channel. It is its own master: what it has taken it delivers, whatever becomes of the node that
asked; and it fails, hangs and contradicts itself.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from alarmd.alarm.effects import EndCall
from alarmd.alarm.incoming import Reported
from alarmd.alarm.model import AttemptState
from alarmd.ports import Message, Outcome
from tests.simulation.scenario import Trouble
from tests.simulation.surroundings import Sent, Surroundings

SAID = (
    AttemptState.DELIVERED,
    AttemptState.FAILED,
    AttemptState.ACCEPTED,
    AttemptState.UNKNOWN,
    AttemptState.ANSWERED,
    AttemptState.SEEN,
)
"""What a receipt may say."""


@dataclass
class Network:
    """`delivered` is told what reached whom and by which channel, `receipt` what a provider says afterwards."""

    around: Surroundings
    delivered: Callable[[str, str, str, float], None] = lambda _person, _alarm, _channel, _after: None
    receipt: Callable[[Reported, float], None] = lambda _reported, _after: None
    calls: int = 0
    _taken: list[tuple[Message, str | None]] = field(default_factory=list)

    async def take(self, node: str, channel: str, message: Message, *, behind: bool) -> Outcome:
        """A message arrives at the provider; what it answers."""
        around, tell, person = self.around, message.tell, message.recipient.id
        around.sent.append(
            Sent(around.time, node, message.alarm.id, message.attempt, person, channel, tell.purpose, behind)
        )
        outcome, wait = self._mood(channel)
        around.tell(f"{node} tells {person} by {channel} of {message.alarm.id} ({tell.purpose}): {outcome.state}")
        around.spawn(self._deliver(channel, message, outcome, wait))
        await asyncio.sleep(wait)
        return outcome

    def end(self, node: str, effect: EndCall) -> bool:
        """A call is ended, where the provider can be reached."""
        if self.around.within(Trouble.PROVIDER, effect.channel):
            self.around.tell(f"{node} cannot end call {effect.provider}")
            return False
        self.around.ended.setdefault(effect.provider, self.around.time)
        self.around.tell(f"{node} ends call {effect.provider}")
        return True

    async def _deliver(self, channel: str, message: Message, outcome: Outcome, wait: float) -> None:
        chance = self.around.scenario.chance
        await asyncio.sleep(wait)
        if outcome.state is AttemptState.FAILED:
            return
        self._taken.append((message, outcome.provider))
        after = chance.choice([0.1, 0.5, 2.0, 9.0])
        comes = outcome.state is not AttemptState.UNKNOWN or chance.random() < 0.5
        if comes:
            self.delivered(message.recipient.id, message.alarm.id, channel, after)
        elif self.around.scenario.late_word:
            failed = _reported(message, AttemptState.FAILED, None)
            self.receipt(replace(failed, again_in=outcome.again_in), after)
        if outcome.state is AttemptState.ACCEPTED:
            self._receipts(message, outcome.provider, after)

    def _mood(self, channel: str) -> tuple[Outcome, float]:
        """What the provider answers, and after how long."""
        around, chance, troubles = self.around, self.around.scenario.chance, self.around.scenario.troubles
        self.calls += 1
        provider = f"call-{self.calls}"
        wait = chance.choice([0.02, 0.2])
        if around.within(Trouble.HANGS, channel):
            wait = chance.choice([2.5, 12.0, 45.0, 45.0])
        if around.within(Trouble.PROVIDER, channel):
            return chance.choice(
                [
                    Outcome(AttemptState.FAILED, "unreachable", again_in=chance.choice([0.5, 2.0])),
                    Outcome(AttemptState.FAILED, "provider_failed"),
                    Outcome(AttemptState.UNKNOWN, "timeout", again_in=1.0),
                ]
            ), wait
        if Trouble.RECEIPTS in troubles and around.troubled and chance.random() < 0.2:
            return Outcome(AttemptState.FAILED, "no_such_number"), wait
        if channel == "webhook":
            return Outcome(AttemptState.DELIVERED, provider=provider), wait
        return Outcome(AttemptState.ACCEPTED, provider=provider), wait

    def _receipts(self, message: Message, provider: str | None, after: float) -> None:
        """What the provider says later: the truth, and where receipts are troubled anything, in any order, of this
        message or an older one, or of one that nobody has ever sent.
        """
        chance = self.around.scenario.chance
        if Trouble.RECEIPTS not in self.around.scenario.troubles or not self.around.troubled:
            self.receipt(_reported(message, AttemptState.DELIVERED, provider), after)
            return
        for state in chance.choices(SAID, k=chance.choice([0, 1, 2, 4])):
            of = (message, provider) if chance.random() < 0.8 else chance.choice(self._taken)
            self.receipt(_reported(of[0], state, of[1]), after + chance.uniform(-after, 20))
        if chance.random() < 0.1:
            self.receipt(Reported("nothing", "nothing", AttemptState.DELIVERED, "said so", provider), after)


def _reported(message: Message, state: AttemptState, provider: str | None) -> Reported:
    return Reported(message.alarm.id, message.attempt, state, "said so", provider)
