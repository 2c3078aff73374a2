"""A web server that keeps a calendar: answers as it is told, and remembers what it was asked."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.servers import HOST


@dataclass
class Answer:
    """One answer. `body` may come in pieces, and be longer than anybody wants to read."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: int = 1


@dataclass
class CalendarServer:
    """`answer` is asked for each path; a test replaces it, or `says` what is there."""

    port: int
    answer: Callable[[str], Answer]
    asked: list[tuple[str, Message]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/duty.ics?key=s3cret"

    def says(self, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.answer = lambda _: Answer(body, status, headers or {})


@contextlib.contextmanager
def calendar_server() -> Iterator[CalendarServer]:
    """A running server on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one.asked.append((self.path, self.headers))
            answer = one.answer(self.path)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.pieces == 1:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # whoever asked has heard enough
                for _ in range(answer.pieces):
                    self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Not into the output of tests."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    one = CalendarServer(server.server_address[1], lambda _: Answer(status=404))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
