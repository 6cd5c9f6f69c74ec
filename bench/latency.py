"""How soon a change is in Jira, and how long an import takes, when vendors answer in 100 ms."""

from __future__ import annotations

import statistics
import time
from datetime import datetime

import requests

from bench.peers.naive import NaiveClient
from bench.stack import SEEDED_TASKS, Measured, running_stack
from bench.tables import Spread, Table
from bench.vendor_calls import PROJECT
from core.settings import SANDBOX_API_KEY, SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN

ANSWER_SECONDS = 0.1
IMPORTED = 1_000
NAIVE = 50
"""Tasks that the naive client imports, one by one; the time for a thousand is worked out."""

CHANGES = 15
PEOPLEFORCE_RATE, JIRA_RATE = 10.0, 20.0


def measure() -> Table:
    """Time new tasks, edits and an import, with a rate budget for either vendor."""
    rates = {
        "peopleforce_requests_per_second": PEOPLEFORCE_RATE,
        "jira_requests_per_second": JIRA_RATE,
    }
    with running_stack(**rates) as stack:
        for vendor in (stack.people, stack.jira):
            vendor.fail("latency", seconds=ANSWER_SECONDS)
        round_trip = _round_trip(stack)
        created = [_created(stack) for _ in range(CHANGES)]
        edited = [_edited(stack) for _ in range(CHANGES)]
        polled, imported = _import(stack)
        naive = _naive(stack)
    pages = -(-(SEEDED_TASKS + CHANGES + IMPORTED) // 50)
    in_two = 2 * round_trip
    return Table(
        f"Both vendors answer after {ANSWER_SECONDS * 1000:.0f} ms; a call takes "
        f"{round_trip * 1000:.0f} ms in all. The budgets are {PEOPLEFORCE_RATE:.0f} and "
        f"{JIRA_RATE:.0f} calls a second. Median (least to most) of {CHANGES}.",
        ("what", "seconds", "against two round trips"),
        [
            ("new task: seen to issue written", Spread(created, 3), _ratio(created, in_two)),
            ("edited task: seen to issue changed", Spread(edited, 3), _ratio(edited, in_two)),
            (f"import of {IMPORTED:,} tasks, poll and all", f"{imported:.1f}", ""),
            (f"of it the poll, {pages} pages", f"{polled:.1f}", ""),
            (f"its limit: {pages} pages within the budget", f"{pages / PEOPLEFORCE_RATE:.1f}", ""),
            (f"naive client, {NAIVE} tasks taken for {IMPORTED:,}", f"{naive:.0f}", ""),
        ],
    )  # fmt: skip


def _ratio(seconds: list[float], in_two: float) -> str:
    return f"x{statistics.median(seconds) / in_two:.2f}"


def _round_trip(stack: Measured) -> float:
    seconds = []
    with requests.Session() as session:
        session.auth = (SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN)
        for _ in range(CHANGES):
            before = time.perf_counter()
            session.get(f"{stack.url('sandbox_jira')}/rest/api/3/myself", timeout=10)
            seconds.append(time.perf_counter() - before)
    return statistics.median(seconds)


def _created(stack: Measured) -> float:
    task = stack.people.create(title="A task that was just made")
    stack.poll()
    stack.await_settled()
    return _between(stack, task["id"], "seen", "created")


def _edited(stack: Measured) -> float:
    task = stack.people.tasks()[-1]
    stack.people.edit(task["id"], title=f"{task['title']}!")
    stack.poll()
    stack.await_settled()
    return _between(stack, task["id"], "seen_changed", "updated")


def _between(stack: Measured, task_id: int, first: str, last: str) -> float:
    at = dict(
        stack.rows(
            f"SELECT action, max(at) FROM activity WHERE record = '{task_id}' "  # noqa: S608
            f"AND action IN ('{first}', '{last}') GROUP BY action"
        )
    )
    return (datetime.fromisoformat(at[last]) - datetime.fromisoformat(at[first])).total_seconds()


def _import(stack: Measured) -> tuple[float, float]:
    stack.people.create_many(IMPORTED)
    known = stack.count("links")
    began = datetime.fromisoformat(stack.rows("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")[0][0])
    stack.poll()
    stack.await_settled()
    if stack.count("links", "state = 'synced'") < known + IMPORTED:
        message = "not all tasks were imported"
        raise AssertionError(message)
    last = dict(stack.rows("SELECT action, max(at) FROM activity GROUP BY action"))
    seen, written = (datetime.fromisoformat(last[action]) for action in ("seen", "created"))
    return (seen - began).total_seconds(), (written - began).total_seconds()


def _naive(stack: Measured) -> float:
    client = NaiveClient(
        f"{stack.url('sandbox_peopleforce')}/api/public/v3",
        SANDBOX_API_KEY,
        stack.url("sandbox_jira"),
        (SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN),
    )
    began = time.perf_counter()
    client.import_new(PROJECT, NAIVE)
    return (time.perf_counter() - began) * IMPORTED / NAIVE
