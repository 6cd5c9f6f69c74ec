"""The activity: what was done to which record; the answer to "what happened to task X"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.logs import current_request_id
from core.models import Activity


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
) -> None:
    """Add a row, in the transaction of the change it tells of."""
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
        )
    )


def story(session: Session, record: str, issue_key: str | None, limit: int = 200) -> list[Activity]:
    """Give what happened to a record, oldest first, at most the last `limit` rows."""
    about = Activity.record == record
    if issue_key is not None:
        about = or_(about, Activity.issue_key == issue_key)
    rows = session.scalars(select(Activity).where(about).order_by(Activity.id.desc()).limit(limit))
    return list(rows)[::-1]
