"""One look at the whole gateway: what waits, what is linked, what needs a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import dead_letters, lanes, ledger, liveness, reports, rule_states
from core.breaker import BreakerStatus, open_breakers
from core.broker import BrokerUnavailableError, queue_lengths
from core.clock import age, now
from core.database import reading
from core.domain_settings import get_setting
from core.models import Delivery, DeliveryState, Link
from core.redis_client import get_prompt_redis, get_redis
from core.rule_states import Tripped
from core.settings import VendorMode, get_settings
from core.status_verdict import Verdict, judge

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
    """Work that failed and waits for a person."""
    held: int
    """Changes that were never tried, because their rule was tripped."""
    tripped: list[Tripped]
    last_poll: dict[str, Any] | None
    poll_seconds: int
    poll_paused: bool
    oldest: dict[str, datetime | None] = field(default_factory=dict)
    """Since when the oldest work of each domain waits, webhooks included."""
    queues: dict[str, int] = field(default_factory=dict)
    """Messages that wait in each queue; empty when the broker is down."""
    canaries: dict[str, float | None] = field(default_factory=dict)
    """Seconds since each worker's canary came back; None where none did yet."""
    breakers: list[BreakerStatus] = field(default_factory=list)
    """Vendors that are not asked at the moment, because they failed too often."""
    redis_answers: bool = True
    broker_answers: bool = True

    @property
    def poll_age(self) -> timedelta | None:
        """Say how long ago the last poll began; None where there was none."""
        if self.last_poll is None:
            return None
        return now() - datetime.fromisoformat(self.last_poll["began"])

    @property
    def longest_wait(self) -> str:
        """Say how long the oldest work of all has waited; "" where none waits."""
        moments = [moment for moment in self.oldest.values() if moment is not None]
        return age(now() - min(moments)) if moments else ""

    @property
    def sentence(self) -> str:
        """Say in one sentence whether everything is well."""
        return self.verdict.sentence

    @property
    def verdict(self) -> Verdict:
        """Say whether everything is well, and what to do about what matters most."""
        return judge(self)


def read_status() -> Status:
    """Read the status from database, Redis and broker; works while the latter two are down."""
    with reading() as session:
        stored = _stored(session)
    try:
        # Whoever looks here waits: a Redis that hangs is found out once, in two seconds.
        get_prompt_redis().ping()
        live: dict[str, Any] = {
            "last_poll": reports.last("pf_jira.poll"),
            "canaries": liveness.ages(),
            "breakers": open_breakers(get_redis()),
        }
    except redis.RedisError:
        live = {"last_poll": None, "redis_answers": False}
    settings = get_settings()
    same_server = settings.resolved_broker_url == settings.resolved_redis_url
    # What does not answer is not asked again: that would take as long once more.
    known = not live.get("redis_answers", True) and same_server
    return Status(
        mode=settings.mode,
        **live,
        **({} if known else _queues()),
        **stored,
    )


def _queues() -> dict[str, Any]:
    try:
        return {"queues": queue_lengths()}
    except BrokerUnavailableError:
        return {"broker_answers": False}


def _stored(session: Session) -> dict[str, Any]:
    waiting = session.scalar(select(func.count()).where(Link.due_at.is_not(None)))
    retrying = (Link.due_at.is_not(None), Link.attempts >= ATTEMPTS_THAT_SHOW)
    because = session.scalar(
        select(Link.reason).where(*retrying).order_by(Link.attempts.desc(), Link.id).limit(1)
    )
    deliveries = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    letters = dead_letters.count_open_by_held(session)
    return {
        "links": ledger.count_by_state(session),
        "links_waiting": waiting,
        "oldest": lanes.oldest(session),
        "links_retrying": session.scalar(select(func.count()).where(*retrying)),
        "retrying_because": (because or "").rstrip("."),
        "deliveries": {
            **{state.value: 0 for state in DeliveryState},
            **{state.value: count for state, count in deliveries},
        },
        "dead_letters": letters.get(False, 0),
        "held": letters.get(True, 0),
        "tripped": rule_states.tripped(session),
        "poll_seconds": get_setting(session, "pf_jira", "poll_interval_seconds"),
        "poll_paused": get_setting(session, "pf_jira", "poll_paused"),
    }
