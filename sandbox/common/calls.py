"""Count the calls of the vendor's API, so that a test can say how many a change may cost."""

from __future__ import annotations

import threading
from collections import Counter

from flask import Flask, request


def is_vendor_path(path: str) -> bool:
    """Tell the vendor's API from what the sandbox adds: its page and everything under `/_`."""
    return path != "/" and not path.startswith("/_")


class Calls:
    """How often each route of the vendor's API was called since the last clear."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, method: str, rule: str) -> None:
        """Note one call."""
        with self._lock:
            self._counts[f"{method} {rule}"] += 1

    def by_route(self) -> dict[str, int]:
        """Return calls by method and URL rule (`GET /tasks/<id>`), one sum for all ids."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def total(self) -> int:
        """Return the number of all calls."""
        with self._lock:
            return self._counts.total()

    def clear(self) -> None:
        """Begin again at zero."""
        with self._lock:
            self._counts.clear()


def install(app: Flask, calls: Calls) -> None:
    """Count every call of `app` that is the vendor's, also those that a fault or a guard refuses.

    Install it before faults and authentication: a hook that answers ends the chain of hooks.
    """

    @app.before_request
    def count_call() -> None:
        if is_vendor_path(request.path):
            rule = request.url_rule.rule if request.url_rule else "(no such route)"
            calls.count(request.method, rule)
