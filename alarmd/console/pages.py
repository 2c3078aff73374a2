"""The web pages: /console for guards, /m for phones, their assets. Served from the package, under a policy that lets
them load nothing from elsewhere.

A checkout without built pages says how to build them, instead of a 404 that nobody understands.
"""

from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT = Path(__file__).parent / "static"
PAGES = {"/console": "console.html", "/m": "phone.html"}
POLICY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FRESH = {**POLICY, "Cache-Control": "no-cache"}
FOR_EVER = {**POLICY, "Cache-Control": "public, max-age=31536000, immutable"}
MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>alarmd</title>
<h1>console not built: run <code>make web</code></h1>
<p>alarmd runs and takes alarms; only its web pages are missing from this checkout.</p></html>
"""


class Assets(StaticFiles):
    """Files whose names change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(FOR_EVER)
        return response


def add_pages(app: FastAPI, built: Path = BUILT) -> None:
    """Put the pages into the application. `built`: where the build has put them."""

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse("/console", HTTPStatus.TEMPORARY_REDIRECT, FRESH)

    for path, name in PAGES.items():
        _add_page(app, path, built / name)
    app.mount("/assets", Assets(directory=built / "assets", check_dir=False))


def _add_page(app: FastAPI, path: str, file: Path) -> None:
    @app.get(path, include_in_schema=False)
    def page() -> Response:
        if not file.is_file():
            return HTMLResponse(MISSING, HTTPStatus.SERVICE_UNAVAILABLE, FRESH)
        return FileResponse(file, headers=FRESH)
