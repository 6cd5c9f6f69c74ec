"""What the last run of a piece of scheduled work came to, for status pages and the CLI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from core.redis_client import NAMESPACE, get_redis


def save(entry: str, report: Mapping[str, Any]) -> None:
    """Keep the outcome of a run; `entry` is `<domain>.<schedule>`. Holds counts, no record."""
    get_redis().set(_key(entry), json.dumps(report))


def last(entry: str) -> dict[str, Any] | None:
    """Give the outcome of the last run, or None where there was none yet."""
    text = cast("str | None", get_redis().get(_key(entry)))
    return json.loads(text) if text else None


def _key(entry: str) -> str:
    return f"{NAMESPACE}report:{entry}"
