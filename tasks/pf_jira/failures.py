"""What to do after a vendor did not do what was asked. Pure: no I/O."""

from __future__ import annotations

from datetime import timedelta

import redis
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import OperationalError

from core.backoff import full_jitter
from core.errors import (
    VendorAmbiguousError,
    VendorBreakerOpenError,
    VendorConflictError,
    VendorCredentialsError,
    VendorError,
    VendorRateLimitedError,
    VendorUnavailableError,
)
from core.waiting import LONGEST_WAIT

CREDENTIALS_WAIT = timedelta(seconds=60)
"""A person has to mend the log-in; once they have, work goes on within this time."""

LOOK_AGAIN = timedelta(seconds=5)
"""When to look for an issue whose create was not answered; the index is quick on most days."""

UNAVAILABLE_CAP = 60.0
"""Seconds; a vendor that is back must not wait long for us."""

CONFLICTS_BEFORE_GIVING_UP = 10

MAX_UNEXPECTED = 5
"""Attempts that may end in an error nobody foresaw, before a person has to look."""

LONGEST_RATE_LIMIT_WAIT = LONGEST_WAIT - timedelta(minutes=1)
"""With the jitter that is added, work never waits longer than `LONGEST_WAIT`."""

OUTAGE_WAIT = timedelta(seconds=5)


def wait_after(error: VendorError, attempts: int) -> timedelta | None:  # noqa: PLR0911 - one for each kind
    """Say how long to wait before the next attempt; None when a person has to look.

    A vendor that is down, busy or refuses our log-in says nothing about the record, so such an
    error is never the end, however often it comes. `attempts` counts from 1.
    """
    match error:
        case VendorRateLimitedError():
            asked = min(timedelta(seconds=error.retry_after or 0), LONGEST_RATE_LIMIT_WAIT)
            return asked + full_jitter(attempts, cap=30.0)
        case VendorCredentialsError():
            return CREDENTIALS_WAIT
        case VendorBreakerOpenError():
            # Nothing was asked, so it is not an attempt: all that wait come back within seconds.
            return timedelta(seconds=error.retry_after) + full_jitter(2)
        case VendorAmbiguousError():
            return LOOK_AGAIN
        case VendorUnavailableError():
            return full_jitter(attempts, cap=UNAVAILABLE_CAP)
        case VendorConflictError() if attempts < CONFLICTS_BEFORE_GIVING_UP:
            return full_jitter(attempts, cap=10.0)
    return None


def wait_after_unexpected(error: Exception, attempts: int) -> timedelta | None:
    """Say how long to wait after an error that is no vendor's; None when a person has to look.

    Redis or the database being away, or the time being up, says nothing about the record either.
    """
    if isinstance(error, redis.RedisError | OperationalError | SoftTimeLimitExceeded):
        return OUTAGE_WAIT
    return full_jitter(attempts) if attempts < MAX_UNEXPECTED else None


def concerns_all(error: VendorError) -> bool:
    """Say whether the next call would fail for the same reason, whatever record it is about."""
    return isinstance(
        error, VendorUnavailableError | VendorRateLimitedError | VendorCredentialsError
    )
