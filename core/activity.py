"""The activity: what was done to which record; the answer to "what happened to task X"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, func, or_, select
from sqlalchemy.orm import Session

from core.calls import Call
from core.logs import current_request_id
from core.models import Activity, Rule


def note(
    session: Session,
    domain: str,
    record: str,
    action: str,
    summary: str,
    *,
    issue_key: str | None = None,
    changes: Mapping[str, Any] | None = None,
    rule_id: int | None = None,
    calls: Sequence[Call] = (),
) -> None:
    """Add a row, in the transaction of the change it tells of.

    `calls` are those to vendors that it took. The version of the rule is noted with it, so that
    the story can show what the rule said then.
    """
    session.add(
        Activity(
            domain=domain,
            record=record,
            issue_key=issue_key,
            action=action,
            summary=summary,
            changes=dict(changes or {}),
            request_id=current_request_id(),
            rule_id=rule_id,
            rule_version=_version_of(rule_id) if rule_id is not None else None,
            calls=list(calls) or None,
        )
    )


def _version_of(rule_id: int) -> ScalarSelect[int]:
    return select(Rule.version).where(Rule.id == rule_id).scalar_subquery()


REPLAYED = "replayed"
"""A person asked to try a record again: what was before is settled."""


def count_since(
    session: Session,
    domain: str,
    records: Collection[str],
    actions: Collection[str],
    since: datetime,
) -> dict[str, int]:
    """Count some actions on each of a few records since a moment, or since their last replay."""
    about = (Activity.domain == domain, Activity.record.in_(records), Activity.at >= since)
    replays = (
        select(Activity.record, func.max(Activity.id).label("last"))
        .where(*about, Activity.action == REPLAYED)
        .group_by(Activity.record)
        .subquery()
    )
    rows = session.execute(
        select(Activity.record, func.count())
        .outerjoin(replays, replays.c.record == Activity.record)
        .where(
            *about,
            Activity.action.in_(actions),
            Activity.id > func.coalesce(replays.c.last, 0),
        )
        .group_by(Activity.record)
    )
    return {row[0]: row[1] for row in rows}


def story(session: Session, record: str, issue_key: str | None, limit: int = 200) -> list[Activity]:
    """Give what happened to a record, oldest first, at most the last `limit` rows."""
    about = Activity.record == record
    if issue_key is not None:
        about = or_(about, Activity.issue_key == issue_key)
    rows = session.scalars(select(Activity).where(about).order_by(Activity.id.desc()).limit(limit))
    return list(rows)[::-1]
