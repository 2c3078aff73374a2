"""How this node is, for machines: /healthz (the loop turns, or there would be no answer), /readyz, /metrics. Open to
anybody who reaches the port: nothing personal is in them.
"""

from http import HTTPStatus

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from alarmd.console.answers import HEADERS, answer
from alarmd.console.desk import Desk
from alarmd.console.documented import says


def health(desk: Desk) -> APIRouter:
    """The three routes."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", **says("healthz", "The loop turns", None, anybody=True))
    async def healthz() -> Response:
        return answer({"status": "ok", "node": desk.node})

    @router.get("/readyz", **says("readyz", "A press would be taken now", None, 503, anybody=True))
    async def readyz() -> Response:
        readiness = desk.health()
        status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return answer({"ready": readiness.ready, "node": desk.node, **readiness.body}, status)

    @router.get("/metrics", **says("metrics", "For Prometheus", None, anybody=True))
    async def metrics() -> Response:
        return Response(generate_latest(), headers=HEADERS, media_type=CONTENT_TYPE_LATEST)

    return router
