"""Clearing out: what is finished or old goes after the time that the admin set."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import InstrumentedAttribute

from core.clock import now
from core.database import get_engine, reading, writing
from core.domain_settings import get_setting
from core.models import (
    Activity,
    Alert,
    Base,
    DeadLetter,
    DeadLetterState,
    Delivery,
    DeliveryState,
    Person,
    Replay,
    ShadowRun,
    WebSession,
)
from core.schedule import claim_turn
from tasks import app

log = logging.getLogger(__name__)

CHUNK = 1000
"""Rows in one transaction: writers wait for milliseconds, not for the whole clean-up."""

KEEP_PEOPLE = timedelta(days=30)
"""Whoever rules ask for is read anew after a day; the others are kept for nothing."""

KEEP_LOGINS = timedelta(days=30)
"""From where somebody logged in is personal, and of use only while it may be asked about."""


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
            Delivery,
            Delivery.id,
            # What was given up stays, so that its dead letter can be replayed.
            (Delivery.state != DeliveryState.DEAD)
            & (Delivery.finished_at < now() - timedelta(days=deliveries)),
        ),
        "activity": _remove(Activity, Activity.id, Activity.at < now() - timedelta(days=history)),
        "dead_letters": _remove(
            DeadLetter,
            DeadLetter.id,
            (DeadLetter.state != DeadLetterState.OPEN)
            & (DeadLetter.closed_at < now() - timedelta(days=history)),
        ),
        # Long after any script has stopped to ask again.
        "replays": _remove(Replay, Replay.id, Replay.at < now() - timedelta(days=history)),
        "shadow_runs": _remove(
            ShadowRun, ShadowRun.id, ShadowRun.asked_at < now() - timedelta(days=history)
        ),
        "alerts": _remove(Alert, Alert.id, Alert.last_seen < now() - timedelta(days=history)),
        "web_sessions": _remove(
            WebSession, WebSession.id, WebSession.expires_at < now() - KEEP_LOGINS
        ),
        "people": _remove(Person, Person.id, Person.read_at < now() - KEEP_PEOPLE),
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
    # Neither works inside a transaction, and the engine would begin one. As a script the vacuum is
    # run to its end; a single statement without a result gives one page back and stops.
    with closing(engine.raw_connection()) as connection:
        cursor: Any = connection.cursor()
        cursor.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
