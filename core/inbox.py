"""The inbox: webhook deliveries, written down before they are answered.

A delivery that is due is published again by the relay until somebody finishes it, so a message
that is lost between the commit and the worker costs time, not the delivery.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.inbox_rows import insert_new
from core.models import Delivery, DeliveryState
from core.waiting import has_come, is_free, unlocked

log = logging.getLogger(__name__)

REPUBLISH = timedelta(seconds=30)
"""How long a published delivery may wait in the queue before the relay sends it again."""

SOON = timedelta(seconds=3)
"""Waits that `take_due`, which is called every ten seconds, would make much longer."""

MANY = 500
"""Deliveries that are looked for, or finished, at once."""

_SECRET_HEADER = re.compile(r"authorization|cookie|signature|token|secret|key", re.IGNORECASE)
"""Headers whose value proves who somebody is; they are not written down."""


@dataclass(frozen=True)
class Arrival:
    """A verified delivery, as it is written down."""

    source: str
    topic: str
    external_id: str | None
    record_id: str | None
    task: str | None
    request_id: str
    headers: Mapping[str, str]
    body: bytes


def record_all(session: Session, arrivals: Sequence[Arrival]) -> list[int | None]:
    """Write deliveries down and give each one's row id, or None where it is here already.

    A vendor's id of the delivery makes it unique; without one, a hash of route and body does.
    """
    if not arrivals:
        return []
    rows = [_row(arrival) for arrival in arrivals]
    keys = [(row["source"], row["external_id"]) for row in rows]
    # In one order everywhere: two processes with the same deliveries would wait for each other.
    ordered = [row for _, row in sorted(zip(keys, rows, strict=True), key=itemgetter(0))]
    written = insert_new(session.connection(), ordered)
    ids = {(source, external_id): row_id for row_id, source, external_id in written}
    # Of one that is among them twice, the first is the delivery.
    return [ids.pop(key, None) for key in keys]


def _row(arrival: Arrival) -> dict[str, Any]:
    handled = arrival.task is not None
    moment = now()
    return {
        "source": arrival.source,
        "topic": arrival.topic,
        "external_id": arrival.external_id or _hash(arrival.source, arrival.body),
        "record_id": arrival.record_id,
        "task": arrival.task,
        "request_id": arrival.request_id,
        "headers": {k: v for k, v in arrival.headers.items() if not _proves(k)},
        "body": arrival.body,
        "state": DeliveryState.RECEIVED if handled else DeliveryState.IGNORED,
        "reason": "" if handled else f"nobody handles the topic {arrival.topic}",
        "attempts": 0,
        "received_at": moment,
        "due_at": moment + REPUBLISH if handled else None,
        "finished_at": None if handled else moment,
    }


@lru_cache(maxsize=1000)
def _proves(header: str) -> bool:
    """Say whether a header's value proves who somebody is."""
    return _SECRET_HEADER.search(header) is not None


def _hash(source: str, body: bytes) -> str:
    return "sha256:" + hashlib.sha256(source.encode() + b"\n" + body).hexdigest()


def claim(session: Session, ids: Sequence[int], owner: str, lease: timedelta) -> list[Delivery]:
    """Take the deliveries that still wait and that nobody else holds, oldest first.

    `owner` is the Celery task's id: the same message, delivered again after its worker died, takes
    its own claim over at once.
    """
    moment = now()
    free = or_(is_free(Delivery.claimed_until, moment), Delivery.claimed_by == owner)
    waiting = [state for state in DeliveryState if state.waiting]
    wanted = select(Delivery.id).where(Delivery.id.in_(ids), Delivery.state.in_(waiting), free)
    taken = session.scalars(
        update(Delivery)
        .where(Delivery.id.in_(unlocked(wanted)))
        .values(
            claimed_by=owner,
            claimed_until=moment + lease,
            due_at=moment + lease,
            attempts=Delivery.attempts + 1,
        )
        .returning(Delivery)
    )
    return sorted(taken, key=lambda delivery: delivery.id)


def finish(session: Session, delivery: Delivery, state: DeliveryState, reason: str = "") -> bool:
    """Note what came of a delivery; the relay leaves it alone from now on.

    `False`, and nothing is written, when it is no longer held as `delivery` says: its lease ran out
    and somebody else works on it, or has finished it.
    """
    return _release(session, delivery, state=state, reason=reason, due_at=None, finished_at=now())


def postpone(session: Session, delivery: Delivery, wait: timedelta, reason: str) -> bool:
    """Put a delivery back, to be published again after `wait`; `False` as with `finish`."""
    return _release(
        session,
        delivery,
        state=DeliveryState.RETRYING,
        reason=reason,
        due_at=now() + wait,
    )


def _release(session: Session, delivery: Delivery, **values: object) -> bool:
    released = session.scalars(
        update(Delivery)
        .where(
            Delivery.id == delivery.id,
            Delivery.claimed_by.is_not_distinct_from(delivery.claimed_by),
        )
        .values(claimed_by=None, claimed_until=None, **values)
        .returning(Delivery.id)
    )
    if released.first() is not None:
        return True
    log.warning("lease_lost", extra={"delivery": delivery.id})
    return False


def unclaimed_about(session: Session, delivery: Delivery) -> list[int]:
    """Give the ids of other deliveries about the same record that wait and that nobody holds.

    No more than are worth a statement; the rest waits for the next time.
    """
    if delivery.record_id is None:
        return []
    wanted = (
        select(Delivery.id)
        .where(
            Delivery.source == delivery.source,
            Delivery.record_id == delivery.record_id,
            Delivery.task == delivery.task,
            Delivery.id != delivery.id,
            *_unclaimed(),
        )
        .limit(MANY)
    )
    return list(session.scalars(wanted))


def finish_unclaimed(session: Session, ids: Sequence[int], reason: str) -> None:
    """Note that there is nothing left to do for some deliveries, unless somebody has begun."""
    wanted = select(Delivery.id).where(Delivery.id.in_(ids), *_unclaimed())
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(unlocked(wanted)))
        .values(
            state=DeliveryState.DONE,
            reason=reason,
            due_at=None,
            claimed_by=None,
            claimed_until=None,
            finished_at=now(),
        )
    )


def _unclaimed() -> tuple[ColumnElement[bool], ...]:
    waiting = [state for state in DeliveryState if state.waiting]
    return Delivery.state.in_(waiting), is_free(Delivery.claimed_until, now())


def hurry(session: Session, source: str, record_id: str) -> list[int]:
    """Make due what was postponed of a record's deliveries, and give their ids, to be published.

    What comes back within seconds needs no help.
    """
    moment = now()
    hurried = session.scalars(
        update(Delivery)
        .where(
            Delivery.source == source,
            Delivery.record_id == record_id,
            Delivery.due_at > moment + SOON,
            Delivery.state == DeliveryState.RETRYING,
            is_free(Delivery.claimed_until, moment),
        )
        .values(due_at=moment + REPUBLISH)
        .returning(Delivery.id)
    )
    return sorted(hurried)


def take_due(session: Session, limit: int = MANY) -> dict[str, list[int]]:
    """Give the deliveries to publish again, by task, and move their next turn on."""
    moment = now()
    due = (
        select(Delivery.id)
        .where(has_come(Delivery.due_at, moment))
        .order_by(Delivery.due_at)
        .limit(limit)
    )
    rows = session.execute(
        update(Delivery)
        .where(Delivery.id.in_(unlocked(due)))
        .values(due_at=moment + REPUBLISH)
        .returning(Delivery.task, Delivery.id)
    )
    by_task: dict[str, list[int]] = {}
    for task, delivery_id in sorted(rows, key=lambda row: row[1]):
        by_task.setdefault(task or "", []).append(delivery_id)
    return by_task
