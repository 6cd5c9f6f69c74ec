"""Sessions that make the right thing the easy thing.

`writing()` takes SQLite's write lock at once (`BEGIN IMMEDIATE`): a transaction that reads first
and writes later fails on SQLite without waiting when another writer was faster. `reading()` never
writes. Inside either of them no vendor may be called; `connectors.session` refuses to.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from core.errors import GatewayError
from core.settings import get_settings

BUSY_TIMEOUT_MS = 30_000

_engines: dict[tuple[int, str], Engine] = {}
_open_transaction: ContextVar[bool] = ContextVar("open_transaction", default=False)


class NestedTransactionError(GatewayError):
    """A transaction was opened inside another: on SQLite the inner one would wait for the outer."""


def transaction_open() -> bool:
    """Say whether this thread is inside `reading()` or `writing()`."""
    return _open_transaction.get()


def get_engine() -> Engine:
    """Give this process's engine; a forked child gets one of its own.

    Connections that cross a fork are shared file handles, which corrupts both sides.
    """
    key = (os.getpid(), get_settings().resolved_database_url)
    if key not in _engines:
        _engines[key] = make_engine(key[1])
    return _engines[key]


def make_engine(url: str) -> Engine:
    """Create an engine with the pragmas and the locking that this module promises."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    # An error's text goes to the log, and the parameters of a statement are people's data.
    engine = create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the DBAPI's own type
    # The driver must not begin transactions by itself: `_begin_sqlite` chooses the kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    # auto_vacuum takes effect only while the file is still empty. Afterwards it would still take
    # the write lock, and each new connection, also a reader's, would wait for the writers.
    if cursor.execute("PRAGMA page_count").fetchone() == (0,):
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
    cursor.execute("PRAGMA journal_mode=WAL")
    # A 2xx, and the intent before a create, promise that the row survives a power loss.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def reading() -> Generator[Session]:
    """Open a session that reads; what it loaded stays usable after it is closed."""
    with _session(immediate=False) as session:
        yield session


@contextmanager
def writing() -> Generator[Session]:
    """Open a session that commits at the end, or rolls back when the block raises."""
    with _session(immediate=True) as session, session.begin():
        yield session


@contextmanager
def _session(*, immediate: bool) -> Generator[Session]:
    if transaction_open():
        message = "close the open transaction first, or pass its session on"
        raise NestedTransactionError(message)
    engine = get_engine().execution_options(immediate=immediate)
    token = _open_transaction.set(True)
    try:
        with Session(engine, expire_on_commit=False) as session:
            yield session
    finally:
        _open_transaction.reset(token)
