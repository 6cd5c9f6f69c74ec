"""Every accepted webhook and every change ends in one effect or one dead letter, whatever dies.

This is the short form: some steps that recover at once. `make chaos` runs all of them.
"""

from __future__ import annotations

import random

import pytest

from tests.chaos.trial import Harness

pytestmark = pytest.mark.e2e

SEED = random.randrange(10_000)
SETTLE_SECONDS = 120
"""On a busy machine a minute was needed."""


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    with Harness(tmp_path_factory.mktemp("chaos"), SEED) as harness:
        yield harness


@pytest.mark.parametrize("step", ["delivery: PeopleForce's 2xx", "sync: Jira's 2xx to a create"])
def test_a_process_killed_after_a_vendors_2xx_loses_and_doubles_nothing(harness, step):
    print(f"seed {SEED}: {step}")

    outcome = harness.run(harness.deeds[step], settle_seconds=SETTLE_SECONDS)

    assert outcome.kills, f"{step} was not reached, so nothing died"
    assert outcome.findings == []
    assert outcome.letters == 0
