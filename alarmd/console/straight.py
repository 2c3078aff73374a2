"""The short way to doors by which people act: FastAPI documents each of them, Starlette serves it. They take nothing of
a request but itself and names out of its path, so nothing has to be found out, validated or opened for them; that was
more than half of what HTTP costs a press. Called by the application; does nothing else.
"""

from collections.abc import Awaitable, Callable, Iterable

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route


def straight(routes: Iterable[BaseRoute]) -> list[Route]:
    """Plain routes for those of FastAPI's that POST and need nothing more of it, to be put before them all."""
    return [
        Route(route.path, _called(route.endpoint), methods=route.methods)
        for route in routes
        if isinstance(route, APIRoute) and route.methods == {"POST"} and _plain(route.dependant)
    ]


def _plain(taken: Dependant) -> bool:
    return not (
        taken.query_params or taken.body_params or taken.header_params or taken.cookie_params or taken.dependencies
    )


def _called(endpoint: Callable[..., Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def call(request: Request) -> Response:
        return await endpoint(request, **request.path_params)

    return call
