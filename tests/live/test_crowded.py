"""A daemon with more connections than the usual limit of open files lets in."""

import contextlib
import socket
from pathlib import Path

from tests.support.daemon import daemon
from tests.support.servers import HOST

IDLE = 200


def test_a_press_is_not_one_connection_too_many(tmp_path: Path) -> None:
    """The soft limit stands for the 1024 of most systems; the hard one is the administrator's word."""
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(daemon(tmp_path, ["/usr/bin/prlimit", "--nofile=100:4096"]))
        one.start()
        for _ in range(IDLE):
            stack.enter_context(contextlib.closing(socket.create_connection((HOST, one.port), timeout=10)))
        assert one.press(ref="r").status_code == 202
        one.stop()
