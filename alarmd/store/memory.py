"""What this process remembers between transactions, so that a press need not read the log again: folded alarms, which
can be joined in a zone, are open for a cause or bind a person, the answer codes in use, organisation versions. Holds
only what is committed, as of `position`; nobody need remember anything to be right.

Changed by the one writer of the process under the head's lock; readers beside it only look.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from weakref import WeakValueDictionary

from alarmd.alarm.joining import bound, joinable
from alarmd.alarm.model import Alarm
from alarmd.organisation.model import Organisation

ALARMS = 4000
"""Folded alarms kept, a few kilobytes each. An older one is found for as long as it is used elsewhere, as while
somebody is being told of it: in a larger storm than this, receipts need not read the log."""
ZONES = 10_000
ORGANISATIONS = 64
"""Versions kept: those that alarms began with, and the newest; a calendar may make several in a day."""


class Bound:
    """Which open alarms bind whose presses (`joining.bound`)."""

    def __init__(self, known: Mapping[str, frozenset[str]]) -> None:
        self._people: dict[str, frozenset[str]] = {}
        self._alarms: dict[str, dict[str, None]] = {}
        for alarm, people in known.items():
            self.put(alarm, people)

    def put(self, alarm: str, people: frozenset[str]) -> None:
        """This alarm binds these, and nobody else any more."""
        for person in self._people.pop(alarm, frozenset()) - people:
            del self._alarms[person][alarm]
        for person in people:
            self._alarms.setdefault(person, {})[alarm] = None
        if people:
            self._people[alarm] = people

    def of(self, person: str) -> tuple[str, ...]:
        """The ids of those that bind him."""
        return tuple(self._alarms.get(person, ()))


class Memory:
    """`position` and `hash`: the end of the log that it knows; -1 knows nothing."""

    def __init__(self) -> None:
        self.position = -1
        self.hash = b""
        self.era: tuple[bytes, str] | None = None
        """Which log it is, as of an audit log that ends with this hash."""
        self.organisations: dict[int, Organisation] = {}
        self.zones: dict[str, dict[str, None]] = {}
        self.causes: dict[str, str | None] = {}
        self.codes: set[str] | None = None
        self.bound: Bound | None = None
        self._alarms: OrderedDict[str, Alarm] = OrderedDict()
        self._used: WeakValueDictionary[str, Alarm] = WeakValueDictionary()

    def alarm(self, id: str) -> Alarm | None:
        """For the writer: as of `position`."""
        found = self._alarms.get(id)
        if found is None:
            return self._used.get(id)
        self._alarms.move_to_end(id)
        return found

    def glimpse(self, id: str) -> Alarm | None:
        """For readers, who compare its version with their snapshot's; changes nothing."""
        return self._alarms.get(id) or self._used.get(id)

    def keep(self, alarm: Alarm) -> None:
        """This is how it stands, committed."""
        self._alarms[alarm.id] = alarm
        self._alarms.move_to_end(alarm.id)
        if len(self._alarms) > ALARMS:
            id, oldest = self._alarms.popitem(last=False)
            self._used[id] = oldest

    def keep_organisation(self, version: int, organisation: Organisation) -> None:
        """Whoever has read it, writer or reader; the one that was read first makes room."""
        self.organisations[version] = organisation
        for oldest in list(self.organisations)[:-ORGANISATIONS]:
            self.organisations.pop(oldest, None)

    def opened(self, zone: str, ids: Iterable[str]) -> None:
        """These are the alarms of a zone that can be joined."""
        if len(self.zones) >= ZONES:
            self.zones.clear()
        self.zones[zone] = dict.fromkeys(ids)

    def committed(self, position: int, hash: bytes, written: Iterable[Alarm]) -> None:
        """Our own transaction has made the log this long; these alarms are what it made of them."""
        self.position, self.hash = position, hash
        for alarm in written:
            self.keep(alarm)
            zone = self.zones.get(alarm.first.zone or "")
            if zone is not None and joinable(alarm):
                zone[alarm.id] = None
            elif zone is not None:
                zone.pop(alarm.id, None)
            if alarm.state.ended:
                self.codes = None
            elif self.codes is not None:
                self.codes.add(alarm.code)
            if alarm.cause is not None:
                self.causes.pop(alarm.cause, None)
            if self.bound is not None:
                self.bound.put(alarm.id, bound(alarm))

    def moved_on(self, position: int, hash: bytes, changed: Iterable[str]) -> None:
        """Others have written: these alarms are not as they were."""
        self.position, self.hash = position, hash
        for id in changed:
            self._alarms.pop(id, None)
            self._used.pop(id, None)
        self._forget_who()

    def forget(self, position: int, hash: bytes) -> None:
        """Know nothing of the alarms of a log that ends here; what is stored once and never changes is kept."""
        self.position, self.hash = position, hash
        self._alarms.clear()
        self._used.clear()
        self._forget_who()

    def _forget_who(self) -> None:
        self.zones.clear()
        self.causes.clear()
        self.codes = self.bound = None
