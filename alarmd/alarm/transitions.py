"""The law book of an alarm: which event may follow in which state, and where it leads. PURE. The diagram in docs/ is
drawn from this table.

A pair that is not here is refused by name (`lifecycle.Illegal`); nothing is silently ignored. Two states in a row
mean that the event's own facts decide between them: an acknowledgement by somebody who does not count leaves the
alarm raised, a lapse of one responder among enough others leaves it acknowledged.
"""

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import State

ANY_OPEN = (State.RAISED, State.ACKNOWLEDGED, State.ATTENDED)
UNMOVING = (EventKind.JOINED, EventKind.STEP_DUE, EventKind.ESCALATED, EventKind.EN_ROUTE, EventKind.ARRIVED)

TABLE: dict[tuple[State, EventKind], tuple[State, ...]] = {
    (State.RAISED, EventKind.ACKNOWLEDGED): (State.ACKNOWLEDGED, State.RAISED),
    (State.ACKNOWLEDGED, EventKind.ACKNOWLEDGED): (State.ACKNOWLEDGED,),
    (State.ATTENDED, EventKind.ACKNOWLEDGED): (State.ATTENDED,),
    (State.ACKNOWLEDGED, EventKind.LAPSED): (State.RAISED, State.ACKNOWLEDGED),
    (State.ATTENDED, EventKind.LAPSED): (State.ATTENDED, State.ACKNOWLEDGED, State.RAISED),
    (State.ACKNOWLEDGED, EventKind.DECLINED): (State.ACKNOWLEDGED, State.RAISED),
    (State.RAISED, EventKind.DECLINED): (State.RAISED,),
    (State.ATTENDED, EventKind.DECLINED): (State.ATTENDED, State.ACKNOWLEDGED, State.RAISED),
    (State.ACKNOWLEDGED, EventKind.ATTENDED): (State.ATTENDED,),
    **{(s, e): (s,) for s in ANY_OPEN for e in UNMOVING},
    # A stronger chain may ask for more people, or for others, than those who have come for the weaker one.
    (State.RAISED, EventKind.UPGRADED): (State.RAISED, State.ACKNOWLEDGED),
    (State.ACKNOWLEDGED, EventKind.UPGRADED): (State.ACKNOWLEDGED, State.RAISED),
    (State.ATTENDED, EventKind.UPGRADED): (State.ATTENDED, State.ACKNOWLEDGED, State.RAISED),
    **{(s, EventKind.RESOLVED): (State.RESOLVED,) for s in ANY_OPEN},
    **{(s, EventKind.CANCELLED): (State.CANCELLED,) for s in ANY_OPEN},
    # Receipts, notes and the all-clear come when they come, after the end too.
    **{(s, e): (s,) for s in State for e in (EventKind.NOTIFIED, EventKind.RECEIPT, EventKind.NOTED)},
}
