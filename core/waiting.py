"""Moments in the database that work waits for, also after the machine's clock was set back.

What was to wait for seconds would then wait for as long as the clock was set back. No wait is
longer than `LONGEST_WAIT`, so a moment beyond it was written before the clock was set, and is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

LONGEST_WAIT = timedelta(minutes=30)
"""The longest that work waits in one go, whatever a vendor asks for."""

Moment = InstrumentedAttribute[datetime | None]


def has_come(due_at: Moment, moment: datetime) -> ColumnElement[bool]:
    """Say whether the time of some work has come at `moment`."""
    return or_(due_at <= moment, due_at > moment + LONGEST_WAIT)


def is_free(claimed_until: Moment, moment: datetime) -> ColumnElement[bool]:
    """Say whether nobody holds a claim on a row at `moment`."""
    return or_(
        claimed_until.is_(None), claimed_until < moment, claimed_until > moment + LONGEST_WAIT
    )
