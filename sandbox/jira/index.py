"""The search index, which learns of each change a little late, as Jira's does.

Source: https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from sandbox.jira.model import Issue


class SearchIndex:
    """What search knows of every issue. Not safe for threads by itself; the site's lock is."""

    def __init__(self) -> None:
        self._issues: dict[str, Issue] = {}
        self._pending: deque[tuple[float, str, Issue | None]] = deque()

    def load(self, issues: Iterable[Issue]) -> None:
        """Begin again with these issues, all of them findable."""
        self._issues = {issue.id: issue for issue in issues}
        self._pending.clear()

    def note(self, issue_id: str, issue: Issue | None, now: float) -> None:
        """Take in a change (None: the issue is gone) that was made at `now`, in seconds."""
        self._pending.append((now, issue_id, issue))

    def issues(self, until: float) -> dict[str, Issue]:
        """Return what search knows, by issue id: every change made at `until` or before."""
        while self._pending and self._pending[0][0] <= until:
            _, issue_id, issue = self._pending.popleft()
            if issue is None:
                self._issues.pop(issue_id, None)
            else:
                self._issues[issue_id] = issue
        return self._issues
