"""The shared limit: how many calls it lets through, in which order, and how it pauses."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.rate_limit import MAX_PENALTY_SECONDS, RateLimit, RateLimitBusyError


def timed(function, *arguments):
    started = time.monotonic()
    function(*arguments)
    return time.monotonic() - started


def test_a_burst_passes_at_once_and_the_rest_is_spaced(redis_client):
    limit = RateLimit(redis_client, "spaced", per_second=5, burst=5)

    burst = timed(lambda: [limit.wait() for _ in range(5)])
    rest = timed(lambda: [limit.wait() for _ in range(3)])

    assert burst < 0.5
    assert burst + rest >= 0.58


def test_a_bucket_fills_again_but_never_above_the_burst(redis_client):
    limit = RateLimit(redis_client, "refill", per_second=5, burst=2)
    for _ in range(2):
        limit.wait()
    time.sleep(1)  # Five intervals: enough for two bursts, if they could be saved.

    waits = [limit.wait() for _ in range(4)]

    assert max(waits[:2]) < 0.1
    assert sum(waits) >= 0.28


def test_processes_share_one_bucket(redis_server, redis_client):
    context = multiprocessing.get_context("fork")
    together = context.Barrier(3)

    def take_twenty():
        client = redis.Redis.from_url(redis_server, decode_responses=True)
        limit = RateLimit(client, "shared", per_second=100, burst=1)
        together.wait(10)
        for _ in range(20):
            limit.wait()

    processes = [context.Process(target=take_twenty) for _ in range(2)]
    for process in processes:
        process.start()
    together.wait(10)
    started = time.monotonic()
    for process in processes:
        process.join(30)

    assert [process.exitcode for process in processes] == [0, 0]
    assert 0.38 <= time.monotonic() - started < 5


def test_threads_share_the_bucket_too(redis_client):
    limit = RateLimit(redis_client, "threads", per_second=100, burst=1)

    with ThreadPoolExecutor(8) as pool:
        duration = timed(lambda: list(pool.map(lambda _: limit.wait(), range(24))))

    assert 0.22 <= duration < 3


def test_a_wait_that_would_be_too_long_is_refused_and_takes_no_slot(redis_client):
    limit = RateLimit(redis_client, "busy", per_second=1, burst=1, longest_wait=0.5)
    limit.wait()

    for _ in range(3):
        with pytest.raises(RateLimitBusyError) as caught:
            limit.wait()
        assert 0.5 < caught.value.seconds <= 1


def test_a_penalty_pauses_everybody(redis_client):
    limit = RateLimit(redis_client, "pause", per_second=100, burst=10)
    other = RateLimit(redis_client, "pause", per_second=100, burst=10)

    limit.penalise(0.3)

    assert 0.28 <= timed(other.wait) < 3


def test_a_slot_reserved_before_a_pause_waits_for_its_end(redis_client):
    limit = RateLimit(redis_client, "late", per_second=5, burst=1)
    limit.wait()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(timed, limit.wait)  # Its slot comes in 0.2 s.
        time.sleep(0.1)
        limit.penalise(0.4)

        assert waiting.result() >= 0.48


def test_a_shorter_penalty_does_not_shorten_a_longer_one(redis_client):
    limit = RateLimit(redis_client, "longer", per_second=100, burst=1, longest_wait=1)

    limit.penalise(60)
    limit.penalise(1)

    with pytest.raises(RateLimitBusyError) as caught:
        limit.wait()
    assert caught.value.seconds > 58


def test_no_penalty_is_longer_than_the_bound(redis_client):
    limit = RateLimit(redis_client, "bound", per_second=100, burst=1)

    limit.penalise(1e9)

    with pytest.raises(RateLimitBusyError) as caught:
        limit.wait()
    assert caught.value.seconds <= MAX_PENALTY_SECONDS + 1


def test_keys_are_ours_and_leave_by_themselves(redis_client):
    limit = RateLimit(redis_client, "keys", per_second=10, burst=3)
    limit.wait()
    limit.penalise(2)

    keys = redis_client.keys()

    assert len(keys) == 2
    assert all(key.startswith("igw:") for key in keys)
    assert all(0 < redis_client.pttl(key) < 10_000 for key in keys)


def test_an_unreachable_redis_shows_as_its_own_error():
    nowhere = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))

    with pytest.raises(redis.ConnectionError):
        RateLimit(nowhere, "down", per_second=1, burst=1).wait()


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_limit_that_lets_nothing_through_is_refused(redis_client, per_second, burst):
    with pytest.raises(ValueError, match="at least 1"):
        RateLimit(redis_client, "none", per_second, burst)


def test_calls_go_on_after_the_clock_was_set_back(redis_client):
    limit = RateLimit(redis_client, "set_back", per_second=5, burst=1)
    limit.wait()
    limit.penalise(1)
    seconds, _ = redis_client.time()
    redis_client.set("igw:rate:{set_back}:full_at", (seconds + 3600) * 1_000_000)
    redis_client.set("igw:rate:{set_back}:paused", 1, ex=3600)

    assert limit.wait() < 1
    assert limit.wait() < 1
