"""The gateway on PostgreSQL and RabbitMQ, by two URLs: the flow, deaths, and what overtakes."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from vendors import JiraControl, PeopleForceControl

from tests.conftest import postgresql_schema, running_rabbitmq, wait_until
from tests.support.rabbitmq import RabbitServer

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql, pytest.mark.rabbitmq]


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory) -> Iterator[RabbitServer]:
    """One of the module's own, since it is killed here."""
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture(scope="module")
def stack_settings(postgresql_server, rabbitmq) -> Iterator[dict[str, object]]:
    with postgresql_schema(postgresql_server) as url:
        yield {"poll_interval_seconds": 5, "database_url": url, "broker_url": rabbitmq.url}


@pytest.fixture(scope="module")
def people(stack) -> PeopleForceControl:
    return PeopleForceControl(stack.url("sandbox_peopleforce"))


@pytest.fixture(scope="module")
def jira(stack, people) -> JiraControl:
    """The sandbox's Jira, once all seeded tasks have arrived there."""
    jira = JiraControl(stack.url("sandbox_jira"))
    wait_until(lambda: len(jira.issues()) == 150, 90, what="150 seeded tasks to be issues")
    return jira


def in_step(people, jira) -> bool:
    """Whether each open task is one issue, and none is two."""
    tasks = {str(task["id"]) for task in people.tasks()}
    issues = {issue["task_id"] for issue in jira.issues() if issue["statusCategory"] != "done"}
    return tasks == issues and jira.doubled() == {}


def an_open_issue(jira) -> dict:
    return next(issue for issue in jira.issues() if issue["statusCategory"] != "done")


def test_every_open_task_becomes_one_issue_and_the_files_of_sqlite_are_not_made(
    stack, people, jira
):
    assert in_step(people, jira)
    assert list(Path(stack.data_dir).rglob("gateway.db*")) == []


def test_an_edit_and_a_completion_go_both_ways(people, jira):
    task = people.create(title="Order a desk")
    issue = wait_until(lambda: jira.issue_of(task["id"]), what="the new task's issue")

    people.edit(task["id"], title="Order a standing desk")
    wait_until(
        lambda: jira.issue_of(task["id"])["summary"] == "Order a standing desk",
        what="the edit to arrive",
    )
    jira.move(issue["key"], "Done")
    wait_until(lambda: people.task(task["id"])["completed"], what="the task to be completed")
    people.reopen(task["id"])
    wait_until(
        lambda: jira.issue_of(task["id"])["statusCategory"] != "done", what="the issue to be open"
    )


def test_status_and_doctor_look_at_both_servers(stack, jira):
    status = json.loads(stack.igw("status", "--json").stdout)
    checks = {
        row["check"]: row for row in json.loads(stack.igw("doctor", "--json").stdout)["checks"]
    }

    assert set(status["queues"]) >= {"ops", "pf_jira", "pf_jira.bulk", "pf_jira.commands"}
    assert all(status["workers"].values())
    assert "PostgreSQL 1" in checks["database"]["found"]
    assert "quorum queues" in checks["broker"]["found"]
    # The tests' PostgreSQL keeps nothing safe, for speed.
    assert [name for name, row in checks.items() if row["status"] != "ok"] == ["database"]


def test_what_a_person_does_overtakes_an_import(stack, people, jira):
    issue = an_open_issue(jira)
    jira.fail("latency", path="/rest/api/3/issue/bulk", seconds=3)
    before = len(jira.issues())
    people.create_many(600)
    wait_until(lambda: len(jira.issues()) > before, 60, what="the import to begin")

    jira.move(issue["key"], "Done")

    wait_until(lambda: people.task(issue["task_id"])["completed"], 60, what="the completion")
    assert len(jira.issues()) < before + 600, "the import was over before"
    jira.heal()
    wait_until(lambda: in_step(people, jira), 90, what="the import to end")


def test_a_worker_killed_in_the_middle_is_followed_at_once(stack, people, jira):
    """RabbitMQ hands its messages out again, and the same message takes its own claims over."""
    jira.fail("latency", path="/rest/api/*", seconds=1)
    people.create_many(80)
    time.sleep(6)

    stack.kill("worker-pf_jira")

    jira.heal()
    wait_until(lambda: in_step(people, jira), 180, what="everything to be in step")


def test_a_broker_killed_in_the_middle_loses_nothing_and_webhooks_are_taken(
    stack, people, jira, rabbitmq
):
    issue = an_open_issue(jira)
    people.create_many(40)
    time.sleep(2)
    rabbitmq.stop()
    try:
        jira.move(issue["key"], "Done")
        answers = wait_until(lambda: jira.last_delivery()["answers"], what="the webhook's answer")
        assert answers == [202]
        sentence = json.loads(stack.igw("status", "--json").stdout)["sentence"]
        assert "The broker does not answer" in sentence
    finally:
        rabbitmq.start()

    wait_until(lambda: people.task(issue["task_id"])["completed"], 90, what="the completion")
    wait_until(lambda: in_step(people, jira), 180, what="everything to be in step")


def test_a_broker_that_hangs_holds_up_no_webhook(people, jira, rabbitmq):
    issue = an_open_issue(jira)
    rabbitmq.send(signal.SIGSTOP)
    try:
        jira.move(issue["key"], "Done")
        answers = wait_until(lambda: jira.last_delivery()["answers"], what="the webhook's answer")
        assert answers == [202]
    finally:
        rabbitmq.send(signal.SIGCONT)

    wait_until(lambda: people.task(issue["task_id"])["completed"], 90, what="the completion")
