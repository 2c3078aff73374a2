"""The certificate by which a node speaks HTTPS itself. It is read anew when its files change and when SIGHUP says so,
for connections that begin from then on: open feeds go on. A pair that does not fit is never taken; at the start it is
refused, later the old one goes on and it is said aloud, as it is when the certificate runs out soon.

No HSTS is sent: with it a certificate that has run out would shut guards out of their console, without a way past.
"""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import structlog

from alarmd.dispatch.health import Health
from alarmd.errors import CannotStart
from alarmd.ports import Clock

log = structlog.get_logger()

CAUSE = "certificate"
EVERY = timedelta(seconds=10)
SOON = timedelta(days=14)
"""Whoever renews by himself does so long before."""
HAS_RUN_OUT = 10
"""X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL."""

Stamp = tuple[tuple[int, int, int], ...]


class Certificate:
    """A certificate with its chain, and its key, both PEM. Raises CannotStart."""

    def __init__(self, cert: Path, key: Path) -> None:
        self._files = (cert, key)
        self._read = self._stamp()
        self._current = _context(cert, key)
        self._again = asyncio.Event()
        # What is switched is not the context that the server has, for one context can hold keys of several kinds at
        # once: the old would stay beside the new.
        self.context = _context(cert, key)
        self.context.sni_callback = self._choose

    def look(self) -> None:
        """Read it anew, whether it has changed or not."""
        self._read = ()
        self._again.set()

    def renew(self) -> bool:
        """Take what stands there now, where it has changed. Raises CannotStart, and goes on with the old."""
        stamp = self._stamp()
        if stamp == self._read:
            return False
        self._current = _context(*self._files)
        self._read = stamp
        return True

    def ends(self) -> datetime | None:
        """When it runs out; the beginning of time when it has; None where that cannot be known."""
        return _ends(self._current, self._files[0])

    async def watch(self, health: Health, clock: Clock) -> None:
        """For ever. Between two files of a new pair there may be a moment: it is unwell when it is so twice."""
        failed = False
        while True:
            try:
                if self.renew():
                    log.info("certificate read anew", file=str(self._files[0]))
                failed = False
                self._judge(health, clock.now())
            except CannotStart as fault:
                if failed:
                    health.found(CAUSE, f"the new certificate is not taken, the old one goes on: {fault}")
                failed = True
            await clock.sleep_until(clock.now() + EVERY, self._again)
            self._again.clear()

    def _judge(self, health: Health, now: datetime) -> None:
        ends = self.ends()
        if ends is not None and ends - now < SOON:
            how = f"runs out at {ends:%Y-%m-%d %H:%M} UTC" if ends > now else "has run out: browsers refuse it"
            health.found(CAUSE, f"the certificate in {self._files[0]} {how}")
        else:
            health.gone(CAUSE, "the certificate is good")

    def _stamp(self) -> Stamp:
        """By what it is seen that a file is another."""
        try:
            found = [file.stat() for file in self._files]
        except OSError as fault:
            raise CannotStart(f"{fault.filename}: cannot be read: {fault.strerror}") from fault
        return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in found)

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current


def _context(cert: Path, key: Path) -> ssl.SSLContext:
    _require_readable((cert, "ALARMD_TLS_CERT"), (key, "ALARMD_TLS_KEY"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2

    def locked() -> NoReturn:
        raise CannotStart(f"ALARMD_TLS_KEY: {key} wants a passphrase, which nobody can type here; take it off the key")

    try:
        context.load_cert_chain(cert, key, locked)
    except ssl.SSLError as fault:
        if fault.reason == "KEY_VALUES_MISMATCH":
            raise CannotStart(f"ALARMD_TLS_KEY: {key} is not the key of the certificate in {cert}") from fault
        raise CannotStart(
            f"ALARMD_TLS_CERT, ALARMD_TLS_KEY: {cert} and {key} must be a certificate with its chain, and its key, in"
            f" PEM ({fault.reason or fault})"
        ) from fault
    return context


def _require_readable(*files: tuple[Path, str]) -> None:
    for file, setting in files:
        try:
            file.open("rb").close()
        except OSError as fault:
            raise CannotStart(f"{setting}: {file} cannot be read: {fault.strerror}") from fault


def _ends(server: ssl.SSLContext, cert: Path) -> datetime | None:
    """Asked of OpenSSL, by shaking hands with it in memory."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(cert)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks, answers = client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True)
    try:
        for _ in range(4):
            _step(asks)
            _step(answers)
        found = asks.getpeercert()
    except ssl.SSLCertVerificationError as fault:
        return datetime.min.replace(tzinfo=UTC) if fault.verify_code == HAS_RUN_OUT else None
    except (ssl.SSLError, ValueError):
        return None
    until = found.get("notAfter") if found else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if isinstance(until, str) else None


def _step(side: ssl.SSLObject) -> None:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        """It waits for the other side."""
