"""Who calls, and what is kept of keys, accounts and sessions: only hashes of what is secret. PURE."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key is for. `answer` and `admin` may read; `press` may not."""

    PRESS = "press"
    ANSWER = "answer"
    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Key:
    """A stored key. `hash`: hex SHA-256 of the key, which is long and random, so a slow hash would add nothing.
    `device`: a press key for this device alone; `site`: limited to it; `person`: in whose name it answers."""

    name: str
    hash: str
    scope: Scope
    created_at: datetime
    device: str | None = None
    site: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A person's sign-in. `password`, `pin` and `duress_pin` are argon2 hashes, or None when not set."""

    person: str
    password: str | None = None
    pin: str | None = None
    duress_pin: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `hash`: hex SHA-256 of the cookie."""

    hash: str
    person: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as every door sees him. `credential` is the hash by which it is noticed that he was revoked; `roles`
    those of his person; `scope` is None for a session, whose rights follow from the roles alone."""

    credential: str
    name: str
    scope: Scope | None
    person: str | None = None
    device: str | None = None
    site: str | None = None
    roles: tuple[str, ...] = ()
