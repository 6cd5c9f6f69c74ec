"""One delivery that comes two hundred times at once: one row, one effect, and a 202 for each."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests
from vendors import JiraControl, PeopleForceControl

from core.settings import SANDBOX_WEBHOOK_SECRET

pytestmark = pytest.mark.e2e

TIMES = 200
IDENTIFIER = "one-and-the-same"


def within(seconds: float, condition, what: str):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return value


@pytest.fixture
def people(stack) -> PeopleForceControl:
    return PeopleForceControl(stack.url("sandbox_peopleforce"))


@pytest.fixture
def finished(stack, people):
    """An issue of ours that was moved to Done, of which Jira has not told the gateway."""
    jira = JiraControl(stack.url("sandbox_jira"))
    within(90, lambda: len(jira.issues()) == 150, "150 seeded tasks to be issues")
    within(60, lambda: count(stack, "due_at IS NOT NULL") == 0, "their webhooks to be worked on")
    jira.set_webhooks(drop_probability=1.0)
    issue = jira.issues()[0]
    jira.move(issue["key"], "Done")
    return issue


def count(stack, condition: str) -> int:
    database = stack.data_dir / "sandbox" / "gateway.db"
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return connection.execute(
            f"SELECT count(*) FROM deliveries WHERE {condition}"  # noqa: S608 - our own words
        ).fetchone()[0]


def test_one_delivery_two_hundred_times_at_once_is_one_row_and_one_effect(stack, people, finished):
    event = {
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": finished["id"], "key": finished["key"]},
        "changelog": {"items": [{"field": "status", "toString": "Done"}]},
    }
    body = json.dumps(event).encode()
    digest = hmac.new(SANDBOX_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "X-Hub-Signature": f"sha256={digest}",
        "X-Atlassian-Webhook-Identifier": IDENTIFIER,
    }
    people.forget_calls()

    def deliver(_: int) -> int:
        url = f"{stack.url('gateway')}/webhooks/jira"
        return requests.post(url, data=body, headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(TIMES) as senders:
        answers = list(senders.map(deliver, range(TIMES)))

    assert answers == [202] * TIMES
    assert count(stack, f"external_id = '{IDENTIFIER}'") == 1
    within(30, lambda: people.task(finished["task_id"])["completed"], "the task to be completed")
    within(30, lambda: count(stack, "finished_at IS NULL") == 0, "everything to be done")
    written = {route: n for route, n in people.call_list().items() if not route.startswith("GET ")}
    assert list(written.values()) == [1], f"one effect, and no other: {written}"
