"""Work that waits in the database: when its time has come, and taking it without waiting.

What was to wait for seconds would wait for as long as the machine's clock was set back. No wait is
longer than `LONGEST_WAIT`, so a moment beyond it was written before the clock was set, and is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select
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


def unlocked(ids: Select[int]) -> Select[int]:
    """Lock the rows that some ids stand for, and give the ids of those that nobody else has locked.

    So takers of work neither wait for each other nor lock each other out for good. SQLite has one
    writer at a time and leaves `FOR UPDATE SKIP LOCKED` out. A CTE, because PostgreSQL may run a
    plain subquery with a limit more than once, and would then lock more rows than it gives:
    https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
    """
    return select(ids.with_for_update(skip_locked=True).cte("unlocked").c.id)
