"""Whether this machine has room, and the same time as the others."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from celeryconfig import LEASE_SECONDS, task_time_limit
from cli.outcomes import Outcome, failed, warned, well
from core.database import make_engine
from core.settings import Settings

MIB = 1024 * 1024
LITTLE, TOO_LITTLE = 1024 * MIB, 100 * MIB
"""Bytes that are left: below the first it is time to act, below the second anything may fail."""

FEW, TOO_FEW = 10_000, 500
"""Files that can still be made: logs are rotated, and SQLite makes files beside its own."""

AHEAD_SECONDS = 2.0
"""Difference of two clocks that a network does not explain."""

MARGIN_SECONDS = float(LEASE_SECONDS - task_time_limit)
"""How far a lease outlasts its task: a clock that is further ahead takes it over too early."""


def check_disk(folder: Path) -> Outcome:
    """Look how much room there is where the data is, or will be."""
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    # Some file systems make inodes as they need them, and say that they have none.
    files = found.f_favail if found.f_files else None
    return judge_disk(str(folder), found.f_bavail * found.f_frsize, files)


def judge_disk(folder: str, left: int, files: int | None) -> Outcome:
    """Say what follows from so many bytes and files that are left. Pure."""
    room = f"{left / MIB / 1024:.1f} GiB" if left >= LITTLE else f"{left // MIB:,} MiB"
    room += f" and {files:,} files" if files is not None else ""
    remedy = f"make room on the disk of {folder}, or keep less: igw set ops.keep_deliveries_days"
    if left < TOO_LITTLE or (files is not None and files < TOO_FEW):
        return failed(
            f"{room} are left: once the database cannot grow, webhooks are answered with an error "
            "and no work is done",
            remedy,
        )
    if left < LITTLE or (files is not None and files < FEW):
        return warned(f"{room} are left", remedy)
    return well(f"{room} are left")


def check_clocks(settings: Settings, here: Callable[[], float] = time.time) -> Outcome:
    """Compare this machine's clock with those of Redis and the database, where they answer."""
    ahead: dict[str, float] = {}
    for name, ask in (("Redis", _time_of_redis), ("the database", _time_of_database)):
        began = here()
        try:
            there = ask(settings)
        except (redis.RedisError, SQLAlchemyError):
            continue
        if there is not None:
            ahead[name] = (began + here()) / 2 - there
    return judge_clocks(ahead)


def judge_clocks(ahead: Mapping[str, float]) -> Outcome:
    """Say what follows from a clock that is ahead of others by so many seconds. Pure."""
    if not ahead:
        return warned(
            "cannot be compared: neither Redis nor the database answers", "see their rows"
        )
    name, seconds = max(ahead.items(), key=lambda item: abs(item[1]))
    if abs(seconds) < AHEAD_SECONDS:
        return well(f"this machine's and {' and '.join(ahead)}'s agree to {abs(seconds):.1f} s")
    differ = (
        f"this machine is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} {name}"
    )
    remedy = "keep the time of all machines by NTP (timedatectl set-ntp true)"
    if abs(seconds) < MARGIN_SECONDS:
        return warned(f"{differ}: retries come that much too early or too late", remedy)
    return failed(
        f"{differ}: a machine that is {MARGIN_SECONDS:.0f} s ahead of another takes its records "
        "over while they are worked on, and two workers write to one issue",
        remedy,
    )


def _time_of_redis(settings: Settings) -> float:
    client = redis.Redis.from_url(
        settings.resolved_redis_url, socket_timeout=2, retry=Retry(NoBackoff(), 0)
    )
    with closing(client):
        client.ping()  # Connecting takes a while, which the answer must not be blamed for.
        seconds, micros = client.time()
    return seconds + micros / 1e6


def _time_of_database(settings: Settings) -> float | None:
    """Give the time of a database on a server; SQLite has this machine's."""
    url = settings.resolved_database_url
    if make_url(url).get_backend_name() == "sqlite":
        return None
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            asked = text("SELECT extract(epoch FROM clock_timestamp())")
            return float(connection.execute(asked).scalar_one())
    finally:
        engine.dispose()
