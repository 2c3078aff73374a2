"""`alarmd key ...`: keys for devices and programs. A key is shown once; only its hash is kept."""

import re
from dataclasses import dataclass

from alarmd.access.model import Key, Scope
from alarmd.access.secrets import hash_secret, make_key
from alarmd.alarm.times import stamp
from alarmd.clock import SystemClock
from alarmd.commands.common import current, opened, whoever
from alarmd.errors import Malformed, NotFound
from alarmd.organisation.model import Organisation
from alarmd.settings import Settings

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """The key that is asked for."""

    name: str
    scope: Scope
    device: str | None = None
    site: str | None = None
    person: str | None = None


def create(settings: Settings, wish: Wish) -> str:
    """A new key, stored as a hash; returns the key itself, which nobody can show again. Raises NotFound, Malformed,
    Refused.
    """
    secret = make_key()
    with opened(settings) as database, database.transaction() as unit:
        _check(wish, current(unit) if wish.device or wish.site or wish.person else None)
        now = SystemClock().now()
        unit.add_key(
            Key(wish.name, hash_secret(secret), wish.scope, now, wish.device, wish.site, wish.person), by=whoever()
        )
    return secret


def show(settings: Settings) -> None:
    """Every key that holds, a line each."""
    with opened(settings) as database, database.snapshot() as reading:
        for key in reading.keys():  # noqa: SIM118 - a question to the store, no dictionary
            limits = [
                f"{what} {value}"
                for what, value in (("device", key.device), ("site", key.site), ("person", key.person))
                if value
            ]
            print("  ".join([key.name, key.scope.value, f"since {stamp(key.created_at)}", *limits]))


def revoke(settings: Settings, name: str) -> None:
    """The key no longer holds, at once, for open feeds too. Raises NotFound."""
    with opened(settings) as database, database.transaction() as unit:
        unit.revoke_key(name, by=whoever(), now=SystemClock().now())
    print(f"revoked {name}")


def _check(wish: Wish, organisation: Organisation | None) -> None:
    if not NAME.fullmatch(wish.name):
        raise Malformed(f"--name {wish.name!r}: small letters, digits and -, at most 63, such as desk-3")
    if wish.scope is Scope.ANSWER and wish.person is None:
        raise Malformed("a key that answers does so in somebody's name: add --person ID")
    if wish.device is not None and wish.scope is not Scope.PRESS:
        raise Malformed("--device goes with --scope press: other keys are not bound to a device")
    if organisation is None:
        return
    for what, id, known in (
        ("device", wish.device, organisation.devices),
        ("site", wish.site, organisation.sites),
        ("person", wish.person, organisation.people),
    ):
        if id is not None and id not in known:
            raise NotFound(f"no {what} {id!r} in this organisation")
