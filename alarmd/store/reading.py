"""Questions to the store within one snapshot: the port `Reading` in SQL. Runs in the store's threads, knows no loop."""

from typing import Any, NamedTuple

import orjson
from sqlalchemy import Executable, Row, bindparam, false, select, true

from alarmd.access.model import Account, Key, Scope, Session
from alarmd.alarm.events import from_wire
from alarmd.alarm.lifecycle import fold
from alarmd.alarm.model import Alarm, Kind
from alarmd.errors import NotFound
from alarmd.organisation.model import Organisation
from alarmd.organisation.plain import from_plain
from alarmd.ports import Head, KnownSignal, Logged
from alarmd.store.link import Link, Parameters
from alarmd.store.memory import Memory
from alarmd.store.prepared import Prepared
from alarmd.store.tables import accounts, alarms, events, head, keys, moment, organisations, sessions, signals


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
EVENTS = (
    select(events.c.position, events.c.alarm, events.c.site, events.c.body)
    .where(events.c.position > bindparam("after"))
    .order_by(events.c.position)
    .limit(bindparam("limit"))
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
OPEN = select(alarms.c.id).where(alarms.c.open == true()).limit(bindparam("limit"))
OPEN_FIRST = (
    select(alarms.c.id)
    .where(alarms.c.open == true())
    .order_by(alarms.c.joinable.desc(), alarms.c.kind == Kind.TECHNICAL.value, alarms.c.opened_position.desc())
    .limit(bindparam("limit"))
)


class StoredReading:
    """Fulfils `ports.Reading`. `row` is the head as this snapshot has it."""

    def __init__(self, link: Link, memory: Memory, row: HeadRow) -> None:
        self._link = link
        self._memory = memory
        self._head = Head(row.position, row.organisation, row.access)

    def head(self) -> Head:
        return self._head

    def organisation(self, version: int) -> Organisation:
        known = self._memory.organisations.get(version)
        if known is not None:
            return known
        rows = self._ask(ORGANISATION, {"version": version})
        if not rows:
            raise NotFound(f"no organisation version {version}")
        stored = from_plain(orjson.loads(rows[0].body))
        if version <= self._head.organisation:  # one that this transaction adds may yet be undone
            self._memory.organisations[version] = stored
        return stored

    def alarm(self, id: str) -> Alarm | None:
        known = self._memory.glimpse(id)
        if known is not None:
            version = self._link.fetch(VERSION, {"id": id})
            if version and version[0][0] == known.version:
                return known
        return self._folded(id)

    def story(self, id: str) -> tuple[Logged, ...]:
        return tuple(
            Logged(position, id, site, body) for position, site, body in self._link.fetch(STORY, {"alarm": id})
        )

    def summaries(self, *, open: bool | None, site: str | None, limit: int) -> tuple[str, ...]:
        query = select(alarms.c.summary).order_by(alarms.c.opened_position.desc()).limit(limit)
        if open is not None:
            query = query.where(alarms.c.open == (true() if open else false()))
        if site is not None:
            query = query.where(alarms.c.site == site)
        return tuple(row.summary for row in self._ask(query))

    def open_count(self, *, at_most: int) -> int:
        return len(self._ask(OPEN, {"limit": at_most}))

    def open_alarms(self, *, at_most: int) -> tuple[Alarm, ...]:
        found = (self.alarm(row.id) for row in self._ask(OPEN_FIRST, {"limit": at_most}))
        return tuple(alarm for alarm in found if alarm is not None)

    def events(self, after: int, limit: int) -> tuple[Logged, ...]:
        rows = self._ask(EVENTS, {"after": after, "limit": limit})
        return tuple(Logged(row.position, row.alarm, row.site, row.body) for row in rows)

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

    def _ask(self, statement: Executable, parameters: Parameters = None) -> "list[Row[Any]]":
        """A unit first writes what it has gathered, so that it sees it."""
        return list(self._link.rows(statement, parameters))

    def _folded(self, id: str) -> Alarm | None:
        rows = self._link.fetch(STORY, {"alarm": id})
        return fold(id, rows[0][1], (from_wire(orjson.loads(body)) for _, _, body in rows)) if rows else None


def _key(row: Row[Any]) -> Key:
    return Key(row.name, row.hash, Scope(row.scope), moment(row.created_at), row.device, row.site, row.person)
