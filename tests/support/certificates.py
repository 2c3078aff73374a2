"""Certificates for tests, made by OpenSSL's own program."""

import ssl
import subprocess
from pathlib import Path


def certificate(
    folder: Path, name: str = "server", days: int = 90, kind: str = "ec", **options: str
) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    folder.mkdir(exist_ok=True)
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    new = ["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        *new,
        "-keyout",
        key,
        "-out",
        cert,
        "-subj",
        f"/CN={name}",
    ]
    secret = ["-passout", f"pass:{options['passphrase']}"] if "passphrase" in options else ["-nodes"]
    subprocess.run(
        [*command, "-days", str(days), "-addext", "subjectAltName=IP:127.0.0.1", *secret],
        check=True,
        capture_output=True,
    )
    return cert, key


def run_out(folder: Path) -> tuple[Path, Path]:
    """One that ended years ago."""
    cert, key = certificate(folder, "old")
    request = folder / "old.csr"
    subprocess.run(
        ["openssl", "req", "-new", "-key", key, "-subj", "/CN=old", "-out", request], check=True, capture_output=True
    )
    (folder / "index").write_text("")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=a\n[a]\ndatabase={folder}/index\nnew_certs_dir={folder}\nserial={folder}/serial\npolicy=p\n"
        "default_md=sha256\nrand_serial=yes\n[p]\ncommonName=supplied\n"
    )
    command: list[str | Path] = [
        "openssl",
        "ca",
        "-batch",
        "-selfsign",
        "-config",
        folder / "ca.cnf",
        "-keyfile",
        key,
        "-in",
        request,
    ]
    dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"]
    subprocess.run([*command, *dates, "-notext", "-out", cert], check=True, capture_output=True)
    return cert, key


def trusting(cert: Path) -> ssl.SSLContext:
    """For a client that knows this one."""
    return ssl.create_default_context(cafile=str(cert))
