"""Who is at which console: what the consoles of this node say of themselves, and what sister nodes say of theirs. In
memory alone, and forgotten when it is not repeated: nobody can look up later who was where.

A console of its own is known because its page says so after each beat; those of a sister because she repeats them every
few seconds over the relay. Where the relay may have lost something, what is known here is not all, and that is said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alarmd.access.model import Caller
from alarmd.alarm.times import moment, stamp
from alarmd.dispatch.sisters import Sisters
from alarmd.observe import metrics
from alarmd.ports import Clock

TOPIC = "consoles"
LOOK = timedelta(seconds=1)
AGAIN = timedelta(seconds=4)
"""So often a node repeats to its sisters what it has; a change is said at the next look."""
KEPT = timedelta(seconds=15)
"""How long a word holds: three beats of a console or a node may be lost, and not a fourth. Longer than it takes to
notice that the relay is away, so that nobody is forgotten while she cannot be heard."""


@dataclass(frozen=True, slots=True)
class Console:
    """An open console. `site`: the only one that it shows; `since`: when its page first said that it is there."""

    person: str
    site: str | None
    since: datetime
    armed: bool
    visible: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Consoles of all nodes. `complete`: no sister can have any that are not known here."""

    open: int = 0
    armed: int = 0
    complete: bool = False

    def plain(self) -> Mapping[str, Any]:
        """As JSON has it."""
        return {"open": self.open, "armed": self.armed, "complete": self.complete}


class Presence:
    """One for each node; run `run` for ever. `hears`: would a sister's word reach us now? True where there can be no
    sister."""

    def __init__(self, node: str, clock: Clock, sisters: Sisters, hears: Callable[[], bool]) -> None:
        self.counts = Counts()
        self._node = node
        self._clock = clock
        self._sisters = sisters
        self._hears = hears
        self._own: dict[object, tuple[datetime, Console]] = {}
        self._theirs: dict[str, tuple[datetime, tuple[Console, ...]]] = {}
        self._said: tuple[Console, ...] = ()
        self._looked = self._listening_since = self._say_at = clock.now()
        sisters.listen(TOPIC, self._heard)

    def here(self, line: object, caller: Caller, *, armed: bool, visible: bool) -> None:
        """The console on this line says how it is. Without a person there is nobody at it."""
        if caller.person is not None:
            now = self._clock.now()
            since = self._own[line][1].since if line in self._own else now
            self._own[line] = now, Console(caller.person, caller.site, since, armed, visible)

    def left(self, line: object) -> None:
        """It is closed."""
        self._own.pop(line, None)

    def known(self) -> list[tuple[str, Console]]:
        """Every console with its node."""
        theirs = [(node, one) for node, (_, consoles) in sorted(self._theirs.items()) for one in consoles]
        return [(self._node, one) for _, one in self._own.values()] + theirs

    async def run(self) -> None:
        """For ever."""
        while True:
            self.look()
            await self._clock.sleep_until(self._clock.now() + LOOK)

    def look(self) -> None:
        """Forget what has not been repeated, count, and tell the sisters."""
        now = self._clock.now()
        if not self._hears() or now - self._looked > AGAIN:  # or it stood still, and what was said meanwhile is to come
            self._listening_since = now
        self._looked = now
        for line in [line for line, (said, _) in self._own.items() if now - said > KEPT]:
            del self._own[line]
        for node in [node for node, (said, _) in self._theirs.items() if now - said > KEPT]:
            del self._theirs[node]
        known = [one for _, one in self.known()]
        armed = sum(one.armed for one in known)
        self.counts = Counts(len(known), armed, now - self._listening_since >= KEPT)
        self._tell(now)

    def _tell(self, now: datetime) -> None:
        own = tuple(one for _, one in self._own.values())
        if own == self._said and now < self._say_at:
            return
        self._said, self._say_at = own, now + AGAIN
        for armed in (True, False):
            metrics.CONSOLES.labels(str(armed).lower()).set(sum(one.armed is armed for one in own))
        self._sisters.say(TOPIC, {"node": self._node, "consoles": [_plain(one) for one in own]})

    def _heard(self, what: dict[str, Any]) -> None:
        """All consoles of a sister."""
        consoles = tuple(
            Console(each["person"], each["site"], moment(each["since"]), bool(each["armed"]), bool(each["visible"]))
            for each in what["consoles"]
        )
        self._theirs[str(what["node"])] = self._clock.now(), consoles


def _plain(console: Console) -> Mapping[str, Any]:
    return {
        "person": console.person,
        "site": console.site,
        "since": stamp(console.since),
        "armed": console.armed,
        "visible": console.visible,
    }
