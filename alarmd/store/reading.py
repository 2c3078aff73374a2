"""Questions to the store within one snapshot: the port `Reading` in SQL. Runs in the store's threads, knows no loop."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Executable, Row, Select, bindparam, false, or_, select, true

from alarmd.access.model import Account, Key, Scope, Session
from alarmd.alarm.events import from_wire
from alarmd.alarm.incoming import Seat
from alarmd.alarm.lifecycle import fold
from alarmd.alarm.model import Alarm, Kind
from alarmd.alarm.veil import Veil
from alarmd.errors import NotFound
from alarmd.organisation.model import Organisation
from alarmd.organisation.plain import from_plain
from alarmd.ports import EVENTS_LOST, RESTORED, Head, Hides, KnownSignal, Logged
from alarmd.store.link import Link, Parameters
from alarmd.store.memory import Memory
from alarmd.store.prepared import Prepared, Values
from alarmd.store.tables import (
    accounts,
    alarms,
    audit,
    events,
    head,
    keys,
    moment,
    organisations,
    seat,
    sessions,
    signals,
    veils,
)
from alarmd.store.veils import behind, read, who

PAGE = 100
"""Events that are looked at together on the way back to one that is not hidden."""


class HeadRow(NamedTuple):
    """The head as it is stored, in the order of its columns."""

    id: int
    position: int
    hash: bytes
    organisation: int
    access: int
    opened: int
    audit_position: int
    audit_hash: bytes


HEAD = Prepared(select(head))
ORGANISATION = select(organisations.c.body).where(organisations.c.version == bindparam("version"))
VERSION = Prepared(select(alarms.c.version).where(alarms.c.id == bindparam("id")))
STORY = Prepared(
    select(events.c.position, events.c.site, events.c.body)
    .where(events.c.alarm == bindparam("alarm"))
    .order_by(events.c.position)
)
_WITH_VEILS = events.outerjoin(veils, veils.c.alarm == events.c.alarm)
_VEIL = (veils.c.position.label("since"), veils.c.body.label("veil"))
ZONE = Prepared(
    select(alarms.c.id)
    .where(alarms.c.zone == bindparam("zone"), alarms.c.joinable == true())
    .order_by(alarms.c.opened_position)
)
AT_DEVICE = Prepared(
    select(alarms.c.id)
    .where(
        alarms.c.id.in_(select(signals.c.alarm).where(signals.c.sender == bindparam("device"))),
        alarms.c.joinable == true(),
    )
    .order_by(alarms.c.opened_position.desc())
)
EVENTS = (
    select(events.c.position, events.c.alarm, events.c.site, events.c.body, *_VEIL)
    .select_from(_WITH_VEILS)
    .where(events.c.position > bindparam("after"))
    .order_by(events.c.position)
    .limit(bindparam("limit"))
)
VEIL = select(veils.c.position, veils.c.body).where(veils.c.alarm == bindparam("alarm"))
BACKWARDS = (
    select(events.c.position, *_VEIL)
    .select_from(_WITH_VEILS)
    .where(events.c.position < bindparam("before"))
    .order_by(events.c.position.desc())
    .limit(bindparam("limit"))
)
PARTED = (
    select(audit.c.hash).where(audit.c.action.in_((RESTORED, EVENTS_LOST))).order_by(audit.c.position.desc()).limit(1)
)
KEY = select(keys).where(keys.c.hash == bindparam("hash"))
KEYS = select(keys).order_by(keys.c.name)
SESSION = select(sessions).where(sessions.c.hash == bindparam("hash"))
ACCOUNT = select(accounts).where(accounts.c.person == bindparam("person"))
KNOWN = Prepared(
    select(signals.c.signal, signals.c.alarm, signals.c.joined).where(
        signals.c.sender == bindparam("sender"), signals.c.ref == bindparam("ref")
    )
)
SEAT = Prepared(select(seat.c.holder, seat.c.term, seat.c.beat, seat.c.session))
OPEN = Prepared(select(alarms.c.id).where(alarms.c.open == true()).limit(bindparam("limit")))
OPEN_VEILS = Prepared(select(veils.c.body).where(veils.c.open == true()))
LISTED = (
    select(alarms.c.opened_position, alarms.c.open, alarms.c.summary, veils.c.body.label("veil"))
    .select_from(alarms.outerjoin(veils, veils.c.alarm == alarms.c.id))
    .order_by(alarms.c.opened_position.desc())
)
OPEN_FIRST = (
    select(alarms.c.id)
    .where(alarms.c.open == true())
    .order_by(alarms.c.joinable.desc(), alarms.c.kind == Kind.TECHNICAL.value, alarms.c.opened_position.desc())
)
OPENED = Prepared(
    select(events.c.body)
    .select_from(alarms.join(events, events.c.position == alarms.c.opened_position))
    .where(alarms.c.open == true())
)
NOTIFIED = events.c.body.like('%"kind":"notified"%')
AT_ONE_NUMBER = 20
"""People that are looked for by name in the log; of more, every alarm is read of which anybody was told."""


class StoredReading:
    """Fulfils `ports.Reading`. `row` is the head as this snapshot has it."""

    def __init__(self, link: Link, memory: Memory, row: HeadRow) -> None:
        self._link = link
        self._memory = memory
        self._head = Head(row.position, row.organisation, row.access)
        self._audited = row.audit_hash

    def head(self) -> Head:
        return self._head

    def era(self) -> str:
        known = self._memory.era
        if known is None or known[0] != self._audited:
            rows = self._ask(PARTED)
            known = self._memory.era = self._audited, rows[0].hash.hex()[:16] if rows else "first"
        return known[1]

    def time(self) -> datetime | None:
        return self._link.time()

    def organisation(self, version: int) -> Organisation:
        known = self._memory.organisations.get(version)
        if known is not None:
            return known
        rows = self._ask(ORGANISATION, {"version": version})
        if not rows:
            raise NotFound(f"no organisation version {version}")
        stored = from_plain(orjson.loads(rows[0].body))
        if version <= self._head.organisation:  # one that this transaction adds may yet be undone
            self._memory.keep_organisation(version, stored)
        return stored

    def alarm(self, id: str) -> Alarm | None:
        known = self._memory.glimpse(id)
        if known is not None:
            version = self._link.fetch(VERSION, {"id": id})
            if version and version[0][0] == known.version:
                return known
        return self._folded(id)

    def story(self, id: str) -> tuple[Logged, ...]:
        veil = self._ask(VEIL, {"alarm": id})
        since, shown = (veil[0].position, veil[0].body) if veil else (None, None)
        rows = self._link.fetch(STORY, {"alarm": id})
        return tuple(_logged(position, id, site, body, since, shown) for position, site, body in rows)

    def summaries(
        self, *, open: bool | None, site: str | None, limit: int, hides: Hides | None = None
    ) -> tuple[str, ...]:
        query = LISTED if site is None else LISTED.where(alarms.c.site == site)
        wanted = query if open is None else query.where(alarms.c.open == (true() if open else false()))
        found = self._listed(wanted, open, hides, limit)
        if open is False and hides is not None:  # what goes on behind a veil is over for whoever stands before it
            found += _seen(self._ask(query.where(veils.c.open == true())), open, hides)
            found.sort(key=itemgetter(0), reverse=True)
        return tuple(text for _, text in found[:limit])

    def open_count(self, *, at_most: int) -> int:
        return len(self._fetch(OPEN, {"limit": at_most}))

    def veil_of(self, alarm: str) -> Veil | None:
        rows = self._ask(VEIL, {"alarm": alarm})
        return who(rows[0].body) if rows else None

    def open_veils(self) -> tuple[Veil, ...]:
        return tuple(who(body) for (body,) in self._fetch(OPEN_VEILS, {}))

    def seen_to(self, hides: Hides) -> int:
        before = self.head().position + 1
        while rows := self._ask(BACKWARDS, {"before": before, "limit": PAGE}):
            for row in rows:
                if row.since is None or row.position <= row.since or not hides(who(row.veil)):
                    position: int = row.position
                    return position
            before = rows[-1].position
        return 0

    def open_alarms(self, *, at_most: int) -> tuple[Alarm, ...]:
        found = (self.alarm(row.id) for row in self._ask(OPEN_FIRST.limit(at_most)))
        return tuple(alarm for alarm in found if alarm is not None)

    def open_told(self, who: Callable[[int], Collection[str]]) -> tuple[Alarm, ...]:
        versions = {orjson.loads(body)["data"]["organisation"] for (body,) in self._fetch(OPENED, {})}
        people = {person for version in versions for person in who(version)}
        found = (self.alarm(row.id) for row in (self._ask(_of_whom(people)) if people else ()))
        told = ((alarm, {n.person for n in alarm.notifications}) for alarm in found if alarm is not None)
        return tuple(alarm for alarm, these in told if not these.isdisjoint(who(alarm.organisation)))

    def open_in_zone(self, zone: str) -> tuple[Alarm, ...]:
        found = (self.alarm(id) for (id,) in self._link.fetch(ZONE, {"zone": zone}))
        return tuple(alarm for alarm in found if alarm is not None)

    def open_at(self, device: str) -> Iterator[Alarm]:
        for (id,) in self._link.fetch(AT_DEVICE, {"device": device}):
            alarm = self.alarm(id)
            if alarm is not None:
                yield alarm

    def events(self, after: int, limit: int) -> tuple[Logged, ...]:
        rows = self._ask(EVENTS, {"after": after, "limit": limit})
        return tuple(_logged(row.position, row.alarm, row.site, row.body, row.since, row.veil) for row in rows)

    def latest(self) -> datetime | None:
        last = self.events(self.head().position - 1, 1)
        return from_wire(orjson.loads(last[-1].body)).at if last else None

    def key(self, hash: str) -> Key | None:
        return next((_key(row) for row in self._ask(KEY, {"hash": hash})), None)

    def keys(self) -> tuple[Key, ...]:
        return tuple(_key(row) for row in self._ask(KEYS))

    def session(self, hash: str) -> Session | None:
        rows = self._ask(SESSION, {"hash": hash})
        return next((Session(r.hash, r.person, moment(r.created_at), moment(r.expires_at)) for r in rows), None)

    def account(self, person: str) -> Account | None:
        rows = self._ask(ACCOUNT, {"person": person})
        return next((Account(r.person, r.password, r.pin, r.duress_pin) for r in rows), None)

    def known_signal(self, sender: str, ref: str) -> KnownSignal | None:
        rows = self._link.fetch(KNOWN, {"sender": sender, "ref": ref})
        return next((KnownSignal(signal, alarm, bool(joined)) for signal, alarm, joined in rows), None)

    def seat(self) -> Seat:
        return Seat(*self._link.fetch(SEAT, {})[0])

    def _ask(self, statement: Executable, parameters: Parameters = None) -> "list[Row[Any]]":
        """A unit first writes what it has gathered, so that it sees it."""
        return list(self._link.rows(statement, parameters))

    def _fetch(self, prepared: Prepared, values: Values) -> list[tuple[Any, ...]]:
        """The same by the short way."""
        return self._link.fetch(prepared, values)

    def _listed(self, query: Select[Any], open: bool | None, hides: Hides | None, limit: int) -> list[tuple[int, str]]:
        """The newest so many that he may see; what he may not makes the list no shorter."""
        found: list[tuple[int, str]] = []
        more = query
        while (missing := limit - len(found)) > 0:
            rows = self._ask(more.limit(missing))
            found += _seen(rows, open, hides)
            if len(rows) < missing:
                break
            more = query.where(alarms.c.opened_position < rows[-1].opened_position)
        return found

    def _folded(self, id: str) -> Alarm | None:
        rows = self._link.fetch(STORY, {"alarm": id})
        return fold(id, rows[0][1], (from_wire(orjson.loads(body)) for _, _, body in rows)) if rows else None


def _logged(position: int, alarm: str, site: str | None, body: str, since: int | None, veil: str | None) -> Logged:
    face = None if since is None else behind(body, position - since)
    return Logged(position, alarm, site, body, face, None if face is None or veil is None else who(veil))


def _of_whom(people: Collection[str]) -> Select[Any]:
    """The open alarms of which one of these was told, by the log, and perhaps a few more. Each of them is looked at by
    itself, so that a database never reads the log of all that are over."""
    named = or_(*(events.c.body.like(f'%"person":"{person}"%') for person in people))
    theirs = NOTIFIED & named if len(people) <= AT_ONE_NUMBER else NOTIFIED
    first = select(events.c.position).where(events.c.alarm == alarms.c.id, theirs).limit(1)
    return OPEN_FIRST.where(first.scalar_subquery().is_not(None))


def _seen(rows: Iterable[Row[Any]], open: bool | None, hides: Hides | None) -> list[tuple[int, str]]:
    """Those that are open, or not, to whoever asks: where each was opened, and how it is listed for him."""
    seen = ((row.opened_position, *_as_seen(row, hides)) for row in rows)
    return [(position, text) for position, is_open, text in seen if text and open in (None, is_open)]


def _as_seen(row: Row[Any], hides: Hides | None) -> tuple[bool, str]:
    """Whether the alarm is open to whoever asks, and how it is listed for him: nothing where he may not know of it."""
    if row.veil is not None and hides is not None:
        veil, face = read(row.veil)
        if hides(veil):
            return False, orjson.dumps(face).decode() if face else ""
    return bool(row.open), row.summary


def _key(row: Row[Any]) -> Key:
    return Key(row.name, row.hash, Scope(row.scope), moment(row.created_at), row.device, row.site, row.person)
