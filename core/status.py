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
from core.clock import age, now, since
from core.database import reading
from core.domain_settings import get_setting
from core.domains import load_domains
from core.models import Delivery, DeliveryState, Link
from core.redis_client import NAMESPACE, get_redis
from core.rule_states import Tripped
from core.settings import VendorMode, get_settings

POLL_GRACE = timedelta(minutes=2)
"""How much later than its interval a poll may be: it reports at its end, and may take 100 s; one
that is killed keeps its lock for 15 s."""

ATTEMPTS_THAT_SHOW = 3
"""Attempts from which on waiting work is worth a sentence; a rate limit costs one or two."""

NAMED = 3
"""How many tripped rules the sentence names."""


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
    """Messages that wait in each queue; empty when the broker is not Redis or is down."""
    canaries: dict[str, float | None] = field(default_factory=dict)
    """Seconds since each domain's canary came back; None where none did yet."""
    breakers: list[BreakerStatus] = field(default_factory=list)
    """Vendors that are not asked at the moment, because they failed too often."""
    redis_answers: bool = True

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
        if not self.redis_answers:
            return "Redis does not answer: nothing is being done, and nothing is lost."
        return (
            self._about_vendors()
            or self._concern_about_polls()
            or self._about_canaries()
            or self._about_tripped_rules()
            or self._about_waiting_work()
            or "Everything is well."
        )

    def _about_vendors(self) -> str:
        if not self.breakers:
            return ""
        down = " and ".join(
            f"{it.vendor} {since(it.since)}" if it.since else it.vendor for it in self.breakers
        )
        return f"Does not answer: {down}. It is asked again every minute; work with it waits."

    def _about_canaries(self) -> str:
        # What never came back has just been started; a status has no start of its own to count by.
        late = liveness.troubles(self.canaries, up_for=0)
        return f"{late[0].title}: {late[0].text}" if late else ""

    def _about_waiting_work(self) -> str:
        if self.links_retrying:
            count = _counted(self.links_retrying, "task waits", "tasks wait")
            return f"Running; {count} for another attempt: {self.retrying_because}."
        if self.dead_letters:
            count = _counted(self.dead_letters, "dead letter waits", "dead letters wait")
            return f"Running; {count} for a person."
        if self.held:
            count = _counted(self.held, "held change waits", "held changes wait")
            return f"Running; {count} to be sent: igw replay --all."
        return ""

    def _about_tripped_rules(self) -> str:
        if not self.tripped:
            return ""
        first, *others = self.tripped
        held = _counted(sum(rule.held for rule in self.tripped), "change", "changes")
        if not others:
            return f"Running; rule {first.name!r} is tripped {since(first.since)} and holds {held}."
        names = ", ".join(repr(rule.name) for rule in self.tripped[:NAMED])
        more = f" and {len(self.tripped) - NAMED} more" if len(self.tripped) > NAMED else ""
        return f"Running; the rules {names}{more} are tripped and hold {held}."

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
    return f"{count:,} {one if count == 1 else more}"


def read_status() -> Status:
    """Read the status from the database and Redis; works while Redis is down."""
    with reading() as session:
        stored = _stored(session)
    try:
        live: dict[str, Any] = {
            "last_poll": reports.last("pf_jira.poll"),
            "queues": queue_lengths(),
            "canaries": liveness.ages(),
            "breakers": open_breakers(get_redis()),
        }
    except redis.RedisError:
        live = {"last_poll": None, "redis_answers": False}
    return Status(
        mode=get_settings().mode,
        **live,
        **stored,
    )


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


def queue_lengths() -> dict[str, int]:
    """Count the messages in each queue; nothing where the broker is not Redis."""
    if not get_settings().resolved_broker_url.startswith("redis"):
        return {}
    broker = get_redis()
    # Kombu's Redis transport keeps each queue in a list of its name, behind our prefix.
    return {domain.queue: broker.llen(f"{NAMESPACE}{domain.queue}") for domain in load_domains()}
