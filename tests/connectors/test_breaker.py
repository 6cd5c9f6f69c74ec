"""A vendor that is down is asked by one call for all, and not by each piece of work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import breaker
from core.breaker import THRESHOLD, Breaker, BreakerState, open_breakers, status_of
from core.clock import now
from core.errors import VendorBreakerOpenError, VendorUnavailableError
from tests.conftest import wait_until


@pytest.fixture
def jira_breaker(redis_client, monkeypatch) -> Breaker:
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.1)
    return Breaker(redis_client, "jira")


def fail(one: Breaker, times: int = THRESHOLD) -> None:
    for _ in range(times):
        one.failed()


def pause_ends(redis_client) -> None:
    wait_until(
        lambda: status_of(redis_client, "jira").state is BreakerState.HALF_OPEN,
        every=0.01,
        what="the pause to end",
    )


def test_single_failures_keep_it_closed(jira_breaker):
    for _ in range(3):
        fail(jira_breaker, THRESHOLD - 1)
        jira_breaker.succeeded()

    assert jira_breaker.seconds_to_wait() == 0


def test_failures_in_a_row_open_it_for_all_processes(jira_breaker, redis_client):
    fail(jira_breaker)

    assert 0 < Breaker(redis_client, "jira").seconds_to_wait() <= 0.1
    assert Breaker(redis_client, "peopleforce").seconds_to_wait() == 0
    status = status_of(redis_client, "jira")
    assert (status.state, status.failures) == (BreakerState.OPEN, THRESHOLD)
    assert status.since is not None
    assert abs(now() - status.since) < timedelta(seconds=5)
    assert [it.vendor for it in open_breakers(redis_client)] == ["jira"]


def test_after_the_pause_one_call_tries_for_all(jira_breaker, redis_client):
    fail(jira_breaker)
    pause_ends(redis_client)

    assert jira_breaker.seconds_to_wait() == 0
    assert Breaker(redis_client, "jira").seconds_to_wait() > 1, "the trial is under way"

    jira_breaker.succeeded()
    assert Breaker(redis_client, "jira").seconds_to_wait() == 0
    assert status_of(redis_client, "jira").state is BreakerState.CLOSED


def test_each_failed_trial_doubles_the_pause_up_to_a_minute(jira_breaker, redis_client):
    pauses = []
    fail(jira_breaker)
    for _ in range(12):
        pauses.append(jira_breaker.seconds_to_wait())
        jira_breaker.failed()

    assert pauses[1] == pytest.approx(2 * pauses[0], rel=0.5)
    assert pauses[-1] == pytest.approx(breaker.LONGEST_PAUSE, rel=0.1)


@pytest.fixture
def guarded(jira_access, rate_limit, redis_client):
    from connectors.jira.client import JiraClient  # noqa: PLC0415
    from connectors.jira.service import Jira  # noqa: PLC0415

    return Jira(JiraClient(jira_access, rate_limit, Breaker(redis_client, "jira")), redis_client)


def test_a_vendor_that_is_down_is_no_longer_called(guarded, jira_server):
    jira_server.fault("status", status=503, times=None)
    for _ in range(THRESHOLD):
        with pytest.raises(VendorUnavailableError):
            guarded.read("HR-1")
    calls = sum(jira_server.calls().values())

    with pytest.raises(VendorBreakerOpenError) as refused:
        guarded.read("HR-1")

    assert sum(jira_server.calls().values()) == calls
    assert refused.value.retry_after > 0
    assert "all calls wait" in str(refused.value)


def test_refusals_prove_that_a_vendor_is_there(guarded, jira_server):
    for _ in range(3):
        jira_server.fault("status", status=503, times=2 * (THRESHOLD - 1))
        for _ in range(THRESHOLD - 1):
            with pytest.raises(VendorUnavailableError):
                guarded.read("HR-1")
        with pytest.raises(Exception, match="did not"):
            guarded.read("HR-404")


def test_a_pause_that_began_before_the_clock_was_set_back_is_over(jira_breaker, redis_client):
    fail(jira_breaker)
    seconds, _ = redis_client.time()
    redis_client.hset("igw:breaker:jira", "until", (seconds + 3600) * 1_000_000)

    assert jira_breaker.seconds_to_wait() == 0
    # One call tries for all.
    assert 0 < jira_breaker.seconds_to_wait() <= breaker.TRIAL_LEASE
