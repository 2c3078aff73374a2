"""A cancel by PIN, from where the alarm was pressed. Honest or under duress, the same is asked, done and answered, in
the same order and as often: what comes back is the alarm as it looks from there.
"""

from functools import partial

from starlette.requests import Request

from alarmd.access.model import Caller
from alarmd.access.rights import sees
from alarmd.access.side import hides, stands_there
from alarmd.alarm.incoming import Action, Answered
from alarmd.alarm.model import Alarm, Person
from alarmd.console.desk import Desk
from alarmd.console.pins import Pins
from alarmd.console.shapes import ActBody
from alarmd.errors import Malformed, NotAllowed, NotFound
from alarmd.escalation.draft import Refusal
from alarmd.organisation.model import Person as Known
from alarmd.ports import Reading


class TakingBack:
    """One for each node."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pins = Pins(desk)

    async def cancel(self, request: Request, caller: Caller, id: str, body: ActBody) -> tuple[Alarm, Refusal | None]:
        """The alarm as it then looks, and why nothing was done. Raises Malformed, NotFound, NotAllowed, TooManyTries,
        NotDurable."""
        person = _whose(caller, body.person)
        alarm = await self._desk.store.read(partial(alarm_of, id=id))
        known = self._desk.organisation()[1].people.get(person)
        _require_place(caller, alarm, known)
        pin = await self._pins.typed(request, person, body.pin or "", known=known is not None)
        assert known is not None  # else no PIN is right
        by = Person(known.id, known.name, "console" if caller.scope is None else "api")
        taken = await self._desk.submit(Answered(id, Action.CANCEL, by, body.reason, pin=pin, roles=known.roles))
        assert taken.alarm is not None
        return taken.alarm.face or taken.alarm, taken.decision.refusal


def alarm_of(reading: Reading, id: str) -> Alarm:
    """For a read of the store. Raises NotFound."""
    alarm = reading.alarm(id)
    if alarm is None:
        raise NotFound(f"no alarm {id}")
    return alarm


def _require_place(caller: Caller, alarm: Alarm, whose: Known | None) -> None:
    """Whom nobody knows has no place; that is told only after a PIN, like a wrong one."""
    if alarm.faceless or not sees(caller, alarm.site):  # of what nobody pressed, a key for a button need not know
        raise NotFound(f"no alarm {alarm.id}")
    if whose is not None and not stands_there(caller, alarm, whose):
        raise NotAllowed("this alarm was pressed elsewhere; by PIN it is cancelled by whoever is there")
    if alarm.veil is not None and caller.person is not None and not hides(caller, alarm.veil):
        raise NotAllowed("this alarm goes on, and is closed by those alone who may, with a reason")


def _whose(caller: Caller, named: str | None) -> str:
    person = caller.person or named
    if person is None:
        raise Malformed("person: missing; a key for a device says whose PIN it is")
    if named not in (None, person):
        raise Malformed("person: another than the one who asks; only a key for a device says whose PIN it is")
    return person
