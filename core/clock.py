"""Time, in one form everywhere: aware datetimes in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """Give the present moment in UTC."""
    return datetime.now(UTC)


def since(moment: datetime) -> str:
    """Say since when something is; the day is left out where it is today."""
    form = "%H:%M" if moment.date() == now().date() else "%Y-%m-%d %H:%M"
    return f"since {moment:{form}} UTC"


def age(span: timedelta) -> str:
    """Say how long something lasts, in the two largest units: `42 s`, `3 h 5 min`, `2 d 4 h`."""
    seconds = max(0, round(span.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
