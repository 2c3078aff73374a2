"""Which node takes the presses that the broker keeps. There is one seat, a row in the store, and one session at the
broker that belongs to it; whoever sits reads that session, the others stand by.

Who sits raises `beat` every BEAT, as long as broker and store answer. A beat that a watcher has seen stand still for
PATIENCE, by his own clock, belongs to a node that is dead, stopped or cut off, whatever it believes. But a database
where all wait long for the lock lets a healthy one be silent for longer; so the end of that time is counted in turns at
the lock, where both stand in one line: it had as many as the watcher and did not use them. No instant of one node is
compared with another's, so clocks may differ. Taking the seat gives it a new `term`: from that commit on, what
the one before has not stored is refused (deliveries.py), and the broker delivers it to his successor. Terms are drawn,
not counted: a database that fails over and lacks its last moments would count the same number out twice.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from functools import partial

import structlog

from alarmd.alarm.incoming import Seat, Sitting
from alarmd.errors import NotDurable
from alarmd.ports import Clock, Reading, Store, Unit

log = structlog.get_logger()

BEAT = timedelta(milliseconds=500)
LOOK = timedelta(milliseconds=250)
"""How often who stands by looks whether the other still works."""
DOUBT = timedelta(seconds=1)
"""Whose beat has stood still for so long is looked at closely."""
TURNS = 6
"""How often a watcher then gets the lock that every writer takes, and the holder does not, before it is silent."""
PATIENCE = DOUBT + TURNS * LOOK
"""Where the lock is free at once. With a new connection and a commit it is well within the 5 s in which a press must be
stored though a node dies, also one that PostgreSQL lets keep the lock for 2 s when it was stopped with it.
"""


def drawn() -> int:
    """A number that nobody has had or will have; it goes through JSON and every database. 0 is never drawn."""
    return 1 + secrets.randbelow(2**53 - 1)


Settled = tuple[int, str]
"""Packet and arrival of a message that the broker knows to be taken."""


class Standing(StrEnum):
    """What the store says of who believes that he sits."""

    OURS = "ours"
    LOST = "lost"
    UNKNOWN = "unknown"
    """The store cannot be asked; so nobody can store a press either."""


class Ground(StrEnum):
    """Why the seat may be taken."""

    FREE = "free"
    OUR_EARLIER_LIFE = "our_earlier_life"
    GONE = "gone"
    SILENT = "silent"


class SeatKeeper:
    """One for a node. `report` is told of a node that has lost the seat to this one without giving it up. Where nobody
    else can decide on alarms (one daemon on an SQLite file) this node sits from the start and writes no beat. `draw`
    names terms and sessions.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        node: str,
        report: Callable[[str, str], None],
        draw: Callable[[], int] = drawn,
    ) -> None:
        self._store = store
        self._clock = clock
        self._node = node
        self._report = report
        self._draw = draw
        self._sitting: Sitting | None = None
        self._may_be_ours = True
        """No life but an earlier one of ours, or an answer that was lost, can have put our name on the seat."""
        self._seen: tuple[int, int] | None = None
        self._since = clock.now()
        self._turns = 0
        self._settled: list[Settled] = []
        self._unnoted = False
        """The broker has begun a session of which the store does not know yet."""

    async def sit(self, *, by_broker: bool = False, gone: int | None = None) -> Sitting | None:
        """Ours by now, or None. Only who is connected (`by_broker`) takes it from others. `gone`: the term whose
        connection has ended, as the broker says. None too while a session that the broker has begun is not noted: by
        the marks of the one before, presses that it delivers again would be taken for others.
        """
        sitting = await self._seated(by_broker=by_broker, gone=gone)
        return await self._note() if sitting is not None and self._unnoted else sitting

    async def _seated(self, *, by_broker: bool, gone: int | None) -> Sitting | None:
        if self._store.alone and self._sitting is not None:
            return self._sitting
        try:
            seat = await self._store.read(_seat)
        except NotDurable as fault:
            self._seen = None  # what could not be looked at has not been silent
            log.warning("the seat cannot be looked at", why=str(fault))
            return None
        if self._store.alone or (self._sitting is not None and self._sitting.term == seat.term):
            self._sitting = Sitting(seat.term, seat.session)
            return self._sitting
        self._lose()
        self._watch(seat)
        ground = self._ground(seat, by_broker=by_broker, gone=gone)
        if ground is not None:
            return await self._take(seat, ground)
        if by_broker and self._clock.now() - self._since >= DOUBT:
            await self._wait_for_turn()
        return None

    async def beat(self, settled: Sequence[Settled] = ()) -> Standing:
        """The broker has just answered us: say so, and forget the marks of what it knows to be taken."""
        self._settled += settled
        if self._sitting is None:
            return Standing.LOST
        if self._store.alone and not self._settled:
            return Standing.OURS
        batch, term, moves = tuple(self._settled), self._sitting.term, not self._store.alone
        try:
            ours = await self._store.transact(lambda unit: _beat(unit, term, batch, moves=moves))
        except NotDurable:
            return Standing.UNKNOWN
        if not ours:
            self._lose()
            return Standing.LOST
        del self._settled[: len(batch)]
        return Standing.OURS

    async def new_session(self) -> Sitting | None:
        """The broker has begun one, which knows no message of the one before. None: it is no longer ours to note, or it
        cannot be noted now: then it is to be asked again, and `sit` does so too.
        """
        self._unnoted = self._sitting is not None
        return await self._note()

    async def _note(self) -> Sitting | None:
        if self._sitting is None:
            return None
        try:
            began = await self._store.transact(partial(_begin, term=self._sitting.term, session=self._draw()))
        except NotDurable:
            return None
        if began is None:
            self._lose()
        else:
            self._unnoted = False
            self._settled.clear()
            self._sitting = began
        return began

    async def forget_besides(self, connection: str) -> bool:
        """What the broker has not delivered again on this connection by now it knows to be taken: marks that a crash
        has left behind go. Whether it is done.
        """
        if self._sitting is None:
            return False
        try:
            return await self._store.transact(partial(_forget, term=self._sitting.term, connection=connection))
        except NotDurable:
            return False

    async def release(self) -> int | None:
        """Leave in good order: another may sit at once. The term that ends, or None where it was not ours to end."""
        if self._sitting is None or self._store.alone:
            return None
        term = self._sitting.term
        self._lose()
        try:
            return term if await self._store.transact(partial(_free, term=term)) else None
        except NotDurable:
            return None

    def _lose(self) -> None:
        self._sitting = None
        self._unnoted = False
        self._settled.clear()

    def _watch(self, seat: Seat) -> None:
        if self._seen != (seat.term, seat.beat):
            self._seen, self._since, self._turns = (seat.term, seat.beat), self._clock.now(), 0

    async def _wait_for_turn(self) -> None:
        """Stand in line for the lock as the holder does, and look whether it has had its turn before us."""
        try:
            seat = await self._store.transact(_seat)
        except NotDurable as fault:
            self._seen = None  # nor can the holder have written
            log.warning("the seat cannot be looked at", why=str(fault))
            return
        self._turns += 1
        self._watch(seat)

    def _ground(self, seat: Seat, *, by_broker: bool, gone: int | None) -> Ground | None:
        if seat.holder == self._node and self._may_be_ours:
            return Ground.OUR_EARLIER_LIFE
        if not by_broker:
            return None
        if not seat.holder:
            return Ground.FREE
        if gone == seat.term:
            return Ground.GONE
        return Ground.SILENT if self._turns >= TURNS else None

    async def _take(self, seen: Seat, ground: Ground) -> Sitting | None:
        try:
            taken = await self._store.transact(partial(_take, seen=seen, node=self._node, term=self._draw()))
        except NotDurable as fault:
            self._may_be_ours = True
            self._seen = None  # nor can the holder have written
            log.warning("the seat cannot be taken", why=str(fault))
            return None
        if taken is None:
            return None  # somebody was quicker, or it works again
        self._may_be_ours = False
        self._sitting = Sitting(taken.term, taken.session)
        log.info("this node takes the broker's presses", term=taken.term, ground=ground.value, before=seen.holder)
        if ground in (Ground.GONE, Ground.SILENT):
            why = "its connection to the broker broke" if ground is Ground.GONE else "it gave no sign of life"
            self._report(f"node:{seen.holder}", f"{seen.holder} takes no presses, {why}; {self._node} does")
        return self._sitting


def _seat(reading: Reading) -> Seat:
    return reading.seat()


def _take(unit: Unit, seen: Seat, node: str, term: int) -> Seat | None:
    seat = unit.seat()
    if (seat.term, seat.beat) != (seen.term, seen.beat):
        return None
    taken = Seat(node, term, 0, seat.session)
    unit.put_seat(taken)
    return taken


def _beat(unit: Unit, term: int, settled: Sequence[Settled], *, moves: bool) -> bool:
    seat = unit.seat()
    if seat.term != term:
        return False
    if moves:
        unit.put_seat(replace(seat, beat=seat.beat + 1))
    unit.drop_marks(settled)
    return True


def _begin(unit: Unit, term: int, session: int) -> Sitting | None:
    seat = unit.seat()
    if seat.term != term:
        return None
    unit.put_seat(replace(seat, session=session))
    unit.drop_marks_besides("")
    return Sitting(term, session)


def _forget(unit: Unit, term: int, connection: str) -> bool:
    if unit.seat().term != term:
        return False
    unit.drop_marks_besides(connection)
    return True


def _free(unit: Unit, term: int) -> bool:
    seat = unit.seat()
    if seat.term != term:
        return False
    unit.put_seat(replace(seat, holder="", beat=seat.beat + 1))
    return True
