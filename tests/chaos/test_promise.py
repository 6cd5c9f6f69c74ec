"""Every accepted webhook and every change ends in one effect or one dead letter, whatever dies.

This is the short form, on one running stack: some steps that recover at once, and the proof that
the proof can fail. `make chaos` goes through everything that can die.
"""

from __future__ import annotations

import random

import pytest

from tests.chaos.breaks import BREAKS
from tests.chaos.traps import TRAPS, find_out, withstand
from tests.chaos.trial import Harness

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

SEED = random.randrange(10_000)
SETTLE_SECONDS = 120
"""On a busy machine a minute was needed."""


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    print(f"seed {SEED}")
    with Harness(tmp_path_factory.mktemp("chaos"), SEED) as harness:
        yield harness


@pytest.mark.parametrize("step", ["delivery: PeopleForce's 2xx", "sync: Jira's 2xx to a create"])
def test_a_process_killed_after_a_vendors_2xx_loses_and_doubles_nothing(harness, step):
    outcome = harness.run(harness.deeds[step], settle_seconds=SETTLE_SECONDS)

    assert outcome.kills, f"{step} was not reached, so nothing died"
    assert outcome.findings == []
    assert outcome.letters == 0


def test_the_build_that_is_shipped_goes_through_the_traps_of_the_broken_ones(harness):
    assert withstand(harness, SETTLE_SECONDS).findings == []


# After the others: what these lose and double stays so.
@pytest.mark.parametrize("name", list(BREAKS))
def test_a_build_that_is_broken_on_purpose_is_found_out(harness, name):
    assert find_out(harness, name).findings, f"{name} did not show: {TRAPS[name].shows}"


def test_there_is_a_trap_for_each_broken_build():
    assert TRAPS.keys() == BREAKS.keys()
