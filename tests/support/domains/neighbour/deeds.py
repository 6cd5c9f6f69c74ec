"""What a worker may do: its work, or harm."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

from celery import Task

from celeryconfig import LEASE_SECONDS
from core import inbox
from core.database import writing
from core.models import DeliveryState
from tasks import app

LEASE = timedelta(seconds=LEASE_SECONDS)

LEAKED = bytearray()
A_LEAK = 250_000_000
"""Bytes; two of them are more than a worker's child may have."""


def _finish(task: Task, ids: list[int]) -> int:
    """Give how many there were to finish."""
    with writing() as session:
        claimed = inbox.claim(session, ids, task.request.id, LEASE)
        for delivery in claimed:
            inbox.finish(session, delivery, DeliveryState.DONE)
    return len(claimed)


@app.task(name="neighbour.work", bind=True, max_retries=3)
def work(self: Task, ids: list[int]) -> None:
    """Finish deliveries at once."""
    _finish(self, ids)


@app.task(name="neighbour.leak", bind=True, max_retries=3)
def leak(self: Task, ids: list[int]) -> None:
    """Keep memory for ever, page by page, and finish."""
    LEAKED.extend(b"x" * A_LEAK)
    _finish(self, ids)


@app.task(name="neighbour.die", bind=True, max_retries=3)
def die(self: Task, ids: list[int]) -> None:
    """Finish, and die of it: child and parent, as when memory runs out."""
    if _finish(self, ids):
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
