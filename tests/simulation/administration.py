"""The command line beside the nodes: it writes through the store like any of them, and nobody tells it of anything. It
applies organisations, makes and revokes keys, and presses.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from alarmd.access.model import Key, Scope
from alarmd.alarm.incoming import Pressed
from alarmd.app import clocks
from alarmd.clock import SystemClock
from alarmd.dispatch.take import Taken
from alarmd.organisation.model import Organisation
from alarmd.ports import Registry
from tests.simulation.disk import Disk
from tests.simulation.judging import Court
from tests.simulation.scenario import Change
from tests.simulation.surroundings import Surroundings


@dataclass(frozen=True)
class Version:
    """From this second on another organisation, or another set of keys, was durable."""

    at: float
    organisation: int
    access: int


@dataclass
class Administration:
    """One for a world. `clock`: each command begins with the one on the wall; `organisations` by version, as they were
    applied.
    """

    around: Surroundings
    disk: Disk
    court: Court
    clock: Callable[[], SystemClock]
    organisations: dict[int, Organisation] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """The first organisation, before anything runs; the changes in their time."""
        self._database = self.disk.open("shell", shared=True)
        self._change(Change(0.0, organisation=self.around.scenario.organisation))
        for change in self.around.scenario.changes:
            self.around.loop.call_at(change.at, self._change, change)

    def press(self, pressed: Pressed) -> Taken:
        """As `alarmd press` does. Raises NotFound."""
        clock = clocks.begin(self._database, self.clock())
        self.court.touched.clear()
        with self._database.transaction() as unit:
            return self.court.taker("", lambda: True).take(unit, pressed, clock.now())

    def close(self) -> None:
        self._database.close()

    def _change(self, change: Change) -> None:
        now = self.clock().now()
        with self._database.transaction() as unit:
            if change.organisation is not None:
                version = unit.add_organisation(change.organisation, by="admin", now=now, why=None)
                self.organisations[version] = change.organisation
                self.around.tell(f"the organisation is version {version} now")
            if change.key is not None:
                self._turn(unit, change.key, now)
            head = unit.head()
        self.versions.append(Version(self.around.time, head.organisation, head.access))

    def _turn(self, unit: Registry, name: str, now: datetime) -> None:
        """Make it where it is not, else revoke it."""
        if name in self._keys:
            unit.revoke_key(name, by="admin", now=now)
        else:
            unit.add_key(Key(name, name, Scope.PRESS, now), by="admin")
        self._keys ^= {name}
        self.around.tell(f"key {name} is {'there' if name in self._keys else 'revoked'}")
