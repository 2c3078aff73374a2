"""One connection inside one transaction: runs statements and turns every fault of the database into NotDurable with a
clear text.

After a fault the transaction is broken for good: nothing that follows can be committed, even where a caller has
swallowed the error.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, Row
from sqlalchemy.exc import SQLAlchemyError

from alarmd.errors import NotDurable
from alarmd.store.backend import Backend
from alarmd.store.prepared import Prepared, Values

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
STREAMED = 2000
"""Rows that `stream` has in memory."""


class Link:
    """Made when a transaction begins, thrown away when it ends."""

    __slots__ = ("_backend", "_connection", "fault")

    def __init__(self, connection: Connection, backend: Backend) -> None:
        self._connection = connection
        self._backend = backend
        self.fault: NotDurable | None = None

    def rows(self, statement: Executable, parameters: Parameters = None) -> Sequence[Row[Any]]:
        """Every row. Raises NotDurable."""
        try:
            return self._connection.execute(statement, parameters).all()
        except SQLAlchemyError as error:
            raise self._broken(error) from error

    def time(self) -> datetime | None:
        """What the database's own clock shows, if it has one. Raises NotDurable."""
        clock = self._backend.clock
        return None if clock is None else self.fetch(clock, {})[0][0]

    def fetch(self, prepared: Prepared, values: Values) -> list[tuple[Any, ...]]:
        """Every row, by the short way. Raises NotDurable."""
        try:
            return prepared.rows(self._connection, values)
        except SQLAlchemyError as error:
            raise self._broken(error) from error

    def put(self, prepared: Prepared, many: Sequence[Values]) -> None:
        """Write, once for each of these, by the short way. Raises NotDurable."""
        if many:
            try:
                prepared.write(self._connection, many)
            except SQLAlchemyError as error:
                raise self._broken(error) from error

    def stream(self, statement: Executable) -> Iterator[Row[Any]]:
        """Row by row, for more than memory should hold. Raises NotDurable."""
        try:
            for rows in self._connection.execute(statement, execution_options={"yield_per": STREAMED}).partitions():
                yield from rows
        except SQLAlchemyError as error:
            raise self._broken(error) from error

    def do(self, statement: Executable, parameters: Parameters = None) -> int:
        """Write; a list of parameters is one statement for each. How many rows one statement has changed. Raises
        NotDurable.
        """
        try:
            return self._connection.execute(statement, parameters).rowcount
        except SQLAlchemyError as error:
            raise self._broken(error) from error

    def commit(self) -> None:
        """Make it durable. Raises NotDurable, also when it is not known whether it is."""
        if self.fault is not None:
            raise NotDurable(str(self.fault)) from self.fault
        try:
            self._connection.commit()
        except SQLAlchemyError as error:
            raise self._broken(error) from error

    def _broken(self, error: SQLAlchemyError) -> NotDurable:
        self.fault = NotDurable(self._backend.explain(error))
        return self.fault
