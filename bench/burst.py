"""Twenty thousand webhooks at once: accepted or sent away honestly, none lost, none doubled."""

from __future__ import annotations

import time

import psutil

from bench.processes import Server
from bench.senders import Load, Order
from bench.stack import UNLIMITED, Measured, running_stack
from bench.tables import Table
from core.settings import SANDBOX_WEBHOOK_SECRET as SECRET

WEBHOOKS = 20_000
SENDERS = 64
MOVED = 100
"""Issues that were really moved; the webhooks are about them, two hundred for each."""


def measure() -> Table:
    """Move issues, send the burst about them, and count what came of it."""
    with running_stack(**UNLIMITED) as stack:
        return Table(
            f"{WEBHOOKS:,} webhooks from {SENDERS} connections about {MOVED} issues that were "
            "moved to Done in Jira, while the workers run. Memory is that of the gateway (PSS).",
            ("", "figure"),
            _rows(stack),
        )


def _rows(stack: Measured) -> list[tuple[str, object]]:
    stack.jira.set_webhooks(drop_probability=1.0)
    moved = stack.jira.issues()[:MOVED]
    for issue in moved:
        stack.jira.move(issue["key"], "Done")
    stack.people.forget_calls()
    gateway = Server(stack.ports["gateway"], psutil.Process(stack.pids("gateway")[0]))
    before, known = gateway.memory(), stack.count("deliveries")
    began = time.monotonic()
    issues = tuple(issue["id"] for issue in moved)
    order = Order(
        stack.ports["gateway"], SENDERS, most=WEBHOOKS, secret=SECRET, size=2_000, issues=issues
    )
    sent = Load(order).result()
    after = gateway.memory()
    stack.await_settled(900)
    lasted = time.monotonic() - began
    kept = stack.count("deliveries") - known
    undone = stack.count("deliveries", "state NOT IN ('done', 'ignored')")
    completed = sum(stack.people.task(issue["task_id"])["completed"] for issue in moved)
    calls = stack.people.call_list().items()
    writes = sum(count for route, count in calls if not route.startswith("GET"))
    times = [sent.percentile(it) for it in (0.5, 0.99, 1)]
    return [
        ("answers", ", ".join(str(it) for it in sorted(sent.statuses))),
        ("accepted in a second", f"{sent.rate:,.0f}"),
        ("p50, p99 and the longest", f"{times[0]:.0f}, {times[1]:.0f} and {times[2]:.0f} ms"),
        ("deliveries kept", f"{kept:,}"),
        ("not worked on at the end", undone),
        ("tasks completed", f"{completed} of {MOVED}"),
        ("writes to PeopleForce for that", writes),
        ("memory of the gateway before and after", f"{before:.0f} MB, {after:.0f} MB"),
        ("everything done after", f"{lasted:.0f} s"),
    ]
