"""Publishing tasks by name: no tier needs another tier's code to give it work."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache

from celery import Celery
from kombu.exceptions import OperationalError

from core.logs import current_request_id, new_request_id

log = logging.getLogger(__name__)

TASK_HEADER = "request_id"
BATCH = 50
"""Ids in one message; also the most issues that one bulk create takes."""


@cache
def publisher() -> Celery:
    """Give the Celery app that only sends.

    Its sockets give up after two seconds: what is published is already committed, and the relay
    publishes it again.
    """
    app = Celery("publisher", set_as_current=False)
    app.config_from_object("celeryconfig")
    app.conf.broker_transport_options = {
        **app.conf.broker_transport_options,
        "socket_timeout": 2,
        "socket_connect_timeout": 1,
    }
    return app


def publish(
    task: str, *args: int | Sequence[int] | bool, expires: float | None = None, delay: float = 0
) -> bool:
    """Send a task by its name; `False` when the broker cannot be reached.

    Call it after the commit that wrote the ids, never inside the transaction. A refusal is no
    loss: the rows are due, and the relay sends them again. `expires` and `delay` are seconds.
    """
    headers = {TASK_HEADER: current_request_id() or new_request_id()}
    try:
        publisher().send_task(
            task, args=args, headers=headers, expires=expires, countdown=delay or None
        )
    except (OperationalError, OSError) as error:
        log.warning("publish_failed", extra={"task": task, "error": type(error).__name__})
        return False
    return True


def publish_batches(task: str, ids: Sequence[int]) -> None:
    """Send ids in batches; stop at the first refusal and leave the rest to the relay."""
    for start in range(0, len(ids), BATCH):
        if not publish(task, list(ids[start : start + BATCH])):
            return
