"""Statements of the hot path: written in SQLAlchemy Core, turned into SQL once for each database, and from then on
given straight to the driver. A statement costs a tenth of the time that way; a press is nine of them. Everything that
is rare goes through SQLAlchemy as usual.

Many rows go to SQLite many in a statement: its driver lets go of the interpreter's lock at each statement, and beside a
busy loop has to wait until it gets it back.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect, Table, bindparam, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
ForRows = Callable[[int], ClauseElement]
"""The statement for so many rows; the parameters of row 7 have the names of one row's and a 7 behind them."""
AT_ONCE = (64, 8)
"""Rows in a statement; the rest go by themselves. SQLite may be as old as to take no more than 999 parameters."""
Placed = Callable[[Values], Any]
"""Puts the values of a statement where the driver wants them: by name, or in their order."""


class Prepared:
    """A statement with the names of its parameters; of an insert or update those are its columns too. Nothing is
    converted: it takes and gives only what both drivers know, so a truth value may come back as 0 or 1.
    """

    def __init__(self, statement: ClauseElement, *names: str, many: ForRows | None = None) -> None:
        self._statement = statement
        self._names = names
        self._many = many
        self._sql: dict[str, tuple[str, Placed]] = {}
        self._sql_of_many: dict[int, str] = {}

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
        rows = [placed(values) for values in many]
        try:
            for size in AT_ONCE if self._many is not None and connection.dialect.name == "sqlite" else ():
                while len(rows) >= size:
                    cursor.execute(self._for_many(connection.dialect, size), [*chain.from_iterable(rows[:size])])
                    del rows[:size]
            cursor.executemany(sql, rows)
        except Exception as error:
            raise wrapped(connection, error, sql) from error
        finally:
            cursor.close()

    def _for(self, dialect: Dialect) -> tuple[str, Placed]:
        known = self._sql.get(dialect.name)
        if known is None:
            compiled = self._compiled(dialect)
            known = self._sql[dialect.name] = (compiled.string, _placed(compiled))
        return known

    def _for_many(self, dialect: Dialect, size: int) -> str:
        known = self._sql_of_many.get(size)
        if known is None:
            assert self._many is not None
            compiled, one = self._many(size).compile(dialect=dialect), self._compiled(dialect)
            assert isinstance(compiled, SQLCompiler)
            assert one.positiontup is not None
            assert compiled.positiontup == [f"{name}{row}" for row in range(size) for name in one.positiontup]
            known = self._sql_of_many[size] = compiled.string
        return known

    def _compiled(self, dialect: Dialect) -> SQLCompiler:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
        assert isinstance(compiled, SQLCompiler)
        return compiled


def inserting(table: Table) -> Prepared:
    """New rows of a table, whole ones."""
    names = [column.name for column in table.c]

    def many(rows: int) -> ClauseElement:
        return insert(table).values([{name: bindparam(f"{name}{row}") for name in names} for row in range(rows)])

    return Prepared(insert(table), *names, many=many)


def _placed(compiled: SQLCompiler) -> Placed:
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    if fixed:  # such as where a LIMIT begins
        place = _in_place(compiled)
        return lambda values: place({**fixed, **values})
    return _in_place(compiled)


def _in_place(compiled: SQLCompiler) -> Placed:
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
