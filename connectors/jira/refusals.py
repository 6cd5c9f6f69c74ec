"""What Jira means by the message with which it refuses a field.

Source of the messages: answers of Jira Cloud to
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post
"""

from __future__ import annotations

import re

_NOT_ON_SCREEN = re.compile(r"cannot be set\b.*\bscreen", re.IGNORECASE)
_DEMANDED = re.compile(r"\bis required\b|\bmust (?:specify|be specified)\b", re.IGNORECASE)


def is_not_on_screen(message: str) -> bool:
    """Say whether the field may not be set at all: it is on no screen, unknown or not ours."""
    return bool(_NOT_ON_SCREEN.search(message))


def is_demanded(message: str) -> bool:
    """Say whether the field was left out and must not be."""
    return bool(_DEMANDED.search(message))
