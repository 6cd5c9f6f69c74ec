"""What dies or lies in the middle of the work delays it, and neither loses nor doubles anything."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest
from vendors import JiraControl, PeopleForceControl

pytestmark = pytest.mark.e2e

RECOVERY_SECONDS = 180
"""The longest lease (110 s), the relay's next turn, and what a busy machine adds."""


def within(seconds: float, condition, what: str):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.2)
    return value


@pytest.fixture(scope="module")
def stack_settings() -> dict[str, object]:
    # The sandbox's index lags two seconds, so fifteen are enough to trust it.
    return {"poll_interval_seconds": 5, "jira_index_trust_seconds": 15}


@pytest.fixture(scope="module")
def people(stack) -> PeopleForceControl:
    return PeopleForceControl(stack.url("sandbox_peopleforce"))


@pytest.fixture(scope="module")
def jira(stack) -> JiraControl:
    return JiraControl(stack.url("sandbox_jira"))


@pytest.fixture(autouse=True)
def in_step_before_and_after(stack, people, jira):
    within(RECOVERY_SECONDS, lambda: in_step(people, jira), "both sides to be in step before")
    yield
    people.heal()
    jira.heal()
    within(RECOVERY_SECONDS, lambda: in_step(people, jira), "both sides to be in step again")
    assert jira.doubled() == {}
    status = json.loads(stack.igw("status", "--json").stdout)
    assert status["dead_letters"] == 0


def in_step(people, jira) -> bool:
    """Every open task has an open issue with its title, and every finished issue a done task."""
    issues = {issue["task_id"]: issue for issue in jira.issues()}
    open_tasks = {str(task["id"]): task for task in people.tasks()}
    return all(
        task_id in issues and issues[task_id]["summary"] == " ".join(task["title"].split())
        for task_id, task in open_tasks.items()
    ) and all(
        (issue["statusCategory"] != "done") == (task_id in open_tasks)
        for task_id, issue in issues.items()
    )


def test_an_outage_of_jira_delays_new_tasks_edits_and_completions(people, jira):
    tasks = people.tasks()
    jira.fail("status", path="/rest/api/*", status=503)

    people.create_many(5)
    people.edit(tasks[0]["id"], title="Edited while Jira was down")
    people.complete(tasks[1]["id"])
    time.sleep(12)

    assert not in_step(people, jira)


def test_an_outage_of_peopleforce_delays_completions_from_jira(people, jira):
    issue = next(issue for issue in jira.issues() if issue["statusCategory"] != "done")
    people.fail("html", path="/api/*")

    jira.move(issue["key"], "Done")
    time.sleep(8)
    assert not people.task(issue["task_id"])["completed"]

    people.heal()
    within(60, lambda: people.task(issue["task_id"])["completed"], "the completion to arrive")


def test_creates_whose_answers_are_lost_are_found_and_not_repeated(people, jira):
    jira.fail("drop_after_write", method="POST", path="/rest/api/3/issue*", times=3)

    people.create_many(60)

    within(60, lambda: in_step(people, jira), "all sixty to be linked")


def test_a_worker_killed_between_jiras_answer_and_our_commit_doubles_nothing(stack, people, jira):
    jira.fail("slow_after_write", method="POST", path="/rest/api/3/issue*", seconds=4, times=2)
    before = len(jira.issues())
    people.create_many(30)
    within(20, lambda: len(jira.issues()) > before, "Jira to have made the issues")

    for pid in stack.pids("worker-pf_jira")[1:]:
        os.kill(pid, signal.SIGKILL)


def test_a_whole_worker_killed_in_the_middle_loses_nothing(stack, people, jira):
    jira.fail("latency", path="/rest/api/*", seconds=1)
    people.create_many(80)
    time.sleep(6)

    stack.kill("worker-pf_jira")

    jira.heal()


def test_a_redis_killed_in_the_middle_loses_nothing(stack, people, jira):
    people.create_many(40)
    time.sleep(2)

    stack.kill("redis")


def test_a_webhook_that_comes_while_redis_is_down_is_accepted_and_done_later(stack, people, jira):
    issue = next(issue for issue in jira.issues() if issue["statusCategory"] != "done")
    for pid in stack.pids("redis"):
        os.kill(pid, signal.SIGSTOP)
    try:
        jira.move(issue["key"], "Done")
        answers = within(20, lambda: jira.last_delivery()["answers"], "an answer to the webhook")
        assert answers == [202]
    finally:
        for pid in stack.pids("redis"):
            os.kill(pid, signal.SIGCONT)

    within(60, lambda: people.task(issue["task_id"])["completed"], "the completion to arrive")


def test_doubled_delayed_and_reordered_webhooks_end_in_the_true_state(people, jira):
    issue = next(issue for issue in jira.issues() if issue["statusCategory"] != "done")
    jira.set_webhooks(duplicate_next=5, reorder_window=3, delay_seconds=1)

    for status in ("Done", "To Do", "Done", "To Do", "Done"):
        jira.move(issue["key"], status)

    try:
        within(30, lambda: people.task(issue["task_id"])["completed"], "the last state to arrive")
    finally:
        jira.set_webhooks(duplicate_next=0, reorder_window=0, delay_seconds=0)
