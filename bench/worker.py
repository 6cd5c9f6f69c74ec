"""Deliveries worked on in a second, end to end: message, claim, Jira's answer, decision, commit."""

from __future__ import annotations

import time

from bench.senders import Load, Order
from bench.stack import UNLIMITED, Measured, running_stack
from bench.tables import Spread, Table
from core.settings import SANDBOX_WEBHOOK_SECRET as SECRET

DELIVERIES = 2_000
SENDERS = 8
RUNS = 3


def measure() -> Table:
    """Send webhooks that all ask for a look at an issue, and time until the last one is done."""
    with running_stack(**UNLIMITED) as stack:
        issues = tuple(issue["id"] for issue in stack.jira.issues())
        runs = [_run(stack, issues) for _ in range(RUNS)]
    return Table(
        f"{DELIVERIES:,} webhooks about {len(issues)} issues, sent as fast as they are accepted; "
        "each issue is read from the sandbox's Jira, on the same machine. "
        f"{RUNS} runs; median (least to most).",
        ("", "per second"),
        [
            ("accepted", Spread([accepted for accepted, _, _ in runs])),
            ("worked on, from the first sent to the last one done", Spread([it[1] for it in runs])),
            ("calls to Jira for each delivery", Spread([it[2] for it in runs], 2)),
        ],
    )


def _run(stack: Measured, issues: tuple[str, ...]) -> tuple[float, float, float]:
    before = stack.count("deliveries")
    stack.jira.forget_calls()
    began = time.monotonic()
    order = Order(stack.ports["gateway"], SENDERS, most=DELIVERIES, secret=SECRET, issues=issues)
    sent = Load(order).result()
    stack.await_settled()
    lasted = time.monotonic() - began
    done = stack.count("deliveries", "state IN ('done', 'ignored')") - before
    if done < DELIVERIES:
        message = f"{DELIVERIES} deliveries were sent, and {done} were worked on"
        raise AssertionError(message)
    return sent.rate, DELIVERIES / lasted, stack.jira.calls() / DELIVERIES
