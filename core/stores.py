"""How the database and Redis stand: size, speed, and whether they keep what they are given."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlalchemy import text

from core.database import get_engine
from core.migrate import revisions
from core.redis_client import NAMESPACE, get_prompt_redis
from core.settings import get_settings


@dataclass(frozen=True)
class DatabaseUse:
    """The database; sizes in bytes, times in milliseconds."""

    kind: str
    version: str
    size: int
    wal_size: int | None
    """Size of SQLite's write-ahead log; None elsewhere."""
    latency_ms: float
    revision: str
    wanted: str

    @property
    def migrated(self) -> bool:
        """Whether it has the tables that the code wants."""
        return self.revision == self.wanted


@dataclass(frozen=True)
class RedisUse:
    """Redis; sizes in bytes, times in milliseconds."""

    version: str
    latency_ms: float
    memory: int
    memory_limit: int
    """0 where there is none."""
    evicts: bool
    keeps: bool
    """Whether it survives its own restart: append-only file."""
    writes: bool
    """Whether its last write to the disk succeeded."""
    clients: int
    up_seconds: int
    unacknowledged: int
    """Messages that workers have and did not finish yet."""


def database() -> DatabaseUse:
    """Ask the database; errors are SQLAlchemy's."""
    engine = get_engine()
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        began = time.perf_counter()
        version = connection.execute(
            text("SELECT sqlite_version()" if sqlite else "SHOW server_version")
        ).scalar_one()
        latency = (time.perf_counter() - began) * 1000
        if not sqlite:
            size = connection.execute(text("SELECT pg_database_size(current_database())"))
            bytes_used = int(size.scalar_one())
    wal = None
    if sqlite:
        file = Path(engine.url.database or "")
        bytes_used, wal = _size(file), _size(file.with_name(f"{file.name}-wal"))
    present, wanted = revisions(get_settings())
    kind = "SQLite" if sqlite else "PostgreSQL"
    return DatabaseUse(kind, str(version), bytes_used, wal, latency, str(present), str(wanted))


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def redis() -> RedisUse:
    """Ask Redis; errors are redis-py's, within two seconds.

    What it says about itself: https://redis.io/docs/latest/commands/info/
    """
    client = get_prompt_redis()
    client.ping()  # Connecting takes a while, which the answer must not be blamed for.
    began = time.perf_counter()
    client.ping()
    latency = (time.perf_counter() - began) * 1000
    info = cast("Mapping[str, Any]", client.info())
    written = ("aof_last_write_status", "rdb_last_bgsave_status")
    return RedisUse(
        version=str(info.get("redis_version", "")),
        latency_ms=latency,
        memory=int(info.get("used_memory", 0)),
        memory_limit=int(info.get("maxmemory", 0)),
        evicts=info.get("maxmemory_policy") != "noeviction",
        keeps=bool(info.get("aof_enabled")),
        writes=all(info.get(name, "ok") == "ok" for name in written),
        clients=int(info.get("connected_clients", 0)),
        up_seconds=int(info.get("uptime_in_seconds", 0)),
        unacknowledged=client.hlen(f"{NAMESPACE}unacked"),
    )
