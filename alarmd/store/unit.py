"""One transaction under the head's lock: the port `Unit` in SQL.

What decisions write is gathered and goes to the database as few statements, at the end or before a question that must
see it; alarms written here answer from memory at once. So a hundred presses in one transaction cost little more than
one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    ClauseElement,
    Executable,
    Row,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
    values,
)

from alarmd.alarm.effects import Effect, Tell, from_plain, plain
from alarmd.alarm.events import Event, EventKind, wire
from alarmd.alarm.joining import bound, joinable
from alarmd.alarm.model import APART, Alarm, Person, ResponderState
from alarmd.escalation.draft import Decision
from alarmd.ports import Committed, Due, Head, KnownSignal, Logged
from alarmd.store.chain import event_hash
from alarmd.store.link import Link, Parameters
from alarmd.store.memory import Bound, Memory
from alarmd.store.prepared import Prepared, inserting
from alarmd.store.reading import ZONE, HeadRow
from alarmd.store.rows import born, changing, signal
from alarmd.store.seating import StoredSeat
from alarmd.store.tables import alarms, effects, events, head, instant, moment, signals, veils
from alarmd.store.veils import begins, behind, stored

LEASE = timedelta(seconds=5)
"""How long an effect is this node's; who still works on it renews in time. What a node is about to do when it is killed
waits for so long.
"""
AT_A_TIME = 1000
"""Effects that one statement names: every database can take so many parameters."""

CODES = 90
"""Answer codes there are: 10 to 99."""

WITH_REF = (EventKind.RAISED, EventKind.JOINED, EventKind.UPGRADED)
Values = dict[str, Any]

_FIRST = select(func.min(alarms.c.code).label("code")).where(alarms.c.open == true()).cte("codes", recursive=True)
_NEXT = select(func.min(alarms.c.code)).where(alarms.c.open == true(), alarms.c.code > _FIRST.c.code).scalar_subquery()
_EVERY = _FIRST.union_all(select(_NEXT).where(_FIRST.c.code.is_not(None)))
# Steps from code to code: as quick with thousands of open alarms as with ten.
_CODES = Prepared(select(_EVERY.c.code).where(_EVERY.c.code.is_not(None)))
_BINDING = Prepared(
    select(alarms.c.id, alarms.c.summary).where(
        alarms.c.open == true(),
        or_(alarms.c.summary.not_like(bindparam("nobody")), alarms.c.summary.like(bindparam("own"))),
    )
)
BINDING = {"nobody": '%"responders":[]%', "own": '%"by":{"person":%'}
"""By the summary: so it is right also where a node of an older alarmd has written it."""
_CAUSE = (
    select(alarms.c.id)
    .select_from(alarms.outerjoin(veils, veils.c.alarm == alarms.c.id))
    .where(alarms.c.cause == bindparam("cause"), alarms.c.open == true())
    .order_by(veils.c.alarm.is_not(None))
    .limit(1)
)
_CLAIMABLE = (
    select(effects.c.id, effects.c.alarm, effects.c.body)
    .where(effects.c.claimed_until <= bindparam("now"), effects.c.due_at <= bindparam("now"))
    .order_by(effects.c.priority, effects.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_CLAIMABLE_BUT_LIGHTS = _CLAIMABLE.where(effects.c.body.not_like('{"type":"feedback"%'))
_THESE = effects.c.id.in_(bindparam("these", expanding=True))
_CLAIM = update(effects).where(_THESE).values(claimed_by=bindparam("node"), claimed_until=bindparam("until"))
_HOLD = (
    update(effects)
    .where(_THESE, effects.c.claimed_by == bindparam("node"), effects.c.claimed_until > 0)
    .values(claimed_until=bindparam("until"))
)
_OURS = select(effects.c.id).where(_THESE, effects.c.claimed_by == bindparam("node"), effects.c.claimed_until > 0)
_LEASED = select(effects.c.id, effects.c.alarm, effects.c.body).where(
    effects.c.claimed_by == bindparam("node"), effects.c.claimed_until > 0
)
_GIVEN_BACK = (
    update(effects)
    .where(effects.c.claimed_by == bindparam("node"), effects.c.claimed_until > 0)
    .values(claimed_until=0)
)
_OVERDUE = select(alarms.c.id).where(alarms.c.due <= bindparam("now")).order_by(alarms.c.due).limit(bindparam("limit"))
_NEXT_DUE = select(func.min(alarms.c.due).label("due")).where(alarms.c.due > bindparam("after"))
_CHANGES = ("state", "kind", "version", "open", "joinable", "due", "summary")
_HEAD = Prepared(
    update(head).where(head.c.id == literal_column("1")), *(column.name for column in head.c if column is not head.c.id)
)


def _moved(rows: int) -> ClauseElement:
    names = (*_CHANGES, "alarm")
    moved = values(*map(column, names), name="moved")
    moved = moved.data([tuple(bindparam(f"{name}{row}") for name in names) for row in range(rows)])
    now = moved.cte("moved").c
    return update(alarms).where(alarms.c.id == now.alarm).values({name: now[name] for name in _CHANGES})


def _gone(rows: int) -> ClauseElement:
    return delete(effects).where(effects.c.id.in_([bindparam(f"effect{row}") for row in range(rows)]))


_ALARM = Prepared(update(alarms).where(alarms.c.id == bindparam("alarm")), *_CHANGES, many=_moved)
_DONE = Prepared(delete(effects).where(effects.c.id == bindparam("effect")), many=_gone)
_VEIL = Prepared(update(veils).where(veils.c.alarm == bindparam("id")), "open", "body")
_EVENTS, _ALARMS, _SIGNALS, _EFFECTS, _VEILED = map(inserting, (events, alarms, signals, effects, veils))


@dataclass(slots=True)
class Gathered:
    """Rows that wait to be written. Of an alarm only its last standing is. `veiled`: alarms that get a veil."""

    events: list[Values] = field(default_factory=list)
    opened: dict[str, int] = field(default_factory=dict)
    standing: dict[str, tuple[Alarm, datetime | None]] = field(default_factory=dict)
    signals: dict[tuple[str, str], KnownSignal] = field(default_factory=dict)
    effects: dict[str, Values] = field(default_factory=dict)
    done: list[Values] = field(default_factory=list)
    veiled: dict[str, Values] = field(default_factory=dict)
    veils: dict[str, Values] = field(default_factory=dict)


class StoredUnit(StoredSeat):
    """Fulfils `ports.Unit`. `wrote`: something must be committed; `written`: alarms as this transaction leaves them."""

    def __init__(self, link: Link, memory: Memory, row: HeadRow) -> None:
        super().__init__(link, memory, row)
        self.written: dict[str, Alarm] = {}
        self._zones: dict[str, dict[str, None]] = {}
        self._codes: set[str] | None = None
        self._row: Values = row._asdict()
        self._head_changed = False
        self._gathered = Gathered()

    # What was written here is seen here.

    def head(self) -> Head:
        return Head(self._row["position"], self._row["organisation"], self._row["access"])

    def end(self) -> tuple[int, bytes]:
        """The end of the log: its position and hash."""
        return self._row["position"], self._row["hash"]

    def alarm(self, id: str) -> Alarm | None:
        known = self.written.get(id) or self._memory.alarm(id)
        if known is None:
            known = self._folded(id)
            if known is not None:
                self._memory.keep(known)  # not written here, so it is committed
        return known

    def known_signal(self, sender: str, ref: str) -> KnownSignal | None:
        return self._gathered.signals.get((sender, ref)) or super().known_signal(sender, ref)

    def open_in_zone(self, zone: str) -> tuple[Alarm, ...]:
        ids = self._memory.zones.get(zone)
        if ids is None:
            ids = dict.fromkeys(id for (id,) in self._link.fetch(ZONE, {"zone": zone}))
            if not self.written:
                self._memory.opened(zone, ids)
        found = (self.alarm(id) for id in {**ids, **self._zones.get(zone, {})})
        return tuple(alarm for alarm in found if alarm is not None and joinable(alarm))

    def open_at(self, device: str) -> Iterator[Alarm]:
        self.flush()
        return super().open_at(device)

    def open_bound_to(self, person: str) -> tuple[Alarm, ...]:
        known = self._memory.bound
        if known is None:
            known = Bound({id: _bound(text) for id, text in self._link.fetch(_BINDING, BINDING)})
            if not self.written:
                self._memory.bound = known
        found = (self.alarm(id) for id in {**dict.fromkeys(known.of(person)), **self.written})
        return tuple(a for a in found if a is not None and person in bound(a))

    def open_for_cause(self, cause: str) -> Alarm | None:
        known = {} if self.written else self._memory.causes
        if cause not in known:
            rows = self._ask(_CAUSE, {"cause": cause})
            known[cause] = rows[0].id if rows else None
        id = known[cause]
        return self.alarm(id) if id is not None else None

    def next_code(self, *, unseen: bool = False) -> str:
        if self._codes is None:
            self._codes = self._codes_in_use()
        count = self._row["opened"]
        tries = range(CODES if len(self._codes) < CODES else 1)  # when every code is taken, the next in turn has to do
        codes = (str(10 + (count - 1 - n if unseen else count + n) % CODES) for n in tries)
        return next((code for code in codes if code not in self._codes), str(10 + count % CODES))

    # Writing.

    def write(self, decision: Decision, *, node: str, now: datetime) -> Committed:
        self._gather_done(decision.done)
        alarm = decision.alarm
        if alarm is None:
            return Committed(None, (), (), None)
        logged = self._log(alarm, decision.events)
        if logged:
            self._stand(alarm, decision, logged[0].position)
            self._veil(alarm, len(logged), logged[0].position)
        due = tuple(self._hold(alarm.id, effect, node, now) for effect in decision.effects)
        left = bool(due) and not node
        return Committed(alarm, logged, () if left else due, decision.due, left)

    def claim(self, node: str, now: datetime, limit: int, *, lights: bool = True) -> tuple[Due, ...]:
        claimable = _CLAIMABLE if lights else _CLAIMABLE_BUT_LIGHTS
        return self._lease(self._ask(claimable, {"now": instant(now), "limit": limit}), node, now)

    def recall(self, node: str, now: datetime, *, besides: Collection[str]) -> tuple[Due, ...]:
        return self._lease([row for row in self._ask(_LEASED, {"node": node}) if row.id not in besides], node, now)

    def give_back(self, node: str, effects: Sequence[str] | None = None) -> None:
        self.flush()
        self.wrote = True
        if effects is None:
            self._link.do(_GIVEN_BACK, {"node": node})
        for these in _in_parts(effects or ()):
            self._link.do(_HOLD, {"these": these, "node": node, "until": 0})

    def renew(self, node: str, now: datetime, effects: Sequence[str]) -> Mapping[str, datetime]:
        self.flush()
        self.wrote = True
        until = now + LEASE
        renewed: dict[str, datetime] = {}
        for these in _in_parts(effects):
            ours: Iterable[str] = these
            if self._link.do(_HOLD, {"these": these, "node": node, "until": instant(until)}) < len(these):
                ours = [row.id for row in self._ask(_OURS, {"these": these, "node": node})]
            renewed |= dict.fromkeys(ours, until)
        return renewed

    def overdue(self, now: datetime, limit: int) -> tuple[str, ...]:
        return tuple(row.id for row in self._ask(_OVERDUE, {"now": instant(now), "limit": limit}))

    def next_due(self, after: datetime) -> datetime | None:
        due = self._ask(_NEXT_DUE, {"after": instant(after)})[0].due
        return moment(due) if due is not None else None

    def flush(self) -> None:
        """Write what was gathered. Nothing is durable before the commit."""
        gathered, self._gathered = self._gathered, Gathered()
        self._link.put(_EVENTS, gathered.events)
        standing, opened = gathered.standing.items(), gathered.opened
        self._link.put(_ALARMS, [born(*now, opened[id]) for id, now in standing if id in opened])
        moved = [{"alarm": id, **changing(*now)} for id, now in standing if id not in opened]
        self._link.put(_ALARM, moved)
        self._link.put(_SIGNALS, [signal(*key, known) for key, known in gathered.signals.items()])
        self._link.put(_VEILED, list(gathered.veiled.values()))
        self._link.put(_VEIL, list(gathered.veils.values()))
        self._link.put(_EFFECTS, list(gathered.effects.values()))
        self._link.put(_DONE, gathered.done)
        self.flush_marks()
        if self._head_changed:
            self._head_changed = False
            self._link.put(_HEAD, [self._row])

    def _move_head(self, **values: Any) -> None:
        self._row.update(values)
        self._head_changed = self.wrote = True

    def _log(self, alarm: Alarm, happened: Sequence[Event]) -> tuple[Logged, ...]:
        logged, position, hash = [], self._row["position"], self._row["hash"]
        veiled = begins(alarm, len(happened))
        for number, event in enumerate(happened):
            position += 1
            body = orjson.dumps(wire(event, alarm.id, alarm.site)).decode()
            hash = event_hash(hash, position, body)
            self._gathered.events.append(
                {"position": position, "alarm": alarm.id, "site": alarm.site, "body": body, "hash": hash}
            )
            if event.kind in WITH_REF and event.data["ref"] is not None:
                known = KnownSignal(event.data["signal"], alarm.id, event.kind is not EventKind.RAISED)
                self._gathered.signals[sender(event), event.data["ref"]] = known
            face = None if veiled is None else behind(body, number - veiled)
            logged.append(Logged(position, alarm.id, alarm.site, body, face, None if face is None else alarm.veil))
        if logged:
            self._move_head(position=position, hash=hash)
        return tuple(logged)

    def _stand(self, alarm: Alarm, decision: Decision, position: int) -> None:
        """The alarm stands like this after the decision."""
        if decision.events[0].kind is EventKind.RAISED:
            self._gathered.opened[alarm.id] = position
            if self._codes is not None:
                self._codes.add(alarm.code)
            if not alarm.faceless:  # whoever counts codes must not miss one
                self._move_head(opened=self._row["opened"] + 1)
        self._gathered.standing[alarm.id] = (alarm, decision.due)
        self.written[alarm.id] = alarm
        if alarm.first.zone is not None and joinable(alarm):
            self._zones.setdefault(alarm.first.zone, {})[alarm.id] = None

    def _veil(self, alarm: Alarm, count: int, position: int) -> None:
        """What those see who are behind its veil. `count` of events were logged, the first at this position."""
        begun = begins(alarm, count)
        if begun is None:
            return
        gathered, now = self._gathered, {"open": not alarm.state.ended, "body": stored(alarm)}
        if begun >= 0 or alarm.version == count:
            gathered.veiled[alarm.id] = {"alarm": alarm.id, "position": position + begun, **now}
        elif alarm.id in gathered.veiled:
            gathered.veiled[alarm.id] |= now
        else:
            gathered.veils[alarm.id] = {"id": alarm.id, **now}

    def _codes_in_use(self) -> set[str]:
        """Those of the alarms that were open when the transaction began, and of what it has opened."""
        known = self._memory.codes
        if known is None:
            known = {code for (code,) in self._link.fetch(_CODES, {})}
            if not self.written:
                self._memory.codes = known
        return known | {alarm.code for alarm in self.written.values()}

    def _hold(self, alarm: str, effect: Effect, node: str, now: datetime) -> Due:
        not_before = effect.not_before if isinstance(effect, Tell) else None
        self._gathered.effects[effect.id] = {
            "id": effect.id,
            "alarm": alarm,
            "priority": effect.priority,
            "due_at": instant(max(now, not_before) if not_before else now),
            "claimed_by": node,
            "claimed_until": instant(now + LEASE) if node else 0,
            "body": orjson.dumps(plain(effect)).decode(),
        }
        self.wrote = True
        return Due(alarm, effect, now + LEASE)

    def _lease(self, found: Sequence[Row[Any]], node: str, now: datetime) -> tuple[Due, ...]:
        until = now + LEASE
        for these in _in_parts([row.id for row in found]):
            self.wrote = True
            self._link.do(_CLAIM, {"these": these, "node": node, "until": instant(until)})
        return tuple(Due(row.alarm, from_plain(orjson.loads(row.body)), until) for row in found)

    def _gather_done(self, done: Iterable[str]) -> None:
        for effect in done:
            if self._gathered.effects.pop(effect, None) is None:
                self._gathered.done.append({"effect": effect})
                self.wrote = True

    def _ask(self, statement: Executable, parameters: Parameters = None) -> list[Row[Any]]:
        self.flush()
        return super()._ask(statement, parameters)

    def _fetch(self, prepared: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        self.flush()
        return super()._fetch(prepared, values)


def _in_parts(effects: Sequence[str]) -> Iterator[Sequence[str]]:
    return (effects[start : start + AT_A_TIME] for start in range(0, len(effects), AT_A_TIME))


def sender(event: Event) -> str:
    """Whose ref it is: the device's, or that of the person who pressed without one."""
    device: str | None = event.data["device"]
    if device is not None:
        return device
    return f"person:{event.by.person}" if isinstance(event.by, Person) else "alarmd"


def _bound(text: str) -> frozenset[str]:
    """Whom an alarm binds, by its summary."""
    shown = orjson.loads(text)
    if shown["drill"] or shown["kind"] in APART:
        return frozenset()
    coming = {r["person"] for r in shown["responders"] if r["state"] != ResponderState.DECLINED}
    return frozenset(coming | {person for key, person in shown["by"].items() if key == "person"})
