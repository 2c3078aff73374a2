"""What /openapi.json says of a route: its name, what it takes and gives, and which refusals it knows. Used where routes
are added."""

from typing import Any

from pydantic import BaseModel

from alarmd.console.shapes import Problem

REFUSALS = {
    401: "Nobody known asks.",
    403: "The caller may not do this here.",
    404: "There is no such thing.",
    409: "The alarm has moved on; `alarm` is what it has become.",
    413: "The body is too large.",
    422: "The body or a parameter cannot be read, or a reason is missing.",
    429: "Too many wrong passwords or PINs.",
    503: "It could not be made durable: nothing has changed, try again.",
}
CALLER: list[dict[str, list[str]]] = [{"key": []}, {"session": []}]
SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key from `alarmd key create`."},
    "session": {"type": "apiKey", "in": "cookie", "name": "alarmd_session"},
}


def says(
    operation: str,
    summary: str,
    gives: type[BaseModel] | None,
    *refusals: int,
    status: int = 200,
    takes: type[BaseModel] | None = None,
    anybody: bool = False,
) -> dict[str, Any]:
    """Keyword arguments for a FastAPI route that answers with a Response of its own."""
    extra: dict[str, Any] = {} if anybody else {"security": CALLER}
    if takes is not None:
        schema = takes.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        extra["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return {
        "operation_id": operation,
        "summary": summary,
        "status_code": status,
        "response_model": None,
        "responses": {
            status: {"model": gives} if gives else {"description": "Done."},
            **{code: {"description": REFUSALS[code], "content": _problem()} for code in refusals},
        },
        "openapi_extra": extra,
    }


def _problem() -> dict[str, Any]:
    return {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
