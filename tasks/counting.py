"""How runs of tasks end and how long they take, counted for Prometheus.

A child counts what ends in it; its worker counts what a child could not: runs that were killed with
it, and messages that nobody began, as nobody waits for their answer any more.
"""

from __future__ import annotations

import time
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from billiard.process import current_process
from celery import Task, states
from celery.signals import (
    celeryd_init,
    task_failure,
    task_postrun,
    task_prerun,
    task_retry,
    task_revoked,
    worker_process_init,
)

from core.metrics import counters, files
from core.settings import get_settings

OUTCOMES = {
    states.SUCCESS: "succeeded",
    states.RETRY: "retried",
    states.IGNORED: "ignored",
    states.REJECTED: "rejected",
}
"""Celery's states as words; any other is a failure."""

KILLED = (TimeLimitExceeded, WorkerLostError)

_began: dict[str, float] = {}


@celeryd_init.connect
def _count_in_files(sender: str, **_: object) -> None:
    files.count_in_files(get_settings(), f"worker-{sender.partition('@')[0]}")


@worker_process_init.connect
def _take_place(**_: object) -> None:
    # The pool gives a new child the index of the one that ended.
    files.take_place(str(current_process().index))


@task_prerun.connect
def _begin(task_id: str, task: Task, **_: object) -> None:
    counters.announce_task(str(task.name))
    _began[task_id] = time.monotonic()


@task_postrun.connect
def _end(task_id: str, task: Task, state: str | None, **_: object) -> None:
    began = _began.pop(task_id, None)
    seconds = time.monotonic() - began if began is not None else None
    counters.count_task(str(task.name), OUTCOMES.get(state or "", "failed"), seconds)


@task_failure.connect
def _failed(sender: Task, exception: BaseException, **_: object) -> None:
    _count_if_killed(sender, exception)


@task_retry.connect
def _retried(sender: Task, reason: Any = None, **_: object) -> None:  # noqa: ANN401 - as Celery has it
    _count_if_killed(sender, getattr(reason, "exc", None))


@task_revoked.connect
def _revoked(sender: Task, *, expired: bool, **_: object) -> None:
    counters.count_task(str(sender.name), "expired" if expired else "revoked")


def _count_if_killed(task: Task, error: BaseException | None) -> None:
    if not files.in_child() and isinstance(error, KILLED):
        counters.count_task(str(task.name), "killed")
