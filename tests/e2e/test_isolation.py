"""Two domains beside each other: what one suffers, the other does not notice."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from vendors import JiraControl

from core.settings import SANDBOX_WEBHOOK_SECRET

DOMAINS = Path(__file__).parents[1] / "support" / "domains"
MANY = 40
LEAKS, DEATHS = 6, 3
MOST_MEMORY = 1200 * 2**20
"""Bytes: two children with one leak each and their parent have less, six leaks more."""


@pytest.fixture(scope="module")
def stack_settings() -> dict[str, object]:
    return {"poll_interval_seconds": 5, "domains_dir": DOMAINS}


@pytest.fixture(scope="module")
def jira(stack) -> JiraControl:
    return JiraControl(stack.url("sandbox_jira"))


class Company:
    """Sends webhooks to both domains, and sees what became of them."""

    def __init__(self, stack) -> None:
        self._url = stack.url("gateway")
        self._database = stack.data_dir / "sandbox" / "gateway.db"
        self._count = 0

    def send(self, source: str, topic: str, count: int = 1, issue_id: str = "1") -> range:
        """Send events; give the numbers by which `left` asks for them."""
        first = self._count
        for _ in range(count):
            self._count += 1
            event = {"webhookEvent": topic, "issue": {"id": issue_id, "key": "HR-1"}}
            body = json.dumps({**event, "number": self._count}).encode()
            digest = hmac.new(SANDBOX_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
            headers = {
                "X-Hub-Signature": f"sha256={digest}",
                "X-Atlassian-Webhook-Identifier": f"sent-{self._count}",
            }
            url = f"{self._url}/webhooks/{source}"
            assert requests.post(url, data=body, headers=headers, timeout=20).status_code == 202
        return range(first + 1, self._count + 1)

    def left(self, numbers: range) -> int:
        """Count those that nobody has finished."""
        names = [f"sent-{number}" for number in numbers]
        marks = ",".join("?" * len(names))
        with closing(sqlite3.connect(self._database, timeout=30)) as connection:
            query = "SELECT count(*) FROM deliveries WHERE finished_at IS NULL AND external_id IN"
            return connection.execute(f"{query} ({marks})", names).fetchone()[0]


@pytest.fixture(scope="module")
def company(stack) -> Company:
    return Company(stack)


@pytest.fixture(scope="module")
def issue_id(jira) -> str:
    within(90, lambda: len(jira.issues()) == 150, "150 seeded tasks to be issues")
    return jira.issues()[0]["id"]


def within(seconds: float, condition, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return value


def test_a_vendor_that_answers_nothing_holds_its_own_domain_alone(company, jira, issue_id):
    jira.fail("latency", method="GET", path="/rest/api/3/issue/*", seconds=27)
    try:
        stuck = company.send("jira", "jira:issue_updated", MANY, issue_id)
        for _ in range(5):
            numbers = company.send("neighbour", "work", MANY)
            within(20, lambda sent=numbers: company.left(sent) == 0, "the neighbour's work")
            assert company.left(stuck) > 0, "the vendor does not hang"
    finally:
        jira.heal()

    within(90, lambda: company.left(stuck) == 0, "the work that was held")


def test_a_domain_that_leaks_loses_its_processes_and_nobody_else_notices(stack, company, issue_id):
    for _ in range(LEAKS):
        leaked = company.send("neighbour", "leak")
        assert_jira_is_worked_on(company, issue_id)
        within(40, lambda sent=leaked: company.left(sent) == 0, "the leaking work")

    within(
        20, lambda: memory(stack, "worker-neighbour") < MOST_MEMORY, "its memory to be given back"
    )


def memory(stack, name: str) -> int:
    return sum(psutil.Process(pid).memory_info().rss for pid in stack.pids(name))


def test_a_domain_that_is_killed_again_and_again_holds_nobody_else(stack, company, issue_id):
    for _ in range(DEATHS):
        before = stack.pids("worker-neighbour")
        company.send("neighbour", "die")
        within(40, lambda old=before: stack.pids("worker-neighbour")[:1] != old[:1], "its death")
        assert_jira_is_worked_on(company, issue_id)

    after = company.send("neighbour", "work", MANY)
    within(90, lambda: company.left(after) == 0, "its work, once supervised back to life")


def assert_jira_is_worked_on(company: Company, issue_id: str) -> None:
    numbers = company.send("jira", "jira:issue_updated", 5, issue_id)
    within(20, lambda: company.left(numbers) == 0, "the work of the other domain")
