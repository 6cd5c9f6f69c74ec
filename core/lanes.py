"""Lanes: the work on one record, which is done one piece at a time, and how long it has waited.

A lane whose head fails holds up nobody but itself. Who asks here sees which lanes those are, since
when they wait and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Result, Row, func, select
from sqlalchemy.orm import Session

from core import ledger
from core.clock import now
from core.domains import load_domains
from core.models import Delivery, Link, LinkState

LEDGER = "pf_jira"
"""The domain whose records the ledger holds."""

LINK, DELIVERY = "link", "delivery"

_AT_A_TIME = 200

_Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Lane:
    """One record with work that waits; all but `record` and `behind` is about its head.

    `record` is a task's id, or where the ledger knows none, what the webhook is about.
    """

    domain: str
    record: str
    unit: str
    """`link`: a change of the task, to be brought to Jira; `delivery`: a webhook."""
    unit_id: int
    since: datetime
    attempts: int
    why: str
    next_attempt: datetime
    claimed_by: str | None
    """Id of the Celery task that works on it; None when nobody does."""
    claimed_until: datetime | None
    behind: int = 0
    """How many more pieces of work wait in this lane."""


def blocked(session: Session, limit: int = 50) -> list[Lane]:
    """Give the lanes whose head has waited longest, the longest first."""
    changes = session.execute(
        select(*_OF_LINKS)
        .where(Link.due_at.is_not(None), Link.waiting_since.is_not(None))
        .order_by(Link.waiting_since)
        .limit(limit)
    ).all()
    deliveries = _heads_of_deliveries(session, limit)
    issue_ids = {row.record_id for row in deliveries if row.record_id}
    links = {link.issue_id: link for link in ledger.by_issue(session, issue_ids)}
    records = [*links.values(), *changes]
    heads: dict[tuple[str, str], Lane] = {}
    for lane in sorted(
        [*map(_of_link, changes), *(_of_delivery(row, links) for row in deliveries)],
        key=lambda lane: (lane.since, lane.unit, lane.unit_id),
    ):
        heads.setdefault((lane.domain, lane.record), lane)
    lanes = list(heads.values())[:limit]
    waiting = _count_waiting(session, {record.source_id: record for record in records})
    return [replace(lane, behind=max(0, waiting.get(lane.record, 1) - 1)) for lane in lanes]


def oldest(session: Session) -> dict[str, datetime | None]:
    """Give since when the oldest work of each domain waits; None where none does.

    Work that is written down only, not messages: a broker does not know how old they are.
    """
    found: dict[str, datetime | None] = {}
    for domain in load_domains():
        moments = [
            session.scalar(
                select(Delivery.received_at)
                .where(Delivery.due_at.is_not(None), Delivery.source == hook.source)
                .order_by(Delivery.received_at)
                .limit(1)
            )
            for hook in domain.webhooks
        ]
        if domain.name == LEDGER:
            moments.append(
                session.scalar(
                    select(Link.waiting_since)
                    .where(Link.due_at.is_not(None), Link.waiting_since.is_not(None))
                    .order_by(Link.waiting_since)
                    .limit(1)
                )
            )
        found[domain.name] = min((at for at in moments if at is not None), default=None)
    return found


_OF_LINKS = (
    Link.id,
    Link.source_id,
    Link.issue_id,
    Link.state,
    Link.reason,
    Link.attempts,
    Link.waiting_since,
    Link.due_at,
    Link.claimed_by,
    Link.claimed_until,
)

_OF_DELIVERIES = (
    Delivery.id,
    Delivery.source,
    Delivery.topic,
    Delivery.record_id,
    Delivery.reason,
    Delivery.attempts,
    Delivery.received_at,
    Delivery.due_at,
    Delivery.claimed_by,
    Delivery.claimed_until,
)


def _heads_of_deliveries(session: Session, limit: int) -> list[_Found]:
    """Give the oldest waiting delivery of each record, at most `limit` of each source."""
    hooks = [hook for domain in load_domains() for hook in domain.webhooks]
    return [row for hook in hooks for row in _heads_of_source(session, hook.source, limit)]


def _heads_of_source(session: Session, source: str, limit: int) -> Iterable[_Found]:
    """Read piece by piece, by the index: a thousand deliveries of one hot issue are one lane."""
    heads: dict[str, _Found] = {}
    rows: Result[*tuple[Any, ...]] = session.execute(
        select(*_OF_DELIVERIES)
        .where(Delivery.due_at.is_not(None), Delivery.source == source)
        .order_by(Delivery.received_at)
        .execution_options(yield_per=_AT_A_TIME)
    )
    for row in rows:
        # One that is about no record is a lane of its own.
        heads.setdefault(row.record_id or f"delivery {row.id}", row)
        if len(heads) == limit:
            break
    rows.close()
    return heads.values()


def _sources_of_ledger() -> list[str]:
    """Give the sources of webhooks whose records are the ledger's issues."""
    return [hook.source for one in load_domains() if one.name == LEDGER for hook in one.webhooks]


def _of_link(row: _Found) -> Lane:
    return Lane(
        domain=LEDGER,
        record=row.source_id,
        unit=LINK,
        unit_id=row.id,
        since=row.waiting_since,
        attempts=row.attempts,
        why=_why_link(row),
        next_attempt=row.due_at,
        **_hands_on(row),
    )


def _of_delivery(row: _Found, links: Mapping[str | None, Link]) -> Lane:
    ours = row.source in _sources_of_ledger() and row.record_id in links
    named = f"{row.source} {row.record_id}" if row.record_id else f"delivery {row.id}"
    return Lane(
        domain=_domain_of(row.source),
        record=links[row.record_id].source_id if ours else named,
        unit=DELIVERY,
        unit_id=row.id,
        since=row.received_at,
        attempts=row.attempts,
        why=row.reason or _not_tried(row),
        next_attempt=row.due_at,
        **_hands_on(row),
    )


def _domain_of(source: str) -> str:
    hooks = ((hook.source, domain.name) for domain in load_domains() for hook in domain.webhooks)
    return dict(hooks)[source]


def _why_link(row: _Found) -> str:
    if not row.reason:
        return _not_tried(row)
    if row.attempts == 0 and row.state in {LinkState.DEAD, LinkState.HELD, LinkState.SKIPPED}:
        return f"to be tried again; last time: {row.reason}"
    return row.reason


def _not_tried(row: _Found) -> str:
    if _hands_on(row)["claimed_by"]:
        return "being worked on for the first time"
    return "no worker has taken it yet"


def _hands_on(row: _Found) -> dict[str, Any]:
    """Say who works on a row; a lease that has run out is nobody's."""
    held = row.claimed_until is not None and row.claimed_until >= now()
    return {
        "claimed_by": row.claimed_by if held else None,
        "claimed_until": row.claimed_until if held else None,
    }


def _count_waiting(session: Session, records: Mapping[str, Link | _Found]) -> dict[str, int]:
    """Count the pieces of work that wait for some records of the ledger, by their tasks' ids."""
    deliveries: dict[str | None, int] = {}
    issue_ids = sorted({record.issue_id for record in records.values() if record.issue_id})
    for chunk in ledger.chunks(issue_ids):
        rows = session.execute(
            select(Delivery.record_id, func.count())
            .where(
                Delivery.source.in_(_sources_of_ledger()),
                Delivery.record_id.in_(chunk),
                Delivery.due_at.is_not(None),
            )
            .group_by(Delivery.record_id)
        )
        deliveries |= {row[0]: row[1] for row in rows}
    return {
        task: deliveries.get(record.issue_id, 0) + (record.due_at is not None)
        for task, record in records.items()
    }
