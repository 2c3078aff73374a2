"""What a migration may do while older nodes go on working with its tables: only add."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect

GROW = frozenset({"events", "signals", "audit"})
"""Tables that only ever grow: an index over years of them holds up every press while it is built."""


@dataclass(frozen=True)
class Shape:
    """Tables as the database tells them: columns (type, may be null, default), keys, whatever else restricts rows, and
    indexes.
    """

    columns: dict[str, dict[str, tuple[str, bool, str | None]]]
    limits: dict[str, frozenset[Any]]
    indexes: dict[str, frozenset[str]]


def shape(connection: Connection) -> Shape:
    """As it stands."""
    look = inspect(connection)
    tables = [name for name in look.get_table_names() if name != "alembic_version"]
    return Shape(
        {t: {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(t)} for t in tables},
        {
            t: frozenset(
                [
                    ("key", tuple(look.get_pk_constraint(t)["constrained_columns"])),
                    *(("unique", tuple(u["column_names"])) for u in look.get_unique_constraints(t)),
                    *(("check", u["sqltext"]) for u in look.get_check_constraints(t)),
                    *(("refers", tuple(u["constrained_columns"])) for u in look.get_foreign_keys(t)),
                    *(("unique", i["name"]) for i in look.get_indexes(t) if i["unique"]),
                ]
            )
            for t in tables
        },
        {t: frozenset(str(i["name"]) for i in look.get_indexes(t)) for t in tables},
    )


def broken_rules(before: Shape, after: Shape) -> Iterator[str]:
    """A line for each thing that an older node could stumble over."""
    for table, columns in before.columns.items():
        if table not in after.columns:
            yield f"{table} was dropped or renamed"
            continue
        now = after.columns[table]
        for name, was in columns.items():
            if name not in now:
                yield f"{table}.{name} was dropped or renamed"
            elif now[name] != was:
                yield f"{table}.{name} was {was} and is {now[name]}"
        for name in now.keys() - columns.keys():
            _, nullable, default = now[name]
            if not nullable and default is None:
                yield f"{table}.{name} is new, and an older node cannot know what to write into it"
        if after.limits[table] != before.limits[table]:
            yield f"{table} takes other rows than before: {after.limits[table] ^ before.limits[table]}"
        if table in GROW and after.indexes[table] != before.indexes[table]:
            yield f"{table} has another index, for which every press waits while it is built"
