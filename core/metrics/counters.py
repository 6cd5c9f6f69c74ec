"""What the gateway's processes count: requests, webhooks, tasks and calls to vendors.

Counting is a few writes to memory; `core.metrics.files` says how that memory is shared.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

# Files hold no moment of creation, and a process by itself should not tell more than all together.
disable_created_metrics()

REGISTRY = CollectorRegistry()
"""All counters; each has labels, so that none takes its place before `files` has said where."""

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
"""HTTP's own; a caller may make up others."""

OTHER = "other"
"""What stands in a label for all that callers make up."""

NO_ANSWER = "none"
"""The status of a call that brought no answer."""

_ANSWERS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_WORK = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 100)
"""Seconds; a task is told to stop after 80, and is killed after 100."""
_CALLS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_requests = Counter(
    "igw_http_requests",
    "Requests that the gateway answered.",
    ("route", "method", "status"),
    registry=REGISTRY,
)
_request_seconds = Histogram(
    "igw_http_request_duration_seconds",
    "Time from a request's arrival to the first byte of its answer.",
    ("route", "method"),
    buckets=_ANSWERS,
    registry=REGISTRY,
)
_webhooks = Counter(
    "igw_webhooks",
    "Webhooks by what the gateway made of them.",
    ("source", "verdict"),
    registry=REGISTRY,
)
_tasks = Counter(
    "igw_tasks",
    "Runs of tasks by how they ended.",
    ("task", "outcome"),
    registry=REGISTRY,
)
_task_seconds = Histogram(
    "igw_task_duration_seconds",
    "Time that a run of a task took.",
    ("task",),
    buckets=_WORK,
    registry=REGISTRY,
)
_calls = Counter(
    "igw_vendor_calls",
    "Calls to vendors; the status is none where there was no answer.",
    ("vendor", "operation", "status"),
    registry=REGISTRY,
)
_call_seconds = Histogram(
    "igw_vendor_call_duration_seconds",
    "Time that calls to vendors took, by what the call does there.",
    ("vendor", "effect"),
    buckets=_CALLS,
    registry=REGISTRY,
)
_waits = Counter(
    "igw_vendor_rate_wait_seconds",
    "Time that calls waited for their turn in the gateway's own rate limit.",
    ("vendor",),
    registry=REGISTRY,
)


def count_request(route: str | None, method: str, status: int, seconds: float) -> None:
    """Count an answered request; `route` is the rule that took it, None where none did."""
    labels = (route or OTHER, method if method in METHODS else OTHER)
    _requests.labels(*labels, str(status)).inc()
    _request_seconds.labels(*labels).observe(seconds)


def count_webhook(source: str | None, verdict: str) -> None:
    """Count a webhook; `source` is a declared one, None for every other."""
    _webhooks.labels(source or OTHER, verdict).inc()


def announce_webhooks(source: str, verdicts: Iterable[str]) -> None:
    """Tell of a source's verdicts before any is given: what appears as 1 has not risen."""
    for verdict in verdicts:
        _webhooks.labels(source, verdict)


def announce_task(task: str) -> None:
    """Tell of the ends of a task that alerts are about, before any of them comes."""
    for outcome in ("failed", "killed"):
        _tasks.labels(task, outcome)


def count_task(task: str, outcome: str, seconds: float | None = None) -> None:
    """Count a run of a task; without `seconds` where nobody knows how long it took."""
    _tasks.labels(task, outcome).inc()
    if seconds is not None:
        _task_seconds.labels(task).observe(seconds)


def count_call(
    vendor: str,
    operation: str,
    *,
    effect: str,
    status: int | None,
    seconds: float,
    waited: float,
) -> None:
    """Count a call to a vendor, and the time that it waited for its turn before."""
    _calls.labels(vendor, operation, str(status) if status is not None else NO_ANSWER).inc()
    _call_seconds.labels(vendor, effect).observe(seconds)
    _waits.labels(vendor).inc(waited)


def forget() -> None:
    """Begin anew, and wherever the library keeps its values from now on."""
    for one in (
        *(_requests, _request_seconds, _webhooks, _tasks, _task_seconds),
        *(_calls, _call_seconds, _waits),
    ):
        one.clear()
