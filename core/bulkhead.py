"""A bound on how many may wait at a time, over all processes.

Places are leases in Redis: those of a process that was killed come free by themselves. Each process
also counts for itself, so that the threads it needs for other work stay free while Redis hangs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import redis

from core.errors import GatewayError
from core.redis_client import NAMESPACE, get_prompt_redis

_GIVING_BACK = 2.5
"""Seconds that giving a place back may take at worst; with less left it runs out by itself."""

# KEYS[1]: who has a place, by when it ends, in milliseconds of Redis' own clock.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
-- Asked a second time, because the first answer was lost, it is the same place.
local known = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
"""


class BulkheadFullError(GatewayError):
    """Every place is taken."""


class Bulkhead:
    """`places` for those who wait, shared by all processes that use the same name.

    Who comes in is counted twice: by `admitted` in this process, before anything is done that could
    take time, and by `place` in all of them.
    """

    def __init__(self, name: str, places: int) -> None:
        self._key = f"{NAMESPACE}waiting:{name}"
        self._places = places
        self._here = threading.BoundedSemaphore(places)

    @contextmanager
    def admitted(self) -> Generator[None]:
        """Count for this process inside the block, so that its other threads stay free.

        Raises `BulkheadFullError` at once where as many are inside as there are places.
        """
        if not self._here.acquire(blocking=False):
            raise BulkheadFullError
        try:
            yield
        finally:
            self._here.release()

    @contextmanager
    def place(self, holder: str, until: float) -> Generator[None]:
        """Hold a place inside the block; `until` is a time of `time.monotonic`.

        Raises `BulkheadFullError` at once where there is none, and `redis.RedisError` within two
        seconds where Redis does not say.
        """
        self.take(holder, until)
        try:
            yield
        finally:
            # The caller's answer must not be late for this.
            if until - time.monotonic() >= _GIVING_BACK:
                self.give_back(holder)

    def take(self, holder: str, until: float) -> None:
        """Take a place, or keep the one that is held until later; raises as `place` does."""
        lease = max(1, round((until - time.monotonic()) * 1000))
        taken = get_prompt_redis().eval(_TAKE, 1, self._key, self._places, holder, lease)
        if not taken:
            raise BulkheadFullError

    def give_back(self, holder: str) -> None:
        """Give a place back; while Redis does not answer it runs out by itself."""
        try:
            get_prompt_redis().zrem(self._key, holder)
        except redis.RedisError:
            return
