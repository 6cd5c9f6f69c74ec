"""How often one address may try to log in."""

from __future__ import annotations

import hashlib
import logging

import redis

from core.rate_limit import RateLimit, RateLimitBusyError
from core.redis_client import get_prompt_redis

log = logging.getLogger(__name__)

PER_SECOND, BURST = 0.5, 20
"""A person tries a few times; a whole office may share one address."""


def seconds_to_wait(address: str) -> float:
    """Give 0 when an address may try to log in now, else the seconds until it may.

    While Redis is away everybody may: the dashboard is where people look to see what is wrong, and
    each log-in is checked by Google all the same.
    """
    # An address is personal, and Redis is no place for what is.
    name = f"login:{hashlib.sha256(address.encode()).hexdigest()[:16]}"
    try:
        RateLimit(get_prompt_redis(), name, PER_SECOND, BURST, longest_wait=0).wait()
    except RateLimitBusyError as error:
        return error.seconds
    except redis.RedisError as error:
        log.warning("login_not_limited", extra={"reason": type(error).__name__})
    return 0.0
