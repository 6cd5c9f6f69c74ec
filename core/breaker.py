"""A circuit breaker for each vendor, shared by all processes.

After some failures in a row nobody calls the vendor for a while: work waits, instead of each piece
of it finding out by itself, with a timeout, what the others know. Then one call tries, and the rest
follow when it succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from core.redis_client import NAMESPACE

if TYPE_CHECKING:
    import redis

THRESHOLD = 5
"""Failures in a row that open it: a record that always fails is followed by others that do not."""

FIRST_PAUSE = 5.0
"""Seconds that the first opening lasts; each failed trial doubles it."""

LONGEST_PAUSE = 60.0
"""Seconds; a vendor that is back must not wait long for us."""

TRIAL_LEASE = 45.0
"""Seconds after which a trial that nobody told of is given to somebody else: a call with its one
repetition takes no longer."""

# KEYS[1]: a hash of `failures` in a row, `openings` in a row, `until` (when the next trial is
# allowed) and `since` (when it opened first). Times are microseconds of Redis' own clock.
_ASK = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local open_until = tonumber(redis.call('HGET', KEYS[1], 'until') or 0)
if open_until == 0 then return 0 end
local left = open_until - now
-- A longer pause than there is was imposed before the clock was set back.
if left > 0 and left <= tonumber(ARGV[2]) then return left end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + tonumber(ARGV[1])))
return 0
"""

_FAILED = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('PEXPIRE', KEYS[1], 3600000)
if failures < tonumber(ARGV[1]) then return 0 end
local openings = redis.call('HINCRBY', KEYS[1], 'openings', 1)
local pause = math.min(tonumber(ARGV[2]) * 2 ^ (openings - 1), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + pause))
redis.call('HSETNX', KEYS[1], 'since', string.format('%.0f', now))
return 1
"""


class BreakerState(StrEnum):
    """Whether a vendor is called."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """Its pause is over: the next call tries for all."""


@dataclass(frozen=True)
class BreakerStatus:
    """One vendor's breaker as status pages show it; `since` is when it opened first."""

    vendor: str
    state: BreakerState
    failures: int = 0
    since: datetime | None = None


class Breaker:
    """One vendor's breaker. An unreachable Redis shows as redis-py's own error."""

    def __init__(self, client: redis.Redis, vendor: str) -> None:
        self.vendor = vendor
        self._redis = client
        self._key = f"{NAMESPACE}breaker:{vendor}"
        self._ask = client.register_script(_ASK)
        self._failed = client.register_script(_FAILED)

    def seconds_to_wait(self) -> float:
        """Give 0 where a call may be made now, else the seconds after which to ask again.

        While it is half open, only one caller is given 0; that call decides for all.
        """
        limits = [round(TRIAL_LEASE * 1e6), round(LONGEST_PAUSE * 1e6)]
        return cast("int", self._ask(keys=[self._key], args=limits)) / 1e6

    def succeeded(self) -> None:
        """Note that the vendor answered, whatever it answered: it is there."""
        self._redis.delete(self._key)

    def failed(self) -> None:
        """Note that the vendor was not there, or not itself."""
        self._failed(
            keys=[self._key],
            args=[THRESHOLD, round(FIRST_PAUSE * 1e6), round(LONGEST_PAUSE * 1e6)],
        )


def open_breakers(client: redis.Redis) -> list[BreakerStatus]:
    """Give the breakers that are not closed, by vendor."""
    prefix = f"{NAMESPACE}breaker:"
    vendors = sorted(
        str(key).removeprefix(prefix) for key in client.scan_iter(f"{prefix}*", count=1000)
    )
    statuses = (status_of(client, vendor) for vendor in vendors)
    return [status for status in statuses if status.state is not BreakerState.CLOSED]


def status_of(client: redis.Redis, vendor: str) -> BreakerStatus:
    """Give how a vendor's breaker stands."""
    found = cast("dict[str, str]", client.hgetall(f"{NAMESPACE}breaker:{vendor}"))
    seconds, micros = client.time()
    until = float(found.get("until", 0)) / 1e6
    if not until:
        return BreakerStatus(vendor, BreakerState.CLOSED, int(found.get("failures", 0)))
    state = BreakerState.OPEN if seconds + micros / 1e6 < until else BreakerState.HALF_OPEN
    since = datetime.fromtimestamp(float(found["since"]) / 1e6, UTC)
    return BreakerStatus(vendor, state, int(found["failures"]), since)
