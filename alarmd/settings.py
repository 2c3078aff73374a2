"""Environment and `.env` -> one frozen value. The only reader of the environment; the entry points call `load`, nobody
else does.

Names carry the prefix `ALARMD_`; an unknown one with that prefix is refused in both places, because a misspelt way to
reach people must not be ignored. An empty value is the default. What may hold a password is never repeated in an error.
"""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from alarmd.errors import CannotStart

PREFIX = "ALARMD_"
EMBEDDED = re.compile(r"embedded(?::([1-9]\d{0,4}))?", re.ASCII)
NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""Part of a client id and of topics at the broker, and the first word of what sisters tell each other."""
MQTT_PORT = 1883
ENV_FILE = ".env"
HARMLESS = frozenset({"http_host", "http_port", "log_format", "node_name"})
"""Settings that never hold a password, so that an error may show what stands there."""


class LogFormat(StrEnum):
    """For programs or for people."""

    JSON = "json"
    CONSOLE = "console"


class Settings(BaseSettings):
    """Every setting of the contract (docs/contract.md), with its default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    database_url: str = "sqlite:///var/alarmd.db"
    redis_url: str = ""
    mqtt_url: str = ""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = ""
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_from: str = ""
    twilio_api_url: str = "https://api.twilio.com"
    log_format: LogFormat = LogFormat.JSON
    node_name: str = Field(default_factory=socket.gethostname, validate_default=True)
    tls_cert: str = ""
    tls_key: str = Field(default="", validate_default=True)
    trusted_proxies: str = ""
    """Addresses or networks, with commas, whose word about the client's address and protocol is believed."""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return url

    @field_validator("mqtt_url")
    @classmethod
    def _known_broker(cls, url: str) -> str:
        if url and not EMBEDDED.fullmatch(url) and not url.startswith(("mqtt://", "mqtts://")):
            raise ValueError("must be empty, `embedded`, `embedded:PORT`, or begin with mqtt:// or mqtts://")
        return url

    @field_validator("node_name")
    @classmethod
    def _one_word(cls, name: str) -> str:
        if not NODE.fullmatch(name):
            raise ValueError("must be 1 to 64 letters a to z, digits, dots, hyphens and underscores, such as node-1")
        return name

    @field_validator("tls_key")
    @classmethod
    def _both_or_none(cls, key: str, others: ValidationInfo) -> str:
        if bool(key) != bool(others.data.get("tls_cert")):
            raise ValueError("belongs together with ALARMD_TLS_CERT; set both or none")
        return key

    @property
    def base_url(self) -> str:
        """How the world reaches this node; without PUBLIC_URL, the address it listens on."""
        scheme = "https" if self.tls_cert else "http"
        return self.public_url.rstrip("/") or f"{scheme}://{self.http_host}:{self.http_port}"

    @property
    def embedded_port(self) -> int | None:
        """Where devices find the broker of our own (MQTT 3.1.1); None: there is none."""
        asked = EMBEDDED.fullmatch(self.mqtt_url)
        return int(asked[1] or MQTT_PORT) if asked else None

    @property
    def twilio_configured(self) -> bool:
        return bool(self.twilio_account_sid and self.twilio_auth_token.get_secret_value() and self.twilio_from)


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """What systemd tells a service in its environment (sd_notify(3), sd_watchdog_enabled(3)): the socket on which it
    listens, empty where there is none, and within how many seconds it wants to hear from this process, None: never.
    """

    socket: str
    watchdog: float | None


def service_manager() -> ServiceManager:
    """Who has started this process."""
    microseconds, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    meant = microseconds.isdecimal() and process in ("", str(os.getpid()))
    return ServiceManager(os.environ.get("NOTIFY_SOCKET", ""), int(microseconds) / 1e6 if meant else None)


def read_file(file: Path) -> dict[str, str]:
    """What a file in the form of `.env` sets, by the names of Settings. Raises CannotStart."""
    if not file.is_file():
        raise CannotStart(f"{file}: no such file; expected lines such as ALARMD_DATABASE_URL=postgresql://...")
    written = {name.upper(): value or "" for name, value in dotenv_values(file).items()}
    known = {PREFIX + name.upper(): name for name in Settings.model_fields}
    if unknown := sorted(written.keys() - known.keys()):
        raise CannotStart(f"{file}: {', '.join(unknown)}: no such setting; known are {', '.join(sorted(known))}")
    return {known[name]: value for name, value in written.items()}


def environment_of(values: Mapping[str, str]) -> dict[str, str]:
    """The environment for a daemon that is started from here: ours, with these settings and none of our own."""
    not_theirs = (PREFIX, "NOTIFY_SOCKET", "WATCHDOG_")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(not_theirs)}
    return kept | {PREFIX + name.upper(): value for name, value in values.items()}


def load(**overrides: object) -> Settings:
    """Settings from environment and `.env`. Raises CannotStart, a line for each fault, naming the variable."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    written = {name.upper() for name in (*os.environ, *dotenv_values(ENV_FILE)) if name.upper().startswith(PREFIX)}
    if unknown := sorted(written - known):
        raise CannotStart(f"{', '.join(unknown)}: no such setting; known are {', '.join(sorted(known))}")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks the values, whoever brings them
    except ValidationError as fault:
        lines = [_told(str(e["loc"][0]), e["msg"], e["input"]) for e in fault.errors(include_url=False)]
        raise CannotStart("\n".join(lines)) from fault


def _told(name: str, what: str, found: object) -> str:
    shown = f" (it is {found!r})" if name in HARMLESS else ""
    return f"{PREFIX}{name.upper()}: {what.removeprefix('Value error, ')}{shown}"
