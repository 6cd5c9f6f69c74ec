"""When people are told of an alert, and when they are left in peace. Pure: no I/O.

An alert is told once when it begins. While it goes on, it is told again at most once per window,
and only if it was seen again. When it is over and stays over for a while, that is told, too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from core.models import Alert

GATHER = timedelta(seconds=5)
"""How long a new alert waits for more of its kind, so that a burst is one message."""

STAYS_OVER = timedelta(minutes=5)
"""How long a trouble must be over before that is told: what comes and goes is not over."""


class Telling(Enum):
    """What a message says of its alert."""

    BEGAN = "began"
    GOES_ON = "goes on"
    IS_OVER = "is over"


def telling_of(alert: Alert) -> Telling:
    """Say what there is to tell of an alert that is due.

    A trouble that was over before anybody heard of it is told as one that began; its text says
    that it is over.
    """
    if alert.told_at is None:
        return Telling.BEGAN
    return Telling.GOES_ON if alert.resolved_at is None else Telling.IS_OVER


def goes_on(alert: Alert, window: timedelta, moment: datetime) -> bool:
    """Say whether a cause that is raised again at `moment` is still the same alert."""
    if alert.due_at is not None:
        return True  # Something of it is still to be told; its end, perhaps.
    if alert.resolved_at is not None and alert.told_at is not None:
        return False  # People heard that it is over.
    return moment < alert.last_seen + window


def due_after_again(alert: Alert, window: timedelta, moment: datetime) -> datetime | None:
    """Say when to tell (again) of an alert that goes on, once it is counted up at `moment`."""
    end_is_due = alert.resolved_at is not None and alert.told_at is not None
    if alert.due_at is not None and not end_is_due:
        return alert.due_at
    return (alert.tried_at or moment) + window


def due_after_end(alert: Alert, moment: datetime) -> datetime | None:
    """Say when to tell that an alert is over, seen from the `moment` at which it ended."""
    # What nobody heard of needs no end; a message that still waits will say it.
    return alert.due_at if alert.told_at is None else moment + STAYS_OVER


def after_telling(
    told: Alert, present: Alert, window: timedelta, moment: datetime
) -> tuple[datetime | None, datetime | None]:
    """Give the new `told_at` and `due_at` of an alert that people were told of.

    `told` is the alert as the message had it, `present` as it is now: it may have been seen again,
    have ended, or have begun anew while the message was on its way.
    """
    if told.resolved_at is not None:
        return (moment, None) if present.resolved_at is not None else (None, moment)
    if present.resolved_at is not None:
        return moment, moment + STAYS_OVER
    return moment, moment + window if present.count > told.count else None
