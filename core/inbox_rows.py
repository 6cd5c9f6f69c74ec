"""Rows of deliveries, written in as few steps as a database allows.

Each step of a statement gives Python's lock away. Whoever has SQLite's one write lock gets it back
after the other threads' turns, and all processes wait for as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table, select
from sqlalchemy.dialects.postgresql import insert

from core.models import Delivery

_TABLE = cast("Table", Delivery.__table__)
_IDENTITY = (_TABLE.c.id, _TABLE.c.source, _TABLE.c.external_id)
_UNIQUE = [column.name for column in _IDENTITY[1:]]

# Made once: making it takes several times as long as running it. It is that of the table, since
# what mapped objects have to be told of each row costs as much again.
_INSERT = insert(_TABLE).on_conflict_do_nothing(index_elements=_UNIQUE).returning(*_IDENTITY)

Written = tuple[int, str, str]
"""Id, source and external id of a row."""


def insert_new(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Written]:
    """Write the rows whose source and external id are not there yet, and give those.

    All rows have the same columns.
    """
    if connection.dialect.name == "sqlite":
        return _in_one_step(connection, rows)
    return [cast("Written", tuple(row)) for row in connection.execute(_INSERT, rows)]


def _in_one_step(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Written]:
    """Do without RETURNING, which is a step for each row.

    Ids are each one more than the greatest, and nobody else writes meanwhile: so the new ones are
    those up to the last one.
    Source: https://www.sqlite.org/autoinc.html
    """
    columns = tuple(rows[0])
    to_sql = _to_sql(connection.dialect, columns)
    values = tuple(convert(row[name]) for row in rows for name, convert in to_sql)
    result = connection.exec_driver_sql(_statement(columns, len(rows)), values)
    first = result.lastrowid - result.rowcount + 1
    if result.rowcount == len(rows):
        return [
            (row_id, row["source"], row["external_id"]) for row_id, row in enumerate(rows, first)
        ]
    if result.rowcount == 0:
        return []
    new = select(*_IDENTITY).where(_TABLE.c.id >= first)
    return [cast("Written", tuple(row)) for row in connection.execute(new)]


@lru_cache(maxsize=200)
def _statement(columns: tuple[str, ...], rows: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return (
        f"INSERT INTO {_TABLE.name} ({', '.join(columns)}) VALUES {', '.join([row] * rows)} "  # noqa: S608 - names of our own columns
        f"ON CONFLICT ({', '.join(_UNIQUE)}) DO NOTHING"
    )


@lru_cache(maxsize=10)
def _to_sql(
    dialect: Dialect, columns: tuple[str, ...]
) -> list[tuple[str, Callable[[object], object]]]:
    """Give how the driver wants the value of each column."""
    return [
        (name, _TABLE.c[name].type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is)
        for name in columns
    ]


def _as_it_is(value: object) -> object:
    return value
