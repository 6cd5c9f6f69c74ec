"""For each broken build the trap that finds it out: what has to happen, under which sky.

A build that is broken in one place is right nearly always. Each trap brings about the moment in
which it is not, again and again, until it shows or the time is up. The build that is shipped goes
through the same traps, so that nothing in them is taken for the break.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos import weather
from tests.chaos.breaks import ANSWERED_TOO_EARLY_SECONDS
from tests.chaos.injection import switch_of
from tests.chaos.judge import Finding, Kind
from tests.chaos.trial import REST_SECONDS, SETTLE_SECONDS, Harness

INTACT = "intact"
"""The name of the build that lacks nothing, among those that are broken."""

FOUND_OUT_SECONDS = 90.0
QUICK_INDEX_SECONDS = 1.0


@dataclass(frozen=True)
class Trap:
    """What to do, by the name of a deed, and what a broken build then shows.

    `webhooks` and `jira` are settings of the sandbox for as long as it lasts.
    """

    deed: str
    shows: Kind
    patience: float
    """Seconds after the deed in which it shows, and after which what is only late is done."""
    webhooks: Mapping[str, Any] = field(default_factory=dict)
    jira: Mapping[str, Any] = field(default_factory=dict)
    overdue: bool = False
    """Whether published deliveries are made due at once, which otherwise takes half a minute."""


@dataclass
class Discovery:
    """What a build was seen to do in its trap; no findings: nothing that it should not."""

    name: str
    findings: list[Finding]
    seconds: float
    changes: int


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
        patience=15,
        overdue=True,
    ),
    "no_intent": Trap(
        "sync: Jira's 2xx to a create",
        Kind.DOUBLED,
        patience=10,
        # Nothing but the intent may tell of the issue: neither its webhook nor a quick index.
        webhooks={"delay_seconds": 5.0},
        jira={"index_lag_seconds": 8.0},
    ),
    "no_dedupe": Trap(
        "nothing but bad weather",
        Kind.DOUBLED,
        # A poll, which comes every five seconds, and a create.
        patience=10,
        webhooks={"duplicate_probability": 1.0},
    ),
}
"""By the names of `breaks.BREAKS`."""


LACKS: Mapping[str, str] = {
    INTACT: "nothing",
    "answer_before_commit": "the commit before the 2xx",
    "publish_before_commit": "the publishing after the commit",
    "no_relay": "the relay",
    "no_intent": "the intent on disk before a create",
    "no_dedupe": "the claims on records and the unique deliveries",
}
"""What each build lacks, in words."""


def find_out(harness: Harness, name: str, seconds: float = FOUND_OUT_SECONDS) -> Discovery:
    """Send a broken build, by its name, into its trap until it shows what it lacks."""
    trap = TRAPS[name]
    changes, began = harness.actor.changes, time.monotonic()
    harness.begin_round()
    before = frozenset(harness.judge())
    switch = switch_of(harness.triggers, name)
    switch.touch()
    found: list[Finding] = []
    while not found and time.monotonic() < began + seconds:
        _go_into(harness, trap)
        found = _shown(harness, trap, before)
    switch.unlink()
    weather.clear(harness.people, harness.jira)
    return Discovery(name, found, time.monotonic() - began, harness.actor.changes - changes)


def withstand(harness: Harness, seconds: float = SETTLE_SECONDS) -> Discovery:
    """Send the build that is shipped into all the traps, one after another, and let it settle."""
    changes, began = harness.actor.changes, time.monotonic()
    harness.begin_round()
    for trap in TRAPS.values():
        _go_into(harness, trap)
    weather.clear(harness.people, harness.jira)
    findings, _ = harness.settle(seconds)
    return Discovery(INTACT, findings, time.monotonic() - began, harness.actor.changes - changes)


def _go_into(harness: Harness, trap: Trap) -> None:
    weather.clear(harness.people, harness.jira)
    harness.jira.set_webhooks(**trap.webhooks)
    harness.jira.settings(**{"index_lag_seconds": QUICK_INDEX_SECONDS, **trap.jira})
    harness.deeds[trap.deed].do(harness.stack, harness.rng, harness.work)
    if trap.overdue:
        harness.observer.make_due()


def _shown(harness: Harness, trap: Trap, before: Collection[Finding]) -> list[Finding]:
    """Wait as long as the trap takes, and give what has come up since `before`."""
    ends = time.monotonic() + trap.patience
    while True:
        time.sleep(REST_SECONDS)
        over = time.monotonic() > ends
        # What is lost or stuck may be only late; what was made twice stays so.
        if over or trap.shows is Kind.DOUBLED:
            found = [
                finding
                for finding in harness.judge()
                if finding.kind is trap.shows
                and (finding.final or trap.shows is Kind.STUCK)
                and finding not in before
            ]
            if found or over:
                return found
