"""Messages as a worker has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from celery import Task
from celery.worker import request

LONGEST_DELAY = timedelta(minutes=1)
"""Far more than any message is delayed by: longer waits are in the database."""


class Request(request.Request):
    """A message; a delay that nobody gave it is none.

    It bears the time of day at which it may be worked on. Where the machine's clock is set back an
    hour meanwhile, a worker would keep it for that hour, and with a static prefetch count, as
    quorum queues have it, a few such messages keep the worker from all others.
    """

    __slots__ = ()

    @property
    def eta(self) -> datetime | None:
        """When to work on it; None is at once."""
        eta = super().eta
        if eta is not None and eta - datetime.now(UTC) > LONGEST_DELAY:
            return None
        return eta


class ReceivedTask(Task):
    """A task whose messages are such."""

    abstract = True
    Request = f"{__name__}:Request"
