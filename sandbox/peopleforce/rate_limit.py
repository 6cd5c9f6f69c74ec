"""The vendor's limit of calls per minute."""

from __future__ import annotations

import threading
import time
from collections import deque

_WINDOW_SECONDS = 60.0


class RateLimit:
    """Count the calls of the last minute, which slides: there is no full hour to wait for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._let_through: deque[float] = deque()

    def wait_before(self, limit: int | None) -> float:
        """Let one call through and return 0, or return the seconds until there is room again."""
        now = time.monotonic()
        with self._lock:
            while self._let_through and self._let_through[0] <= now - _WINDOW_SECONDS:
                self._let_through.popleft()
            if limit is not None and len(self._let_through) >= limit:
                return self._let_through[-limit] + _WINDOW_SECONDS - now
            self._let_through.append(now)
            return 0.0

    def clear(self) -> None:
        """Forget the calls so far."""
        with self._lock:
            self._let_through.clear()
