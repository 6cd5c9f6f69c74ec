"""Whether the database answers, has the tables that the code wants, and keeps what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from cli.outcomes import Outcome, failed, warned, well
from core.database import get_engine
from core.domains import all_workers, load_domains
from core.migrate import revisions
from core.settings import Settings

OLDEST_POSTGRESQL = 13

POOL = 15
"""Connections that one process may hold: SQLAlchemy's pool of five, and ten more at peaks."""

_START = "start everything with `igw up`"


@dataclass(frozen=True)
class Server:
    """What a PostgreSQL server says of itself."""

    version: int
    """The major version."""
    connections: int
    """How many it takes, those for its administrators left out."""
    durable: bool
    """Whether a commit is on its disk when it is confirmed."""


def check_database(settings: Settings) -> Outcome:
    """Look whether the database answers, is at the code's revision, and is set up for the work."""
    url = make_url(settings.resolved_database_url)
    shown = url.render_as_string(hide_password=True)
    is_file = url.get_backend_name() == "sqlite"
    # SQLite would make an empty file by being asked.
    if is_file and not Path(url.database or "").exists():
        return failed(f"{shown} is not there yet", _START)
    try:
        present, wanted = revisions(settings)
        server = None if is_file else _ask()
    except ModuleNotFoundError as error:
        return failed(
            f"{shown} cannot be asked: its driver {error.name} is not installed",
            "uv sync --extra postgresql",
        )
    except SQLAlchemyError as error:
        return failed(
            f"{shown} does not answer: {_reason(error)}", "start it, or correct IGW_DATABASE_URL"
        )
    if present != wanted:
        return failed(
            f"{shown} is at revision {present}, the code wants {wanted}", "run `igw migrate`"
        )
    found = f"{shown}, revision {present}"
    return well(found) if server is None else judge_postgresql(found, server, wanted_by(settings))


def judge_postgresql(found: str, server: Server, connections: int) -> Outcome:
    """Say what follows from how a PostgreSQL server is set up. Pure."""
    found = f"{found}, PostgreSQL {server.version}"
    if server.version < OLDEST_POSTGRESQL:
        return failed(
            f"{found}: older than {OLDEST_POSTGRESQL}, on which the gateway is not tried",
            "upgrade the server",
        )
    if not server.durable:
        return warned(
            f"{found}: commits are confirmed before they are on disk, so that a webhook that was "
            "answered 202 can be lost with the power",
            "set fsync and synchronous_commit to on in the server's configuration",
        )
    if server.connections < connections:
        return warned(
            f"{found}: takes {server.connections} connections, and at peaks the gateway and its "
            f"workers may want {connections}; whoever gets none waits, then fails",
            f"set max_connections to {connections + 10} in the server's configuration",
        )
    return well(found)


def wanted_by(settings: Settings) -> int:
    """Say how many connections all processes together may hold."""
    # A worker's child does one task at a time, and its parent looks at the canaries.
    workers = len(all_workers(load_domains())) * (settings.worker_concurrency + 1)
    return settings.gateway_workers * POOL + workers


def _ask() -> Server:
    """Ask the server; each of the names is a row of PostgreSQL's view `pg_settings`."""
    names = ("max_connections", "superuser_reserved_connections", "server_version_num")
    with get_engine().connect() as connection:
        rows = connection.execute(text("SELECT name, setting FROM pg_settings"))
        values = {row.name: row.setting for row in rows}
    most, reserved, version = (int(values[name]) for name in names)
    durable = values["fsync"] == "on" and values["synchronous_commit"] != "off"
    return Server(version // 10_000, most - reserved, durable)


def _reason(error: Exception) -> str:
    """Give the first line of a driver's message, which is the one that says what is wrong."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0]
