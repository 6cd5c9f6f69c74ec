"""Alerts: what people are told without having to look.

Whoever meets a trouble raises its cause in the transaction of what it did about it; the domain
`ops` delivers what is due. A cause that is raised again counts up on the same row, so a trouble
that a thousand records meet is one message.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import cast

from sqlalchemy import or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.alert_decisions import (
    GATHER,
    after_telling,
    due_after_again,
    due_after_end,
    goes_on,
)
from core.clock import now
from core.domain_settings import get_setting
from core.models import Alert, AlertSeverity, AlertState
from core.waiting import unlocked

MAX_RECORDS = 10
"""Records that an alert names; it counts the others."""

TITLE_LIMIT = 200


def raise_alert(
    session: Session,
    *,
    cause: str,
    title: str,
    text: str,
    path: str = "/",
    severity: AlertSeverity = AlertSeverity.ERROR,
    record: str | None = None,
    wait: timedelta = GATHER,
) -> int:
    """Have people told of a trouble, in the caller's transaction, and give the alert's id.

    `cause` is what makes two troubles one (`credentials:jira`). Raised again within the window that
    the admin set, it only counts up. `text` says what happened, where, and what to do; it goes to
    other companies' servers, so it holds ids and nothing personal. `record` names what it is about
    this time; the first few are listed. `path` is the page of the gateway to look at.
    """
    newest = _newest(session, cause)
    if newest is not None and goes_on(newest, window(session), now()):
        _count_up(session, newest, record)
        return newest.id
    moment = now()
    if newest is not None and newest.resolved_at is None:
        # Not seen again for a whole window, so it is over, whether or not anybody said so. Only
        # this row: on PostgreSQL another transaction may have begun the next one meanwhile.
        newest.resolved_at, newest.due_at = moment, None
        session.flush()
    values = {
        "cause": cause,
        "severity": severity,
        "title": title[:TITLE_LIMIT],
        "text": text,
        "path": path,
        "records": [record] if record else [],
        "first_seen": moment,
        "last_seen": moment,
        "due_at": moment + wait,
    }
    alert_id = _insert(session, values)
    if alert_id is None:
        # On PostgreSQL another transaction raised it in the same moment.
        faster = _newest(session, cause)
        if faster is None:
            message = f"the alert {cause} is neither new nor known"
            raise LookupError(message)
        _count_up(session, faster, record)
        return faster.id
    return alert_id


def resolve(session: Session, cause: str) -> None:
    """Note that a trouble is over; costs one look at an index where there was none."""
    alert = session.scalar(
        select(Alert).where(Alert.cause == cause, Alert.resolved_at.is_(None)).with_for_update()
    )
    if alert is None:
        return
    moment = now()
    alert.due_at = due_after_end(alert, moment)
    alert.resolved_at = moment


def open_causes(session: Session, causes: Collection[str]) -> list[str]:
    """Give those of some causes that are raised and not over, without taking a lock."""
    return list(
        session.scalars(
            select(Alert.cause).where(Alert.cause.in_(causes), Alert.resolved_at.is_(None))
        )
    )


def open_among(session: Session, prefixes: Collection[str]) -> list[str]:
    """Give the causes with one of some beginnings that are raised and not over."""
    begins = or_(*(Alert.cause.startswith(prefix, autoescape=True) for prefix in prefixes))
    return list(session.scalars(select(Alert.cause).where(begins, Alert.resolved_at.is_(None))))


def latest(session: Session, limit: int = 50) -> list[Alert]:
    """Give the alerts that were seen last, newest first."""
    return list(
        session.scalars(
            select(Alert).order_by(Alert.last_seen.desc(), Alert.id.desc()).limit(limit)
        )
    )


def raised(session: Session, limit: int = 20) -> list[Alert]:
    """Give the alerts that are not over, what was seen last first."""
    return list(
        session.scalars(
            select(Alert)
            .where(Alert.resolved_at.is_(None))
            .order_by(Alert.last_seen.desc(), Alert.id.desc())
            .limit(limit)
        )
    )


def window(session: Session) -> timedelta:
    """Give the time within which a cause is told once."""
    return timedelta(minutes=cast("int", get_setting(session, "ops", "alert_window_minutes")))


def claim_due(session: Session, owner: str, lease: timedelta, limit: int) -> list[Alert]:
    """Take the alerts of which something is to be told and that nobody else holds."""
    moment = now()
    free = or_(
        Alert.claimed_until.is_(None), Alert.claimed_until < moment, Alert.claimed_by == owner
    )
    due = select(Alert.id).where(Alert.due_at <= moment, free).order_by(Alert.due_at).limit(limit)
    taken = session.scalars(
        update(Alert)
        .where(Alert.id.in_(unlocked(due)))
        .values(claimed_by=owner, claimed_until=moment + lease, attempts=Alert.attempts + 1)
        .returning(Alert)
    )
    return sorted(taken, key=lambda alert: alert.id)


def delivered(session: Session, told: Alert, channel: str, reason: str) -> None:
    """Note that people were told, by which channel, and why not by a better one."""
    alert = _give_back(session, told)
    if alert is None:
        return
    moment = now()
    alert.told_at, alert.due_at = after_telling(told, alert, window(session), moment)
    alert.told_count = told.count
    alert.state, alert.channel, alert.reason = AlertState.DELIVERED, channel, reason
    alert.attempts = 0


def postponed(session: Session, claimed: Alert, wait: timedelta, reason: str) -> None:
    """Note that no channel took it for now; it is tried again after `wait`."""
    alert = _give_back(session, claimed)
    if alert is not None:
        alert.state, alert.reason = AlertState.WAITING, reason
        alert.due_at = now() + wait


def undeliverable(session: Session, claimed: Alert, reason: str) -> None:
    """Note that no channel will take it; it stays to be seen in the list."""
    alert = _give_back(session, claimed)
    if alert is not None:
        alert.state, alert.reason = AlertState.UNDELIVERABLE, reason
        alert.due_at = None
        alert.attempts = 0


def _newest(session: Session, cause: str) -> Alert | None:
    return session.scalar(
        select(Alert)
        .where(Alert.cause == cause)
        .order_by(Alert.resolved_at.is_(None).desc(), Alert.id.desc())
        .limit(1)
        .with_for_update(),
        execution_options={"populate_existing": True},
    )


def _insert(session: Session, values: Mapping[str, object]) -> int | None:
    dialect = session.get_bind().dialect.name
    insert = (postgresql if dialect == "postgresql" else sqlite).insert
    return session.execute(
        insert(Alert)
        .values(values)
        .on_conflict_do_nothing(
            index_elements=[Alert.cause], index_where=sql("resolved_at IS NULL")
        )
        .returning(Alert.id)
    ).scalar_one_or_none()


def _count_up(session: Session, alert: Alert, record: str | None) -> None:
    moment = now()
    alert.due_at = due_after_again(alert, window(session), moment)
    alert.resolved_at = None
    alert.last_seen = moment
    alert.count += 1
    if record and record not in alert.records and len(alert.records) < MAX_RECORDS:
        alert.records = [*alert.records, record]
    session.flush()


def _give_back(session: Session, claimed: Alert) -> Alert | None:
    """Give a claimed alert as it is now, released; None where the claim went to somebody else."""
    alert = session.scalar(
        select(Alert)
        .where(Alert.id == claimed.id, Alert.claimed_by == claimed.claimed_by)
        .with_for_update()
    )
    if alert is not None:
        alert.claimed_by = alert.claimed_until = None
        alert.tried_at = now()
    return alert
