"""The buttons on the page of the simulated phones: what is shown of each, and the hand that presses.

It shows what a button itself shows, and of a silent one nothing. Called by `page_server.py`.
"""

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse

from alarmd.rehearsal.buttons import Button, Buttons


class PressBody(BaseModel):
    """An empty object. It must be JSON, which a page of another site cannot send without asking first."""

    model_config = ConfigDict(extra="forbid")


def add_buttons(app: FastAPI, buttons: Buttons) -> None:
    """Puts their addresses into the app."""

    @app.get("/buttons")
    async def all_buttons() -> JSONResponse:
        return JSONResponse({"buttons": shown(buttons)})

    @app.get("/buttons/{device}")
    async def one_button(device: str) -> JSONResponse:
        return JSONResponse(_card(buttons.button(device)))

    @app.post("/buttons/{device}/press", status_code=202)
    async def press(device: str, body: PressBody) -> JSONResponse:  # noqa: ARG001 - it is there to be checked
        button = buttons.button(device)
        ref = button.press()
        return JSONResponse(_card(button) | {"ref": ref}, 202)


def shown(buttons: Buttons) -> list[dict[str, object]]:
    """Every button, in the order of the organisation file."""
    return [_card(button) for button in buttons]


def _card(button: Button) -> dict[str, object]:
    place = button.place
    return {
        "device": place.device,
        "kind": place.kind.value,
        "place": place.name,
        "floor": place.floor,
        "silent": place.silent,
        "light": button.light.value,
        "battery": button.battery,
        "connected": button.connected,
        "unanswered": button.unanswered,
    }
