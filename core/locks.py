"""A lock in Redis that lasts as long as its holder lives, and little longer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import redis
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from core.errors import GatewayError
from core.redis_client import NAMESPACE, get_redis

log = logging.getLogger(__name__)

LEASE_SECONDS = 15.0
"""How long a lock outlives a holder that was killed."""

RENEW_SECONDS = 4.0
"""Three renewals fit into a lease, so that one may fail."""


class LockLostError(GatewayError):
    """The lease ran out before it was renewed: somebody else may hold the lock by now."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"the lock {self.name!r} was lost"


class Holding:
    """A lock that is held, and renewed by a thread of its holder's process."""

    def __init__(self, name: str, lock: Lock) -> None:
        self._name, self._lock = name, lock
        self._renewed = time.monotonic()
        self._over = threading.Event()
        self._lost = False

    def check(self) -> None:
        """Raise `LockLostError` when the lock is lost; call it before what only its holder may do.

        It asks this process alone, so it costs nothing.
        """
        if self._lost or time.monotonic() - self._renewed > LEASE_SECONDS:
            raise LockLostError(self._name)

    def keep(self) -> None:
        """Renew the lease until the lock is let go or lost."""
        while not self._over.wait(RENEW_SECONDS):
            asked = time.monotonic()
            try:
                self._lock.reacquire()
            except LockNotOwnedError:
                self._lost = True
                return
            except redis.RedisError:
                # Let go meanwhile, or Redis is away: `check` counts the time.
                continue
            self._renewed = asked

    def let_go(self) -> None:
        """Give the lock back."""
        self._over.set()
        try:
            self._lock.release()
        except redis.RedisError:
            # It has run out already, or soon will.
            log.warning("lock_lost", extra={"lock": self._name})


@contextmanager
def held(name: str) -> Generator[Holding | None]:
    """Hold a lock inside the block; None where somebody else holds it.

    The lease is short, and a thread renews it: when the process is killed, the renewing ends with
    it, and others wait for seconds instead of the longest time that the work may take.
    """
    lock = get_redis().lock(
        f"{NAMESPACE}lock:{name}",
        timeout=LEASE_SECONDS,
        blocking=False,
        thread_local=False,  # It is renewed by another thread than the one that took it.
    )
    if not lock.acquire():
        yield None
        return
    holding = Holding(name, lock)
    threading.Thread(target=holding.keep, name=f"lock:{name}", daemon=True).start()
    try:
        yield holding
    finally:
        holding.let_go()
