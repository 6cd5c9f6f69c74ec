"""What a process needs before it can do its work."""

from __future__ import annotations

import redis
from sqlalchemy.exc import SQLAlchemyError

from core.migrate import revisions
from core.redis_client import get_redis
from core.settings import get_settings


def problems() -> list[str]:
    """Name what is missing, without addresses: an empty list means ready."""
    found = []
    try:
        present, wanted = revisions(get_settings())
        if present != wanted:
            found.append(f"the database is at revision {present}, the code wants {wanted}")
    except SQLAlchemyError:
        found.append("the database does not answer")
    try:
        get_redis().ping()
    except redis.RedisError:
        found.append("Redis does not answer")
    return found
