"""Is this message stored already? For presses that carry no ref, which only their delivery tells from one another;
inside the transaction that stores them, under its lock.

The broker delivers a message until it is acknowledged: after a crash again, and to another node when that has taken the
seat. So whoever stores one leaves a mark of it, and what a node still held when it lost the seat is refused: its
successor has it. Where that cannot be told, it is a press: one too many is a nuisance, one too few is not.
"""

from dataclasses import replace

from alarmd.alarm.incoming import Delivery
from alarmd.errors import Superseded
from alarmd.ports import KnownSignal, Mark, Unit


def stored_already(unit: Unit, delivery: Delivery) -> KnownSignal | None:
    """What the first delivery was answered. Raises Superseded."""
    seat = unit.seat()
    if delivery.session != seat.session:
        return None  # the broker has begun anew and knows it no more: nobody else has it
    if delivery.term != seat.term:
        raise Superseded(f"the broker's presses are taken by {seat.holder or 'another node'} now")
    mark = unit.mark(delivery.packet) if delivery.again or delivery.retried else None
    if mark is None or not _same(mark, delivery):
        return None
    unit.put_mark(delivery.packet, replace(mark, arrival=delivery.arrival))  # ours to drop, when it is acknowledged
    return mark.known


def note_stored(unit: Unit, delivery: Delivery, answer: KnownSignal) -> None:
    """In the same transaction as the press itself."""
    if delivery.session == unit.seat().session:
        unit.put_mark(delivery.packet, Mark(delivery.arrival, delivery.digest, answer))


def _same(mark: Mark, delivery: Delivery) -> bool:
    """The number alone does not do: a broker gives it to another message once this one is acknowledged."""
    return mark.arrival == delivery.arrival or (delivery.again and mark.digest == delivery.digest)
