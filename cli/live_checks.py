"""Whether what runs does its work: queues that somebody reads, beat, and vendors that are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import redis
from kombu.exceptions import OperationalError
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from cli import workers
from cli.outcomes import Outcome, failed, warned, well
from core import liveness
from core.breaker import BreakerStatus, open_breakers
from core.broker import BrokerUnavailableError, queue_lengths
from core.clock import since
from core.database import reading
from core.domains import Domain, all_workers
from core.models import Link
from core.redis_client import get_prompt_redis

_START = "start everything with `igw up`"


def check_queues(domains: Sequence[Domain]) -> Outcome:
    """Look whether a worker reads each queue that is declared."""
    try:
        read_by = workers.readers()
        lengths = queue_lengths()
    except (OperationalError, BrokerUnavailableError):
        return failed("cannot be asked: the broker does not answer", _START)
    queues = [name for worker in all_workers(domains) for name in worker.queues]
    return judge_queues(queues, read_by, lengths)


def judge_queues(
    queues: Sequence[str], read_by: Mapping[str, Iterable[str]], lengths: Mapping[str, int]
) -> Outcome:
    """Say which queues nobody reads, and what waits there. Pure."""
    unread = [queue for queue in queues if queue not in read_by]
    if unread:
        waits = [f"{queue} ({lengths.get(queue, 0):,} messages wait)" for queue in unread]
        return failed(
            f"no worker reads {', '.join(waits)}: work for it waits until one does",
            f"{_START}; elsewhere: celery -A tasks worker --queues {unread[0]} "
            f"--hostname {unread[0]}@%h",
        )
    named = (f"{queue} by {', '.join(sorted(read_by[queue]))}" for queue in queues)
    return well(f"read: {'; '.join(named)}")


def check_beat() -> Outcome:
    """Look whether beat sends what is due, and whether it runs once."""
    try:
        ages, beats = liveness.ages(), liveness.beats()
    except redis.RedisError:
        return failed("cannot be told: Redis does not answer", _START)
    return judge_beat(ages, beats)


def judge_beat(ages: Mapping[str, float | None], beats: list[str]) -> Outcome:
    """Say whether canaries come back, and from how many beats. Pure."""
    known = [age for age in ages.values() if age is not None]
    if not known:
        return warned(
            "no canary has come back yet: beat was started less than a minute ago, or does not run",
            f"{_START}; after that one comes each {liveness.EVERY_SECONDS:.0f} s",
        )
    late = liveness.troubles(ages, up_for=0)
    if late:
        return failed(f"{late[0].title}. {late[0].text}", f"{_START}, or restart that process")
    if (twice := liveness.two_beats(beats)) is not None:
        return warned(twice.text, "stop all but one")
    return well(f"the newest canary came back {min(known):.0f} s ago; one beat")


def check_breakers() -> Outcome:
    """Look which vendors are not asked at the moment, and how much waits for them."""
    try:
        breakers = open_breakers(get_prompt_redis())
    except redis.RedisError:
        return failed("cannot be told: Redis does not answer", _START)
    try:
        with reading() as session:
            waiting = session.scalar(select(func.count()).where(Link.due_at.is_not(None))) or 0
    except SQLAlchemyError:
        waiting = 0
    return judge_breakers(breakers, waiting)


def judge_breakers(breakers: Sequence[BreakerStatus], waiting: int) -> Outcome:
    """Say which vendors are not asked. Pure."""
    if not breakers:
        return well("closed: all vendors are asked")
    down = ", ".join(f"{it.vendor} {since(it.since)}" if it.since else it.vendor for it in breakers)
    tasks = f"{waiting:,} task{'s wait' if waiting != 1 else ' waits'}"
    return warned(
        f"open: {down} failed too often and is asked once a minute; {tasks}, and nothing is lost",
        "nothing, unless it goes on: the vendors' own rows say what is wrong",
    )
