"""One look at the whole gateway: what waits, what is linked, what needs a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import ledger, reports
from core.clock import now
from core.database import reading
from core.domain_settings import get_setting
from core.domains import load_domains
from core.models import DeadLetter, DeadLetterState, Delivery, DeliveryState, Link
from core.redis_client import NAMESPACE, get_redis
from core.settings import VendorMode, get_settings

POLL_GRACE = timedelta(minutes=3)
"""How much later than its interval a poll may be: one that is killed keeps its lock for 110 s."""

ATTEMPTS_THAT_SHOW = 3
"""Attempts from which on waiting work is worth a sentence; a rate limit costs one or two."""


@dataclass(frozen=True)
class Status:
    """The counts that an operator looks at first; nothing personal."""

    mode: VendorMode
    links: dict[str, int]
    links_waiting: int
    links_retrying: int
    """Of those that wait, the ones whose attempts failed repeatedly."""
    retrying_because: str
    """Why the one of them failed that was tried most often."""
    deliveries: dict[str, int]
    dead_letters: int
    last_poll: dict[str, Any] | None
    poll_seconds: int
    poll_paused: bool
    queues: dict[str, int] = field(default_factory=dict)
    """Messages that wait in each queue; empty when the broker is not Redis or is down."""
    redis_answers: bool = True

    @property
    def poll_age(self) -> timedelta | None:
        """Say how long ago the last poll began; None where there was none."""
        if self.last_poll is None:
            return None
        return now() - datetime.fromisoformat(self.last_poll["began"])

    @property
    def sentence(self) -> str:
        """Say in one sentence whether everything is well."""
        if not self.redis_answers:
            return "Redis does not answer: nothing is being done, and nothing is lost."
        if concern := self._concern_about_polls():
            return concern
        if self.links_retrying:
            count = _counted(self.links_retrying, "task waits", "tasks wait")
            return f"Running; {count} for another attempt: {self.retrying_because}."
        if self.dead_letters:
            count = _counted(self.dead_letters, "dead letter waits", "dead letters wait")
            return f"Running; {count} for a person."
        return "Everything is well."

    def _concern_about_polls(self) -> str:
        if self.poll_paused:
            return "Polling of PeopleForce is paused."
        age = self.poll_age
        if age is None or self.last_poll is None:
            return "Waiting for the first poll of PeopleForce."
        if age > timedelta(seconds=self.poll_seconds) + POLL_GRACE:
            minutes = round(age / timedelta(minutes=1))
            return (
                f"The last poll of PeopleForce was {minutes} minutes ago: "
                "beat or the worker pf_jira does not do its work."
            )
        error = self.last_poll.get("error")
        return f"The last poll failed and will be repeated: {error}." if error else ""


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def read_status() -> Status:
    """Read the status from the database and Redis; works while Redis is down."""
    with reading() as session:
        stored = _stored(session)
    try:
        last_poll, queues, answers = reports.last("pf_jira.poll"), _queue_lengths(), True
    except redis.RedisError:
        last_poll, queues, answers = None, {}, False
    return Status(
        mode=get_settings().mode,
        last_poll=last_poll,
        queues=queues,
        redis_answers=answers,
        **stored,
    )


def _stored(session: Session) -> dict[str, Any]:
    waiting = session.scalar(select(func.count()).where(Link.due_at.is_not(None)))
    retrying = (Link.due_at.is_not(None), Link.attempts >= ATTEMPTS_THAT_SHOW)
    because = session.scalar(
        select(Link.reason).where(*retrying).order_by(Link.attempts.desc(), Link.id).limit(1)
    )
    deliveries = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    return {
        "links": ledger.count_by_state(session),
        "links_waiting": waiting,
        "links_retrying": session.scalar(select(func.count()).where(*retrying)),
        "retrying_because": (because or "").rstrip("."),
        "deliveries": {
            **{state.value: 0 for state in DeliveryState},
            **{state.value: count for state, count in deliveries},
        },
        "dead_letters": session.scalar(
            select(func.count())
            .select_from(DeadLetter)
            .where(DeadLetter.state == DeadLetterState.OPEN)
        ),
        "poll_seconds": get_setting(session, "pf_jira", "poll_interval_seconds"),
        "poll_paused": get_setting(session, "pf_jira", "poll_paused"),
    }


def _queue_lengths() -> dict[str, int]:
    if not get_settings().resolved_broker_url.startswith("redis"):
        return {}
    broker = get_redis()
    # Kombu's Redis transport keeps each queue in a list of its name, behind our prefix.
    return {domain.queue: broker.llen(f"{NAMESPACE}{domain.queue}") for domain in load_domains()}
