"""Ask the workers whether they answer and which queues they read, through Celery itself."""

from __future__ import annotations

import sys
import time
from importlib import import_module

from celery import Celery

_ASK_SECONDS = 1.0


def answering(timeout: float = _ASK_SECONDS) -> set[str]:
    """Give the names of the workers that answer within `timeout` seconds.

    A node is called `<worker>@<host>`. A ping says that it reads its control messages, not that
    tasks come through. Raises kombu's `OperationalError` when the broker cannot be reached.
    """
    app: Celery = import_module("tasks").app
    with app.connection_for_write() as connection:
        # The application's own policy is to try for ever, which nobody who asks here waits for.
        connection.ensure_connection(max_retries=1, interval_start=0.1, timeout=timeout)
        replies = app.control.ping(timeout=timeout, connection=connection)
    return {node.partition("@")[0] for reply in replies for node in reply}


def readers(timeout: float = _ASK_SECONDS) -> dict[str, set[str]]:
    """Give the queues that are read, each with the names of the workers that read it.

    Raises kombu's `OperationalError` when the broker cannot be reached.
    """
    app: Celery = import_module("tasks").app
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0.1, timeout=timeout)
        replies = app.control.inspect(timeout=timeout, connection=connection).active_queues()
    found: dict[str, set[str]] = {}
    for node, queues in (replies or {}).items():
        for queue in queues:
            found.setdefault(queue["name"], set()).add(node)
    return found


def wait_for(names: set[str], seconds: float = 120.0) -> bool:
    """Say whether every worker has answered, at the latest after `seconds`."""
    missing = names
    deadline = time.monotonic() + seconds
    while missing and time.monotonic() < deadline:
        missing = missing - answering()
    return not missing


if __name__ == "__main__":
    sys.exit(0 if wait_for(set(sys.argv[1:])) else "Some workers did not answer.")
