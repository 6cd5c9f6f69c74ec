"""What one domain notices of another that hangs, leaks or is killed: how long its work takes."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import datetime
from itertools import count, cycle

import requests

from bench.stack import Measured, running_stack, wait_until
from bench.tables import Spread, Table
from core.settings import ROOT, SANDBOX_WEBHOOK_SECRET

A_SECOND = 10
SECONDS = 12.0
RUNS = 3
HARM_EVERY = 3.0
"""Seconds: about what a leak or a death takes to be over."""

WORK = {"neighbour": "work", "jira": "jira:issue_updated"}
"""By source, the topic that each domain works on."""

WAITING = 40
"""Events that wait for a Jira that hangs, before anything is measured."""

ISSUES = "/rest/api/3/issue/*"
HANGING_SECONDS = 27
"""Longer than our clients wait for an answer."""


def measure() -> Table:
    """Compare both domains alone with each beside the other's harm."""
    domains = ROOT / "tests" / "support" / "domains"
    # What is measured is the work, not the wait for a rate limit.
    with running_stack(domains_dir=domains, jira_requests_per_second=100) as stack:
        office = _Office(stack)
        runs = [
            {
                "neighbour, alone": office.measure("neighbour"),
                "neighbour, pf_jira hangs in time-outs": office.measure("neighbour", hanging=True),
                "pf_jira, alone": office.measure("jira"),
                "pf_jira, neighbour leaks 250 MB": office.measure("jira", harm="leak"),
                "pf_jira, neighbour's worker is killed": office.measure("jira", harm="die"),
            }
            for _ in range(RUNS)
        ]
    return Table(
        f"{A_SECOND} webhooks a second for {SECONDS:.0f} s to one domain, from the arrival to the "
        f"end of their work, while another is alone, hangs, leaks or is killed every "
        f"{HARM_EVERY:.0f} s. {RUNS} runs; median (least to most).",
        ("", "p50 ms", "p99 ms"),
        [(name, *(Spread([run[name][at] for run in runs]) for at in (0, 1))) for name in runs[0]],
    )


class _Office:
    """Sends webhooks to both domains, and looks into the inbox for what became of them."""

    def __init__(self, stack: Measured) -> None:
        self._stack = stack
        self._names = (f"sent-{number}" for number in count())
        # Each event is of another record: events of one are worked on one after another.
        self._issues = cycle([issue["id"] for issue in stack.jira.issues()])

    def measure(self, source: str, *, hanging: bool = False, harm: str = "") -> tuple[float, float]:
        """Send to a domain for a while, and give p50 and p99 in milliseconds.

        `hanging`: Jira answers nothing, with work waiting for it. `harm` is done to the neighbour
        by itself, every three seconds.
        """
        # A worker that was killed last is back when it has done something.
        self._send("neighbour")
        self._stack.await_settled()
        if hanging:
            self._stack.jira.fail("latency", method="GET", path=ISSUES, seconds=HANGING_SECONDS)
            for _ in range(WAITING):
                self._send("jira")
        began = time.monotonic()
        sent: list[str] = []
        harmed = began
        while time.monotonic() < began + SECONDS:
            sent.append(self._send(source))
            if harm and time.monotonic() > harmed:
                self._send("neighbour", harm)
                harmed += HARM_EVERY
            time.sleep(max(0.0, began + len(sent) / A_SECOND - time.monotonic()))
        wait_until(lambda: len(self._took(sent)) == len(sent))
        self._stack.jira.heal()
        took = self._took(sent)
        return 1000 * took[len(took) // 2], 1000 * took[int(len(took) * 0.99)]

    def _send(self, source: str, topic: str = "") -> str:
        topic = topic or WORK[source]
        name = next(self._names)
        event = {"webhookEvent": topic, "issue": {"id": next(self._issues), "key": "HR-1"}}
        body = json.dumps({**event, "name": name}).encode()
        digest = hmac.new(SANDBOX_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        answer = requests.post(
            f"{self._stack.url('gateway')}/webhooks/{source}",
            data=body,
            headers={
                "X-Hub-Signature": f"sha256={digest}",
                "X-Atlassian-Webhook-Identifier": name,
            },
            timeout=20,
        )
        answer.raise_for_status()
        return name

    def _took(self, sent: list[str]) -> list[float]:
        """Give the seconds that each took which is done, the quickest first."""
        names = set(sent)
        done = self._stack.rows(
            "SELECT external_id, received_at, finished_at FROM deliveries"
            " WHERE finished_at IS NOT NULL"
        )
        return sorted(
            (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
            for name, begin, end in done
            if name in names
        )
