"""Ask the workers whether they answer, through Celery's own ping."""

from __future__ import annotations

import sys
from importlib import import_module

from celery import Celery

_ASK_SECONDS = 1.0


def answering(timeout: float = _ASK_SECONDS) -> set[str]:
    """Give the names of the domains whose worker answers within `timeout` seconds.

    A worker is called `<domain>@<host>`. A ping says that it reads its control messages, not that
    tasks come through. Raises the transport's error when the broker cannot be reached.
    """
    app: Celery = import_module("tasks").app
    replies = app.control.ping(timeout=timeout)
    return {node.partition("@")[0] for reply in replies for node in reply}


def wait_for(domains: set[str]) -> None:
    """Return once the worker of every domain has answered."""
    missing = domains
    while missing:
        missing = missing - answering()


if __name__ == "__main__":
    wait_for(set(sys.argv[1:]))
