"""A telephone company that takes every text and call and delivers none: with it the ways of an office do not fail."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

from tests.support.servers import HOST


class _Takes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"sid": f"SM{uuid4().hex}", "status": "queued"}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not into the output of tests."""


@contextlib.contextmanager
def telephone() -> Iterator[str]:
    """One that answers on loopback in Twilio's shapes; its address."""
    server = ThreadingHTTPServer((HOST, 0), _Takes)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
