"""How long to wait before trying again."""

from __future__ import annotations

import random
from datetime import timedelta


def full_jitter(attempt: int, *, base: float = 2.0, cap: float = 300.0) -> timedelta:
    """Give a random wait that doubles its range with each attempt, starting at 1.

    `base` and `cap` are seconds. The whole range is used, so that work that failed together does
    not come back together; never less than half a second, so that a loop stays slow.
    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    longest = min(cap, base * 2 ** min(attempt - 1, 16))
    return timedelta(seconds=random.uniform(0.5, max(longest, 0.5)))  # noqa: S311 - spreads load
