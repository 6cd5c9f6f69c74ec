"""Dead letters as a list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.dead_letters import Letters
from core.lists import Ask, Page, count
from core.models import DeadLetter, Link, Rule

_COLUMNS = (
    select(
        DeadLetter.id,
        DeadLetter.unit,
        DeadLetter.unit_id,
        DeadLetter.record,
        DeadLetter.reason,
        DeadLetter.attempts,
        DeadLetter.held,
        DeadLetter.created_at,
        DeadLetter.rule_id,
        Rule.name.label("rule"),
        Link.issue_key,
        Link.snapshot["title"].as_string().label("title"),
    )
    .outerjoin(Rule, Rule.id == DeadLetter.rule_id)
    .outerjoin(Link, (DeadLetter.unit == "link") & (Link.id == DeadLetter.unit_id))
)


def page(session: Session, wanted: Letters, ask: Ask) -> Page[Any]:
    """Give one page of the open letters, newest first unless asked otherwise."""
    ids = select(DeadLetter.id).where(wanted.condition)
    total, more = count(session, ids)
    order = DeadLetter.id.desc() if ask.descending else DeadLetter.id
    chosen = list(session.scalars(ids.order_by(order).offset(ask.offset).limit(ask.limit)))
    by_id = {row.id: row for row in session.execute(_COLUMNS.where(DeadLetter.id.in_(chosen)))}
    return Page([by_id[it] for it in chosen if it in by_id], total, more)
