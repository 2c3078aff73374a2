"""Every error that alarmd raises on purpose, as one tree.

    AlarmdError
    ├── Refused                 what was asked for is understood and not possible; nothing has changed
    │   ├── Malformed           a body, payload or argument that cannot be read (HTTP 422)
    │   ├── NotSignedIn         nobody known asks (HTTP 401)
    │   ├── NotAllowed          somebody known asks for what he may not do (HTTP 403)
    │   ├── NotFound            no such device, alarm, person, key (HTTP 404)
    │   └── Conflict            the alarm is no longer where this fits; carries the alarm (HTTP 409)
    ├── FaultyFile              an organisation file with faults, each with file, line and what would be right
    ├── Unreadable              a calendar that cannot be reached or understood: what is known of it is kept
    ├── Superseded              the broker gives this message to the node that has taken the seat since
    ├── NotDurable              the disk or the database did not take it: nothing was accepted (HTTP 503)
    ├── Undecidable             we have a bug on this one alarm or signal; nothing of it was written (HTTP 503)
    └── CannotStart             a setting, port, broker or database that makes a start impossible

Callers at the edges (HTTP, MQTT, command line) turn these into answers; anything else that is raised is a bug.
"""

from collections.abc import Sequence


class AlarmdError(Exception):
    """Base of all; its text is for users: what was wrong, where, and what would be right."""


class Refused(AlarmdError):
    """Understood, and not possible. Nothing has changed."""


class Malformed(Refused):
    """What came in cannot be read or breaks the contract."""


class NotSignedIn(Refused):
    """No key or session, or one that nobody knows."""


class NotAllowed(Refused):
    """Known, but without the right to this."""


class NotFound(Refused):
    """No such device, alarm, person or key."""


class Conflict(Refused):
    """The alarm has moved on. `alarm` is its id; the caller shows what it has become."""

    def __init__(self, message: str, alarm: str) -> None:
        super().__init__(message)
        self.alarm = alarm


class FaultyFile(AlarmdError):
    """An organisation file that was refused. `faults` are whole lines, `FILE:LINE: what is wrong and what would be
    right`.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class Unreadable(AlarmdError):
    """A calendar cannot be reached or understood. No address stands in the text, for it may hold a secret."""


class Superseded(AlarmdError):
    """Another node has taken the seat, and with it every message that was not acknowledged: it stores this one."""


class NotDurable(AlarmdError):
    """The store could not make it durable. The caller must not say yes; the sender tries again."""


class Undecidable(AlarmdError):
    """A bug of ours, or a log from a newer version, makes this one undecidable. Everything else goes on. The dispatcher
    has said it aloud; the caller must not say yes, and the sender tries again."""


class CannotStart(AlarmdError):
    """The daemon or a command cannot begin; says what to change."""
