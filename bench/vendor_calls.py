"""Calls to the vendors, as the vendors count them; beside those of a naive client."""

from __future__ import annotations

from collections.abc import Callable

from bench.peers.naive import NaiveClient
from bench.stack import UNLIMITED, Measured, running_stack, wait_until
from bench.tables import Table
from core.settings import SANDBOX_API_KEY, SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN

IMPORTED = 1_000
PROJECT = "HR"
POLLED = "GET /api/public/v3/tasks"


def measure() -> Table:
    """Count the calls of an idle cycle, an import, an edit and a move, each on its own."""
    with running_stack(**UNLIMITED) as stack:
        rows = [
            _row(stack, "nothing has changed, 150 open tasks", lambda: None),
            _row(
                stack,
                f"import of {IMPORTED:,} tasks",
                lambda: stack.people.create_many(IMPORTED),
            ),
            _row(stack, "nothing has changed, 1,150 open tasks", lambda: None),
            _row(stack, "one task edited", lambda: _edit(stack)),
            _row(stack, "one task completed in PeopleForce", lambda: _complete(stack)),
        ]
        rows.append(_move(stack))
        rows.append(_naive(stack))
    return Table(
        "Calls as the sandbox counts them. A poll reads ceil(open tasks / 50) pages.",
        ("what", "to PeopleForce", "to Jira", "which, beside the pages of the poll"),
        rows,
    )


def _row(stack: Measured, what: str, change: Callable[[], object]) -> tuple[object, ...]:
    change()
    _forget(stack)
    stack.poll()
    stack.await_settled()
    return (what, stack.people.calls(), stack.jira.calls(), _told(stack))


def _move(stack: Measured) -> tuple[object, ...]:
    issue = next(it for it in stack.jira.issues() if it["status"] != "Done")
    _forget(stack)
    known = stack.count("deliveries")
    stack.jira.move(issue["key"], "Done")
    wait_until(lambda: stack.count("deliveries") > known)
    stack.await_settled()
    return (
        "one issue moved to Done",
        stack.people.calls(),
        stack.jira.calls(),
        _told(stack),
    )


def _naive(stack: Measured) -> tuple[object, ...]:
    stack.jira.set_webhooks(drop_probability=1.0)
    _forget(stack)
    client = NaiveClient(
        f"{stack.url('sandbox_peopleforce')}/api/public/v3",
        SANDBOX_API_KEY,
        stack.url("sandbox_jira"),
        (SANDBOX_JIRA_EMAIL, SANDBOX_JIRA_TOKEN),
    )
    client.import_new(PROJECT, IMPORTED)
    what = f"import of {IMPORTED:,} tasks by the naive client"
    return (what, stack.people.calls(), stack.jira.calls(), _told(stack))


def _forget(stack: Measured) -> None:
    stack.people.forget_calls()
    stack.jira.forget_calls()


def _edit(stack: Measured) -> None:
    stack.people.edit(_an_open_task(stack), title="Another title")


def _complete(stack: Measured) -> None:
    stack.people.complete(_an_open_task(stack))


def _an_open_task(stack: Measured) -> int:
    return stack.people.tasks()[-1]["id"]


def _told(stack: Measured) -> str:
    calls = {**stack.people.call_list(), **stack.jira.call_list()}
    others = {route: count for route, count in calls.items() if route != POLLED}
    return ", ".join(f"{count} x {route}" for route, count in others.items()) or "none"
