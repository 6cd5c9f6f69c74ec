"""How gunicorn runs the gateway; every name is one of gunicorn's settings."""

from __future__ import annotations

import gc
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from core.logs import process_name
from core.metrics import files
from core.settings import get_settings
from gateway import metrics

_settings = get_settings()
_PLACE = "place_among_those_who_count"

bind = [_settings.gateway_bind]
workers = _settings.gateway_workers
worker_class = "gateway.deadline_worker.DeadlineWorker"
# All who wait for a reply and all who watch a live page may be in one process; webhooks must find
# their threads there as well. Threads are started when first needed, and cost nothing before.
threads = _settings.gateway_threads + _settings.command_callers + _settings.event_streams
# A webhook's answer takes milliseconds; 30 s let a caller who waits for a reply (25 s) have it.
graceful_timeout = 30
keepalive = 5
# Workers touch a file to show that they are alive; on a disk that can block for seconds.
if Path("/dev/shm").is_dir():  # noqa: S108 - memory, and gunicorn makes its file there safely
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# The gateway writes its own log lines, with request ids; gunicorn's few are put among them.
accesslog = None
logger_class = "gateway.gunicorn_log.Log"
# Nobody manages gunicorn but supervisord.
control_socket_disable = True
# The gateway is reached directly: X-Forwarded-* from anybody would be a lie.
forwarded_allow_ips = ""
# The app is built once, before the fork, and workers share its memory; database engines and Redis
# connections are opened by whoever first uses them, so none of them crosses the fork.
preload_app = True


def on_starting(server: Arbiter) -> None:  # noqa: ARG001 - gunicorn's signature
    """Make room for what the workers will count, before the first of them is forked."""
    files.count_in_files(_settings, process_name("gateway"))


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Choose a worker's place among those who count: the one of a worker that died, say."""
    others = [getattr(other, _PLACE) for other in server.WORKERS.values()]
    setattr(worker, _PLACE, files.free_place(others))


def post_fork(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001 - gunicorn's signature
    """Take that place."""
    files.take_place(getattr(worker, _PLACE))
    metrics.announce()


def when_ready(server: Arbiter) -> None:  # noqa: ARG001 - gunicorn's signature
    """Take what exists out of the garbage collector's sight, so that workers go on sharing it.

    A collection writes to every object that it looks at, and written pages are copied.
    """
    gc.collect()
    gc.freeze()
