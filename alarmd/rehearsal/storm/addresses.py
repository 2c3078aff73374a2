"""Which nodes there are to ask: any that lives, by chance. One that has just failed, or that the storm knows to be
down, is left alone for a while. Called by every shell that speaks to alarmd.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alarmd.ports import Clock
from alarmd.rehearsal.storm.plan import Dice

REST = timedelta(seconds=1)
"""So long a node is left alone that did not answer."""


class Addresses:
    """`urls` as `http://HOST:PORT`."""

    def __init__(self, urls: Sequence[str], dice: Dice, clock: Clock) -> None:
        self.urls = tuple(urls)
        self._dice = dice
        self._clock = clock
        self._down: set[str] = set()
        self._resting: dict[str, datetime] = {}

    def pick(self) -> str:
        """One that lives, as far as is known; any, when none does."""
        now = self._clock.now()
        living = [url for url in self.urls if url not in self._down and self._resting.get(url, now) <= now]
        return self._dice.choice(living or self.urls)

    def failed(self, url: str) -> None:
        """It did not answer just now."""
        self._resting[url] = self._clock.now() + REST

    def down(self, url: str) -> None:
        """It is known not to live."""
        self._down.add(url)

    def up(self, url: str) -> None:
        """It lives again."""
        self._down.discard(url)
        self._resting.pop(url, None)
