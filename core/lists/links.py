"""The ledger as a list: where each task stands, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from core import search
from core.lists import Ask, Page, count
from core.models import Link, LinkState, Rule

SORTS = {"updated": Link.updated_at, "first_seen": Link.id, "waiting_since": Link.waiting_since}
"""What the list can be sorted by; each has an index."""


@dataclass(frozen=True)
class Wanted:
    """Which links are meant; without anything, all of them."""

    state: LinkState | None = None
    rule_id: int | None = None
    text: str = ""
    waiting: bool = False


@dataclass(frozen=True)
class Row:
    """One task with its issue, as a line of the list."""

    id: int
    task: str
    title: str
    issue: str | None
    state: LinkState
    reason: str
    completed: bool
    rule_id: int | None
    rule: str | None
    waiting_since: datetime | None
    next_attempt: datetime | None
    first_seen: datetime
    updated: datetime


def page(session: Session, wanted: Wanted, ask: Ask) -> Page[Row]:
    """Give one page of the links that are meant; waiting ones by how long, unless asked otherwise.

    Three queries, four with a text, whatever the data.
    """
    conditions = _conditions(wanted)
    note = ""
    if wanted.text:
        found = search.link_ids(session, wanted.text)
        conditions.append(Link.id.in_(found))
        if len(found) == search.MOST:
            note = f"Only the newest {search.MOST:,} with these words: say more to see others."
    ids = select(Link.id).where(*conditions)
    total, more = count(session, ids)
    chosen = list(session.scalars(_ordered(ids, ask).offset(ask.offset).limit(ask.limit)))
    by_id = {row.id: _row(row) for row in session.execute(_COLUMNS.where(Link.id.in_(chosen)))}
    return Page([by_id[it] for it in chosen if it in by_id], total, more, note)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(Link.state == wanted.state)
    if wanted.rule_id is not None:
        conditions.append(Link.rule_id == wanted.rule_id)
    if wanted.waiting:
        conditions.append(Link.due_at.is_not(None))
    return conditions


def _ordered(ids: Select[int], ask: Ask) -> Select[int]:
    column = SORTS.get(ask.sort, Link.updated_at)
    order = (column.desc(), Link.id.desc()) if ask.descending else (column, Link.id)
    return ids.order_by(*order if column is not Link.id else order[:1])


_COLUMNS = select(
    Link.id,
    Link.source_id,
    Link.snapshot["title"].as_string().label("title"),
    Link.issue_key,
    Link.state,
    Link.reason,
    Link.completed,
    Link.rule_id,
    Rule.name.label("rule"),
    Link.waiting_since,
    Link.due_at,
    Link.created_at,
    Link.updated_at,
).outerjoin(Rule, Rule.id == Link.rule_id)


def _row(row: Any) -> Row:  # noqa: ANN401 - a row of `_COLUMNS`
    return Row(
        id=row.id,
        task=row.source_id,
        title=row.title or "",
        issue=row.issue_key,
        state=row.state,
        reason=row.reason,
        completed=row.completed,
        rule_id=row.rule_id,
        rule=row.rule,
        waiting_since=row.waiting_since if row.due_at else None,
        next_attempt=row.due_at,
        first_seen=row.created_at,
        updated=row.updated_at,
    )
