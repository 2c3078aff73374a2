"""The certificate of a node: pairs that fit, pairs that do not, renewal, and the day on which it runs out."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarmd.app.certificate import CAUSE, EVERY, Certificate
from alarmd.dispatch.health import Health
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import CannotStart
from tests.support.certificates import certificate, run_out, trusting
from tests.support.virtual import VirtualClock


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return certificate(tmp_path)


def replace(pair: tuple[Path, Path], new: tuple[Path, Path]) -> None:
    for old, better in zip(pair, new, strict=True):
        better.replace(old)


def whose(of: Certificate, trusted: Path) -> ssl.SSLObject:
    """A client that trusts this certificate shakes hands in memory; raises what it thinks of the other side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(trusted).wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    server = of.context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                """It waits for the other."""
    return client


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda cert, _: cert.unlink(), r"server\.crt.*No such file"),
        (lambda _, key: key.unlink(), r"server\.key.*No such file"),
        (lambda _, key: certificate(key.parent, "other")[1].replace(key), "is not the key of the certificate"),
        (lambda cert, _: cert.write_text("what?"), "must be a certificate with its chain, and its key, in PEM"),
        (lambda _, key: key.write_text("what?"), "must be a certificate with its chain, and its key, in PEM"),
        (lambda cert, key: cert.write_bytes(key.read_bytes()), "must be a certificate with its chain"),
        (
            lambda _, key: certificate(key.parent, "server", passphrase="geheim"),
            "wants a passphrase, which nobody can type here",
        ),
    ],
    ids=["no certificate", "no key", "another key", "text", "text as key", "key as certificate", "passphrase"],
)
def test_a_pair_that_will_not_do_is_told_in_a_line(pair: tuple[Path, Path], break_it: object, words: str) -> None:
    assert callable(break_it)
    break_it(*pair)
    with pytest.raises(CannotStart, match=words) as refused:
        Certificate(*pair)
    assert "ALARMD_TLS" in str(refused.value) or "cannot be read" in str(refused.value)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_renewed_pair_is_shown_to_whoever_comes_next(pair: tuple[Path, Path], tmp_path: Path, kind: str) -> None:
    shown = Certificate(*pair)
    assert not shown.renew()
    before = pair[0].read_bytes()
    assert whose(shown, pair[0]).version() == "TLSv1.3"
    replace(pair, certificate(tmp_path, "new", kind=kind))
    assert shown.renew()
    whose(shown, pair[0])
    old = tmp_path / "old.crt"
    old.write_bytes(before)
    with pytest.raises(ssl.SSLCertVerificationError):
        whose(shown, old)


def test_a_new_pair_that_does_not_fit_leaves_the_old_one(pair: tuple[Path, Path], tmp_path: Path) -> None:
    shown = Certificate(*pair)
    kept = tmp_path / "kept.crt"
    kept.write_bytes(pair[0].read_bytes())
    certificate(tmp_path, "new")[0].replace(pair[0])
    with pytest.raises(CannotStart, match="is not the key"):
        shown.renew()
    whose(shown, kept)
    (tmp_path / "new.key").replace(pair[1])
    assert shown.renew()
    whose(shown, pair[0])


def test_when_it_ends(pair: tuple[Path, Path], tmp_path: Path) -> None:
    ends = Certificate(*pair).ends()
    assert ends is not None
    assert timedelta(days=89) < ends - datetime.now(UTC) < timedelta(days=91)
    gone = Certificate(*run_out(tmp_path)).ends()
    assert gone is not None
    assert gone < datetime(2021, 1, 2, tzinfo=UTC)


@asynccontextmanager
async def watched(pair: tuple[Path, Path]) -> AsyncIterator[tuple[Certificate, Health, VirtualClock]]:
    clock = VirtualClock(datetime.now(UTC))
    health, shown = Health(clock, "one"), Certificate(*pair)
    async with Supervisor() as supervisor:
        supervisor.forever("certificate", shown.watch(health, clock))
        await clock.settle()
        yield shown, health, clock


async def test_it_is_said_two_weeks_before_it_runs_out_and_until_it_is_renewed(tmp_path: Path) -> None:
    pair = certificate(tmp_path, days=15)
    async with watched(pair) as (_, health, clock):
        assert CAUSE not in health.faults
        clock._now += timedelta(days=2)
        await clock.advance(EVERY.total_seconds())
        assert "runs out at" in health.faults[CAUSE].text
        replace(pair, certificate(tmp_path, "new", days=90))
        await clock.advance(EVERY.total_seconds())
        assert CAUSE not in health.faults


async def test_one_that_has_run_out_is_said_at_the_start(tmp_path: Path) -> None:
    async with watched(run_out(tmp_path)) as (_, health, _):
        assert "has run out" in health.faults[CAUSE].text


async def test_half_a_renewal_is_said_when_it_stays_half(pair: tuple[Path, Path], tmp_path: Path) -> None:
    async with watched(pair) as (_, health, clock):
        certificate(tmp_path, "new")[0].replace(pair[0])
        await clock.advance(EVERY.total_seconds())
        assert CAUSE not in health.faults
        await clock.advance(EVERY.total_seconds())
        assert "the old one goes on" in health.faults[CAUSE].text
        pair[1].unlink()
        await clock.advance(EVERY.total_seconds())
        (tmp_path / "new.key").replace(pair[1])
        await clock.advance(EVERY.total_seconds())
        assert CAUSE not in health.faults


async def test_told_to_it_looks_at_once(pair: tuple[Path, Path], tmp_path: Path) -> None:
    async with watched(pair) as (shown, _, clock):
        stats = [file.stat() for file in pair]
        new = certificate(tmp_path, "new")
        for old, better, stat in zip(pair, new, stats, strict=True):
            old.write_bytes(better.read_bytes())
            os.utime(old, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        shown.look()
        await clock.settle()
        await asyncio.sleep(0)
        whose(shown, new[0])
