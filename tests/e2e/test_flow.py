"""Both directions on real processes: Redis, gunicorn, Celery workers, beat and the sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from vendors import JiraControl, PeopleForceControl

pytestmark = pytest.mark.e2e

WEBHOOK_SECONDS = 5
POLL_SECONDS = 15
"""Two intervals of five seconds, and what a busy machine adds."""


def within(seconds: float, condition, what: str):
    """Wait for a condition and give its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return value


@pytest.fixture(scope="module")
def people(stack) -> PeopleForceControl:
    return PeopleForceControl(stack.url("sandbox_peopleforce"))


@pytest.fixture(scope="module")
def jira(stack, people) -> JiraControl:
    """The sandbox's Jira, once all seeded tasks have arrived there."""
    jira = JiraControl(stack.url("sandbox_jira"))
    within(90, lambda: len(jira.issues()) == 150, "150 seeded tasks to be issues")
    return jira


@pytest.fixture
def pair(people, jira):
    """A task that nobody else uses, and its issue."""
    task = people.create(title="Order a desk")
    issue = within(POLL_SECONDS, lambda: jira.issue_of(task["id"]), "the new task's issue")
    return task["id"], issue["key"]


def status_of(jira, task_id) -> str:
    return jira.issue_of(task_id)["statusCategory"]


def test_every_open_task_is_one_issue_and_no_completed_one_is(people, jira):
    tasks = {str(task["id"]) for task in people.tasks()}

    assert {issue["task_id"] for issue in jira.issues()} == tasks
    assert jira.doubled() == {}


def test_an_idle_cycle_reads_the_open_pages_and_leaves_jira_alone(stack, people, jira):
    stack.igw("poll")
    within(POLL_SECONDS, lambda: settled(stack), "work to settle")
    pages = -(-len(people.tasks()) // 50)
    stack.igw("set", "pf_jira.poll_paused", "true")
    time.sleep(6)  # Beat looks at the pause every five seconds.
    people.forget_calls()
    jira.forget_calls()

    stack.igw("poll")

    assert (people.calls(), jira.calls()) == (pages, 0)
    stack.igw("set", "pf_jira.poll_paused", "false")


def settled(stack) -> bool:
    return json.loads(stack.igw("status", "--json").stdout)["links_waiting"] == 0


def test_an_edited_task_changes_its_issue_and_only_what_changed(people, jira, pair):
    task_id, key = pair
    jira.edit(key, duedate="2027-01-31")

    people.edit(task_id, title="Order a standing desk")

    issue = within(
        POLL_SECONDS,
        lambda: (found := jira.issue_of(task_id))["summary"] == "Order a standing desk" and found,
        "the edit to arrive",
    )
    assert issue["fields"]["duedate"] == "2027-01-31", "a field that did not change was written"


def test_a_finished_issue_completes_its_task_and_a_reopened_one_reopens_it(people, jira, pair):
    task_id, key = pair

    jira.move(key, "Done")
    within(WEBHOOK_SECONDS, lambda: people.task(task_id)["completed"], "the task to be completed")

    jira.move(key, "To Do")
    within(WEBHOOK_SECONDS, lambda: not people.task(task_id)["completed"], "the task to be open")


def test_a_completed_task_finishes_its_issue_and_a_reopened_one_reopens_it(people, jira, pair):
    task_id, _ = pair

    people.complete(task_id)
    within(POLL_SECONDS, lambda: status_of(jira, task_id) == "done", "the issue to be done")

    people.reopen(task_id)
    within(POLL_SECONDS, lambda: status_of(jira, task_id) != "done", "the issue to be open")


def test_moves_do_not_come_back_as_a_loop(stack, people, jira, pair):
    task_id, key = pair
    jira.move(key, "Done")
    within(WEBHOOK_SECONDS, lambda: people.task(task_id)["completed"], "the task to be completed")
    people.reopen(task_id)
    within(POLL_SECONDS, lambda: status_of(jira, task_id) != "done", "the issue to be open")
    time.sleep(POLL_SECONDS / 2)
    jira.forget_calls()

    time.sleep(POLL_SECONDS)

    assert jira.calls() == 0, jira.call_list()
    assert not people.task(task_id)["completed"]
    assert status_of(jira, task_id) != "done"


def test_an_issue_deleted_in_jira_is_told_and_not_made_anew(stack, people, jira, pair):
    task_id, key = pair

    jira.delete(key)

    within(
        WEBHOOK_SECONDS * 2,
        lambda: "makes no new one" in stack.igw("why", str(task_id)).stdout.replace("\n", " "),
        "the deletion to be told",
    )
    stack.igw("poll")
    assert jira.issue_of(task_id) is None


def test_a_person_can_ask_for_a_deleted_issue_again(stack, people, jira, pair):
    task_id, key = pair
    jira.delete(key)
    within(
        WEBHOOK_SECONDS * 2,
        lambda: "issue_deleted" in stack.igw("why", str(task_id)).stdout,
        "the deletion to be noted",
    )

    assert stack.igw("replay", str(task_id)).returncode == 0

    issue = within(POLL_SECONDS, lambda: jira.issue_of(task_id), "a new issue")
    assert issue["key"] != key


def test_why_tells_the_story_of_a_task_and_of_its_issue(stack, people, jira, pair):
    task_id, key = pair

    by_task, by_key = stack.igw("why", str(task_id)), stack.igw("why", key)

    assert by_task.returncode == by_key.returncode == 0
    assert by_task.stdout == by_key.stdout
    assert f"Made {key}" in by_task.stdout


def test_why_says_what_to_do_about_a_record_it_does_not_know(stack, jira):
    answer = stack.igw("why", "HR-99999")

    assert answer.returncode == 1
    assert "igw poll" in answer.stderr


def test_status_ends_with_zero_when_everything_is_well(stack, jira):
    within(POLL_SECONDS, lambda: settled(stack), "work to settle")

    answer = stack.igw("status", "--json")

    status = json.loads(answer.stdout)
    assert status["workers"] == {"ops": True, "pf_jira": True, "pf_jira-commands": True}
    assert (answer.returncode, status["sentence"]) == (0, "Everything is well.")


def test_an_admins_pause_and_interval_need_no_restart(stack, people, jira):
    assert stack.igw("set", "pf_jira.poll_paused", "true").returncode == 0
    time.sleep(6)
    people.forget_calls()
    time.sleep(7)
    assert people.calls() == 0

    stack.igw("set", "pf_jira.poll_paused", "false")

    within(POLL_SECONDS, people.calls, "polling to go on")


def test_two_beats_cause_one_poll_per_interval(stack, people, jira, second_beat):
    pages = -(-len(people.tasks()) // 50)
    people.forget_calls()
    started = time.monotonic()

    time.sleep(21)

    polls = people.calls() / pages
    assert 2 <= polls <= (time.monotonic() - started) / 5 + 1


@pytest.fixture
def second_beat(stack):
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tasks", "beat", "--pidfile="],
        env=stack.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield process
    process.terminate()
    process.wait(10)
