"""`alarmd account create` and `alarmd pin set`: what a person signs in and cancels with. Asked for, never an
argument, never in a file; only slow hashes are kept.
"""

import re
import sys
from dataclasses import replace
from getpass import getpass

from alarmd.access.model import Account
from alarmd.access.secrets import hash_password
from alarmd.clock import SystemClock
from alarmd.commands.common import current, opened, whoever
from alarmd.errors import Malformed, NotFound
from alarmd.settings import Settings
from alarmd.store import Database

SHORTEST_PASSWORD = 10
PIN = re.compile(r"[0-9]{4,8}")


def create(settings: Settings, person: str) -> None:
    """An account for a person of the organisation, or a new password for it. Raises NotFound, Malformed."""
    with opened(settings) as database:
        _require(database, person)
        password = _asked_twice("password")
        set_password(database, person, password)
    print(f"{person} can sign in")


def set_password(database: Database, person: str, password: str) -> None:
    """Keep the hash, and end every session that began with the old one. Raises Malformed for one that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise Malformed(f"a password has at least {SHORTEST_PASSWORD} characters; this one has {len(password)}")
    hashed = hash_password(password)
    with database.transaction() as unit:
        account = unit.account(person) or Account(person)
        by, now = whoever(), SystemClock().now()
        unit.put_account(replace(account, password=hashed), by=by, now=now)
        unit.end_sessions(person, by=by, now=now)


def new_pins(settings: Settings, person: str) -> None:
    """The PIN that cancels one's own alarm, and the one that only seems to. Raises NotFound, Malformed."""
    with opened(settings) as database:
        _require(database, person)
        set_pins(database, person, _asked_twice("PIN"), _asked_twice("duress PIN"))
    print(f"PIN and duress PIN of {person} are set")


def set_pins(database: Database, person: str, pin: str, duress: str) -> None:
    """Keep the hashes. Raises Malformed for two that are not good enough."""
    check_pins(pin, duress)
    hashed, hashed_duress = hash_password(pin), hash_password(duress)
    with database.transaction() as unit:
        account = unit.account(person) or Account(person)
        changed = replace(account, pin=hashed, duress_pin=hashed_duress)
        unit.put_account(changed, by=whoever(), now=SystemClock().now())


def check_pins(pin: str, duress: str) -> None:
    """A slip of the finger must not turn one into the other. Raises Malformed."""
    for what, code in (("PIN", pin), ("duress PIN", duress)):
        if not PIN.fullmatch(code):
            raise Malformed(f"a {what} has 4 to 8 digits and nothing else")
    if len(pin) != len(duress):
        raise Malformed("PIN and duress PIN are equally long, so that nobody can tell them apart by watching")
    if sum(a != b for a, b in zip(pin, duress, strict=True)) < 2:
        raise Malformed("PIN and duress PIN differ in at least two digits")
    if abs(int(pin) - int(duress)) < 2 or sorted(pin) == sorted(duress):
        raise Malformed("PIN and duress PIN are neither neighbours nor the same digits in another order")


def _require(database: Database, person: str) -> None:
    with database.snapshot() as reading:
        if person not in current(reading).people:
            raise NotFound(f"no person {person!r} in this organisation")


def _asked_twice(what: str) -> str:
    """From the terminal, unseen, twice; from a pipe one line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass(f"{what}: ")
    if getpass(f"{what} again: ") != first:
        raise Malformed(f"the two are not the same; the {what} was not changed")
    return first
