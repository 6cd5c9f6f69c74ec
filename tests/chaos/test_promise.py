"""Every accepted webhook and every change ends in one effect or one dead letter, whatever dies.

This is the short form: some steps that recover at once. `make chaos` runs all of them.
"""

from __future__ import annotations

import random

import pytest

from tests.chaos.judge import Kind
from tests.chaos.killing import Deed, deeds
from tests.chaos.trial import Harness, Outcome

pytestmark = pytest.mark.e2e

SEED = random.randrange(10_000)
SETTLE_SECONDS = 120
"""On a busy machine a minute was needed; a build that is broken never gets there."""

BROKEN_SECONDS = 60


def deed(harness: Harness, name: str) -> Deed:
    return next(one for one in deeds(harness.triggers, 5) if one.name == name)


def run(harness: Harness, name: str, seconds: float = SETTLE_SECONDS) -> Outcome:
    print(f"seed {SEED}: {name}")
    outcome = harness.run(deed(harness, name), settle_seconds=seconds)
    assert outcome.kills, f"{name} was not reached, so nothing died"
    return outcome


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    with Harness(tmp_path_factory.mktemp("chaos"), SEED) as harness:
        yield harness


@pytest.mark.parametrize("step", ["delivery: PeopleForce's 2xx", "sync: Jira's 2xx to a create"])
def test_a_process_killed_after_a_vendors_2xx_loses_and_doubles_nothing(harness, step):
    outcome = run(harness, step)

    assert outcome.findings == []
    assert outcome.letters == 0


def test_a_build_without_creation_intents_is_found_out(harness):
    harness.break_build("no_intent")

    outcome = run(harness, "sync: Jira's 2xx to a create", BROKEN_SECONDS)

    assert Kind.DOUBLED in {finding.kind for finding in outcome.findings}
