"""Where the broker is: an `mqtt://` or `mqtts://` URL, taken apart. The password is never shown, in no error either."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from alarmd.errors import CannotStart

PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Broker:
    """`embedded`: our own, of which we know that it drops nothing and that it has no `$SYS` topics."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    embedded: bool = False

    @property
    def name(self) -> str:
        """For people: where it is, without credentials."""
        return f"{self.host}:{self.port}"

    def trust(self) -> ssl.SSLContext | None:
        """What is believed of its certificate: the system's authorities (or those of `SSL_CERT_FILE`), and its name."""
        return ssl.create_default_context() if self.tls else None


def read_url(url: str) -> Broker:
    """`mqtt://[USER[:PASSWORD]@]HOST[:PORT]`, `mqtts://` for TLS. Raises CannotStart."""
    right = "expected mqtt://HOST[:PORT] or mqtts://USER:PASSWORD@HOST[:PORT]"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise CannotStart(f"ALARMD_MQTT_URL: {fault}; {right}") from fault
    if parts.scheme not in PORTS or not parts.hostname:
        raise CannotStart(f"ALARMD_MQTT_URL: no such broker; {right}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise CannotStart(f"ALARMD_MQTT_URL: there is something behind host and port; {right}")
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Broker(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts", user, password)
