"""Could we reach someone now? Holds what is unwell, by cause, and says it aloud: a technical alarm for each cause as
soon as the store can take one, resolved when the cause is gone; banner, /readyz and metrics read the same list.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from alarmd.alarm.incoming import FaultFound, FaultGone
from alarmd.alarm.times import stamp
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.errors import AlarmdError, NotDurable
from alarmd.ports import Clock

log = structlog.get_logger()

AGAIN = timedelta(seconds=1)
SET_ASIDE = timedelta(minutes=1)
"""So long what cannot be decided is left alone."""
OF_THE_NODE = frozenset({"store", "mqtt", "relay", "public_url", "clock", "certificate", "calendar"})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is unwell, in words for an administrator, since when."""

    cause: str
    text: str
    since: datetime


@dataclass(slots=True)
class Health:
    """One for each node; everybody who notices something calls `found` and `gone`, which are cheap and may be called
    at will.
    """

    clock: Clock
    node: str
    faults: dict[str, Fault] = field(default_factory=dict)
    states: dict[str, Callable[[], str]] = field(default_factory=dict)
    """How each part is, in one word, asked when somebody wants to know: mqtt, relay. The store is known here."""
    commits: bool = False
    changed: list[Callable[[], None]] = field(default_factory=list)
    """Called when something has become unwell or well again."""
    stopping: bool = False
    """Told to stop: still working, and no longer to be sent anything new."""
    _well: set[str] = field(default_factory=set)
    _unsaid: dict[str, tuple[FaultFound | FaultGone, ...]] = field(default_factory=dict)
    """By cause, one after the other: that it is unwell, that it is well, or both."""
    _not_before: dict[str, datetime] = field(default_factory=dict)
    """Causes that are set aside, until then."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def found(self, cause: str, text: str) -> None:
        """This is unwell."""
        self._well.discard(cause)
        if cause not in self.faults:
            log.warning("fault", cause=cause, why=text)
            self.faults[cause] = Fault(cause, text, self.clock.now())
            self._say(cause, FaultFound(self._said(cause), text))
            self._tell()

    def gone(self, cause: str, text: str = "recovered") -> None:
        """This is well again. The first time in a life it is said even where nothing was known to be unwell: the
        technical alarm may be of the life before.
        """
        if cause in self._well:
            return
        self._well.add(cause)
        if self.faults.pop(cause, None) is not None:
            log.info("fault gone", cause=cause)
            self._tell()
        self._say(cause, FaultGone(self._said(cause), text))

    def report(self, cause: str, text: str, about: str | None = None) -> None:
        """This happened once and cannot be undone by waiting: a technical alarm that a person resolves. `about`: of
        this alarm.
        """
        log.warning("fault", cause=cause, why=text)
        self._say(cause, FaultFound(self._said(cause), text, about=about))

    def store(self, trouble: str | None) -> None:
        """What the dispatcher says after each commit."""
        self.commits = trouble is None
        if trouble is None:
            self.gone("store")
        else:
            self.found("store", trouble)

    def banner(self) -> tuple[Mapping[str, str], ...]:
        """For administrators: every fault, the oldest first."""
        return tuple({"cause": f.cause, "text": f.text, "since": stamp(f.since)} for f in self.faults.values())

    def of_the_node(self) -> tuple[Mapping[str, str], ...]:
        """For every console of this node: what is wrong with the node itself, and nothing of anybody's site."""
        return tuple(fault for fault in self.banner() if fault["cause"] in OF_THE_NODE)

    def _tell(self) -> None:
        for changed in self.changed:
            changed()

    def _said(self, cause: str) -> str:
        """What one node finds, another must not resolve: its own parts are named with it."""
        return f"{cause}:{self.node}" if cause.partition(":")[0] in OF_THE_NODE else cause

    def _say(self, cause: str, what: FaultFound | FaultGone) -> None:
        """Its latest word; a fault that came and went before it could be stored is still told: it happened."""
        before = [word for word in self._unsaid.get(cause, ()) if isinstance(word, FaultFound)]
        self._unsaid[cause] = (*before, what) if isinstance(what, FaultGone) else (what,)
        self._not_before.pop(cause, None)
        self._wake.set()

    async def run(self, dispatcher: Dispatcher) -> None:
        """For ever: say what has not been said yet, as soon as it can be stored."""
        again: datetime | None = None
        while True:
            await self.clock.sleep_until(again, self._wake)
            self._wake.clear()
            again = await self._say_all(dispatcher)

    async def _say_all(self, dispatcher: Dispatcher) -> datetime | None:
        """When to go on with what could not be said."""
        now = self.clock.now()
        for cause in list(self._unsaid):
            while (words := self._unsaid.get(cause)) and self._not_before.get(cause, now) <= now:
                try:
                    await dispatcher.submit(words[0])
                except NotDurable:
                    return self.clock.now() + AGAIN
                except AlarmdError:  # of this one alone: the others must not wait for it
                    if self._unsaid[cause][0] is words[0]:
                        self._not_before[cause] = self.clock.now() + SET_ASIDE
                else:
                    self._done(cause, words[0])
        return min(self._not_before.values(), default=None)

    def _done(self, cause: str, said: FaultFound | FaultGone) -> None:
        """What came while it was being said is left to be said."""
        left = self._unsaid[cause]
        self._unsaid[cause] = left[1:] if left[0] is said else left
        if not self._unsaid[cause]:
            del self._unsaid[cause]
            self._not_before.pop(cause, None)
