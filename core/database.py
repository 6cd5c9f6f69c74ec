"""Sessions that make the right thing the easy thing.

`writing()` takes SQLite's write lock at once (`BEGIN IMMEDIATE`): a transaction that reads first
and writes later fails on SQLite without waiting when another writer was faster. `reading()` never
writes. Inside either of them no vendor may be called; `connectors.session` refuses to.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from core.errors import GatewayError
from core.settings import get_settings

PATIENT_SECONDS = 30.0
"""How long workers wait for others to write: their work is not lost, only later."""

PROMPT_SECONDS = 5.0
"""How long the gateway waits for others to write, or for a connection: Jira hangs up after 20 s and
comes again in minutes. Ordinary writers are done in milliseconds, a clean-up's in a few hundred."""

LOOK_SECONDS = 0.001
"""How often a writer looks whether SQLite's write lock is free."""

_WAITS = "waits_for_locks"

_engines: dict[tuple[int, str, float, bool], Engine] = {}
_patience = PATIENT_SECONDS
_open_transaction: ContextVar[bool] = ContextVar("open_transaction", default=False)


class DatabaseUnavailableError(GatewayError):
    """The database takes nothing at the moment; the message says why, without data and address."""


class NestedTransactionError(GatewayError):
    """A transaction was opened inside another: on SQLite the inner one would wait for the outer."""


def transaction_open() -> bool:
    """Say whether this thread is inside `reading()` or `writing()`."""
    return _open_transaction.get()


def get_engine() -> Engine:
    """Give this process's engine; a forked child gets one of its own.

    Connections that cross a fork are shared file handles, which corrupts both sides.
    """
    return _engine(immediate=False)


def _engine(*, immediate: bool) -> Engine:
    """Give the process's engine, or its other face, whose transactions are for writing.

    Both have the same connections. Made for each transaction anew, that face cost as much as the
    statements of a small one.
    """
    key = (os.getpid(), get_settings().resolved_database_url, _patience, immediate)
    engine = _engines.get(key)
    if engine is None:
        if immediate:
            engine = get_engine().execution_options(immediate=True)
        else:
            engine = make_engine(key[1], _patience)
        _engines[key] = engine
    return engine


def answer_promptly() -> None:
    """Let this process give up on a database that is locked or away after five seconds, not 30.

    For the gateway: its callers are told to come again before they hang up.
    """
    global _patience  # noqa: PLW0603 - what a process is for is decided once, where it starts
    _patience = PROMPT_SECONDS


def unavailability(error: Exception) -> str | None:
    """Say why the database takes nothing; None where the error is of another kind. Pure.

    A lock that is held, a disk that is full or read-only, a server that is away: none of them has
    to do with what was to be written, and the same may work later.
    """
    if isinstance(error, PoolTimeoutError):
        return "all connections to the database are in use"
    if not isinstance(error, OperationalError):
        return None
    # SQLite's own words ("database or disk is full"); of a server's, which may hold addresses, the
    # kind alone.
    if isinstance(error.orig, sqlite3.Error):
        return str(error.orig)
    return f"the database does not answer ({type(error.orig).__name__})"


def make_engine(url: str, patience: float = PATIENT_SECONDS) -> Engine:
    """Create an engine with the pragmas and the locking that this module promises.

    `patience` is for how many seconds it waits for a lock, for a connection and for a server.
    """
    # An error's text goes to the log, and the parameters of a statement are people's data.
    if make_url(url).get_backend_name() != "sqlite":
        return _make_server_engine(url, patience)
    engine = create_engine(
        url,
        connect_args={"timeout": patience},
        pool_timeout=patience,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", lambda connection: _begin_sqlite(connection, patience))
    return engine


def _make_server_engine(url: str, patience: float) -> Engine:
    waits = {"connect_timeout": round(patience), "tcp_user_timeout": round(patience * 1000)}
    engine = create_engine(
        url, connect_args=waits, pool_timeout=patience, pool_pre_ping=True, hide_parameters=True
    )

    def bound(connection: Any, _record: object) -> None:  # noqa: ANN401 - the DBAPI's own type
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {round(patience * 1000)}")
        connection.commit()

    event.listen(engine, "connect", bound)
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
    cursor.execute("PRAGMA foreign_keys=ON")
    # A statement that writes several rows keeps what it may have to undo; in a file of its own,
    # made anew each time, that takes as long as the rows.
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _begin_sqlite(connection: Connection, patience: float) -> None:
    if not connection.get_execution_options().get("immediate", False):
        _let_wait(connection, patience)
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite's own waiting looks at growing intervals, up to a tenth of a second, and whoever has
    # just come looks first: with two busy writers one of them waits for seconds.
    _let_wait(connection, 0)
    ends = time.monotonic() + patience
    while not _began(connection, ends):
        time.sleep(LOOK_SECONDS)


def _let_wait(connection: Connection, seconds: float) -> None:
    """Set how long SQLite itself waits for a lock, where that is not what it does already."""
    if connection.info.get(_WAITS) != seconds:
        cursor: Any = connection.connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={round(seconds * 1000)}")
        cursor.close()
        connection.info[_WAITS] = seconds


def _began(connection: Connection, ends: float) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        code = getattr(error.orig, "sqlite_errorcode", None)
        if code != sqlite3.SQLITE_BUSY or time.monotonic() >= ends:
            raise
        return False
    return True


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
    token = _open_transaction.set(True)
    try:
        with Session(_engine(immediate=immediate), expire_on_commit=False) as session:
            yield session
    finally:
        _open_transaction.reset(token)
