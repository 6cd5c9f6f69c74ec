"""Clearing out: finished deliveries and old activity go after the time that the admin set."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import cast

from sqlalchemy import ColumnElement, delete, select, text
from sqlalchemy.orm import InstrumentedAttribute

from core.clock import now
from core.database import get_engine, reading, writing
from core.domain_settings import get_setting
from core.models import Activity, Base, DeadLetter, DeadLetterState, Delivery
from core.schedule import claim_turn
from tasks import app

log = logging.getLogger(__name__)

CHUNK = 1000
"""Rows in one transaction: writers wait for milliseconds, not for the whole clean-up."""


@app.task(name="ops.retention", max_retries=0)
def retention() -> None:
    """Remove what is older than the admin wants to keep, and give the space back."""
    if not claim_turn("ops.retention"):
        return
    with reading() as session:
        deliveries = cast("int", get_setting(session, "ops", "keep_deliveries_days"))
        history = cast("int", get_setting(session, "ops", "keep_activity_days"))
    removed = {
        "deliveries": _remove(
            Delivery, Delivery.id, Delivery.finished_at < now() - timedelta(days=deliveries)
        ),
        "activity": _remove(Activity, Activity.id, Activity.at < now() - timedelta(days=history)),
        "dead_letters": _remove(
            DeadLetter,
            DeadLetter.id,
            (DeadLetter.state != DeadLetterState.OPEN)
            & (DeadLetter.closed_at < now() - timedelta(days=history)),
        ),
    }
    _shrink()
    log.info("cleared_out", extra=removed)


def _remove(table: type[Base], key: InstrumentedAttribute[int], old: ColumnElement[bool]) -> int:
    oldest = select(key).where(old).limit(CHUNK)
    removed = 0
    while True:
        with writing() as session:
            ids = list(session.scalars(oldest))
            session.execute(delete(table).where(key.in_(ids)))
        removed += len(ids)
        if len(ids) < CHUNK:
            return removed


def _shrink() -> None:
    """Give free pages back to the file system; PostgreSQL does so by itself."""
    engine = get_engine()
    if engine.dialect.name != "sqlite":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("PRAGMA incremental_vacuum")).fetchall()
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).fetchall()
