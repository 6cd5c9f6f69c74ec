"""Runs of tasks are counted once: by the child they ended in, or by the worker if it was killed."""

from __future__ import annotations

import pytest
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import states
from celery.exceptions import Retry
from celery.signals import task_failure, task_postrun, task_prerun, task_retry, task_revoked

from core.metrics import counters, files
from tasks import app, counting

TASK = "ops.canary"


@pytest.fixture(autouse=True)
def nothing_counted():
    app.loader.import_default_modules()
    counters.forget()
    yield
    counters.forget()


def counted() -> dict[str, float]:
    return {
        sample.labels["outcome"]: sample.value
        for metric in counters.REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "igw_tasks_total" and sample.value
    }


def seconds() -> float | None:
    return counters.REGISTRY.get_sample_value("igw_task_duration_seconds_count", {"task": TASK})


@pytest.mark.parametrize(
    ("state", "outcome"),
    [*counting.OUTCOMES.items(), (states.FAILURE, "failed"), (None, "failed")],
)
def test_a_run_is_counted_by_the_state_it_ended_in(state, outcome):
    task = app.tasks[TASK]
    task_prerun.send(sender=task, task_id="1", task=task)

    task_postrun.send(sender=task, task_id="1", task=task, state=state)

    assert counted() == {outcome: 1}
    assert seconds() == 1


def test_before_a_task_first_fails_its_failures_are_told_as_none():
    task = app.tasks[TASK]

    task_prerun.send(sender=task, task_id="2", task=task)

    for outcome in ("failed", "killed"):
        labels = {"task": TASK, "outcome": outcome}
        assert counters.REGISTRY.get_sample_value("igw_tasks_total", labels) == 0


def test_the_worker_counts_what_was_killed_and_leaves_the_rest_to_its_children(monkeypatch):
    task = app.tasks[TASK]

    task_failure.send(sender=task, task_id="3", exception=TimeLimitExceeded(100))
    task_retry.send(sender=task, reason=Retry(exc=WorkerLostError("gone")), request=None)
    task_failure.send(sender=task, task_id="4", exception=ValueError("an ordinary failure"))
    task_retry.send(sender=task, reason=Retry(exc=ValueError("an ordinary retry")), request=None)
    monkeypatch.setattr(files, "_place", "0")
    task_failure.send(sender=task, task_id="5", exception=TimeLimitExceeded(100))

    assert counted() == {"killed": 2}


def test_what_nobody_waits_for_any_more_is_counted_as_such():
    task = app.tasks[TASK]

    task_revoked.send(sender=task, request=None, expired=True, terminated=False, signum=None)
    task_revoked.send(sender=task, request=None, expired=False, terminated=False, signum=None)

    assert counted() == {"expired": 1, "revoked": 1}
