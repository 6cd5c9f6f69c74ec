"""Jira's limit on how often one issue may be written.

Source: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

from __future__ import annotations

from collections import deque

_WINDOWS = ((20, 2.0), (100, 30.0))  # writes, seconds


class WriteLimit:
    """The latest writes of each issue. Not safe for threads by itself; the site's lock is."""

    def __init__(self) -> None:
        self._writes: dict[str, deque[float]] = {}

    def take(self, issue_id: str, now: float) -> tuple[int, float] | None:
        """Note a write and return None, or return the limit it breaks and the seconds to wait.

        A write that is refused does not count.
        """
        writes = self._writes.setdefault(issue_id, deque(maxlen=_WINDOWS[-1][0]))
        for limit, seconds in _WINDOWS:
            if len(writes) >= limit and now - writes[-limit] < seconds:
                return limit, writes[-limit] + seconds - now
        writes.append(now)
        return None
