"""What administration writes, and the audit log of it: the port `Registry` in SQL. Each change is one line of the audit
log, with a digest of what it made, so that `verify` can tell a row that was changed behind alarmd's back.
"""

from datetime import datetime

import orjson
from sqlalchemy import bindparam, delete, insert, select, update

from alarmd.access.model import Account, Key, Session
from alarmd.errors import NotFound, Refused
from alarmd.organisation.model import Organisation
from alarmd.organisation.plain import Plain, plain
from alarmd.store.chain import audit_hash, digest
from alarmd.store.tables import accounts, audit, instant, keys, organisations, sessions
from alarmd.store.unit import StoredUnit, Values

_KEY_NAMED = select(keys.c.name).where(keys.c.name == bindparam("called"))
_DELETE_KEY = delete(keys).where(keys.c.name == bindparam("called"))
_ACCOUNT = update(accounts).where(accounts.c.person == bindparam("whose"))
_EXPIRED = delete(sessions).where(sessions.c.expires_at <= bindparam("now"))
_DELETE_SESSION = delete(sessions).where(sessions.c.hash == bindparam("which"))
_SESSIONS_OF = select(sessions.c.hash).where(sessions.c.person == bindparam("whose"))
_DELETE_SESSIONS_OF = delete(sessions).where(sessions.c.person == bindparam("whose"))


class StoredRegistry(StoredUnit):
    """Fulfils `ports.Registry`."""

    def add_organisation(
        self, organisation: Organisation, *, by: str, now: datetime, why: str | None, body: Plain | None = None
    ) -> int:
        version: int = self._row["organisation"] + 1
        row = {
            "version": version,
            "body": orjson.dumps(body or plain(organisation)).decode(),
            "at": instant(now),
            "by": by,
            "why": why,
        }
        self._link.do(insert(organisations), row)
        self._audit("organisation_applied", {"version": version, "digest": organisation_digest(row)}, by, now)
        self._move_head(organisation=version)
        return version

    def add_key(self, key: Key, *, by: str) -> None:
        if self._link.rows(_KEY_NAMED, {"called": key.name}):
            raise Refused(f"there is a key named {key.name!r} already; revoke it first, or choose another name")
        row = {
            "name": key.name,
            "hash": key.hash,
            "scope": key.scope.value,
            "created_at": instant(key.created_at),
            "device": key.device,
            "site": key.site,
            "person": key.person,
        }
        self._link.do(insert(keys), row)
        self._audit("key_created", {"name": key.name, "digest": key_digest(row)}, by, key.created_at)
        self._raise_access()

    def revoke_key(self, name: str, *, by: str, now: datetime) -> None:
        if not self._link.rows(_KEY_NAMED, {"called": name}):
            raise NotFound(f"no key named {name!r}; `alarmd key list` shows them")
        self._link.do(_DELETE_KEY, {"called": name})
        self._audit("key_revoked", {"name": name}, by, now)
        self._raise_access()

    def put_account(self, account: Account, *, by: str, now: datetime) -> None:
        secrets = {"password": account.password, "pin": account.pin, "duress_pin": account.duress_pin}
        if self.account(account.person) is None:
            self._link.do(insert(accounts), {"person": account.person, **secrets})
        else:
            self._link.do(_ACCOUNT, {"whose": account.person, **secrets})
        detail = {"person": account.person, "digest": account_digest({"person": account.person, **secrets})}
        self._audit("account_changed", detail, by, now)
        self._raise_access()

    def add_session(self, session: Session) -> None:
        self._link.do(_EXPIRED, {"now": instant(session.created_at)})
        row = {
            "hash": session.hash,
            "person": session.person,
            "created_at": instant(session.created_at),
            "expires_at": instant(session.expires_at),
        }
        self._link.do(insert(sessions), row)
        detail = {"person": session.person, "digest": session_digest(row)}
        self._audit("signed_in", detail, session.person, session.created_at)
        self._raise_access()

    def end_session(self, hash: str, *, now: datetime) -> None:
        session = self.session(hash)
        if session is None:
            return
        self._link.do(_DELETE_SESSION, {"which": hash})
        self._audit("signed_out", {"person": session.person}, session.person, now)
        self._raise_access()

    def end_sessions(self, person: str, *, by: str, now: datetime) -> None:
        ended = len(self._link.rows(_SESSIONS_OF, {"whose": person}))
        if not ended:
            return
        self._link.do(_DELETE_SESSIONS_OF, {"whose": person})
        self._audit("sessions_ended", {"person": person, "sessions": ended}, by, now)
        self._raise_access()

    def note(self, action: str, detail: Values, *, by: str, now: datetime) -> None:
        """A line about something that changed no row of its own, such as a restore."""
        self._audit(action, detail, by, now)

    def _raise_access(self) -> None:
        """Every node notices within 250 ms and asks again who may do what."""
        self._move_head(access=self._row["access"] + 1)

    def _audit(self, action: str, detail: Values, by: str, now: datetime) -> None:
        position = self._row["audit_position"] + 1
        at, told = instant(now), orjson.dumps(detail).decode()
        hash = audit_hash(self._row["audit_hash"], position, at, by, action, told)
        line = {"position": position, "at": at, "by": by, "action": action, "detail": told, "hash": hash}
        self._link.do(insert(audit), line)
        self._move_head(audit_position=position, audit_hash=hash)


def organisation_digest(row: Values) -> str:
    """Of a whole row, as the audit log and `verify` compute it."""
    return digest(row["version"], row["body"], row["at"], row["by"], row["why"])


def key_digest(row: Values) -> str:
    """Of a whole row of keys."""
    return digest(*(row[name] for name in ("name", "hash", "scope", "created_at", "device", "site", "person")))


def account_digest(row: Values) -> str:
    """Of a whole row of accounts."""
    return digest(row["person"], row["password"], row["pin"], row["duress_pin"])


def session_digest(row: Values) -> str:
    """Of a whole row of sessions."""
    return digest(row["hash"], row["person"], row["created_at"], row["expires_at"])
