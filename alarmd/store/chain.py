"""The hash chains: each entry's SHA-256 covers the hash before it, so a change anywhere breaks every later one. Written
by the unit and the registry, read again by `verify`; the two must never compute it in different ways, so both do it
here.
"""

import hashlib

import orjson

NOTHING = bytes(32)
"""What stands before the first entry."""


def event_hash(before: bytes, position: int, body: str) -> bytes:
    """SHA-256 of the hash before, the position in eight bytes, the highest first, and the body in UTF-8."""
    return hashlib.sha256(before + position.to_bytes(8, "big") + body.encode()).digest()


def audit_hash(before: bytes, position: int, at: int, by: str, action: str, detail: str) -> bytes:
    """The same over the JSON array [at, by, action, detail] without blanks; `at` in milliseconds since 1970."""
    return event_hash(before, position, orjson.dumps([at, by, action, detail]).decode())


def digest(*values: object) -> str:
    """Hex SHA-256 of a row's values as a JSON array: what an audit line keeps of what it tells. Takes anything: who
    tampers may have put in what JSON does not know.
    """
    return hashlib.sha256(orjson.dumps(values, default=repr)).hexdigest()
