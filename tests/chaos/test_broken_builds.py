"""The proof can fail: it finds out every build that lacks what the promise rests on."""

from __future__ import annotations

import random

import pytest

from tests.chaos.breaks import BREAKS
from tests.chaos.traps import TRAPS
from tests.chaos.trial import Harness

pytestmark = pytest.mark.e2e

SEED = random.randrange(10_000)


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    with Harness(tmp_path_factory.mktemp("chaos"), SEED) as harness:
        yield harness


def test_there_is_a_trap_for_each_of_them():
    assert TRAPS.keys() == BREAKS.keys()


@pytest.mark.parametrize("name", list(TRAPS))
def test_a_broken_build_is_found_out(harness, name):
    print(f"seed {SEED}")

    discovery = harness.find_out(name)

    assert {finding.kind for finding in discovery.findings} == {TRAPS[name].shows}
