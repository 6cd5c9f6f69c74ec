"""Bad weather: both vendors fail now and then, and webhooks come twice, in disorder or not at all.

Every share is small enough for work to go on, so that a kill meets all stages of it.
"""

from __future__ import annotations

import random

from tests.support.vendors import Control, JiraControl, PeopleForceControl

API = {"jira": "/rest/api/*", "peopleforce": "/api/*"}
CREATE = "/rest/api/3/issue*"

RETRY_WAIT_SECONDS = 3.0
"""Between Jira's attempts to deliver; a restart of the gateway is over well before the last."""

CLEAR_SKY = {
    "drop_probability": 0.0,
    "duplicate_probability": 0.0,
    "reorder_window": 0,
    "delay_seconds": 0.0,
    "retry_wait_seconds": RETRY_WAIT_SECONDS,
}


def worsen(
    people: PeopleForceControl, jira: JiraControl, rng: random.Random, *, dropping: bool
) -> None:
    """Let faults strike from now on, with probabilities of this round's own.

    With `dropping`, some webhooks are never sent, which is for the nightly sweep to find out.
    """
    both: tuple[tuple[Control, str], ...] = ((people, API["peopleforce"]), (jira, API["jira"]))
    for vendor, path in both:
        vendor.fail("latency", path=path, seconds=0.2, probability=rng.uniform(0.05, 0.2))
        vendor.fail("status", path=path, status=503, probability=rng.uniform(0.02, 0.06))
        vendor.fail("html", path=path, probability=rng.uniform(0.005, 0.02))
        vendor.fail("truncate", path=path, probability=rng.uniform(0.005, 0.02))
        vendor.fail(
            "status", path=path, status=429, retry_after=1, probability=rng.uniform(0.005, 0.02)
        )
    # The oldest fault that strikes a request is its answer, so these come where the others do not.
    for kind, more in (("drop_after_write", {}), ("slow_after_write", {"seconds": 2.0})):
        chance = rng.uniform(0.05, 0.15)
        jira.fail(kind, method="POST", path=CREATE, probability=chance, **more)
        people.fail(kind, method="PUT", path=API["peopleforce"], probability=chance, **more)
    jira.settings(index_lag_seconds=round(rng.uniform(0.5, 4.0), 1))
    jira.set_webhooks(
        drop_probability=0.2 if dropping else 0.0,
        duplicate_probability=rng.uniform(0.1, 0.4),
        reorder_window=rng.choice((0, 3, 5)),
        delay_seconds=rng.uniform(0.0, 1.0),
        retry_wait_seconds=RETRY_WAIT_SECONDS,
    )


def clear(people: PeopleForceControl, jira: JiraControl) -> None:
    """Take all faults back; what they did stays done."""
    people.heal()
    jira.heal()
    jira.set_webhooks(**CLEAR_SKY)
