"""Time, in one form everywhere: aware datetimes in UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

STEP_SECONDS = 1.0
"""A smaller step of the clock does no harm, and may be a pause between two readings."""


def now() -> datetime:
    """Give the present moment in UTC."""
    return datetime.now(UTC)


class SteadyWatch:
    """Says how long ago a moment surely was, however the machine's clock was set meanwhile.

    It compares the time of day with a clock that is never set. A step is noticed at the next
    question; one that came before the watch was made is not.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._noticed: float | None = None

    def passed_since(self, moment: datetime) -> timedelta:
        """Give the time since `moment`, and after a step no more than the time since it."""
        steady = time.monotonic()
        offset = time.time() - steady
        if abs(offset - self._offset) > STEP_SECONDS:
            self._offset, self._noticed = offset, steady
        passed = now() - moment
        if self._noticed is not None:
            passed_surely = timedelta(seconds=steady - self._noticed)
            # A moment that is still to come was written before the clock was set back.
            return passed_surely if passed < timedelta(0) else min(passed, passed_surely)
        return passed


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
