"""Log lines: structlog, one JSON object or one readable line each, on stderr; the libraries' own loggers come out the
same way.

No phone number and no key may stand in a log line. Nobody writes one on purpose; what looks like one is masked here all
the same, in traces and in what libraries say too. Called once, by the entry points.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TextIO

import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

NUMBER = re.compile(r"(?:\+|%2[bB]|\b00(?=[1-9]))[1-9](?:[ .()-]{0,2}\d){6,14}(?!\d)")
"""E.164 with the usual blanks between, also as it stands in an URL."""
SECRET = re.compile(r"alarmd_[A-Za-z0-9_-]{16,}|(?<=[Bb]earer )[^\s\"',]+|(?<=alarmd_session=)[^\s;\"']+")
MASK = "[masked]"
SILENCED = ("twilio.http_client", "asyncio", "aiohttp.access", "gmqtt", "uvicorn.access")
"""They log addresses, bodies or every step of theirs at INFO or DEBUG: only their warnings are let through."""


def configure(style: str, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Bring every logger of the process under one form: `json` or `console`."""
    output = stream or sys.stderr
    handler = logging.StreamHandler(output)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    render = _renderer(style, colours=output.isatty())
    own = _Own(handler, render)
    structlog.configure(
        processors=[*shared, _as_it_is],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: own,
        cache_logger_on_first_use=False,
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask, render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def bind_alarm(alarm: str) -> AbstractContextManager[None]:
    """Every line within the block says which alarm it is about."""
    return bound_contextvars(alarm=alarm)


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take out what looks like a phone number or a key, however deep it stands."""
    return {key: _masked(value) for key, value in event.items()}


class _Own:
    """Writes our own lines to where the handler writes those of libraries, without making a record of each: in a storm
    that is most of what a line costs. As there, a line that cannot be written stops nobody.
    """

    def __init__(self, handler: "logging.StreamHandler[TextIO]", render: Callable[..., Any]) -> None:
        self._handler = handler
        self._render = render

    def write(self, event: EventDict) -> None:
        try:
            line = self._render(None, "", mask(None, "", event))
            self._handler.acquire()
            try:
                self._handler.stream.write(f"{line}\n")
                self._handler.stream.flush()
            finally:
                self._handler.release()
        except Exception:  # noqa: BLE001 - told on stderr, if that can be; not what it was, which may be what is masked
            self._handler.handleError(logging.makeLogRecord({"msg": "a line could not be written"}))

    debug = info = warning = error = critical = exception = write


def _as_it_is(_logger: WrappedLogger, _method: str, event: EventDict) -> tuple[tuple[EventDict], dict[str, Any]]:
    """Rendered where it is written."""
    return (event,), {}


def _masked(value: Any) -> Any:
    match value:
        case str():
            return SECRET.sub(MASK, NUMBER.sub(MASK, value))
        case Mapping():
            return {key: _masked(inner) for key, inner in value.items()}
        case list() | tuple() | set():
            return [_masked(inner) for inner in value]
        case BaseException():
            return _masked(repr(value))
        case _:
            return value


def _renderer(style: str, *, colours: bool) -> Processor:
    if style == "console":
        return structlog.dev.ConsoleRenderer(colors=colours)
    return structlog.processors.JSONRenderer()
