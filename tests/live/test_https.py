"""A daemon that speaks HTTPS itself: a renewed certificate is shown to new connections while open feeds go on."""

import json
import os
import signal
import socket
import ssl
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.certificates import certificate, trusting
from tests.support.daemon import Daemon, daemon

pytestmark = pytest.mark.timeout(120)  # whole processes, started and stopped


def shown(one: Daemon) -> str:
    """The certificate that a new connection is shown."""
    return ssl.get_server_certificate(("127.0.0.1", one.port), timeout=5)


def test_https_and_a_renewal_that_no_feed_notices(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    known = trusting(cert)
    with daemon(tmp_path, tls_cert=str(cert), tls_key=str(key)) as one:
        press, read = one.headers("press"), one.headers("read")
        one.start()
        with socket.create_connection(("127.0.0.1", one.port)) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            plain.settimeout(5)
            assert b"200" not in plain.recv(100), "nothing is answered that others could read"
        with httpx.Client(verify=known, trust_env=False, headers=press, base_url=one.url) as http:
            assert http.post("/v1/signals", json={"device": "desk-1"}).status_code == 202
            assert "strict-transport-security" not in http.get("/").headers
            address = one.url.replace("https", "wss") + "/v1/live"
            with connect(address, ssl=known, additional_headers=read, proxy=None) as feed:
                assert json.loads(feed.recv(5))["type"] == "hello"
                before = shown(one)
                for new, old in zip(certificate(tmp_path, "new", kind="rsa"), (cert, key), strict=True):
                    new.replace(old)
                os.kill(one.pid, signal.SIGHUP)
                while shown(one) == before:
                    """It is read in the next turn of the loop."""
                assert http.post("/v1/signals", json={"device": "desk-2", "ref": "r"}).status_code == 202
                frames = iter(lambda: json.loads(feed.recv(5)), None)
                assert any("r" in [e["data"].get("ref") for e in f.get("events", ())] for f in frames)
        with httpx.Client(verify=trusting(cert), trust_env=False) as http:
            assert http.get(f"{one.url}/readyz").status_code == 200
        one.stop()
        assert "Traceback" not in one.log


def test_a_pair_that_does_not_fit_is_no_start(tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path)
    _, key = certificate(tmp_path, "other")
    done = Daemon(tmp_path, {"ALARMD_TLS_CERT": str(cert), "ALARMD_TLS_KEY": str(key)}).run("run")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"ALARMD_TLS_KEY: {key} is not the key of the certificate in {cert}" in done.stderr
    done = Daemon(tmp_path, {"ALARMD_TLS_CERT": str(cert)}).run("run")
    assert "ALARMD_TLS_KEY: belongs together with ALARMD_TLS_CERT; set both or none" in done.stderr


def test_without_a_certificate_a_signal_to_read_it_anew_ends_nothing(tmp_path: Path) -> None:
    with daemon(tmp_path) as one:
        one.start()
        os.kill(one.pid, signal.SIGHUP)
        assert one.press().status_code == 202
        one.stop()
        assert "nothing to read anew" in one.log
