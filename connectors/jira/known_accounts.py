"""Which people's accounts are known without asking Jira, for whoever must not wait for it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from core.redis_client import NAMESPACE

if TYPE_CHECKING:
    import redis


def key_of(base_url: str, email: str) -> str:
    """Give the key under which all processes keep a person's account; no address is in Redis."""
    digest = hashlib.sha256(f"{base_url}\n{email}".encode()).hexdigest()
    return f"{NAMESPACE}jira:account:{digest}"


def known_accounts(
    cache: redis.Redis, base_url: str, emails: Collection[str]
) -> dict[str, str | None]:
    """Give the account ids of those people who were looked up lately; None where there is none."""
    names = sorted(emails)
    if not names:
        return {}
    found = cast("list[str | None]", cache.mget([key_of(base_url, name) for name in names]))
    return {
        name: value or None for name, value in zip(names, found, strict=True) if value is not None
    }
