"""A cache that all processes share, read from each process's memory, asked for once.

Two tiers: the value in Redis, and the parsed value in this process for as long as Redis says that
it is still the same. A purge takes effect in every process with its next read. However many ask at
once, one of them fetches and the others wait for it. That something does not exist is remembered,
too, but briefly.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import redis

from core import errors
from core.errors import VendorError, VendorNotFoundError, VendorRejectedError
from core.redis_client import NAMESPACE

log = logging.getLogger(__name__)

T = TypeVar("T")

WAIT_SECONDS = 40.0
"""How long to wait for somebody else's fetch: a call with its one repetition takes no longer."""

_POLL_SECONDS = 0.05

_TIME_LENGTH = 14
_STAMP_LENGTH = _TIME_LENGTH + 16

# Store only what was fetched after the last purge: an older answer may hold what the purge was for.
_STORE = """
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


@dataclass(frozen=True)
class Cached(Generic[T]):
    """A value and how many seconds ago it was fetched."""

    value: T
    age: float


class SharedCache(Generic[T]):
    """Values by key, fetched when they are missing.

    `dump` and `load` turn a value into JSON and back. `seconds` is how long a value is good,
    `negative_seconds` how long a refusal is. For `keep_seconds` an old value can still be looked
    at, by whoever would rather show what was than wait for what is.
    """

    def __init__(
        self,
        client: redis.Redis,
        name: str,
        *,
        dump: Callable[[T], Any],
        load: Callable[[Any], T],
        seconds: float = 3600.0,
        negative_seconds: float = 30.0,
        keep_seconds: float | None = None,
    ) -> None:
        self._redis = client
        self._prefix = f"{NAMESPACE}{name}:"
        self._dump, self._load = dump, load
        self._seconds, self._negative_seconds = seconds, negative_seconds
        self._keep_seconds = max(seconds, keep_seconds or seconds)
        self._parsed: dict[str, tuple[str, T]] = {}
        self._store = client.register_script(_STORE)

    def get(self, key: str, fetch: Callable[[], T]) -> T:
        """Give the value, from the cache or else from `fetch`.

        Raises what `fetch` raises; a `VendorNotFoundError` or `VendorRejectedError` is raised again
        to whoever asks within the next seconds, without another call.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = self.peek(key)
            if found is not None:
                return found.value
            lock = self._redis.lock(
                f"{self._prefix}{key}:fetching", timeout=WAIT_SECONDS, blocking=False
            )
            if lock.acquire():
                break
            if time.monotonic() > deadline:
                # Whoever holds the lock is stuck; one call more is better than none.
                return fetch()
            time.sleep(_POLL_SECONDS)
        try:
            return self._fetch(key, fetch)
        finally:
            try:
                lock.release()
            except redis.exceptions.LockError:
                log.warning("fetch_took_too_long", extra={"cache": self._prefix, "key": key})

    def peek(self, key: str, *, stale: bool = False) -> Cached[T] | None:
        """Give what is cached, without fetching; raise a refusal that is remembered.

        With `stale` also what is not good any more, as long as it is kept.
        """
        found = self._peek(key)
        return found if found is None or stale or self.is_good(found) else None

    def is_good(self, found: Cached[T]) -> bool:
        """Say whether a value is young enough to work with."""
        return found.age <= self._seconds

    def _peek(self, key: str) -> Cached[T] | None:
        known = self._parsed.get(key)
        if known is not None:
            # The stamp alone: a value may be large, and this is asked for every piece of work.
            head = cast("str", self._redis.getrange(self._prefix + key, 0, _STAMP_LENGTH - 1))
            if head == known[0]:
                return Cached(known[1], _age(head))
        text = cast("str | None", self._redis.get(self._prefix + key))
        if text is None:
            self._parsed.pop(key, None)
            return None
        stamp, content = text[:_STAMP_LENGTH], text[_STAMP_LENGTH:]
        document = json.loads(content)
        if "refusal" in document:
            raise _rebuilt(document["refusal"])
        value = self._load(document["value"])
        self._parsed[key] = (stamp, value)
        return Cached(value, _age(stamp))

    def purge(self, key: str) -> None:
        """Forget one value, in every process; a fetch that is under way is not stored either."""
        with self._redis.pipeline() as pipeline:
            pipeline.incr(self._generation(key))
            pipeline.delete(self._prefix + key)
            pipeline.execute()

    def _fetch(self, key: str, fetch: Callable[[], T]) -> T:
        found = self.peek(key)  # Somebody else may have just fetched it.
        if found is not None:
            return found.value
        generation = cast("str | None", self._redis.get(self._generation(key))) or "0"
        try:
            value = fetch()
        except (VendorNotFoundError, VendorRejectedError) as error:
            refusal = {"type": type(error).__name__, "args": list(error.args)}
            self._write(key, generation, {"refusal": refusal}, self._negative_seconds)
            raise
        stamp = self._write(key, generation, {"value": self._dump(value)}, self._keep_seconds)
        # The same object until the value is another: whoever used it can ask whether it still is.
        self._parsed[key] = (stamp, value)
        return value

    def _write(self, key: str, generation: str, document: object, seconds: float) -> str:
        # The random part tells two values apart that were fetched at the same moment.
        stamp = f"{time.time():014.3f}{secrets.token_hex(8)}"
        text = stamp + json.dumps(document, separators=(",", ":"))
        keys = [self._prefix + key, self._generation(key)]
        self._store(keys=keys, args=[generation, text, int(seconds * 1000)])
        return stamp

    def _generation(self, key: str) -> str:
        return f"{self._prefix}{key}:purged"


def _age(stamp: str) -> float:
    return max(0.0, time.time() - float(stamp[:_TIME_LENGTH]))


def _rebuilt(refusal: dict[str, Any]) -> VendorError:
    kind = cast("type[VendorError]", getattr(errors, refusal["type"]))
    return kind(*refusal["args"])
