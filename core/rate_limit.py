"""A limit of calls per second that all processes of the gateway share."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from core.errors import GatewayError
from core.redis_client import NAMESPACE

if TYPE_CHECKING:
    import redis

MAX_PENALTY_SECONDS = 300.0
"""The longest pause that one answer of a vendor can impose on everybody."""

# Both scripts run the generic cell rate algorithm on one number, the time at which the bucket would
# be full again, in microseconds of Redis' own clock: the clocks of the callers need not agree.
# KEYS[1]: that number.  KEYS[2]: exists while calls are paused.
# Source: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
_RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, slack, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
-- So far ahead it was written before the clock was set back.
if full_at - now > tonumber(ARGV[4]) then full_at = now end
local delay = math.max(full_at - slack - now, 0)
if delay > longest then return {0, delay} end
local left = full_at + interval - now
redis.call('SET', KEYS[1], string.format('%.0f', full_at + interval),
    'PX', math.ceil(left / 1000) + 1000)
return {1, delay}
"""

_PENALISE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local pause, slack = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now + pause + slack)
redis.call('SET', KEYS[1], string.format('%.0f', full_at),
    'PX', math.ceil((full_at - now) / 1000) + 1000)
local pause_ms = math.ceil(pause / 1000)
if redis.call('PTTL', KEYS[2]) < pause_ms then redis.call('SET', KEYS[2], 1, 'PX', pause_ms) end
return 0
"""


class RateLimitBusyError(GatewayError):
    """No slot comes free in time; `seconds` says when the next one would."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(name, seconds)
        self.name, self.seconds = name, seconds

    def __str__(self) -> str:
        return f"the rate limit {self.name!r} has no free slot for {self.seconds:.1f} s"


@dataclass(frozen=True)
class Budget:
    """How much of a limit is taken: calls made or reserved that the limit has not yet forgotten."""

    calls: float
    paused_seconds: float
    """How long nobody may call, because the vendor asked for a pause; 0 where it did not."""


def budget_of(redis_client: redis.Redis, name: str, per_second: float) -> Budget:
    """Give how much of the limit of a name is taken."""
    full_at, paused = _keys(name)
    seconds, micros = redis_client.time()
    ahead = float(cast("str | None", redis_client.get(full_at)) or 0) / 1e6
    left = max(0.0, ahead - seconds - micros / 1e6)
    pause = max(0, redis_client.pttl(paused)) / 1000
    return Budget(left * per_second, pause)


def _keys(name: str) -> list[str]:
    # Redis Cluster keeps keys with the same part in braces together, which scripts need.
    return [f"{NAMESPACE}rate:{{{name}}}:full_at", f"{NAMESPACE}rate:{{{name}}}:paused"]


class RateLimit:
    """At most `burst` calls at once and `per_second` calls a second, all processes together.

    Limits of one `name` share one bucket in Redis. An unreachable Redis shows as redis-py's own
    error: a call without a limit could cost the vendor's patience, so none is made.
    """

    def __init__(
        self,
        redis_client: redis.Redis,
        name: str,
        per_second: float,
        burst: int,
        *,
        longest_wait: float = 30.0,
    ) -> None:
        if per_second <= 0 or burst < 1:
            message = "per_second must be above 0 and burst at least 1"
            raise ValueError(message)
        self._redis = redis_client
        self._name = name
        self._keys = _keys(name)
        self._interval = round(1_000_000 / per_second)
        self._slack = self._interval * (burst - 1)
        self._longest_wait = longest_wait
        # A pause, and behind it as many calls as one may wait for.
        ahead = round((MAX_PENALTY_SECONDS + longest_wait) * 1e6)
        self._farthest = ahead + self._slack + self._interval
        self._reserve = redis_client.register_script(_RESERVE)
        self._penalise = redis_client.register_script(_PENALISE)

    def wait(self) -> float:
        """Return when the caller may make one call; the seconds waited are the result.

        Callers are served in the order in which they came. Raises `RateLimitBusyError` at once,
        without taking a slot, when the wait would end later than `longest_wait` seconds from now.
        """
        started = time.monotonic()
        while True:
            left = self._longest_wait - (time.monotonic() - started)
            answer = self._reserve(
                keys=self._keys[:1],
                args=[self._interval, self._slack, max(round(left * 1e6), 0), self._farthest],
            )
            granted, delay = cast("list[int]", answer)
            if not granted:
                raise RateLimitBusyError(self._name, delay / 1e6)
            if not delay:
                break
            time.sleep(delay / 1e6)
            # A slot reserved before a pause was imposed is worth nothing during the pause. One that
            # lasts longer than any was imposed before the clock was set back.
            pause = self._redis.pttl(self._keys[1])
            if not 0 < pause <= MAX_PENALTY_SECONDS * 1000:
                break
        return time.monotonic() - started

    def penalise(self, seconds: float) -> None:
        """Pause everybody's calls for `seconds`, at most `MAX_PENALTY_SECONDS`.

        For a 429: whoever asked too often does not speak for this process alone. After the pause
        calls are evenly spaced at first; the burst has to be earned again.
        """
        pause = min(max(seconds, 0.0), MAX_PENALTY_SECONDS)
        self._penalise(keys=self._keys, args=[round(pause * 1e6), self._slack])
