"""The one door. Whatever comes in is read against the clock once, decided and committed with everything that waits
beside it; only then does the caller get his answer and do feed, outbox and deadlines learn of it.

While one group is being made durable the next one gathers, so a lone press is committed at once and a storm in a few
large transactions, the most urgent first (`admission.py`). Never a yes before the disk: when a commit fails, everyone
in it is told so (NotDurable) and nobody else learns anything. What cannot be decided, by a bug of ours, fails alone
(Undecidable), and is said aloud from here, whoever has handed it in.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from alarmd.alarm.incoming import FaultFound, FaultGone, Incoming, Performed, Pressed
from alarmd.dispatch.admission import LINGER, Admission, Waiting
from alarmd.dispatch.take import Taken, Taker
from alarmd.errors import AlarmdError, NotDurable, Undecidable
from alarmd.escalation.urgency import Urgency, urgency
from alarmd.observe import metrics
from alarmd.organisation.model import Organisation
from alarmd.ports import Clock, Committed, Store, Unit

log = structlog.get_logger()

Heard = Callable[[Sequence[Committed]], None]
"""Told of every group right after its commit, in the order of the log."""

Report = Callable[[str, str, str | None], None]
"""Says what is unwell: by which cause, in which words, and of which alarm it tells something."""

NOT_DECIDED = "alarmd cannot decide on this, by a fault of its own; nothing of it is stored. Try again"


class _UndecidableError(Exception):
    """We have a bug on this one."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__(type(waiting.incoming).__name__)
        self.waiting = waiting


class Dispatcher:
    """`listeners` are called after each commit; `trouble` is told why a commit failed, and None when one has worked
    again; `report` what cannot be decided; `organisation` is the one that holds, as far as is known: by it a press is
    put in its place.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        taker: Taker,
        trouble: Callable[[str | None], None],
        report: Report,
        organisation: Callable[[], Organisation | None] = lambda: None,
    ) -> None:
        self.listeners: list[Heard] = []
        self.groups = 0
        """How many the store has answered, with yes or no."""
        self.doubtful = False
        """A commit has failed, perhaps only its answer, or news of it was lost: effects may be leased to us that we do
        not know of."""
        self._store = store
        self._clock = clock
        self._taker = taker
        self._trouble = trouble
        self._report = report
        self._organisation = organisation
        self._waiting = Admission()
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()

    async def submit(self, incoming: Incoming) -> Taken:
        """Decide and commit; returns when it is durable. Raises NotFound, NotDurable, Undecidable."""
        return await self.hand_in(incoming)

    def hand_in(self, incoming: Incoming) -> "asyncio.Future[Taken]":
        """The same for many at once: they are committed together, each answer comes by its own future."""
        answer: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        how_urgent = urgency(incoming, self._organisation())
        self._waiting.put(Waiting(incoming, self._clock.now(), answer), how_urgent)
        if how_urgent is not Urgency.OUTCOME:
            self._hurry.set()
        self._wake.set()
        return answer

    @property
    def depth(self) -> int:
        """How many wait for a commit."""
        return len(self._waiting)

    async def run(self) -> None:
        """For ever: take what waits, commit it, tell."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self.depth:
                if not self._waiting.hurries:
                    await self._clock.sleep_until(self._clock.now() + LINGER, self._hurry)
                self._hurry.clear()
                group = self._waiting.take(self._clock.now())
                await self._commit(group)
                self._waiting.done(group)
                self.groups += 1

    async def _commit(self, group: Sequence[Waiting]) -> None:
        metrics.COMMIT_SIZE.observe(len(group))
        try:
            with metrics.COMMIT_SECONDS.time():
                results = await self._store.transact(lambda unit: self._take_all(unit, group))
        except NotDurable as fault:
            self.doubtful = True
            metrics.COMMITS_FAILED.inc()
            self._trouble(str(fault))
            for waiting in group:
                _answer(waiting, NotDurable(str(fault)))
            return
        except _UndecidableError as bug:
            # Nothing of this group was written. Everyone but the culprit is decided again, without it.
            self._say(bug.waiting.incoming)
            _answer(bug.waiting, Undecidable(NOT_DECIDED))
            await self._commit([waiting for waiting in group if waiting is not bug.waiting])
            return
        self._trouble(None)
        # Listeners first: whoever reads the answer finds feed and outbox as far as he is.
        taken = [result for result in results if isinstance(result, Taken)]
        committed = [each for one in taken for each in (one.committed, *one.also) if each is not None]
        if committed:
            self._tell(committed)
        for waiting, result in zip(group, results, strict=True):
            _answer(waiting, result)

    def _tell(self, committed: Sequence[Committed]) -> None:
        """It is stored: whatever breaks here, the others are told, and those who wait are answered. What one missed it
        finds in the store: the outbox asks for what is leased to it, deadlines and feed look anyway."""
        for listener in self.listeners:
            try:
                listener(committed)
            except Exception:
                log.exception("a listener broke")
                self.doubtful = True
                self._report("listener", f"a part of {self._taker.node} broke over news; its log says more", None)

    def _say(self, incoming: Incoming) -> None:
        """That this cannot be decided. Of a fault that cannot be told nothing follows: it would bring another."""
        if isinstance(incoming, FaultFound):
            return
        what, words, about = _named(incoming)
        text = f"{words} cannot be decided, by a fault in alarmd itself; the log of {self._taker.node} says more"
        self._report(f"undecidable:{what}", text, about)

    def _take_all(self, unit: Unit, group: Sequence[Waiting]) -> list[Taken | Exception]:
        """Runs in the store's thread. One that is refused must not fail the others; one on which we have a bug may have
        written half of what it meant, so it undoes the transaction.
        """
        results: list[Taken | Exception] = []
        for waiting in group:
            try:
                results.append(self._taker.take(unit, waiting.incoming, waiting.at))
            except NotDurable:
                raise
            except AlarmdError as refused:
                results.append(refused)
            except Exception as bug:
                log.exception("cannot be decided", incoming=type(waiting.incoming).__name__)
                raise _UndecidableError(waiting) from bug
        return results


def _answer(waiting: Waiting, result: Taken | Exception) -> None:
    if waiting.answer.done():  # its caller has gone away
        return
    if isinstance(result, Exception):
        waiting.answer.set_exception(result)
    else:
        waiting.answer.set_result(result)


def _named(incoming: Incoming) -> tuple[str, str, str | None]:
    """What is undecidable: in a cause, in words, and the alarm that this tells something of. Of a press the place is
    told, for nobody is sent there; its kind is not, for it may be a silent one."""
    match incoming:
        case Pressed(device=device, zone=zone):
            return f"{device or zone}", f"a press at {device or zone}, of which nobody is told,", None
        case FaultFound(cause=cause) | FaultGone(cause=cause):
            return cause, f"what became of {cause}", None
        case Performed():
            return "performed", "that something was done", None
        case _:
            return incoming.alarm, f"what happens to alarm {incoming.alarm}", incoming.alarm
