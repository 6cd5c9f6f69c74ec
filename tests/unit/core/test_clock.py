"""How long ago a moment surely was, when the machine's clock was set meanwhile."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from core import clock
from core.clock import SteadyWatch

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def set_clock(monkeypatch):
    """Set the time of day; what measures how long something takes goes on as before."""
    real_time, real_now, ahead = time.time, clock.now, [timedelta(0)]
    monkeypatch.setattr(clock.time, "time", lambda: real_time() + ahead[0].total_seconds())
    monkeypatch.setattr(clock, "now", lambda: real_now() + ahead[0])

    def change(by: timedelta) -> None:
        ahead[0] += by

    return change


def test_without_a_step_it_is_what_the_clock_says():
    assert HOUR <= SteadyWatch().passed_since(clock.now() - HOUR) < HOUR + MINUTE


@pytest.mark.parametrize("by", [HOUR, -HOUR], ids=["forward", "back"])
def test_after_a_step_only_the_time_since_it_is_sure(set_clock, by):
    watch = SteadyWatch()
    moment = clock.now() - timedelta(seconds=10)

    set_clock(by)

    assert watch.passed_since(moment) < timedelta(seconds=1)
    time.sleep(0.2)
    assert timedelta(seconds=0.2) <= watch.passed_since(moment) < timedelta(seconds=5)


def test_a_moment_after_the_step_is_as_long_ago_as_the_clock_says(set_clock):
    watch = SteadyWatch()
    set_clock(HOUR)
    watch.passed_since(clock.now())
    time.sleep(0.3)
    moment = clock.now()
    time.sleep(0.1)

    assert timedelta(seconds=0.1) <= watch.passed_since(moment) < timedelta(seconds=0.3)
