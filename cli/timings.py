"""Time limits that are each right by themselves, held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from celery import Celery

from cli.outcomes import Outcome, failed, well
from core import inbox, ledger
from core.broker import CONSUMER_TIMEOUT, is_rabbitmq
from core.commands import SOFT_TIME_LIMIT
from core.dispatch import publisher
from core.findings import Finding
from core.redis_client import get_prompt_redis, get_redis
from core.settings import Settings

JIRA_HANGS_UP = 20
"""Seconds that Jira waits for the answer to a webhook.

Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

BROKER_POLL = 1.0
"""Seconds that Kombu's Redis transport waits for a message with each question."""

_CELERY, _REDIS = "in celeryconfig.py", "in core/redis_client.py"


@dataclass(frozen=True)
class Timings:
    """Seconds, as they are set; None where nothing is."""

    soft_limit: float | None
    hard_limit: float | None
    longest_task: float
    """The hard limit of the task that may take longest."""
    lease: float
    visibility: float | None
    """After which the broker hands an unacknowledged message out again; None: it does not."""
    countdown: float
    """The longest time that a message waits in a worker before it is due."""
    worker_reads: float | None
    """Socket timeouts: of a worker that waits for messages, of the gateway when it publishes."""
    gateway_publishes: float | None
    redis_reads: float | None
    prompt_reads: float | None
    """Socket timeouts of Redis: of tasks, and of who has a caller waiting."""
    reply: float
    """How long a caller of a command waits."""
    command_limit: float
    """After which a command is interrupted in its worker."""
    graceful: float
    """How long gunicorn lets requests finish when it stops."""


def check_timings(settings: Settings) -> Outcome:
    """Hold the time limits of Celery, gunicorn, Redis and the gateway against each other."""
    present = gather(settings)
    found = contradictions(present)
    if found:
        problems = "; ".join(f"{it.subject}: {it.problem}" for it in found)
        return failed(problems, "; ".join(it.remedy for it in found))
    again = f"{present.visibility:.0f} s" if present.visibility else "the worker's end"
    return well(
        f"tasks end by {present.longest_task:.0f} s, leases by {present.lease:.0f} s, and what was "
        f"not acknowledged comes again after {again}"
    )


def gather(settings: Settings) -> Timings:
    """Read the time limits from where they are set."""
    app: Celery = import_module("tasks").app
    app.loader.import_default_modules()
    config = import_module("celeryconfig")
    options: Mapping[str, Any] = app.conf.broker_transport_options
    hard = app.conf.task_time_limit
    rabbitmq = is_rabbitmq(settings.resolved_broker_url)
    own = [task.time_limit for task in app.tasks.values() if task.time_limit]
    return Timings(
        soft_limit=app.conf.task_soft_time_limit,
        hard_limit=hard,
        longest_task=max([hard or 0, *own]),
        lease=config.LEASE_SECONDS,
        visibility=CONSUMER_TIMEOUT if rabbitmq else options.get("visibility_timeout"),
        countdown=max(ledger.SOON, inbox.SOON).total_seconds(),
        # A connection to RabbitMQ that is silent is noticed by its heartbeat.
        worker_reads=app.conf.broker_heartbeat if rabbitmq else options.get("socket_timeout"),
        gateway_publishes=publisher().conf.broker_transport_options.get(
            "read_timeout" if rabbitmq else "socket_timeout"
        ),
        redis_reads=get_redis().get_connection_kwargs().get("socket_timeout"),
        prompt_reads=get_prompt_redis().get_connection_kwargs().get("socket_timeout"),
        reply=settings.command_seconds,
        command_limit=SOFT_TIME_LIMIT,
        graceful=import_module("gateway.gunicorn_config").graceful_timeout,
    )


def contradictions(it: Timings) -> list[Finding]:
    """Give what does not go together, each with what follows from it and the remedy. Pure."""
    return [*_of_tasks(it), *_of_sockets(it), *_of_callers(it)]


def _of_tasks(it: Timings) -> Iterator[Finding]:
    if it.hard_limit is None or it.soft_limit is None:
        yield Finding(
            "time limits",
            "a task that hangs holds its worker for ever",
            f"set task_soft_time_limit and task_time_limit {_CELERY}",
        )
    elif it.soft_limit >= it.hard_limit:
        yield Finding(
            "task_soft_time_limit",
            f"a task is killed at {it.hard_limit:.0f} s, before it is told at "
            f"{it.soft_limit:.0f} s to put its work back: its records wait for the end of their "
            f"lease, {max(0.0, it.lease - it.hard_limit):.0f} s more",
            f"set it below task_time_limit {_CELERY}",
        )
    if it.lease <= it.longest_task:
        yield Finding(
            "LEASE_SECONDS",
            f"a task may take {it.longest_task:.0f} s and has its records for {it.lease:.0f} s: "
            f"for the last {it.longest_task - it.lease:.0f} s another may work on them, too",
            f"set it above task_time_limit {_CELERY}",
        )
    longest = it.longest_task + it.countdown
    if it.visibility is not None and it.visibility <= longest:
        yield Finding(
            "visibility_timeout",
            f"a message is handed out again after {it.visibility:.0f} s and its task may take "
            f"{longest:.0f} s, countdown included: what takes longer than that runs twice at once",
            f"set it above {longest:.0f} {_CELERY}",
        )


def _of_sockets(it: Timings) -> Iterator[Finding]:
    if it.worker_reads is not None and it.worker_reads <= BROKER_POLL:
        yield Finding(
            "broker's socket_timeout",
            f"workers give the broker up after {it.worker_reads:.1f} s, and on an empty queue it "
            f"answers after {BROKER_POLL:.0f} s: they reconnect all the time",
            f"set it to 30 in broker_transport_options {_CELERY}",
        )
    for seconds, who, where in (
        (it.worker_reads, "a worker", _CELERY),
        (it.gateway_publishes, "the gateway's publisher", "in core/dispatch.py"),
        (it.redis_reads, "a task", _REDIS),
        (it.prompt_reads, "the gateway", _REDIS),
    ):
        if seconds is None:
            yield Finding(
                "socket_timeout",
                f"{who} waits for ever for a Redis that hangs",
                f"set it {where}",
            )
    if it.redis_reads is not None and it.soft_limit and it.redis_reads >= it.soft_limit:
        yield Finding(
            "Redis' socket_timeout",
            f"a task waits {it.redis_reads:.0f} s for Redis and is interrupted at "
            f"{it.soft_limit:.0f} s: while Redis hangs, no task puts its work back in order",
            f"lower it {_REDIS}",
        )


def _of_callers(it: Timings) -> Iterator[Finding]:
    if it.reply >= it.graceful:
        yield Finding(
            "IGW_COMMAND_SECONDS",
            f"callers wait {it.reply:.0f} s, and gunicorn ends them {it.graceful:.0f} s after it "
            "was told to stop: each restart cuts off those who still wait",
            "lower it, or raise graceful_timeout in gateway/gunicorn_config.py",
        )
    if it.command_limit < it.reply:
        yield Finding(
            "IGW_COMMAND_SECONDS",
            f"a command is interrupted at {it.command_limit:.0f} s and its caller waits "
            f"{it.reply:.0f} s: the last {it.reply - it.command_limit:.0f} s are in vain",
            "lower it, or raise SOFT_TIME_LIMIT in core/commands.py",
        )
    # One retry tells it from a connection that has gone stale.
    asking = 2 * (it.prompt_reads or 0)
    for limit, who in ((it.reply, "a command's caller"), (JIRA_HANGS_UP, "Jira")):
        if asking >= limit:
            yield Finding(
                "the gateway's socket_timeout",
                f"it waits {asking:.0f} s for a Redis that hangs, and {who} hangs up after "
                f"{limit:.0f} s without an answer",
                f"lower it {_REDIS}",
            )
