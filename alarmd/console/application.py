"""The one HTTP application of a node, and how uvicorn serves it. Lean on purpose: no middleware of ours stands between
a press and its answer.

Other rooms (signals, Twilio's hooks) bring their routers; `app/` hands them over. A client's address, by which wrong
passwords are counted, is the peer's own; only a proxy that is named here may say that it speaks for another.
"""

import ipaddress
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI

import alarmd
from alarmd.console import answers
from alarmd.console.alarms import alarms
from alarmd.console.consoles import consoles
from alarmd.console.desk import Desk, Spawn
from alarmd.console.documented import SCHEMES
from alarmd.console.drills import drills
from alarmd.console.feed import Hub
from alarmd.console.health import health
from alarmd.console.live import live
from alarmd.console.organisation_view import organisation
from alarmd.console.pages import BUILT, add_pages
from alarmd.console.schedules import schedules
from alarmd.console.sessions import sessions
from alarmd.console.shapes import Problem
from alarmd.console.sign_in import SignIn
from alarmd.console.straight import straight
from alarmd.errors import CannotStart

LARGEST_FRAME = 64 * 1024
"""Bytes of a WebSocket message from a console, which has little to say."""


def application(
    desk: Desk, hub: Hub, sign_in: SignIn, spawn: Spawn, routers: Sequence[APIRouter] = (), built: Path = BUILT
) -> FastAPI:
    """Everything that this node serves over HTTP."""
    app = FastAPI(
        title="alarmd",
        version=alarmd.__version__,
        docs_url=None,
        redoc_url=None,
        # Buttons of other makers post JSON without saying so; what a browser sends is held to its Origin instead.
        strict_content_type=False,
        # What is measured stands at /metrics; each request would be asked whether anybody else wants to know.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    answers.install(app)
    own = (
        alarms(desk, sign_in),
        organisation(desk, sign_in),
        consoles(desk, sign_in),
        schedules(desk, sign_in),
        drills(desk, sign_in),
        sessions(sign_in),
        live(desk, hub, sign_in, spawn),
        health(desk),
    )
    for router in (*routers, *own):
        app.include_router(router)
    app.router.routes[:0] = straight(route for router in (*routers, *own) for route in router.routes)
    add_pages(app, built)
    _document(app)
    return app


def server(
    app: FastAPI, trusted_proxies: str = "", tls: ssl.SSLContext | None = None, **options: Any
) -> uvicorn.Server:
    """A server for it. `trusted_proxies`: addresses and networks, with commas, whose X-Forwarded-For and
    X-Forwarded-Proto are believed. `tls`: HTTPS alone is spoken. `options` are uvicorn's: host and port, or fd. Raises
    CannotStart."""
    proxies = _proxies(trusted_proxies)
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # costs half of the deliveries, for lines that are idle
        ws_max_size=LARGEST_FRAME,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=2,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        ssl_context_factory=None if tls is None else lambda *_: tls,
        **options,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _proxies(text: str) -> list[str]:
    """Each address or network. uvicorn itself would take a misspelt one for a name that never comes, and `*` for
    everybody."""
    proxies = [word.strip() for word in text.split(",") if word.strip()]
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as fault:
            wanted = "write addresses and networks, with commas, such as 127.0.0.1, 172.16.0.0/12"
            raise CannotStart(f"ALARMD_TRUSTED_PROXIES: {fault}; {wanted}") from fault
    return proxies


def _document(app: FastAPI) -> None:
    """Add to /openapi.json what our routes refer to."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        components = document.setdefault("components", {})
        components["securitySchemes"] = SCHEMES
        components.setdefault("schemas", {})[Problem.__name__] = Problem.model_json_schema()
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document
