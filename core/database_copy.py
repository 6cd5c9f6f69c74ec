"""Moving an installation from one database to another: all rows, or none.

Everything is one transaction on either side: the source is read as it was at one moment, and a copy
that fails leaves the target as it was. Each table is read again from the target and compared before
the commit, by a checksum over its values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Insert,
    Row,
    Select,
    String,
    Table,
    Text,
    TypeDecorator,
    cast,
    func,
    insert,
    inspect,
    null,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, OperationalError

from core.database import make_engine
from core.errors import GatewayError
from core.migrate import alembic_config
from core.models import Base

SCHEMES = frozenset({"sqlite", "postgresql+psycopg"})

AT_ONCE = 1000
"""Rows in one statement: a few megabytes of snapshots at most."""

_CHECKSUM_BYTES = 8
_NEW = "new_"  # SQLAlchemy keeps the columns' own names for itself.


class DatabaseCopyError(GatewayError):
    """A copy was not made; the message says why and what to do. The target is as it was."""


@dataclass(frozen=True)
class CopiedTable:
    """A table that was copied and compared."""

    name: str
    rows: int
    checksum: str
    """Over all values, whatever the order of the rows; the same in both databases."""


def copy_database(
    source_url: str, target_url: str, told: Callable[[CopiedTable], None]
) -> list[CopiedTable]:
    """Copy all rows into an empty database, compare them, and give what was copied.

    The target gets its tables here if it has none. `told` hears of each table once it is there and
    the same; none of them counts before this returns.

    Raises `DatabaseCopyError` when the source is not at the code's revision, when the target has
    rows or another revision, when a value does not fit, or when the two differ afterwards.
    """
    if _parsed(source_url, "source") == _parsed(target_url, "target"):
        message = "source and target are the same database: name another target"
        raise DatabaseCopyError(message)
    with _opened(source_url) as source, _opened(target_url) as target:
        try:
            _check_source(source)
            _prepare_target(target, target_url)
            return _copy_all(source, target, told)
        except OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0]
            message = f"a database does not answer: {reason}"
            raise DatabaseCopyError(message) from error


def _parsed(url: str, name: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        message = f"the {name} is not a URL, such as postgresql+psycopg://user@host/name"
        raise DatabaseCopyError(message) from error
    if parsed.drivername not in SCHEMES:
        message = f"the {name} must begin with sqlite:/// or postgresql+psycopg://"
        raise DatabaseCopyError(message)
    file = Path(parsed.database or "")
    # SQLite would make an empty file by being asked.
    if name == "source" and parsed.drivername == "sqlite" and not file.exists():
        message = f"the source {file} is not there"
        raise DatabaseCopyError(message)
    return parsed


@contextmanager
def _opened(url: str) -> Generator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _copy_all(
    source: Engine, target: Engine, told: Callable[[CopiedTable], None]
) -> list[CopiedTable]:
    copied: list[CopiedTable] = []
    with ExitStack() as stack:
        # On SQLite the write lock: whoever still runs there cannot write what would be left behind.
        level = {} if source.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        read = stack.enter_context(source.execution_options(immediate=True, **level).begin())
        write = stack.enter_context(target.execution_options(immediate=True).begin())
        for table in Base.metadata.sorted_tables:
            copied.append(_copy_table(read, write, table))
            told(copied[-1])
    if target.dialect.name == "postgresql":
        with target.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            # Until the server has looked by itself, it would plan as for empty tables.
            connection.execute(text("ANALYZE"))
    return copied


def _check_source(source: Engine) -> None:
    present, wanted = _revision(source), _head(source)
    if present != wanted:
        message = (
            f"the source is at revision {present}, the code wants {wanted}: run `igw migrate` "
            "with the settings that it is used with, then copy"
        )
        raise DatabaseCopyError(message)


def _prepare_target(target: Engine, url: str) -> None:
    """Make the tables where there are none, and refuse a database that is in use."""
    present, wanted = _revision(target), _head(target)
    if present is None and not inspect(target).get_table_names():
        command.upgrade(alembic_config(url), "head")
        return
    if present != wanted:
        what = f"is at revision {present}" if present else "holds tables of something else"
        message = f"the target {what}, the code wants {wanted}: name an empty database"
        raise DatabaseCopyError(message)
    with target.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is not None:
                message = f"the target has rows in `{table.name}`: name an empty database"
                raise DatabaseCopyError(message)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _head(engine: Engine) -> str | None:
    url = engine.url.render_as_string(hide_password=False)
    return ScriptDirectory.from_config(alembic_config(url)).get_current_head()


def _copy_table(read: Connection, write: Connection, table: Table) -> CopiedTable:
    before, rows = _Checksum(), _stored(table)
    fill = _fill(table)
    for batch in _batches(read, rows):
        for row in batch:
            _check_fits(table, row)
            before.add(row)
        names = [f"{_NEW}{column.name}" for column in table.columns]
        _write(write, table, fill, [dict(zip(names, row, strict=True)) for row in batch])
    after = _Checksum()
    for batch in _batches(write, rows):
        for row in batch:
            after.add(row)
    if (before.rows, before.value) != (after.rows, after.value):
        message = (
            f"`{table.name}` differs after copying: {before.rows:,} rows with checksum "
            f"{before.value}, then {after.rows:,} with {after.value}. Nothing was kept; keep "
            "working on the source, and report this"
        )
        raise DatabaseCopyError(message)
    _continue_numbers(write, table)
    return CopiedTable(table.name, before.rows, before.value)


def _write(write: Connection, table: Table, fill: Insert, rows: list[dict[str, Any]]) -> None:
    try:
        write.execute(fill, rows)
    except DataError as error:
        reason = str(error.orig).strip().splitlines()[0]
        message = f"the target does not take a row of `{table.name}`: {reason}"
        raise DatabaseCopyError(message) from error


class _StoredJson(TypeDecorator[str]):
    """A JSON document as its text: SQL's NULL and JSON's `null` stay two things."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindparam: BindParameter[str]) -> ColumnElement[Any]:
        """Let PostgreSQL read the text as a document; SQLite keeps the text."""
        return cast(bindparam, Text().with_variant(JSONB(), "postgresql"))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the text on as it is."""
        return value


def _stored(table: Table) -> Select[*tuple[Any, ...]]:
    """Read a table's values as they are stored, in a stable order."""
    columns: list[ColumnElement[Any]] = [
        cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column
        for column in table.columns
    ]
    return select(*columns).order_by(*table.primary_key.columns)


def _fill(table: Table) -> Insert:
    values = {
        column.name: BindParameter(
            f"{_NEW}{column.name}",
            type_=_StoredJson() if isinstance(column.type, JSON) else column.type,
        )
        for column in table.columns
    }
    return insert(table).values(values)


def _batches(
    connection: Connection, rows: Select[*tuple[Any, ...]]
) -> Iterator[Sequence[Row[Any]]]:
    result = connection.execute(rows.execution_options(yield_per=AT_ONCE))
    while batch := list(islice(result, AT_ONCE)):
        yield batch


def _check_fits(table: Table, row: Row[Any]) -> None:
    """Name the value that PostgreSQL would refuse and SQLite, which does not look, has taken."""
    for column, value in zip(table.columns, row, strict=True):
        if not isinstance(value, str):
            continue
        length = column.type.length if isinstance(column.type, String) else None
        if length is not None and len(value) > length:
            problem = f"has {len(value)} characters, and {length} are allowed"
        elif "\x00" in value or (isinstance(column.type, JSON) and "\\u0000" in value):
            problem = "holds the character NUL, which PostgreSQL does not take"
        else:
            continue
        key = ", ".join(f"{it.name} {row._mapping[it.name]}" for it in table.primary_key.columns)  # noqa: SLF001 - its public name
        message = f"`{table.name}.{column.name}` of {key} {problem}: correct it, then copy again"
        raise DatabaseCopyError(message)


class _Checksum:
    """Counts rows and adds their hashes up, so that the order of reading does not matter."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, row: Row[Any]) -> None:
        """Take a row in."""
        plain = "\x1f".join(_plain(value) for value in row)
        digest = hashlib.blake2b(plain.encode(), digest_size=_CHECKSUM_BYTES).digest()
        self._sum = (self._sum + int.from_bytes(digest)) % 2 ** (8 * _CHECKSUM_BYTES)
        self.rows += 1

    @property
    def value(self) -> str:
        """The sum in hexadecimal."""
        return f"{self._sum:0{2 * _CHECKSUM_BYTES}x}"


def _plain(value: object) -> str:
    """Write a value in the one way in which both databases give it back."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case str() if value[:1] in {"{", "[", '"'} or value[:1].isdigit():
            return _canonical(value)
        case _:
            return repr(value)


def _canonical(document: str) -> str:
    """Write a JSON document in one way: PostgreSQL sorts its keys and writes numbers anew."""
    try:
        read = json.loads(document, parse_int=_number, parse_float=_number)
    except ValueError:
        return repr(document)
    return json.dumps(read, sort_keys=True, ensure_ascii=False)


def _number(digits: str) -> str:
    return f"number {Decimal(digits).normalize():f}"


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Let PostgreSQL's next row get the id after the last one; SQLite does so by itself."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    last = select(func.max(column)).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    connection.execute(select(func.setval(sequence, last)).where(last.is_not(null())))
