"""Refuse writes that come too fast to one issue.

Source: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

from sandbox.jira.context import site, visible_issue
from sandbox.jira.errors import PlainError
from sandbox.jira.model import Issue


def may_write(id_or_key: str) -> Issue:
    """Return an issue that the caller is about to write, or refuse with 429 and do nothing.

    The body of a 429 is not documented, so here it is not JSON: programs go by the headers.
    """
    issue = visible_issue(id_or_key)
    now = site().clock()
    broken = site().write_limit.take(issue.id, now)
    if broken is not None:
        limit, wait = broken
        reset = datetime.fromtimestamp(math.ceil(now + wait), UTC)
        raise PlainError(
            429,
            "Rate limit exceeded.",
            {
                "Retry-After": str(math.ceil(wait)),
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%M:%SZ}",
                "RateLimit-Reason": "jira-per-issue-on-write",
            },
        )
    return issue
