"""Statements of the hot path: written in SQLAlchemy Core, turned into SQL once for each database, and from then on
given straight to the driver. A statement costs a tenth of the time that way; a press is nine of them. Everything that
is rare goes through SQLAlchemy as usual.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
Placed = Callable[[Values], Any]
"""Puts the values of a statement where the driver wants them: by name, or in their order."""


class Prepared:
    """A statement with the names of its parameters; of an insert or update those are its columns too. Nothing is
    converted: it takes and gives only what both drivers know, so a truth value may come back as 0 or 1.
    """

    def __init__(self, statement: ClauseElement, *names: str) -> None:
        self._statement = statement
        self._names = names
        self._sql: dict[str, tuple[str, Placed]] = {}

    def rows(self, connection: Connection, values: Values) -> list[tuple[Any, ...]]:
        """Ask. Raises DBAPIError."""
        sql, placed = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(sql, placed(values))
            return list(cursor.fetchall())
        except Exception as error:
            raise wrapped(connection, error, sql) from error
        finally:
            cursor.close()

    def write(self, connection: Connection, many: Sequence[Values]) -> None:
        """Once for each of these. Raises DBAPIError."""
        sql, placed = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(sql, [placed(values) for values in many])
        except Exception as error:
            raise wrapped(connection, error, sql) from error
        finally:
            cursor.close()

    def _for(self, dialect: Dialect) -> tuple[str, Placed]:
        known = self._sql.get(dialect.name)
        if known is None:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
            assert isinstance(compiled, SQLCompiler)
            known = self._sql[dialect.name] = (compiled.string, _placed(compiled))
        return known


def _placed(compiled: SQLCompiler) -> Placed:
    if not compiled.positional:
        return dict
    order = compiled.positiontup or ()
    if len(order) > 1:
        return itemgetter(*order)  # of several names it makes a tuple
    return lambda values: [values[name] for name in order]


def wrapped(connection: Connection, error: Exception, sql: str) -> Exception:
    """An error of the driver as SQLAlchemy would have raised it, for those who explain errors; any other as it is."""
    base = connection.dialect.loaded_dbapi.Error
    if not isinstance(error, base):
        return error
    return DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=connection.dialect)
