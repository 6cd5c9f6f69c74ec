"""Commands on real processes: gunicorn, Redis, Celery workers and the sandbox vendors."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
import requests
from vendors import JiraControl, PeopleForceControl

from core.settings import SANDBOX_WEBHOOK_SECRET

pytestmark = pytest.mark.e2e

CALLERS = 32
HANGS = 27
"""Seconds that Jira takes: longer than callers wait, shorter than the connector does."""


def within(seconds: float, condition, what: str):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return value


class Program:
    """A program of the company that has an API key."""

    def __init__(self, stack) -> None:
        self.gateway = stack.url("gateway")
        made = stack.igw("keys", "create", "reporting", "--json")
        assert made.returncode == 0, made.stdout + made.stderr
        self.key = json.loads(made.stdout)["key"]

    def ask(self, name: str, **arguments: str) -> requests.Response:
        return self._call("POST", f"/commands/pf_jira/{name}", arguments)

    def result(self, request_id: str) -> requests.Response:
        return self._call("GET", f"/commands/results/{request_id}")

    def timed(self, name: str, **arguments: str) -> tuple[requests.Response, float]:
        started = time.monotonic()
        return self.ask(name, **arguments), time.monotonic() - started

    def _call(self, method: str, path: str, json: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return requests.request(
            method, f"{self.gateway}{path}", json=json, headers=headers, timeout=40
        )

    def deliver_webhook(self, number: int) -> tuple[int, float]:
        """Deliver what nobody handles, as Jira does; give the answer and the seconds it took."""
        body = json.dumps({"webhookEvent": "comment_created", "issue": {"id": "1"}}).encode()
        digest = hmac.new(SANDBOX_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "X-Hub-Signature": f"sha256={digest}",
            "X-Atlassian-Webhook-Identifier": f"delivery-{number}",
        }
        started = time.monotonic()
        answer = requests.post(
            f"{self.gateway}/webhooks/jira", data=body, headers=headers, timeout=40
        )
        return answer.status_code, time.monotonic() - started


@pytest.fixture(scope="module")
def program(stack) -> Program:
    return Program(stack)


@pytest.fixture(scope="module")
def jira(stack) -> JiraControl:
    return JiraControl(stack.url("sandbox_jira"))


@pytest.fixture(scope="module")
def task_id(stack, jira) -> str:
    """A task that has its issue; by then all seeded tasks have theirs."""
    people = PeopleForceControl(stack.url("sandbox_peopleforce"))
    within(90, lambda: len(jira.issues()) == 150, "150 seeded tasks to be issues")
    return str(people.tasks()[0]["id"])


def test_all_three_commands_answer(program, jira, task_id):
    key = jira.issue_of(task_id)["key"]

    looked_up = program.ask("look_up", record=key)
    previewed = program.ask("preview", task=task_id)
    listed = program.ask("list_fields", project="IT", issue_type="Task")

    assert [looked_up.status_code, previewed.status_code, listed.status_code] == [200] * 3
    assert looked_up.json()["result"]["task"]["id"] == task_id
    assert previewed.json()["result"]["rule"]["name"] == "Default"
    assert "summary" in [field["id"] for field in listed.json()["result"]["fields"]]


def test_nobody_asks_without_a_key(stack, program, task_id):
    url = f"{program.gateway}/commands/pf_jira/look_up"
    assert requests.post(url, json={"record": task_id}, timeout=10).status_code == 401

    listed = stack.igw("keys", "list")
    assert "reporting" in listed.stdout
    assert program.key not in listed.stdout


def test_callers_who_wait_for_a_hanging_vendor_starve_no_webhook(stack, program, jira, task_id):
    jira.fail("latency", method="GET", path="/rest/api/3/issue/*", seconds=HANGS)
    with ThreadPoolExecutor(CALLERS + 2) as pool:
        waiting = [pool.submit(program.timed, "look_up", record=task_id) for _ in range(CALLERS)]
        try:
            within(10, lambda: places_taken(stack) == CALLERS, "all places to be taken")
            refused, refused_after = program.timed("look_up", record=task_id)
            deliveries = [program.deliver_webhook(number) for number in range(200)]
            assert not any(one.done() for one in waiting), "all of them still wait"
            answers = [one.result() for one in waiting]
        finally:
            jira.heal()

    assert (refused.status_code, refused.json()["error"]) == (503, "too_many_waiting")
    assert refused_after < 0.5
    assert refused.headers["Retry-After"]
    assert {status for status, _ in deliveries} == {202}
    seconds = sorted(took for _, took in deliveries)
    assert seconds[int(len(seconds) * 0.99) - 1] < 0.1, seconds[-10:]
    assert {answer.status_code for answer, _ in answers} == {504}
    waits = sorted(took for _, took in answers)
    assert 24.5 < waits[0] <= waits[-1] < 25.5

    ids = [answer.json()["request_id"] for answer, _ in answers]
    within(20, lambda: not any(program.result(one).status_code == 202 for one in ids), "an end")
    ends = [program.result(one).status_code for one in ids]
    assert ends.count(200) >= 1, "what had begun is answered late"
    assert set(ends) == {200, 504}, "what had not begun was not run"
    assert program.ask("look_up", record=task_id).status_code == 200


def places_taken(stack) -> int:
    with redis.Redis(port=stack.ports["redis"], db=1) as client:
        taken: Any = client.zcard("igw:waiting:commands")
        return taken


def test_a_worker_that_stands_still_costs_the_answer_and_nothing_else(stack, program, task_id):
    pids = stack.pids("worker-pf_jira-commands")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        missed, seconds = program.timed("look_up", record=task_id)
        time.sleep(1)  # Past the deadline, which is a moment after the answer.
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    assert missed.status_code == 504
    assert seconds < 25.5
    assert within(20, lambda: ends_well(program, task_id), "the worker to answer again")
    ended = program.result(missed.json()["request_id"])
    assert (ended.status_code, ended.json()["error"]) == (504, "expired")


def test_a_worker_that_is_busy_with_a_batch_holds_no_caller(stack, program, task_id):
    pids = stack.pids("worker-pf_jira")
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        assert program.ask("look_up", record=task_id).status_code == 200
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_callers_who_wait_for_a_hanging_vendor_hold_no_change(stack, program, jira, task_id):
    people = PeopleForceControl(stack.url("sandbox_peopleforce"))
    before = len(jira.issues())
    jira.fail("latency", method="GET", path="/rest/api/3/issue/*", seconds=HANGS)
    with ThreadPoolExecutor(CALLERS) as pool:
        waiting = [pool.submit(program.timed, "look_up", record=task_id) for _ in range(CALLERS)]
        try:
            within(10, lambda: places_taken(stack) == CALLERS, "all places to be taken")
            people.create_many(3)
            within(20, lambda: len(jira.issues()) == before + 3, "the new tasks to be issues")
            assert not any(one.done() for one in waiting), "all of them still wait"
        finally:
            jira.heal()
        assert {one.result()[0].status_code for one in waiting} <= {200, 504}


def ends_well(program, task_id) -> bool:
    return program.ask("look_up", record=task_id).status_code == 200


def test_a_gateway_process_killed_while_callers_wait_gives_its_places_back(
    stack, program, jira, task_id
):
    jira.fail("latency", method="GET", path="/rest/api/3/issue/*", seconds=HANGS)
    with ThreadPoolExecutor(CALLERS) as pool:
        waiting = [pool.submit(program.timed, "look_up", record=task_id) for _ in range(CALLERS)]
        try:
            within(10, lambda: places_taken(stack) == CALLERS, "all places to be taken")
            stack.kill("gateway")
            for one in waiting:
                with pytest.raises(requests.RequestException):
                    one.result()
        finally:
            jira.heal()

    within(40, lambda: answers_again(program, task_id), "the places to be free again")


def answers_again(program, task_id) -> bool:
    try:
        return program.ask("look_up", record=task_id).status_code == 200
    except requests.ConnectionError:
        return False


def test_nothing_of_a_question_is_in_a_log(stack, program, jira, task_id):
    title = program.ask("look_up", record=task_id).json()["result"]["task"]["title"]
    for name in ("gateway", "worker-pf_jira-commands"):
        assert title not in stack.log(name)
        assert program.key not in stack.log(name)
    calls = [line for line in stack.log("gateway").splitlines() if "command_call" in line]
    assert json.loads(calls[-1])["duration_ms"] >= 0
