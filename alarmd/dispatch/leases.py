"""What this node holds: effects that are leased to it for seconds, and are kept as long as somebody here works on them.
When the node is killed its sisters take them over; so short a lease is renewed often, in few statements. Part of the
outbox.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from alarmd.errors import NotDurable
from alarmd.ports import Clock, Store

log = structlog.get_logger()

RENEW = timedelta(seconds=1.5)
"""So often leases are renewed: one renewal may fail before a lease is not relied on, three before it is over."""
AT_ONCE = 1000
"""Leases renewed in one transaction: presses come in between."""
SPARE = timedelta(seconds=2)
"""So long before its end a lease is not relied on: clocks of sisters differ a little, providers take a moment, and what
became of it must be stored. One that is renewed in time never comes so far.
"""


@dataclass(slots=True)
class Leases:
    """`held`: by effect, until when."""

    store: Store
    clock: Clock
    node: str
    held: dict[str, datetime] = field(default_factory=dict)

    async def renew(self) -> None:
        """All of them; without sisters those alone that would be over before the next time: in a storm most are done by
        then.
        """
        soon = self.clock.now() + SPARE
        held = tuple(effect for effect, until in self.held.items() if not self.store.alone or until <= soon)
        try:
            for start in range(0, len(held), AT_ONCE):
                await self._hold(held[start : start + AT_ONCE])
        except NotDurable as fault:
            log.warning("leases not renewed", why=str(fault))

    def holds(self, effect: str) -> bool:
        """Does its lease hold, and for a while? Without sisters nobody takes it over, however late it is: in a storm
        that lasts, each telling would else ask the store about its own.
        """
        return self.store.alone or self.clock.now() + SPARE < self.held[effect]

    async def keeps(self, effect: str) -> bool:
        """Its lease is over, or nearly: is it ours still? The store knows whether a sister has taken it over. Its
        answer is believed however late it comes: where everything is that slow, twice is better than never.
        """
        try:
            return effect in await self._hold((effect,))
        except NotDurable as fault:
            log.warning("lease not renewed", effect=effect, why=str(fault))
            return False

    async def give_back(self, effects: Sequence[str]) -> None:
        """To whoever looks next."""
        try:
            await self.store.transact(lambda unit: unit.give_back(self.node, effects))
        except NotDurable as fault:
            log.warning("effects not handed over yet", why=str(fault))
            return
        for effect in effects:
            del self.held[effect]

    async def _hold(self, effects: Sequence[str]) -> Collection[str]:
        """Hold them a while longer. Those that are ours still."""
        now = self.clock.now()
        renewed = await self.store.transact(lambda unit: unit.renew(self.node, now, effects))
        self.held |= {effect: until for effect, until in renewed.items() if effect in self.held}
        return renewed
