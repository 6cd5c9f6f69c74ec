"""Webhooks as a list, and the records that they are about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.ledger import by_issue
from core.lists import Ask, Page, count
from core.models import Delivery, DeliveryState, Link


@dataclass(frozen=True)
class Wanted:
    """Which deliveries are meant; `record` is the vendor's id of what they are about."""

    state: DeliveryState | None = None
    source: str = ""
    record: str = ""
    since: datetime | None = None
    request_id: str = ""


_COLUMNS = select(
    Delivery.id,
    Delivery.source,
    Delivery.topic,
    Delivery.record_id,
    Delivery.state,
    Delivery.reason,
    Delivery.attempts,
    Delivery.received_at,
    Delivery.due_at,
)


def page(session: Session, wanted: Wanted, ask: Ask) -> Page[Any]:
    """Give one page of the deliveries, newest first; the rows have all but headers and body."""
    ids = select(Delivery.id).where(*_conditions(wanted))
    total, more = count(session, ids)
    order = Delivery.id.desc() if ask.descending else Delivery.id
    chosen = list(session.scalars(ids.order_by(order).offset(ask.offset).limit(ask.limit)))
    rows = session.execute(_COLUMNS.where(Delivery.id.in_(chosen)))
    by_id = {row.id: row for row in rows}
    return Page([by_id[it] for it in chosen if it in by_id], total, more)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(Delivery.state == wanted.state)
    if wanted.source:
        conditions.append(Delivery.source == wanted.source)
    if wanted.record:
        conditions.append(Delivery.record_id == wanted.record)
    if wanted.request_id:
        conditions.append(Delivery.request_id == wanted.request_id)
    if wanted.since is not None:
        conditions.append(Delivery.received_at >= wanted.since)
    return conditions


def links_of(session: Session, record_ids: Collection[str | None]) -> dict[str | None, Link]:
    """Give the links of the issues that deliveries are about, by the issues' ids."""
    known = {it for it in record_ids if it is not None}
    return {link.issue_id: link for link in by_issue(session, known)}
