"""Slows down whoever guesses passwords, by person and address together, by address, and by person. In memory; nodes
tell each other of every try, so that going from one to the next helps nobody. Where they cannot, each counts for
itself.

A try counts from its beginning, so that a thousand at once do not all slip through. The limit for a person alone is
wide: nobody outside may lock a guard out of the console by guessing badly.
"""

import math
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Any

from alarmd.dispatch.sisters import Sisters
from alarmd.ports import Clock

WINDOW = timedelta(minutes=15)
PAIR, ADDRESS, PERSON = 5, 50, 100
"""Wrong tries within the window."""
MOST = 20_000
"""How many counters are kept; the ones longest untouched go first."""

Counter = tuple[str, str]


class Throttle:
    """Counts tries; who has too many must wait until the oldest is out of the window. `topic`: what is tried, for
    sister nodes.
    """

    def __init__(self, topic: str, sisters: Sisters, clock: Clock) -> None:
        self._topic = topic
        self._sisters = sisters
        self._clock = clock
        self._tries: OrderedDict[Counter, deque[datetime]] = OrderedDict()
        sisters.listen(topic, self._heard)

    def begin(self, person: str, address: str, now: datetime) -> int:
        """Count a try and give 0, or the seconds to wait, and then nothing is counted."""
        limits = _limits(person, address)
        wait = max(self._wait(counter, limit, now) for counter, limit in limits.items())
        if not wait:
            self._tried(person, address, now)
            self._sisters.say(self._topic, {"person": person, "address": address, "right": False})
        return wait

    def succeeded(self, person: str, address: str) -> None:
        """The password was right: his tries from there are forgotten, and this one at the address and at the person."""
        self._was_right(person, address)
        self._sisters.say(self._topic, {"person": person, "address": address, "right": True})

    def _heard(self, what: dict[str, Any]) -> None:
        """At another node."""
        person, address = str(what["person"]), str(what["address"])
        if what["right"]:
            self._was_right(person, address)
        else:
            self._tried(person, address, self._clock.now())

    def _tried(self, person: str, address: str, now: datetime) -> None:
        for counter, limit in _limits(person, address).items():
            self._count(counter, limit, now)

    def _was_right(self, person: str, address: str) -> None:
        pair, *wider = _limits(person, address)
        self._tries.pop(pair, None)
        for counter in wider:
            tries = self._tries.get(counter)
            if tries:
                tries.pop()

    def _wait(self, counter: Counter, limit: int, now: datetime) -> int:
        tries = self._tries.get(counter)
        if tries is None:
            return 0
        while tries and now - tries[0] >= WINDOW:
            tries.popleft()
        return math.ceil((tries[0] + WINDOW - now).total_seconds()) if len(tries) >= limit else 0

    def _count(self, counter: Counter, limit: int, now: datetime) -> None:
        self._tries.setdefault(counter, deque(maxlen=limit)).append(now)
        self._tries.move_to_end(counter)
        while len(self._tries) > MOST:
            self._tries.popitem(last=False)


def _limits(person: str, address: str) -> dict[Counter, int]:
    return {(person, address): PAIR, ("", address): ADDRESS, (person, ""): PERSON}
