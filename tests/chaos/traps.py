"""For each broken build the trial that finds it out: what has to happen, under which sky.

A build that is broken in one place is right nearly always. Each trap brings about the few moments
in which it is not, so that a short trial is enough to see what it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.breaks import ANSWERED_TOO_EARLY_SECONDS
from tests.chaos.judge import Kind


@dataclass(frozen=True)
class Trap:
    """What to do, by the name of a deed, and what a broken build then shows.

    `webhooks` and `jira` are settings of the sandbox for as long as it lasts. Findings count once
    they are final, or, where `patience` is given, when they are still there after as many seconds.
    """

    deed: str
    shows: Kind
    webhooks: Mapping[str, Any] = field(default_factory=dict)
    jira: Mapping[str, Any] = field(default_factory=dict)
    patience: float | None = None
    overdue: bool = False
    """Whether published deliveries are made due at once, which otherwise takes half a minute."""


TRAPS: Mapping[str, Trap] = {
    "answer_before_commit": Trap(
        "gateway: all its processes",
        Kind.LOST,
        # What a gateway that lives has answered is on disk by then.
        patience=ANSWERED_TOO_EARLY_SECONDS * 2,
    ),
    "publish_before_commit": Trap(
        "nothing but bad weather",
        Kind.LOST,
        # By then a worker has taken each message out of the queue.
        patience=5,
    ),
    "no_relay": Trap(
        "gateway: committed",
        Kind.STUCK,
        # The relay comes every ten seconds for what is due.
        overdue=True,
        patience=15,
    ),
    "no_intent": Trap(
        "sync: Jira's 2xx to a create",
        Kind.DOUBLED,
        # Nothing but the intent may tell of the issue: neither its webhook nor a quick index.
        webhooks={"delay_seconds": 5.0},
        jira={"index_lag_seconds": 8.0},
    ),
    "no_dedupe": Trap(
        "nothing but bad weather", Kind.DOUBLED, webhooks={"duplicate_probability": 1.0}
    ),
}
"""By the names of `breaks.BREAKS`."""
