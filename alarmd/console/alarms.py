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
from alarmd.access.rights import Right, sees
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
from alarmd.errors import Malformed, NotAllowed, NotFound
from alarmd.escalation.draft import Refusal
from alarmd.escalation.preview import PreviewStep, upcoming
from alarmd.organisation.model import Organisation
from alarmd.ports import Logged, Reading

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
    Action.CANCEL: Right.END,
    Action.ESCALATE: Right.ESCALATE,
}

SUMMARIES: Mapping[Action, str] = {
    Action.ACKNOWLEDGE: "I have seen it and take it",
    Action.EN_ROUTE: "I am on my way",
    Action.ARRIVED: "I have arrived",
    Action.DECLINE: "I cannot come",
    Action.RESOLVE: "It is over; wants an arrival or a reason",
    Action.CANCEL: "It was none; wants a reason",
    Action.NOTE: "Write something into its story",
    Action.ESCALATE: "More people, now",
}

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

    async def list(self, request: Request, state: Which | None, site: str | None) -> Response:
        caller = await self._sign_in.may(request, Right.READ, site=site)
        texts = await self._desk.store.read(partial(_summaries, which=state, site=site or caller.site))
        return answer({"alarms": [orjson.Fragment(text) for text in texts]})

    async def one(self, request: Request, id: str) -> Response:
        caller = await self._sign_in.may(request, Right.READ)
        alarm, story, organisation = await self._desk.store.read(partial(_all_of, id=_checked(id)))
        if not sees(caller, alarm.site):
            raise NotFound(f"no alarm {id}")
        timeline = [orjson.Fragment(spliced(logged)) for logged in story]
        return answer(detail(alarm, timeline, [_planned(step) for step in upcoming(alarm, organisation)]))

    async def act(self, request: Request, id: str, action: Action) -> Response:
        caller = await self._sign_in.may(request, RIGHTS[action])
        by = self._named(caller)
        body = await read_body(request, ActBody)
        if action is Action.NOTE and body.text is None:
            raise Malformed("text: a note says something")
        await self._require_sight(caller, _checked(id))
        incoming = Answered(id, action, by, reason=body.reason, outcome=body.outcome, text=body.text)
        taken = await self._desk.submit(incoming)
        assert taken.alarm is not None
        return _done(taken.alarm, taken.decision.refusal, action)

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
            alarm = await self._desk.store.read(partial(_alarm, id=id))
            if not sees(caller, alarm.site):
                raise NotFound(f"no alarm {id}")


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
            **says(f"{action}_alarm", SUMMARIES[action], AlarmShape, 401, 403, 404, 409, 413, 422, 503, takes=ActBody),
        )
    return router


def _endpoint(work: Alarms, action: Action) -> Endpoint:
    async def endpoint(request: Request, id: str) -> Response:
        return await work.act(request, id, action)

    return endpoint


def _done(alarm: Alarm, refusal: Refusal | None, action: Action) -> Response:
    match refusal:
        case None:
            return answer(summary(alarm))
        case Refusal.ENDED:
            detail = f"the alarm is {alarm.state} already"
            return problem(HTTPStatus.CONFLICT, detail, {"alarm": summary(alarm)})
        case Refusal.NEEDS_REASON:
            wanted = "an arrival or a reason" if action is Action.RESOLVE else "a reason"
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


def _summaries(reading: Reading, which: Which | None, site: str | None) -> tuple[str, ...]:
    """Every open one, and the newest of the closed."""
    closed = () if which is Which.OPEN else reading.summaries(open=False, site=site, limit=CLOSED_AT_MOST)
    open = () if which is Which.CLOSED else reading.summaries(open=True, site=site, limit=OPEN_AT_MOST)
    return (*open, *closed)


def _alarm(reading: Reading, id: str) -> Alarm:
    alarm = reading.alarm(id)
    if alarm is None:
        raise NotFound(f"no alarm {id}")
    return alarm


def _all_of(reading: Reading, id: str) -> tuple[Alarm, tuple[Logged, ...], Organisation]:
    alarm = _alarm(reading, id)
    return alarm, reading.story(id), reading.organisation(alarm.organisation)
