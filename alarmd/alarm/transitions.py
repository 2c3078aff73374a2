"""The law book of an alarm: which event may follow in which state, and where it leads. PURE. The diagram in docs/ is drawn from this table.

A pair that is not here is refused by name (`lifecycle.Illegal`); nothing is silently ignored. Two states in a row mean that the event's own
facts decide between them: an acknowledgement by somebody who does not count leaves the alarm raised, a lapse of one responder among
enough others leaves it acknowledged.
"""

from alarmd.alarm.events import EventKind as E
from alarmd.alarm.model import State as S

ANY_OPEN = (S.RAISED, S.ACKNOWLEDGED, S.ATTENDED)

TABLE: dict[tuple[S, E], tuple[S, ...]] = {
    (S.RAISED, E.ACKNOWLEDGED): (S.ACKNOWLEDGED, S.RAISED),
    (S.ACKNOWLEDGED, E.ACKNOWLEDGED): (S.ACKNOWLEDGED,),
    (S.ATTENDED, E.ACKNOWLEDGED): (S.ATTENDED,),
    (S.ACKNOWLEDGED, E.LAPSED): (S.RAISED, S.ACKNOWLEDGED),
    (S.RAISED, E.LAPSED): (S.RAISED,),
    (S.ACKNOWLEDGED, E.DECLINED): (S.ACKNOWLEDGED, S.RAISED),
    (S.RAISED, E.DECLINED): (S.RAISED,),
    (S.ATTENDED, E.DECLINED): (S.ATTENDED,),
    (S.ACKNOWLEDGED, E.ATTENDED): (S.ATTENDED,),
    (S.RAISED, E.STEP_DUE): (S.RAISED,),
    (S.ACKNOWLEDGED, E.STEP_DUE): (S.ACKNOWLEDGED,),
    (S.ATTENDED, E.STEP_DUE): (S.ATTENDED,),
    **{(s, e): (s,) for s in ANY_OPEN for e in (E.JOINED, E.EN_ROUTE, E.ARRIVED, E.ESCALATED)},
    # A stronger chain may ask for more people, or for others, than those who have come for the weaker one.
    (S.RAISED, E.UPGRADED): (S.RAISED,),
    (S.ACKNOWLEDGED, E.UPGRADED): (S.ACKNOWLEDGED, S.RAISED),
    (S.ATTENDED, E.UPGRADED): (S.ATTENDED, S.ACKNOWLEDGED, S.RAISED),
    **{(s, E.RESOLVED): (S.RESOLVED,) for s in ANY_OPEN},
    **{(s, E.CANCELLED): (S.CANCELLED,) for s in ANY_OPEN},
    # Receipts, notes and the all-clear come when they come, after the end too.
    **{(s, e): (s,) for s in S for e in (E.NOTIFIED, E.RECEIPT, E.NOTED)},
}
