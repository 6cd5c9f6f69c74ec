"""What to do after a vendor did not do what was asked. Pure: no I/O."""

from __future__ import annotations

from datetime import timedelta

from core.backoff import full_jitter
from core.errors import (
    VendorAmbiguousError,
    VendorConflictError,
    VendorCredentialsError,
    VendorError,
    VendorRateLimitedError,
    VendorUnavailableError,
)

CREDENTIALS_WAIT = timedelta(seconds=60)
"""A person has to mend the log-in; once they have, work goes on within this time."""

LOOK_AGAIN = timedelta(seconds=5)
"""When to look for an issue whose create was not answered; the index is quick on most days."""

UNAVAILABLE_CAP = 60.0
"""Seconds; a vendor that is back must not wait long for us."""

CONFLICTS_BEFORE_GIVING_UP = 10


def wait_after(error: VendorError, attempts: int) -> timedelta | None:
    """Say how long to wait before the next attempt; None when a person has to look.

    A vendor that is down, busy or refuses our log-in says nothing about the record, so such an
    error is never the end, however often it comes. `attempts` counts from 1.
    """
    match error:
        case VendorRateLimitedError():
            return timedelta(seconds=error.retry_after or 0) + full_jitter(attempts, cap=30.0)
        case VendorCredentialsError():
            return CREDENTIALS_WAIT
        case VendorAmbiguousError():
            return LOOK_AGAIN
        case VendorUnavailableError():
            return full_jitter(attempts, cap=UNAVAILABLE_CAP)
        case VendorConflictError() if attempts < CONFLICTS_BEFORE_GIVING_UP:
            return full_jitter(attempts, cap=10.0)
    return None


def concerns_all(error: VendorError) -> bool:
    """Say whether the next call would fail for the same reason, whatever record it is about."""
    return isinstance(
        error, VendorUnavailableError | VendorRateLimitedError | VendorCredentialsError
    )
