"""The one place where Redis connections are made."""

from __future__ import annotations

from functools import cache

import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry

from core.settings import get_settings

NAMESPACE = "igw:"
"""Every key of ours starts with this, so that a shared Redis stays readable."""


@cache
def get_redis() -> redis.Redis:
    """Give this process's client; its pool reconnects by itself, also after a fork.

    Two quick retries bridge a restart of Redis' connection, not an outage: callers are tasks,
    which try again later anyway.
    """
    return redis.Redis.from_url(
        get_settings().resolved_redis_url,
        decode_responses=True,
        socket_timeout=5,
        socket_connect_timeout=2,
        socket_keepalive=True,
        health_check_interval=25,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
    )


@cache
def get_prompt_redis() -> redis.Redis:
    """Give this process's client for when a caller waits: it gives up within two seconds.

    One retry finds out that a connection of the pool is stale, after a restart of Redis.
    """
    return redis.Redis.from_url(
        get_settings().resolved_redis_url,
        decode_responses=True,
        socket_timeout=1,
        socket_connect_timeout=1,
        socket_keepalive=True,
        health_check_interval=25,
        retry=Retry(NoBackoff(), 1),
    )
