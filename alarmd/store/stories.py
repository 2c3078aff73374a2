"""Does the log make of every alarm what the other tables say? Part of `verify`. Five tables are read side by side in
the order of alarm ids, so that one alarm is in memory at a time, however long the log is.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Row, Select, select

from alarmd.alarm.effects import Effect, EndCall, Feedback, ReportFault, Tell, from_plain
from alarmd.alarm.events import Event, EventKind, from_wire
from alarmd.alarm.joining import joinable
from alarmd.alarm.lifecycle import Illegal, fold
from alarmd.alarm.model import Alarm, AttemptState
from alarmd.alarm.view import summary
from alarmd.escalation.plan import due
from alarmd.store.link import Link
from alarmd.store.tables import alarms, effects, events, instant, signals, veils
from alarmd.store.unit import WITH_REF, sender
from alarmd.store.veils import read

_TABLES = {
    events: select(events).order_by(events.c.alarm, events.c.position),
    alarms: select(alarms).order_by(alarms.c.id),
    **{table: select(table).order_by(table.c.alarm) for table in (signals, effects, veils)},
}
_UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, IndexError)
"""What reading a body that was tampered with can raise."""


@dataclass(slots=True)
class _Known:
    """Everything that is stored of one alarm."""

    id: str
    events: list[Row[Any]] = field(default_factory=list)
    alarms: list[Row[Any]] = field(default_factory=list)
    signals: list[Row[Any]] = field(default_factory=list)
    effects: list[Row[Any]] = field(default_factory=list)
    veils: list[Row[Any]] = field(default_factory=list)


def findings(link: Link) -> Iterator[str]:
    """A line for each alarm, ref or effect that does not follow from the log."""
    streams = (_by_alarm(link, table.name, statement) for table, statement in _TABLES.items())
    for id, found in groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        known = _Known(id)
        for _, table, rows in found:
            getattr(known, table).extend(rows)
        yield from _judge(known)


def _by_alarm(link: Link, table: str, statement: Select[Any]) -> Iterator[tuple[str, str, list[Row[Any]]]]:
    for id, rows in groupby(link.stream(statement), key=lambda row: str(row.id if table == "alarms" else row.alarm)):
        yield id, table, list(rows)


def _judge(known: _Known) -> Iterator[str]:
    if not known.events:
        yield f"alarm {known.id} stands in the tables, and no event tells of it"
        return
    try:
        bodies = [orjson.loads(row.body) for row in known.events]
        told = [from_wire(body) for body in bodies]
        alarm = fold(known.id, known.events[0].site, told)
        awaited = due(alarm)
    except (Illegal, *_UNREADABLE) as fault:
        yield f"alarm {known.id}: its events cannot be read: {type(fault).__name__}: {fault}"
        return
    for row, body in zip(known.events, bodies, strict=True):
        if (row.alarm, row.site) != (body["alarm"], body["site"]):
            yield f"the log: event {row.position} is filed under another alarm or site than it tells"
    yield from _row(known, alarm, awaited)
    if not _hides(known, alarm):
        yield f"alarm {known.id}: what is kept of its veil is not what follows from its events"
    yield from _refs(known, told)
    yield from _effects(known, alarm, max(event.at for event in told))


def _row(known: _Known, alarm: Alarm, awaited: datetime | None) -> Iterator[str]:
    if not known.alarms:
        yield f"alarm {alarm.id} is missing from the list of alarms"
        return
    row = known.alarms[0]
    ended, position = alarm.state.ended, known.events[0].position
    stored = (row.site, row.zone, row.code, row.cause, row.opened_position)
    made = (alarm.site, alarm.first.zone, alarm.code, alarm.cause, position)
    standing = (row.state, row.kind, row.version, row.open, row.joinable)
    stands = (alarm.state, alarm.kind, alarm.version, not ended, joinable(alarm))
    if (stored, standing) != (made, stands) or not _shows(row.summary, alarm):
        yield f"alarm {alarm.id} is listed otherwise than its events tell"
    if row.due != (None if awaited is None else instant(awaited)):
        yield f"alarm {alarm.id}: its stored deadline is not what follows from its events"


def _shows(stored: str, alarm: Alarm) -> bool:
    """An older alarmd may have stored fewer members; none of them may say something else."""
    shows = summary(alarm)
    if stored == orjson.dumps(shows).decode():
        return True
    try:
        shown: dict[str, Any] = orjson.loads(stored)
        return shown["id"] == alarm.id and shown.items() <= shows.items()
    except _UNREADABLE:
        return False


def _hides(known: _Known, alarm: Alarm) -> bool:
    """Is whatever is kept of a veil what the events make?"""
    if alarm.veil is None:
        return not known.veils
    try:
        row = known.veils[0]
        veil, face = read(row.body)
        since = known.events[alarm.face.version - 1].position if alarm.face else known.events[0].position - 1
        fits = (row.position, row.open, veil) == (since, not alarm.state.ended, alarm.veil)
        if face is None or alarm.face is None:
            return fits and face is None and alarm.face is None
        return fits and face.items() <= summary(alarm.face).items()
    except _UNREADABLE:
        return False


def _refs(known: _Known, told: Iterable[Event]) -> Iterator[str]:
    made = {
        (sender(event), event.data["ref"]): (event.data["signal"], event.kind is not EventKind.RAISED)
        for event in told
        if event.kind in WITH_REF and event.data["ref"] is not None
    }
    stored = {(row.sender, row.ref): (row.signal, row.joined) for row in known.signals}
    for key in made.keys() | stored.keys():
        if made.get(key) != stored.get(key):
            yield f"alarm {known.id}: the answer kept for ref {key[1]!r} of {key[0]} is not what its events tell"


def _effects(known: _Known, alarm: Alarm, latest: datetime) -> Iterator[str]:
    waiting = set()
    for row in known.effects:
        try:
            effect = from_plain(orjson.loads(row.body))
            fits = effect.id == row.id and effect.priority == row.priority and _follows(effect, alarm)
            fits &= row.due_at <= instant(max(latest, getattr(effect, "not_before", None) or latest))
            waiting.add(getattr(effect, "attempt", None))
        except _UNREADABLE:
            fits = False
        if not fits:
            yield f"alarm {alarm.id}: what waits to be done ({row.id}) does not follow from its events"
    queued = {a.id for n in alarm.notifications for a in n.attempts if a.state is AttemptState.QUEUED}
    for attempt in sorted(queued - waiting):
        yield f"alarm {alarm.id}: attempt {attempt} was never made, and nothing waits to make it"


def _follows(effect: Effect, alarm: Alarm) -> bool:
    match effect:
        case Tell():
            found = alarm.find(effect.attempt)
            if found is None:
                return False
            told = (found[0].person, found[0].purpose, found[1].channel, found[1].contact)
            return (effect.person, effect.purpose, effect.channel, effect.contact) == told
        case Feedback():
            return any(s.device == effect.device and s.ref == effect.ref for s in alarm.signals)
        case EndCall():
            found = alarm.find(effect.attempt)
            return found is not None and found[1].provider == effect.provider
        case ReportFault():
            return True
