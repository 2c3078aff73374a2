"""Keys, cookies, passwords and PINs: made here, hashed here, compared here. What comes out of `make_*` is shown once
and never stored; only hashes are. Called by the command line and the console's sign-in.
"""

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from alarmd.alarm.incoming import Pin

KEY_PREFIX = "alarmd_"
RANDOM_BYTES = 32

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""Argon2id with OWASP's parameters for a server that must stay small (Password Storage Cheat Sheet)."""

_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$SyFzah/TasiJjNd5APw4uQ$U1JRfQ4xOY5R6wHGQUO0GuQ8SFUU4zL2RrBcICt6a9k"
"""Of 32 random bytes that nobody kept: compared with where there is no account, so that the answer takes as long."""


def make_key() -> str:
    """A fresh key: `alarmd_` and 43 url-safe characters of 32 random bytes. Leak scanners know the prefix."""
    return KEY_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def make_cookie() -> str:
    """A fresh session secret, as random as a key."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def hash_secret(secret: str) -> str:
    """Hex SHA-256 of a key or cookie: they are long and random, so a slow hash would add nothing but delay."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Argon2id, with its salt and parameters in it. Takes about 20 ms of a core: not for the event loop."""
    return _HASHER.hash(password)


def password_fits(hash: str | None, password: str) -> bool:
    """Is this the password of the hash? None (nobody, or nothing set) takes as long and never fits. Not for the event
    loop."""
    try:
        _HASHER.verify(hash or _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return hash is not None


def which_pin(honest: str | None, duress: str | None, typed: str) -> Pin | None:
    """Which of somebody's two PINs was typed, None for neither. Both are always compared, also where none is set, so
    that the time tells nothing. Not for the event loop."""
    fits, forced = password_fits(honest, typed), password_fits(duress, typed)
    if forced:
        return Pin.DURESS
    return Pin.HONEST if fits else None
