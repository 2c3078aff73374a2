"""What stands in the demo's database before its daemon starts: the sample office, who can sign in, and the keys for a
storm. Called by `demo.py`. A folder that is used again keeps its office, its people's passwords and its log.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import alarmd.rehearsal
from alarmd.access.model import Key, Scope
from alarmd.access.secrets import hash_secret, make_key
from alarmd.clock import SystemClock
from alarmd.commands.accounts import set_password, set_pins
from alarmd.commands.apply import read
from alarmd.commands.common import current, opened, whoever
from alarmd.errors import CannotStart
from alarmd.organisation.model import Organisation
from alarmd.ports import Registry
from alarmd.settings import Settings
from alarmd.store import Database

OFFICE = Path(alarmd.rehearsal.__file__).with_name("office.yaml")
DOORS = ("kari", "ola", "eva")
"""Who can sign in: one of the staff, a guard, and the manager who is the admin."""
WORD = "lillefjord-demo"
"""What they sign in with. Known to everybody: it guards invented people, on this machine's loopback alone."""
PIN, DURESS_PIN = "2580", "9137"
"""With which they take back what they pressed: because it was a mistake, and because they are forced to."""
PRESSES, READS = "demo-storm-press", "demo-storm-read"


@dataclass(frozen=True, slots=True)
class Office:
    """What the demo shows and prints. The keys are those of a storm against the demo itself."""

    organisation: Organisation
    press_key: str
    read_key: str

    @property
    def doors(self) -> tuple[tuple[str, str, str], ...]:
        """Who can sign in: id, name, roles. In a folder with an office of its own maybe nobody of ours."""
        people = [self.organisation.people[id] for id in DOORS if id in self.organisation.people]
        return tuple((person.id, person.name, ", ".join(person.roles)) for person in people)


def furnish(settings: Settings) -> Office:
    """Bring office, accounts and keys into the database. Raises CannotStart where another demo uses it."""
    with opened(settings) as database:
        if database.daemon_runs():
            raise CannotStart(f"another alarmd uses {database.place}; stop it, or name another --folder")
        now = SystemClock().now()
        organisation = _organisation(database, now)
        for person in DOORS:
            if person in organisation.people:
                _let_in(database, person)
        with database.transaction() as unit:
            press_key = _fresh_key(unit, PRESSES, Scope.PRESS, now)
            read_key = _fresh_key(unit, READS, Scope.READ, now)
    return Office(organisation, press_key, read_key)


def _organisation(database: Database, now: datetime) -> Organisation:
    with database.transaction() as unit:
        if not unit.head().organisation:
            unit.add_organisation(read(OFFICE).organisation, by=whoever(), now=now, why=None)
        return current(unit)


def _let_in(database: Database, person: str) -> None:
    """A password and PINs for who has none yet."""
    with database.snapshot() as reading:
        account = reading.account(person)
    if account is None or account.password is None:
        set_password(database, person, WORD)
    if account is None or account.pin is None:
        set_pins(database, person, PIN, DURESS_PIN)


def _fresh_key(unit: Registry, name: str, scope: Scope, now: datetime) -> str:
    """Keys are shown once, so every start makes its own."""
    held = unit.keys()
    if name in [key.name for key in held]:
        unit.revoke_key(name, by=whoever(), now=now)
    secret = make_key()
    unit.add_key(Key(name, hash_secret(secret), scope, now), by=whoever())
    return secret
