"""Alarms over HTTP: the list, one with all that is known of it, and what people do with it.

What may be done is asked first, so that nobody without a right learns what exists; then the body, then the alarm.
"""

from collections.abc import Callable, Coroutine, Mapping
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from alarmd.access.model import Caller
from alarmd.access.rights import Right, require, rights_of, sees
from alarmd.access.side import as_seen, hides
from alarmd.alarm.detail import detail
from alarmd.alarm.incoming import Action, Answered
from alarmd.alarm.model import Alarm, Person
from alarmd.alarm.times import stamp
from alarmd.alarm.view import summary
from alarmd.console.answers import answer, problem, read_body
from alarmd.console.desk import Desk
from alarmd.console.documented import says
from alarmd.console.frames import spliced
from alarmd.console.shapes import SITE, ActBody, AlarmDetailShape, AlarmShape, AlarmsShape
from alarmd.console.sign_in import SignIn
from alarmd.console.taking_back import TakingBack, alarm_of
from alarmd.errors import Malformed, NotAllowed, NotFound
from alarmd.escalation.draft import Refusal
from alarmd.escalation.preview import PreviewStep, upcoming
from alarmd.organisation.model import Organisation
from alarmd.ports import Hides, Logged, Reading

OPEN_AT_MOST = 100_000
CLOSED_AT_MOST = 500
LONGEST_ID = 64

RIGHTS: Mapping[Action, Right] = {
    Action.ACKNOWLEDGE: Right.ANSWER,
    Action.EN_ROUTE: Right.ANSWER,
    Action.ARRIVED: Right.ANSWER,
    Action.DECLINE: Right.ANSWER,
    Action.NOTE: Right.ANSWER,
    Action.RESOLVE: Right.END,
    Action.ESCALATE: Right.ESCALATE,
}

SUMMARIES: Mapping[Action, str] = {
    Action.ACKNOWLEDGE: "I have seen it and take it",
    Action.EN_ROUTE: "I am on my way",
    Action.ARRIVED: "I have arrived",
    Action.DECLINE: "I cannot come",
    Action.RESOLVE: "It is over; wants an arrival of somebody who counts, or a reason",
    Action.CANCEL: "It was none; wants a reason, or a PIN of whoever stands where it was pressed",
    Action.NOTE: "Write something into its story",
    Action.ESCALATE: "More people, now",
}

REFUSED = (401, 403, 404, 409, 413, 422, 429, 503)
Endpoint = Callable[[Request, str], Coroutine[Any, Any, Response]]


class Which(StrEnum):
    """Which alarms a list shows."""

    OPEN = "open"
    CLOSED = "closed"


class Alarms:
    """The routes' work."""

    def __init__(self, desk: Desk, sign_in: SignIn) -> None:
        self._desk = desk
        self._sign_in = sign_in
        self._taking_back = TakingBack(desk)

    async def list(self, request: Request, state: Which | None, site: str | None) -> Response:
        caller = await self._sign_in.may(request, Right.READ, site=site)
        asked = partial(_summaries, which=state, site=site or caller.site, hides=partial(hides, caller))
        texts = await self._desk.store.read(asked)
        return answer({"alarms": [orjson.Fragment(text) for text in texts]})

    async def one(self, request: Request, id: str) -> Response:
        caller = await self._sign_in.may(request, Right.READ)
        alarm, story, organisation = await self._desk.store.read(partial(_all_of, id=_checked(id)))
        seen = _seen(caller, alarm)
        events = (spliced(logged, faced=seen is not alarm) for logged in story)
        timeline = [orjson.Fragment(text) for text in events if text]
        return answer(detail(seen, timeline, [_planned(step) for step in upcoming(seen, organisation)]))

    async def act(self, request: Request, id: str, action: Action) -> Response:
        caller = await self._sign_in.may(request, RIGHTS[action])
        by = self._named(caller)
        body = await read_body(request, ActBody)
        return await self._act(caller, by, id, action, body)

    async def cancel(self, request: Request, id: str) -> Response:
        """With a reason by those who may, by PIN from where it was pressed."""
        known = await self._sign_in.caller(request)
        there = known is not None and Right.TAKE_BACK in rights_of(known)
        caller = require(known, Right.TAKE_BACK if there else Right.END)
        body = await read_body(request, ActBody)
        if body.pin is None:
            require(caller, Right.END)
            return await self._act(caller, self._named(caller), id, Action.CANCEL, body)
        require(caller, Right.TAKE_BACK)
        return _done(*await self._taking_back.cancel(request, caller, _checked(id), body), Action.CANCEL)

    async def _act(self, caller: Caller, by: Person, id: str, action: Action, body: ActBody) -> Response:
        if action is Action.NOTE and body.text is None:
            raise Malformed("text: a note says something")
        if body.pin is not None or body.person is not None:
            raise Malformed("pin, person: only to cancel by PIN")
        await self._require_sight(caller, _checked(id))
        incoming = Answered(id, action, by, body.reason, body.outcome, body.text, roles=caller.roles)
        taken = await self._desk.submit(incoming)
        assert taken.alarm is not None
        return _done(_seen(caller, taken.alarm), taken.decision.refusal, action)

    def _named(self, caller: Caller) -> Person:
        """In whose name. Every change has one."""
        organisation = self._sign_in.organisation()
        person = organisation.people.get(caller.person or "") if organisation else None
        if person is None:
            raise NotAllowed(
                f"{caller.name} speaks for nobody in the organisation; a key is given a person with --person"
            )
        return Person(person.id, person.name, "console" if caller.scope is None else "api")

    async def _require_sight(self, caller: Caller, id: str) -> None:
        """Only who is limited to a site has to be looked at twice."""
        if caller.site is not None:
            _seen(caller, await self._desk.store.read(partial(alarm_of, id=id)))


def alarms(desk: Desk, sign_in: SignIn) -> APIRouter:
    """The routes under /v1/alarms."""
    router = APIRouter(tags=["alarms"])
    work = Alarms(desk, sign_in)

    @router.get(
        "/v1/alarms",
        **says("list_alarms", "Alarms, the open ones first, each newest first", AlarmsShape, 401, 403, 422, 503),
    )
    async def listed(
        request: Request, state: Which | None = None, site: str | None = Query(None, pattern=SITE)
    ) -> Response:
        return await work.list(request, state, site)

    @router.get(
        "/v1/alarms/{id}", **says("get_alarm", "All that is known of an alarm", AlarmDetailShape, 401, 403, 404, 503)
    )
    async def one(request: Request, id: str) -> Response:
        return await work.one(request, id)

    for action in Action:
        router.add_api_route(
            f"/v1/alarms/{{id}}/{action}",
            _endpoint(work, action),
            methods=["POST"],
            **says(f"{action}_alarm", SUMMARIES[action], AlarmShape, *REFUSED, takes=ActBody),
        )
    return router


def _endpoint(work: Alarms, action: Action) -> Endpoint:
    async def endpoint(request: Request, id: str) -> Response:
        return await (work.cancel(request, id) if action is Action.CANCEL else work.act(request, id, action))

    return endpoint


def _seen(caller: Caller, alarm: Alarm) -> Alarm:
    """The alarm as he sees it. Raises NotFound where he does not."""
    seen = as_seen(caller, alarm)
    if seen is None or not sees(caller, alarm.site):
        raise NotFound(f"no alarm {alarm.id}")
    return seen


def _done(alarm: Alarm, refusal: Refusal | None, action: Action) -> Response:
    match refusal:
        case None:
            return answer(summary(alarm))
        case Refusal.ENDED:
            detail = f"the alarm is {alarm.state} already"
            return problem(HTTPStatus.CONFLICT, detail, {"alarm": summary(alarm)})
        case Refusal.NEEDS_REASON:
            wanted = (
                "an arrival of somebody who counts, or a reason" if action is Action.RESOLVE else "a reason, or a PIN"
            )
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"reason: {action} wants {wanted}")


def _planned(step: PreviewStep) -> dict[str, object]:
    return {
        "step": step.step,
        "at": stamp(step.at),
        "tell": [{"person": told.person, "by": list(told.by)} for told in step.tell],
    }


def _checked(id: str) -> str:
    """An id that can be one; a database need not be asked for anything else."""
    if len(id) > LONGEST_ID or not id.isascii() or not id.isprintable():
        raise NotFound("no such alarm")
    return id


def _summaries(reading: Reading, which: Which | None, site: str | None, hides: Hides) -> tuple[str, ...]:
    """Every open one, and the newest of the closed."""
    ask = partial(reading.summaries, site=site, hides=hides)
    closed = () if which is Which.OPEN else ask(open=False, limit=CLOSED_AT_MOST)
    open = () if which is Which.CLOSED else ask(open=True, limit=OPEN_AT_MOST)
    return (*open, *closed)


def _all_of(reading: Reading, id: str) -> tuple[Alarm, tuple[Logged, ...], Organisation]:
    alarm = alarm_of(reading, id)
    return alarm, reading.story(id), reading.organisation(alarm.organisation)
