"""The log of all processes together: one id for one piece of work, and nothing that is personal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
import redis
from seq import Seq
from vendors import JiraControl, PeopleForceControl

from core.log_stream import KEY
from core.settings import SANDBOX_API_KEY, SANDBOX_JIRA_TOKEN, SANDBOX_WEBHOOK_SECRET
from tests.conftest import wait_until

pytestmark = pytest.mark.e2e

PLANTED = "Zyxwvut"
"""A word that stands in a task's title and nowhere else."""

Entry = dict[str, Any]


@pytest.fixture(scope="module")
def seq() -> Iterator[Seq]:
    """A Seq that is away at first."""
    stand_in = Seq()
    yield stand_in
    stand_in.down()


@pytest.fixture(scope="module")
def stack_settings(seq) -> dict[str, object]:
    return {"poll_interval_seconds": 5, "seq_url": seq.url, "log_level": "DEBUG"}


@pytest.fixture(scope="module")
def people(stack) -> PeopleForceControl:
    return PeopleForceControl(stack.url("sandbox_peopleforce"))


@pytest.fixture(scope="module")
def jira(stack) -> JiraControl:
    return JiraControl(stack.url("sandbox_jira"))


@pytest.fixture(scope="module")
def done(stack, people, jira) -> str:
    """A task that went to Jira and came back from there; its issue's key."""
    task = people.create(title=f"Order a desk for {PLANTED}")
    issue = wait_until(lambda: jira.issue_of(task["id"]), 90, what="the new task's issue")
    jira.move(issue["key"], "Done")
    wait_until(lambda: people.task(task["id"])["completed"], 30, what="the task to be completed")
    return issue["key"]


@pytest.fixture
def lines(stack, done) -> list[Entry]:
    """All lines of all processes, as the live log has them."""
    time.sleep(1)  # The log is written in the background.
    # The sandbox has a database of its own in the same Redis.
    with closing(redis.Redis.from_url(stack.redis_url.replace("/0", "/1"))) as client:
        entries: Any = client.xrange(KEY)
    return [json.loads(fields[b"line"]) for _, fields in entries]


def of_one_piece_of_work(lines: list[Entry], request_id: str) -> list[Entry]:
    return [line for line in lines if line["request_id"] == request_id]


def test_from_a_webhook_to_the_vendors_answer_all_lines_have_one_id(lines):
    [received, *_] = [
        line["request_id"]
        for line in reversed(lines)
        if line["event"] == "webhook_received" and of_vendor(lines, line, "peopleforce")
    ]

    trace = of_one_piece_of_work(lines, received)

    assert {line["process"] for line in trace} >= {"gateway", "worker-pf_jira"}
    calls = [(line["vendor"], line["method"]) for line in trace if line["event"] == "vendor_call"]
    assert ("jira", "GET") in calls
    assert ("peopleforce", "PUT") in calls or ("peopleforce", "PATCH") in calls, calls


def of_vendor(lines: list[Entry], first: Entry, vendor: str) -> list[Entry]:
    trace = of_one_piece_of_work(lines, first["request_id"])
    return [line for line in trace if line.get("vendor") == vendor]


def test_from_a_tick_of_beat_to_the_new_issue_all_lines_have_one_id(lines):
    created = [line for line in lines if line.get("operation", "").startswith("create_issue")]
    assert created

    traces = [of_vendor(lines, line, "peopleforce") for line in created]

    assert all(line["request_id"] for line in created)
    assert any(traces), "the poll that saw the task is not in the trace of the issue's creation"


def test_no_process_logs_a_secret_or_anything_personal(stack, people, seq, lines):
    """Whatever they log, on whichever way: standard error, the live log and Seq."""
    planted = {PLANTED, SANDBOX_API_KEY, SANDBOX_JIRA_TOKEN, SANDBOX_WEBHOOK_SECRET}
    for task in people.tasks():
        for person in (task.get("assigned_to"), task.get("associated_to")):
            planted |= {person["full_name"], person["email"]} if person else set()
    assert len(planted) > 20
    seq.up()
    wait_until(lambda: len(seq.events) >= len(lines), 90, what="Seq to have caught up")

    names = ("gateway", "beat", "flower", "worker-pf_jira", "worker-ops", "redis")
    logs = {name: stack.log(name) for name in names}
    logs |= {"the live log": json.dumps(lines), "Seq": json.dumps(seq.events)}

    found = {(name, word) for name, text in logs.items() for word in planted if word in text}
    assert found == set()
    assert all(len(text) > 100 for name, text in logs.items() if name != "flower")


def test_while_seq_was_away_nothing_was_lost_and_all_of_it_was_caught_up(seq, lines):
    if not seq.events:
        seq.up()
    wanted = {(moment(line["at"]), line["process"], line["event"]) for line in lines}

    def arrived() -> set[tuple[datetime, str, str]]:
        return {
            (moment(it["@t"]), it.get("process", ""), it.get("@mt") or it.get("@m", ""))
            for it in list(seq.events)
        }

    deadline = time.monotonic() + 90
    while (missing := wanted - arrived()) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not missing


def moment(text: str) -> datetime:
    """Read a time; Seq's have no fraction where it is zero."""
    return datetime.fromisoformat(text)
