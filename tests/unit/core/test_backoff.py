"""Waiting before the next attempt."""

import pytest

from core.backoff import full_jitter

ROUNDS = 300


def waits(attempt, **options):
    return [full_jitter(attempt, **options).total_seconds() for _ in range(ROUNDS)]


@pytest.mark.parametrize(("attempt", "longest"), [(1, 2), (2, 4), (3, 8), (6, 64)])
def test_the_range_doubles_with_each_attempt_and_is_used_whole(attempt, longest):
    seen = waits(attempt)

    assert 0.5 <= min(seen) < 0.5 + longest / 4
    assert longest * 3 / 4 < max(seen) <= longest


def test_the_wait_never_exceeds_the_cap_however_often_it_failed():
    assert max(waits(40, cap=60.0)) <= 60
    assert max(waits(10_000)) <= 300


def test_a_loop_stays_slow_whatever_base_is_given():
    assert min(waits(1, base=0.001)) == 0.5
