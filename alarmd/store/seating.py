"""The seat and the marks in SQL: which node takes the broker's presses, and which messages are stored already. Part of
a transaction; what is written of marks goes to the database with everything else that was gathered.
"""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from alarmd.alarm.incoming import Seat
from alarmd.ports import KnownSignal, Mark
from alarmd.store.link import Link
from alarmd.store.memory import Memory
from alarmd.store.prepared import Prepared
from alarmd.store.reading import HeadRow, StoredReading
from alarmd.store.tables import marks, seat

_SEAT = Prepared(
    update(seat).where(seat.c.id == literal_column("1")), *(column.name for column in seat.c if column is not seat.c.id)
)
_MARK = Prepared(
    select(marks.c.arrival, marks.c.digest, marks.c.signal, marks.c.alarm, marks.c.joined).where(
        marks.c.packet == bindparam("packet")
    )
)
_PUT = Prepared(insert(marks), *(column.name for column in marks.c))
_REPLACED = Prepared(delete(marks).where(marks.c.packet == bindparam("packet")))
_SETTLED = Prepared(delete(marks).where(marks.c.packet == bindparam("packet"), marks.c.arrival == bindparam("arrival")))


class StoredSeat(StoredReading):
    """That part of `ports.Unit`. `wrote`: something must be committed."""

    def __init__(self, link: Link, memory: Memory, row: HeadRow) -> None:
        super().__init__(link, memory, row)
        self.wrote = False
        self._seat: Seat | None = None
        self._marks: dict[int, Mark] = {}

    def seat(self) -> Seat:
        if self._seat is None:
            self._seat = super().seat()
        return self._seat

    def put_seat(self, seat: Seat) -> None:
        self.wrote = True
        self._seat = seat
        row = {"holder": seat.holder, "term": seat.term, "beat": seat.beat, "session": seat.session}
        self._link.put(_SEAT, [row])

    def mark(self, packet: int) -> Mark | None:
        if packet in self._marks:
            return self._marks[packet]
        for arrival, digest, signal, alarm, joined in self._link.fetch(_MARK, {"packet": packet}):
            return Mark(arrival, bytes(digest), KnownSignal(signal, alarm, bool(joined)))
        return None

    def put_mark(self, packet: int, mark: Mark) -> None:
        self.wrote = True
        self._marks[packet] = mark

    def drop_marks(self, settled: Iterable[tuple[int, str]]) -> None:
        self.wrote = True
        self.flush_marks()
        self._link.put(_SETTLED, [{"packet": packet, "arrival": arrival} for packet, arrival in settled])

    def drop_marks_besides(self, connection: str) -> None:
        self.wrote = True
        self.flush_marks()
        begins = func.substr(marks.c.arrival, 1, len(connection))
        self._link.do(delete(marks).where(begins != connection) if connection else delete(marks))

    def flush_marks(self) -> None:
        """Write what was gathered of them."""
        gathered, self._marks = self._marks, {}
        self._link.put(_REPLACED, [{"packet": packet} for packet in gathered])
        self._link.put(_PUT, [_row(*each) for each in gathered.items()])


def _row(packet: int, mark: Mark) -> dict[str, object]:
    known = mark.known
    row = {"packet": packet, "arrival": mark.arrival, "digest": mark.digest}
    return {**row, "signal": known.signal, "alarm": known.alarm, "joined": known.joined}
