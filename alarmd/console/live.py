"""GET /v1/live?after=POSITION as a WebSocket: hello, a snapshot or what was missed, then the feed. No gap and no
repeat: a console is brought forward from the store until the hub still holds everything after it, and joins the hub in
the same step of the loop.

Refused before it is accepted: 401 nobody known, 403 no right or a foreign page, 422 `after` is no position, 503 the
store cannot be asked.
"""

from functools import partial

from fastapi import APIRouter
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from alarmd.access.rights import Right
from alarmd.console import frames
from alarmd.console.alarms import OPEN_AT_MOST
from alarmd.console.answers import refused
from alarmd.console.desk import Desk, Spawn
from alarmd.console.feed import IN_ONE_FRAME, Hub
from alarmd.console.sign_in import SignIn
from alarmd.console.viewer import TRY_AGAIN_LATER, Gone, Viewer
from alarmd.errors import AlarmdError, Malformed, NotDurable
from alarmd.ports import Head, Logged, Reading

Start = tuple[Head, tuple[str, ...] | None]


class Opened:
    """The Socket of an accepted WebSocket."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def send(self, text: str) -> None:
        try:
            await self._websocket.send({"type": "websocket.send", "text": text})
        except (
            WebSocketDisconnect,
            RuntimeError,
        ) as closed:  # RuntimeError: it was closed a moment ago, by us or by him
            raise Gone from closed

    async def close(self, code: int, reason: str) -> None:
        try:
            await self._websocket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError) as closed:
            raise Gone from closed


class Live:
    """One for each node."""

    def __init__(self, desk: Desk, hub: Hub, sign_in: SignIn, spawn: Spawn) -> None:
        self._desk = desk
        self._hub = hub
        self._sign_in = sign_in
        self._spawn = spawn

    async def serve(self, websocket: WebSocket) -> None:
        """The whole life of one console."""
        known = self._hub.changes
        try:
            caller = await self._sign_in.may(websocket, Right.READ)
            after = _after(websocket)
            head, alarms = await self._desk.store.read(partial(_start, after=after, site=caller.site))
        except AlarmdError as error:
            await websocket.send_denial_response(refused(error))
            return
        await websocket.accept()
        viewer = Viewer(Opened(websocket), caller, self._spawn)
        try:
            await self._greet(viewer, head, alarms, after)
            await self._follow(viewer)
            if self._hub.changes != known:
                self._hub.check()  # access may have been taken back before he followed
            while (await websocket.receive())["type"] != "websocket.disconnect":
                """What a console says is not listened to: it acts over HTTP."""
        except NotDurable:
            await Opened(websocket).close(TRY_AGAIN_LATER, "the log cannot be read now")
        except Gone:
            return
        finally:
            viewer.gone = True
            self._hub.leave(viewer)

    async def _greet(self, viewer: Viewer, head: Head, alarms: tuple[str, ...] | None, after: int | None) -> None:
        await viewer.send(frames.hello(head.position, self._desk.node, self._desk.clock.now()))
        if alarms is not None:
            await viewer.send(frames.snapshot(head.position, alarms))
            viewer.position = head.position
        else:
            viewer.position = after or 0

    async def _follow(self, viewer: Viewer) -> None:
        """From the store, a frame at a time, until the hub has the rest."""
        while not self._hub.join(viewer):
            logged = await self._desk.store.read(partial(_events, after=viewer.position))
            seen = [frames.spliced(one) for one in logged if viewer.site is None or one.site == viewer.site]
            viewer.position = logged[-1].position
            if seen:
                await viewer.send(frames.events(viewer.position, seen))


def live(desk: Desk, hub: Hub, sign_in: SignIn, spawn: Spawn) -> APIRouter:
    """The WebSocket route."""
    router = APIRouter()
    work = Live(desk, hub, sign_in, spawn)

    @router.websocket("/v1/live")
    async def feed(websocket: WebSocket) -> None:
        await work.serve(websocket)

    return router


def _after(connection: HTTPConnection) -> int | None:
    text = connection.query_params.get("after")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Malformed("after: the position of the last event that was seen, a whole number from 0 on")
    return int(text)


def _start(reading: Reading, after: int | None, site: str | None) -> Start:
    """The head, and the open alarms where a snapshot is wanted or `after` is of another log than ours."""
    head = reading.head()
    if after is not None and after <= head.position:
        return head, None
    return head, reading.summaries(open=True, site=site, limit=OPEN_AT_MOST)


def _events(reading: Reading, after: int) -> tuple[Logged, ...]:
    return reading.events(after, IN_ONE_FRAME)
