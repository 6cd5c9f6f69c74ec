"""Time, in one form everywhere: aware datetimes in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment in UTC."""
    return datetime.now(UTC)
