"""The named steps at which a process can be killed: where in the product each of them lies.

The product knows nothing of this. Each step names a function as a module sees it, and the death
comes right before it is called or right after it has returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Step:
    """A place in the product at which its process dies.

    `target` is a name in `module`, or a method as `Class.method`. `moment` is before its call,
    after its return, or, for a context manager, after it has closed. `process` is the process, by
    the name of its log, that dies here; the same function may run in others as well.
    """

    name: str
    module: str
    target: str
    moment: Literal["before", "after", "closed"]
    process: str
    outage: Literal["peopleforce", "jira", ""] = ""
    """Who takes no writes for a while, so that it is reached: only long waits come to it."""
    slow: bool = False
    """Its recovery has to wait for a lease or a lock to run out, which takes up to two minutes."""


_GATEWAY, _WORKER, _OPS = "gateway", "worker-pf_jira", "worker-ops"

STEPS = (
    Step("gateway: verified", "gateway.webhooks", "parse_json", "before", _GATEWAY),
    Step("gateway: before the commit", "core.inbox", "record_all", "after", _GATEWAY),
    Step("gateway: committed", "core.inbox_writer", "writing", "closed", _GATEWAY),
    Step("gateway: published", "core.dispatch", "publish", "after", _GATEWAY),
    Step("delivery: claimed", "tasks.pf_jira.deliveries", "_handle", "before", _WORKER),
    Step("delivery: record claimed", "tasks.pf_jira.deliveries", "_only", "after", _WORKER),
    Step("delivery: issue read", "tasks.pf_jira.deliveries", "follow_issue", "before", _WORKER),
    Step(
        "delivery: PeopleForce's 2xx",
        "connectors.peopleforce.client",
        "PeopleForceClient.complete_task",
        "after",
        _WORKER,
    ),
    Step("delivery: before the commit", "tasks.pf_jira.claims", "Claim.agree", "after", _WORKER),
    Step(
        "delivery: effect committed", "tasks.pf_jira.deliveries", "follow_issue", "after", _WORKER
    ),
    Step("sync: claimed", "tasks.pf_jira.preparing", "Planner.plan_all", "before", _WORKER),
    Step("sync: intent committed", "connectors.jira.service", "Jira.create", "before", _WORKER),
    Step(
        "sync: Jira's 2xx to a create", "connectors.jira.service", "Jira.create", "after", _WORKER
    ),
    Step(
        "sync: before a create's commit",
        "tasks.pf_jira.creating",
        "_note_created",
        "after",
        _WORKER,
    ),
    Step("sync: Jira's 2xx to an edit", "connectors.jira.service", "Jira.update", "after", _WORKER),
    Step("sync: Jira's 2xx to a move", "connectors.jira.service", "Jira.move", "after", _WORKER),
    Step("sync: before the commit", "tasks.pf_jira.claims", "Claim.done", "after", _WORKER),
    Step("sync: committed", "tasks.pf_jira.sync", "claimed", "closed", _WORKER),
    Step(
        "poll: list read",
        "connectors.peopleforce.service",
        "PeopleForce.open_tasks",
        "after",
        _WORKER,
        slow=True,
    ),
    Step("poll: noted", "tasks.pf_jira.poll", "publish_batches", "before", _WORKER, slow=True),
    Step("poll: published", "tasks.pf_jira.poll", "publish_batches", "after", _WORKER, slow=True),
    Step(
        "resume: taken",
        "tasks.pf_jira.resume",
        "publish_batches",
        "before",
        _WORKER,
        outage="jira",
        slow=True,
    ),
    Step(
        "relay: taken",
        "tasks.ops.relay",
        "publish_batches",
        "before",
        _OPS,
        outage="peopleforce",
        slow=True,
    ),
)
