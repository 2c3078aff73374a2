"""POST, GET and DELETE /v1/session: signing in and out with a local account."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from alarmd.access.model import Session
from alarmd.alarm.times import stamp
from alarmd.console.answers import answer, nothing, read_body
from alarmd.console.documented import says
from alarmd.console.shapes import SessionShape, SignInBody
from alarmd.console.sign_in import COOKIE, LASTS, SignIn
from alarmd.errors import NotSignedIn
from alarmd.organisation.model import Organisation


def sessions(sign_in: SignIn) -> APIRouter:
    """The three routes of /v1/session."""
    router = APIRouter(tags=["session"])

    @router.post(
        "/v1/session",
        **says("sign_in", "Sign in", SessionShape, 401, 403, 422, 429, 503, takes=SignInBody, anybody=True),
    )
    async def begin(request: Request) -> Response:
        body = await read_body(request, SignInBody)
        cookie, session = await sign_in.begin(request, body.person, body.password)
        response = answer(_shown(session, sign_in.organisation()))
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=sign_in.secure,
        )
        return response

    @router.get("/v1/session", **says("who_am_i", "Who is signed in", SessionShape, 401))
    async def current(request: Request) -> Response:
        return answer(_shown(await sign_in.session(request), sign_in.organisation()))

    @router.delete("/v1/session", **says("sign_out", "Sign out", None, 403, 503, status=204))
    async def end(request: Request) -> Response:
        await sign_in.end(request)
        response = nothing()
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=sign_in.secure)
        return response

    return router


def _shown(session: Session, organisation: Organisation | None) -> dict[str, object]:
    person = organisation.people.get(session.person) if organisation else None
    if organisation is None or person is None:
        raise NotSignedIn(f"{session.person} is not in the organisation any more")
    return {
        "person": person.id,
        "name": person.name,
        "roles": list(person.roles),
        "language": organisation.language_of(person),
        "expires": stamp(session.expires_at),
    }
