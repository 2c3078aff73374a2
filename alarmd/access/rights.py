"""Who may do what where: the one table, asked by every door. PURE.

A key may do what its scope says; `answer` speaks for a person and adds what that person's roles say. A signed-in person
may do what the roles say. A caller with a site sees and touches that site alone. No door ever decides this by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from alarmd.access.model import Caller, Key, Scope, Session
from alarmd.errors import NotAllowed, NotSignedIn
from alarmd.organisation.model import Organisation, Person


class Right(StrEnum):
    """ANSWER: acknowledge, en_route, arrived, decline, note. END: resolve, cancel. ESCALATE: more people now.
    TAKE_BACK: cancel by PIN what was pressed where one stands (`side.py`). CONSOLES: see who is at a console."""

    PRESS = "press"
    READ = "read"
    ANSWER = "answer"
    END = "end"
    ESCALATE = "escalate"
    TAKE_BACK = "take_back"
    CONSOLES = "consoles"
    DRILL = "drill"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role gives. `everywhere`: also at other sites than the person's own."""

    rights: frozenset[Right]
    everywhere: bool


STAFF, GUARD, MANAGER, SAFETY, ADMIN = "staff", "guard", "manager", "safety_representative", "admin"

_PERSON = frozenset({Right.PRESS, Right.READ, Right.ANSWER, Right.TAKE_BACK})
_RESPONDER = _PERSON | {Right.END, Right.ESCALATE, Right.CONSOLES}

ROLES: dict[str, Grant] = {
    STAFF: Grant(_PERSON, everywhere=False),
    GUARD: Grant(_RESPONDER, everywhere=True),
    MANAGER: Grant(_RESPONDER | {Right.DRILL}, everywhere=True),
    SAFETY: Grant(_PERSON, everywhere=True),
    ADMIN: Grant(frozenset(Right), everywhere=True),
}
"""Anybody else in the organisation is as staff: a chain may tell him, so he must be able to look and to answer."""

SCOPES: dict[Scope, frozenset[Right]] = {
    Scope.PRESS: frozenset({Right.PRESS, Right.TAKE_BACK}),
    Scope.READ: frozenset({Right.READ}),
    Scope.ANSWER: frozenset({Right.READ, Right.ANSWER, Right.TAKE_BACK}),
    Scope.ADMIN: frozenset({Right.READ, Right.CONSOLES, Right.DRILL, Right.ADMIN}),
}

BY_PERSON = frozenset({Right.ANSWER, Right.END, Right.ESCALATE, Right.TAKE_BACK, Right.CONSOLES})
"""What an `answer` key lends of its person's roles."""

WORDS = {
    Right.PRESS: "raise an alarm",
    Right.READ: "see alarms",
    Right.ANSWER: "answer an alarm",
    Right.END: "close or cancel an alarm",
    Right.ESCALATE: "call for more people",
    Right.TAKE_BACK: "cancel an alarm by PIN",
    Right.CONSOLES: "see who is at a console",
    Right.DRILL: "start a drill",
    Right.ADMIN: "administer",
}


def of_key(key: Key, organisation: Organisation | None) -> Caller:
    """The caller whom a key makes. A person who has left the organisation lends it nothing."""
    person = organisation.people.get(key.person or "") if organisation else None
    roles = person.roles if person else ()
    site = key.site or _own_site(key, person)
    return Caller(key.hash, key.name, key.scope, person.id if person else None, key.device, site, roles)


def of_session(session: Session, organisation: Organisation | None) -> Caller | None:
    """The caller who is signed in; None when he has left the organisation."""
    person = organisation.people.get(session.person) if organisation else None
    if person is None:
        return None
    return Caller(session.hash, person.id, None, person.id, None, site_of(person), person.roles)


def rights_of(caller: Caller) -> frozenset[Right]:
    """Everything that this caller may do, somewhere."""
    if caller.scope is None:
        return _lent(caller.roles)
    own = SCOPES[caller.scope]
    if caller.scope is not Scope.ANSWER:
        return own
    return own | (_lent(caller.roles) & BY_PERSON) if caller.person else own - BY_PERSON


def site_of(person: Person) -> str | None:
    """The only site that this person may see; None: all."""
    if person.at is None or any(ROLES[role].everywhere for role in person.roles if role in ROLES):
        return None
    return person.at.partition("/")[0]


def sees(caller: Caller, site: str | None) -> bool:
    """May the caller see what belongs to this site? What belongs to none is for those who see all."""
    return caller.site is None or caller.site == site


def require(caller: Caller | None, right: Right, *, site: str | None = None, device: str | None = None) -> Caller:
    """The caller, who may do this at this site and with this device, if any is meant. Raises NotSignedIn and
    NotAllowed, saying what is missing."""
    if caller is None:
        raise NotSignedIn("sign in, or send `Authorization: Bearer KEY` with a key that has not been revoked")
    if right not in rights_of(caller):
        raise NotAllowed(f"{_named(caller)} may not {WORDS[right]}")
    if site is not None and not sees(caller, site):
        raise NotAllowed(f"{_named(caller)} is limited to site {caller.site}")
    if device is not None and caller.device not in (None, device):
        raise NotAllowed(f"{_named(caller)} is for device {caller.device} alone")
    return caller


def _own_site(key: Key, person: Person | None) -> str | None:
    return site_of(person) if person and key.scope is Scope.ANSWER else None


def _lent(roles: Iterable[str]) -> frozenset[Right]:
    return _PERSON.union(*(ROLES[role].rights for role in roles if role in ROLES))


def _named(caller: Caller) -> str:
    return caller.name if caller.scope is None else f"key {caller.name} (scope {caller.scope})"
