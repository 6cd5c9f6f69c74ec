"""What is said in the log of those who are refused: enough to act on, and never a full disk.

Whoever forges signatures or guesses keys chooses how often that is noted. So each cause has some
lines a minute in each process, and then one line with the number of the others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from flask import Flask, current_app

log = logging.getLogger(__name__)

LINES = 10
"""Lines for each cause before the rest of the minute is only counted."""

SECONDS = 60.0

_EXTENSION = "refusal_log"


class RefusalLog:
    """Notes refusals, by cause; causes are words of ours, so that there are few of them."""

    def __init__(self) -> None:
        """Begin with nothing noted; safe to make before a fork."""
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def note(self, event: str, cause: str, **fields: object) -> bool:
        """Log a refusal, or count it where its cause has had its lines for this minute.

        Say whether it was logged.
        """
        with self._lock:
            before = self._counts.get(cause, 0)
            self._counts[cause] = before + 1
        if before == 0:
            _after(SECONDS, lambda: self._begin_again(event, cause))
        if before >= LINES:
            return False
        log.warning(event, extra=fields)
        return True

    def _begin_again(self, event: str, cause: str) -> None:
        with self._lock:
            unlogged = self._counts.pop(cause) - LINES
        if unlogged > 0:
            log.warning("more_refused", extra={"of": event, "cause": cause, "unlogged": unlogged})


def _after(seconds: float, work: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()


def init_app(app: Flask) -> None:
    """Give the app a refusal log of its own; there is one app in each process."""
    app.extensions[_EXTENSION] = RefusalLog()


def note(event: str, cause: str, **fields: object) -> bool:
    """Note a refusal in the log of the current app; say whether it was logged."""
    return current_app.extensions[_EXTENSION].note(event, cause, **fields)
