"""The rules by name, for lists to choose from."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Rule


def rule_names(session: Session) -> dict[int, str]:
    """Give the names of all rules by their ids, in the order in which rules are tried."""
    rows = session.execute(select(Rule.id, Rule.name).order_by(Rule.priority, Rule.id))
    return {row.id: row.name for row in rows}
