"""Beat's rhythm, and the turns that make two beats as good as one.

When a piece of scheduled work last began is kept in Redis, on Redis' clock. Beat sends a message
once that is an interval ago; the task claims the turn before it works, so a second message for the
same turn, from a second beat or a late queue, does nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import redis
from celery.schedules import BaseSchedule, schedstate
from sqlalchemy.exc import SQLAlchemyError

from core.clock import now
from core.database import reading
from core.domain_settings import get_setting
from core.domains import Domain, DomainSchedule, get_domain
from core.redis_client import NAMESPACE, get_redis

log = logging.getLogger(__name__)

RECHECK_SECONDS = 5.0
"""How soon beat notices that an admin changed the interval or the pause."""

RESEND_SECONDS = 60.0
"""Above the expiry of beat's messages (`celeryconfig.py`): what is sent again is never doubled."""

CLOCKS_APART = timedelta(seconds=30)
"""How far Redis' clock and this machine's may be apart."""

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

_CLAIM = """
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- A turn that is still to come was taken before the clock was set back.
if last <= now and last >= now - tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], now)
return 1
"""


@dataclass(frozen=True)
class Rhythm:
    """How often: every `seconds`, or daily at `at` (HH:MM, UTC); `paused` stops either."""

    seconds: float | None = None
    at: str | None = None
    paused: bool = False

    def due_at(self, last: datetime, moment: datetime) -> datetime:
        """Say when the next turn after one at `last` is due, seen from `moment`."""
        if self.at is None:
            return last + timedelta(seconds=self.seconds or 0)
        slot = _latest_slot(self.at, moment)
        return slot if last < slot else slot + timedelta(days=1)

    def shortest_gap(self, moment: datetime) -> timedelta:
        """Say how long ago the last turn must lie for a new one to be due at `moment`."""
        if self.at is None:
            # A second of grace: beat and Redis may round the same moment differently.
            return timedelta(seconds=max((self.seconds or 0) - 1, 0))
        return moment - _latest_slot(self.at, moment)


def _latest_slot(at: str, moment: datetime) -> datetime:
    hour, minute = map(int, at.split(":"))
    slot = moment.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return slot if slot <= moment else slot - timedelta(days=1)


def rhythm_of(domain: Domain, schedule: DomainSchedule) -> Rhythm:
    """Read the rhythm in force, with what an admin changed."""
    with reading() as session:

        def value(key: str) -> object:
            return get_setting(session, domain.name, key)

        paused = bool(value(schedule.paused)) if schedule.paused else False
        if schedule.daily:
            return Rhythm(at=str(value(schedule.daily)), paused=paused)
        seconds = value(schedule.every) if schedule.every else schedule.every_seconds
        return Rhythm(seconds=float(cast("float", seconds)), paused=paused)


def turn_key(entry: str) -> str:
    """Give the Redis key that holds when `entry` (`pf_jira.poll`) last began."""
    return f"{NAMESPACE}turn:{entry}"


def last_turn(entry: str) -> datetime | None:
    """Say when the work of a schedule entry last began."""
    value = cast("str | None", get_redis().get(turn_key(entry)))
    return datetime.fromtimestamp(int(value) / 1000, UTC) if value else None


def claim_turn(entry: str) -> bool:
    """Take the turn that is due; `False` when there is none, because somebody else took it.

    `entry` is `<domain>.<schedule>`. The claim and the check are one step in Redis.
    """
    domain = get_domain(entry.partition(".")[0])
    schedule = next(s for s in domain.schedules if f"{domain.name}.{s.name}" == entry)
    rhythm = rhythm_of(domain, schedule)
    if rhythm.paused:
        return False
    gap = int(rhythm.shortest_gap(now()).total_seconds() * 1000)
    return bool(get_redis().eval(_CLAIM, 1, turn_key(entry), gap))


class TurnSchedule(BaseSchedule):
    """Beat's view of one schedule entry: due when its last turn is an interval ago."""

    def __init__(self, domain: str, name: str) -> None:
        super().__init__()
        self.domain, self.name = domain, name

    def __reduce__(self) -> tuple[type[TurnSchedule], tuple[str, str]]:
        return type(self), (self.domain, self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TurnSchedule) and self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash((self.domain, self.name))

    def __repr__(self) -> str:
        return f"<turn of {self.domain}.{self.name}>"

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Say whether to send now, and in how many seconds to ask again.

        `last_run_at` is when this beat last sent. While no worker takes the turn, it sends again
        when that message has expired, but not more often than the interval: a night's work must
        not wait a day because the worker was busy for a minute. An unreachable database or Redis is
        no reason for beat to stop.
        """
        domain = get_domain(self.domain)
        schedule = next(s for s in domain.schedules if s.name == self.name)
        try:
            rhythm = rhythm_of(domain, schedule)
            began = last_turn(f"{self.domain}.{self.name}")
            if began is None and rhythm.at:
                # A new installation waits for its first night.
                began = now()
                get_redis().set(turn_key(f"{self.domain}.{self.name}"), _milliseconds(began))
        except (SQLAlchemyError, redis.RedisError) as error:
            log.warning(
                "schedule_unreadable", extra={"entry": repr(self), "error": type(error).__name__}
            )
            return schedstate(is_due=False, next=RECHECK_SECONDS)
        if rhythm.paused:
            return schedstate(is_due=False, next=RECHECK_SECONDS)
        if began is not None and began > now() + CLOCKS_APART:
            began = None  # It was taken before the clock was set back.
        again = timedelta(seconds=min(rhythm.seconds or RESEND_SECONDS, RESEND_SECONDS))
        due = max(rhythm.due_at(began or EPOCH, now()), last_run_at.astimezone(UTC) + again)
        remaining = (due - now()).total_seconds()
        if remaining <= 0:
            return schedstate(is_due=True, next=RECHECK_SECONDS)
        return schedstate(is_due=False, next=min(remaining, RECHECK_SECONDS))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
