"""Starts and stops one node: builds every part with what it needs, in the order in which they depend on each other.
No part knows another but through what it is given here.
"""

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
import uvloop
from fastapi import APIRouter, FastAPI

from alarmd.alarm.effects import Feedback
from alarmd.alarm.incoming import Performed
from alarmd.app import clocks
from alarmd.app.certificate import Certificate
from alarmd.app.desks import AnswerDesk, GuardsDesk, House, SignalCounter
from alarmd.app.drain import Drain
from alarmd.app.files import allow_many_files
from alarmd.app.service import Service
from alarmd.app.shelves import open_late
from alarmd.channels.registry import CHANNELS, open_channels, why_not
from alarmd.clock import SystemClock, new_id
from alarmd.console.application import application, server
from alarmd.console.feed import Hub
from alarmd.console.sign_in import SignIn
from alarmd.dispatch.chronicle import chronicle
from alarmd.dispatch.deadlines import Deadlines
from alarmd.dispatch.dispatcher import Dispatcher
from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.dispatch.inspection import Inspection
from alarmd.dispatch.lookout import Lookout
from alarmd.dispatch.outbox import Doors, Outbox
from alarmd.dispatch.presence import Presence
from alarmd.dispatch.rosters import Rosters
from alarmd.dispatch.supervisor import Supervisor
from alarmd.dispatch.take import Taker
from alarmd.errors import CannotStart, NotDurable
from alarmd.intake.http import signals_router
from alarmd.observe import metrics
from alarmd.observe.logging import configure
from alarmd.ports import Calendars, Channels, Clock, Lights, Relay, Store
from alarmd.relay.memory import MemoryRelay
from alarmd.settings import Settings, service_manager
from alarmd.store import ThreadedStore, open_database

log = structlog.get_logger()

RELAY_PATIENCE = timedelta(seconds=3)
RELAY_SLOW = timedelta(milliseconds=500)
LAST_WORD = 1.0
"""Seconds for the last transaction of all."""
SWITCH = 0.001
"""Seconds after which a busy thread lets another in: the writer must not wait long for a loop that fans out."""


@dataclass(frozen=True, slots=True)
class Node:
    """A started node; `serve` answers HTTP until the process is told to stop."""

    house: House
    supervisor: Supervisor
    _drain: Drain
    _service: Service
    _socket: socket.socket

    async def serve(self) -> None:
        self._drain.listen()
        log.info("ready", node=self.house.node, address="{}:{}".format(*self._socket.getsockname()[:2]))
        self._service.ready()
        await self._drain.server.serve(sockets=[self._socket])
        await self._drain.ended()


def run(settings: Settings) -> None:
    """The daemon, until it is told to stop. Raises CannotStart; whatever stops it otherwise is told in a line."""
    configure(settings.log_format)
    start(_run(settings))


def start(main: Coroutine[Any, Any, None]) -> None:
    """Run a program to its end on the quick loop."""
    sys.setswitchinterval(SWITCH)
    allow_many_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def _run(settings: Settings) -> None:
    async with node(settings) as started:
        await started.serve()


@asynccontextmanager
async def node(settings: Settings) -> AsyncIterator[Node]:
    """Everything of one node but the serving of HTTP, running. Leaving the block stops it in good order. Raises
    CannotStart.
    """
    async with AsyncExitStack() as stack:
        certificate = Certificate(Path(settings.tls_cert), Path(settings.tls_key)) if settings.tls_cert else None
        listening = stack.enter_context(closing(_listen(settings.http_host, settings.http_port)))
        database = stack.enter_context(
            closing(open_database(settings.database_url, node=settings.node_name, daemon=True))
        )
        clock = clocks.begin(database, SystemClock())
        store = stack.enter_context(closing(ThreadedStore(database)))
        stack.push_async_callback(_let_go, store, settings.node_name)
        channels = await stack.enter_async_context(open_channels(settings))
        calendars = await stack.enter_async_context(open_late())
        # Imported only where asked for: an office without a broker need not load its client.
        buttons = import_module("alarmd.app.buttons") if settings.mqtt_url else None
        broker = await buttons.find_broker(settings, stack) if buttons else None
        supervisor = await stack.enter_async_context(Supervisor())
        lights = _Lights()
        doors = Doors(channels, lights if settings.mqtt_url else None)
        house = _house(settings.node_name, clocks.Clocked(store, clock), clock, doors, supervisor)
        relay = _relay(settings, clock)
        if settings.redis_url:
            house.health.states["relay"] = lambda: "connected" if relay.healthy else "away"
        presence = Presence(house.node, clock, house.sisters, lambda: _hears(house.store, relay, settings))
        hub, app = _console(house, presence, supervisor, settings)
        await _begin(house, supervisor, relay, channels, calendars)
        supervisor.forever("clock watch", clocks.watch(clock, store, house.health))
        supervisor.forever("presence", presence.run())
        can_know = store.alone or bool(settings.redis_url)
        lookout = Lookout(house.store, clock, house.follower, presence, house.health, can_know=can_know)
        supervisor.forever("lookout", lookout.run())
        supervisor.forever("feed", hub.run())
        if buttons:
            lights.door = buttons.listen(broker, house, supervisor)
        _measure(house, relay)
        _say_what_is_missing(house, channels, settings)
        service = Service(house, service_manager())
        supervisor.forever("service", service.run())
        if certificate is not None:
            supervisor.forever("certificate", certificate.watch(house.health, clock))
        http = server(app, settings.trusted_proxies, certificate.context if certificate else None)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, certificate.look if certificate else _nothing)
        drain = Drain(house, hub, supervisor, http, service.stopping)
        yield Node(house, supervisor, drain, service, listening)


def _nothing() -> None:
    log.info("nothing to read anew: settings are read at the start, and there is no certificate")


def _house(node: str, store: Store, clock: Clock, doors: Doors, supervisor: Supervisor) -> House:
    """The loop, not yet running."""
    health = Health(clock, node)
    follower = Follower(store, clock)
    taker = Taker(node, new_id, lambda: outbox.has_room)
    dispatcher = Dispatcher(store, clock, taker, health.store, health.report, lambda: follower.organisation)
    outbox = Outbox(store, clock, dispatcher, doors, node, supervisor.spawn)
    return House(node, store, clock, dispatcher, outbox, follower, health)


def _console(house: House, presence: Presence, supervisor: Supervisor, settings: Settings) -> tuple[Hub, FastAPI]:
    """The feed and the HTTP application of this node."""
    desk = GuardsDesk(house, presence)
    sign_in = SignIn(desk, settings.base_url)
    hub = Hub(house.clock, supervisor.spawn, sign_in.renewed, house.health.of_the_node, lambda: presence.counts)
    house.health.changed.append(hub.beat_now)
    house.follower.began.append(lambda head: hub.begin(head, house.follower.era))
    house.follower.tell.append(hub.offer)
    house.follower.changed.append(hub.changed)
    routers = [signals_router(SignalCounter(house, "http"), sign_in.caller), *_hooks(settings, house)]
    return hub, application(desk, hub, sign_in, supervisor.spawn, routers)


def _measure(house: House, relay: Relay) -> None:
    metrics.TASKS.set_function(lambda: len(asyncio.all_tasks()))
    metrics.OUTBOX_DEPTH.set_function(lambda: house.outbox.depth)
    metrics.FAULTS.set_function(lambda: len(house.health.faults))
    metrics.RELAY_CONNECTED.set_function(lambda: relay.healthy)


async def _begin(house: House, supervisor: Supervisor, relay: Relay, channels: Channels, calendars: Calendars) -> None:
    """Start the loop. What was due while nobody ran goes at once."""
    deadlines = Deadlines(house.store, house.clock, house.dispatcher)
    listeners = [house.follower.offer, house.outbox.offer, deadlines.offer, house.sisters.offer, chronicle]
    house.dispatcher.listeners += listeners
    house.follower.elsewhere.append(house.outbox.look)
    inspection = Inspection(house.store, house.clock, house.follower, house.health, channels)
    rosters = Rosters(house.store, house.clock, house.follower, house.health, calendars, supervisor.spawn)
    rosters.stored.append(inspection.unseen)
    house.follower.changed += [inspection.changed, rosters.changed]
    try:
        await house.follower.begin()
    except NotDurable as fault:
        log.warning("the store is away; starting all the same", why=str(fault))
    supervisor.forever("dispatcher", house.dispatcher.run())
    supervisor.forever("follower", house.follower.run())
    supervisor.forever("outbox", house.outbox.run())
    supervisor.forever("deadlines", deadlines.run())
    supervisor.forever("health", house.health.run(house.dispatcher))
    supervisor.forever("inspection", inspection.run())
    supervisor.forever("calendars", rosters.run())
    supervisor.forever("relay", relay.run(house.follower.hear, house.sisters.told))
    supervisor.forever("sisters", house.sisters.run(relay))
    supervisor.forever("relay watch", _watch(relay, house.health, house.clock))
    supervisor.spawn("first commit", _prove(house))


async def _prove(house: House) -> None:
    """One commit of nothing, so that /readyz knows whether the store takes any."""
    try:
        await house.dispatcher.submit(Performed("nothing"))
    except NotDurable as fault:
        log.warning("the store does not commit", why=str(fault))


def _listen(host: str, port: int) -> socket.socket:
    """The port, taken before anything else starts. Raises CannotStart."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as fault:
        listening.close()
        what = (
            "is taken by another program"
            if fault.errno == errno.EADDRINUSE
            else f"cannot be listened on ({fault.strerror})"
        )
        raise CannotStart(f"port {port} on {host} {what}; set ALARMD_HTTP_PORT or ALARMD_HTTP_HOST") from fault
    listening.listen(2048)
    return listening


def _hooks(settings: Settings, house: House) -> list[APIRouter]:
    """Twilio's callbacks. Without its token nothing could be checked, so nothing is believed."""
    twilio_hooks = import_module("alarmd.intake.twilio_hooks").twilio_hooks
    router: APIRouter = twilio_hooks(
        auth_token=settings.twilio_auth_token.get_secret_value(), public_url=settings.base_url, desk=AnswerDesk(house)
    )
    return [router]


def _relay(settings: Settings, clock: Clock) -> Relay:
    if not settings.redis_url:
        return MemoryRelay()
    relay: Relay = import_module("alarmd.relay.redis").RedisRelay(settings.redis_url, settings.node_name, clock)
    return relay


def _hears(store: Store, relay: Relay, settings: Settings) -> bool:
    """Would the word of a sister node reach this one? Where several may share a database, by Redis alone."""
    return store.alone or (bool(settings.redis_url) and relay.healthy)


def _say_what_is_missing(house: House, channels: Channels, settings: Settings) -> None:
    """A way to reach people that the organisation names and this node has not: said at the start, not found out in an
    alarm.
    """
    if settings.twilio_configured and not settings.public_url:
        mend = "set ALARMD_PUBLIC_URL to the address by which Twilio reaches this node"
        log.warning("answers and receipts cannot arrive", why="ALARMD_PUBLIC_URL is empty", mend=mend)
        house.health.found("public_url", f"answers and receipts of Twilio cannot arrive: {mend}")
    known = house.follower.organisation
    if known is None:
        log.warning("no organisation yet", mend="load one with `alarmd apply FILE`")
        return
    used = {c.kind for person in known.people.values() for c in person.contact}
    for kind in sorted(used - channels.keys()):
        log.warning(
            "channel not available", channel=kind, why=why_not(kind, settings) if kind in CHANNELS else "unknown"
        )


async def _let_go(store: ThreadedStore, node: str) -> None:
    """What this node has not done, a sister may do at once. A store that does not answer is not waited for."""
    try:
        async with asyncio.timeout(LAST_WORD):
            await store.transact(lambda unit: unit.give_back(node))
    except (NotDurable, TimeoutError) as fault:
        log.warning("leases run out by themselves", why=str(fault) or "the store does not answer")


async def _watch(relay: Relay, health: Health, clock: Clock) -> None:
    """Without the relay, sister nodes still find each other's events by looking; that it is away, or slow, is said all
    the same.
    """
    since = clock.now()
    while True:
        now = clock.now()
        if not relay.healthy:
            if now - since > RELAY_PATIENCE:
                health.found("relay", "Redis cannot be reached: consoles at other nodes are up to a second later")
        elif relay.lag > RELAY_SLOW:
            took = relay.lag.total_seconds()
            health.found("relay", f"Redis takes {took:.1f} s to answer: consoles at other nodes may be later")
        else:
            since = now
            health.gone("relay", "Redis answers")
        await clock.sleep_until(now + timedelta(seconds=1))


class _Lights:
    """The lights before the broker's door is open."""

    def __init__(self) -> None:
        self.door: Lights | None = None

    async def show(self, alarm: str, feedback: Feedback) -> bool:
        return self.door is not None and await self.door.show(alarm, feedback)
