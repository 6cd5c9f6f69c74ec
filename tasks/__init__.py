"""The worker tier: the Celery app, and one folder per domain.

Start with `tasks/pf_jira/__init__.py`, which tells its flow; every other domain looks like it.
"""

from __future__ import annotations

import gc
import logging
from typing import Any

from celery import Celery, Task
from celery.signals import (
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_before_create_process,
    worker_init,
    worker_process_shutdown,
)

from core import broker
from core.dispatch import TASK_HEADER
from core.logs import (
    bind_request_id,
    configure_logging,
    current_request_id,
    finish_logging,
    new_request_id,
    process_name,
)
from core.settings import get_settings

log = logging.getLogger(__name__)

_further = get_settings().domains_dir
if _further is not None:
    # So that a domain that is kept elsewhere is imported as those here are.
    __path__.append(str(_further))

app = Celery("tasks", task_cls="tasks.received:ReceivedTask")
app.config_from_object("celeryconfig")


@setup_logging.connect
def _log_as_all_processes_do(**_: object) -> None:
    # Each worker and beat are told apart; under another manager than ours all are "worker".
    configure_logging(process_name("worker"), get_settings())


@worker_process_shutdown.connect
def _write_the_last_lines(**_: object) -> None:
    """Finish the log of a child: it ends without the steps that Python takes at its exit."""
    finish_logging()


@before_task_publish.connect
def _give_request_id(headers: dict[str, Any], **_: object) -> None:
    """Put the id of the work on whatever follows from it, and one of its own on a tick of beat."""
    headers.setdefault(TASK_HEADER, current_request_id() or new_request_id())


@worker_init.connect
def _make_queues(**_: object) -> None:
    """Make all queues before this worker binds them; it waits by itself where no broker answers."""
    try:
        broker.declare()
    except broker.BrokerUnavailableError as error:
        log.warning("queues_not_made", extra={"error": str(error)})


@worker_before_create_process.connect
def _share_memory_with_children(**_: object) -> None:
    """Take what exists out of the garbage collector's sight before a child is forked.

    A collection writes to every object that it looks at, and written pages are copied. Measured:
    54 MB less for two workers with two children each.
    """
    gc.collect()
    gc.freeze()


@task_prerun.connect
def _take_over_request_id(task: Task, **_: Any) -> None:  # noqa: ANN401 - a signal's arguments
    bind_request_id(task.request.get(TASK_HEADER) or new_request_id())


@task_postrun.connect
def _forget_request_id(**_: object) -> None:
    bind_request_id("")
