"""What the audit log says that organisation versions, keys, accounts and sessions are, against what the tables say.
Part of `verify`.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
from sqlalchemy import Table, select

from alarmd.store.link import Link
from alarmd.store.registry import account_digest, key_digest, organisation_digest, session_digest
from alarmd.store.tables import accounts, keys, organisations, sessions


class Administered:
    """Learns the audit log line by line."""

    def __init__(self) -> None:
        self._organisations: dict[object, str] = {}
        self._keys: dict[object, str] = {}
        self._accounts: dict[object, str] = {}
        self._sessions: set[str] = set()

    def learn(self, action: str, detail: str) -> None:
        """One line. What cannot be read was found out by its hash already."""
        with suppress(ValueError, TypeError, AttributeError, KeyError):
            self._learn(action, orjson.loads(detail))

    def _learn(self, action: str, told: dict[str, Any]) -> None:
        match action:
            case "organisation_applied":
                self._organisations[told["version"]] = told["digest"]
            case "key_created":
                self._keys[told["name"]] = told["digest"]
            case "key_revoked":
                self._keys.pop(told["name"], None)
            case "account_changed":
                self._accounts[told["person"]] = told["digest"]
            case "signed_in":
                self._sessions.add(told["digest"])
            case _:
                pass  # a change that leaves no row behind

    def findings(self, link: Link, current: int) -> Iterator[str]:
        """A line for each row that the audit log tells otherwise. `current`: the version that the head says holds."""
        tables = (
            (organisations, "version", organisation_digest, self._organisations, "organisation version"),
            (keys, "name", key_digest, self._keys, "key"),
            (accounts, "person", account_digest, self._accounts, "account"),
        )
        for table, name, digest, told, what in tables:
            found = {row[name]: digest(row) for row in _rows(link, table)}
            for key in found.keys() | told.keys():
                if found.get(key) != told.get(key):
                    yield f"{what} {key} is not what the audit log says: {_how(key in found, key in told)}"
        if current != len(self._organisations):
            yield f"the head says organisation version {current} holds; the audit log knows {len(self._organisations)}"
        for row in _rows(link, sessions):
            if session_digest(row) not in self._sessions:
                yield f"a session of {row['person']} is not one that the audit log knows"


def _rows(link: Link, table: Table) -> Iterator[dict[str, Any]]:
    return (row._asdict() for row in link.rows(select(table)))


def _how(found: bool, told: bool) -> str:
    return "it was changed" if found and told else "it was added" if found else "it is missing"
