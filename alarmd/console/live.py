"""GET /v1/live?after=POSITION as a WebSocket: hello, a snapshot or what was missed, then the feed. No gap and no
repeat: a console is brought forward from the store until the hub still holds everything after it, and joins the hub in
the same step of the loop.

Refused before it is accepted: 401 nobody known, 403 no right or a foreign page, 422 `after` is no position, 503 the
store cannot be asked.
"""

from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from alarmd.access.model import Caller
from alarmd.access.rights import Right
from alarmd.access.side import hides
from alarmd.console import frames
from alarmd.console.alarms import OPEN_AT_MOST
from alarmd.console.answers import refused
from alarmd.console.consoles import read_here
from alarmd.console.desk import Desk, Spawn
from alarmd.console.feed import Hub
from alarmd.console.sight import IN_ONE_FRAME, entry, framed, hidden, told
from alarmd.console.sign_in import SignIn
from alarmd.console.viewer import TRY_AGAIN_LATER, Gone, Viewer
from alarmd.errors import AlarmdError, Malformed, NotDurable
from alarmd.ports import Head, Logged, Reading


@dataclass(frozen=True, slots=True)
class Start:
    """With what a feed begins: which log it is, its end, how far it has come for this caller, and the open alarms where
    he gets a snapshot."""

    era: str
    head: Head
    seen_to: int
    alarms: tuple[str, ...] | None


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
            after, era = _after(websocket), websocket.query_params.get("log")
            start = await self._desk.store.read(partial(_start, after=after, era=era, caller=caller))
        except AlarmdError as error:
            await websocket.send_denial_response(refused(error))
            return
        await websocket.accept()
        viewer = Viewer(Opened(websocket), caller, self._spawn)
        viewer.log = start.era
        try:
            await self._greet(viewer, start, after)
            await self._follow(viewer)
            if self._hub.changes != known:
                self._hub.check()  # access may have been taken back before he followed
            while (message := await websocket.receive())["type"] != "websocket.disconnect":
                if said := read_here(message.get("text")):  # nothing else is listened to: a console acts over HTTP
                    self._desk.presence.here(viewer, viewer.caller, armed=said.armed, visible=said.visible)
        except NotDurable:
            await Opened(websocket).close(TRY_AGAIN_LATER, "the log cannot be read now")
        except Gone:
            return
        finally:
            viewer.gone = True
            self._hub.leave(viewer)
            self._desk.presence.left(viewer)

    async def _greet(self, viewer: Viewer, start: Start, after: int | None) -> None:
        now, how = self._desk.clock.now(), (self._hub.unwell(), self._hub.consoles())
        await viewer.send(frames.hello(start.seen_to, self._desk.node, now, start.era, *how))
        if start.alarms is not None:
            await viewer.send(frames.snapshot(start.seen_to, start.alarms))
            viewer.moved(start.head.position, start.seen_to)
        else:
            viewer.moved(after or 0, after or 0)

    async def _follow(self, viewer: Viewer) -> None:
        """From the store, a frame at a time, until the hub has the rest."""
        while not self._hub.join(viewer):
            logged = await self._desk.store.read(partial(_events, after=viewer.position))
            entries = [entry(one) for one in logged]
            unseen = hidden(entries, viewer.caller)
            for frame in framed(entries, viewer.site, unseen):
                await viewer.send(frame)
            viewer.moved(entries[-1].position, told(entries, unseen))


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


def _start(reading: Reading, after: int | None, era: str | None, caller: Caller) -> Start:
    """The open alarms where a snapshot is wanted or `after` is of another log than ours; how much of ours a veil hides
    cannot be found out by asking for it."""
    head, ours, unseen = reading.head(), reading.era(), partial(hides, caller)
    seen_to = head.position if caller.person is None else reading.seen_to(unseen)
    if after is not None and after <= seen_to and era in (None, ours):
        return Start(ours, head, seen_to, None)
    return Start(ours, head, seen_to, reading.summaries(open=True, site=caller.site, limit=OPEN_AT_MOST, hides=unseen))


def _events(reading: Reading, after: int) -> tuple[Logged, ...]:
    return reading.events(after, IN_ONE_FRAME)
