"""Places for those who wait: shared by processes, and free again when one of them is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from core.bulkhead import Bulkhead, BulkheadFullError
from core.redis_client import get_redis
from core.settings import ROOT, get_settings
from tests.conftest import wait_until

HOLD = """
import sys, time
from contextlib import ExitStack
from core.bulkhead import Bulkhead
with ExitStack() as held:
    for number in range(int(sys.argv[1])):
        place = Bulkhead("test", 3).place(f"{sys.argv[2]} {number}", time.monotonic() + 4)
        held.enter_context(place)
    print("held", flush=True)
    time.sleep(60)
"""


def hold(places: int, name: str = "other") -> subprocess.Popen[str]:
    """Take places from a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(places), name],
        cwd=ROOT,
        env={**os.environ, "IGW_REDIS_URL": get_settings().resolved_redis_url},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def in_a_minute() -> float:
    return time.monotonic() + 60


def test_processes_share_the_places(redis_client):
    other = hold(2)
    try:
        bulkhead = Bulkhead("test", 3)
        with bulkhead.place("mine", in_a_minute()), pytest.raises(BulkheadFullError):
            bulkhead.place("one too many", in_a_minute()).__enter__()
    finally:
        other.kill()
        other.communicate()


def test_the_places_of_a_killed_process_come_free_by_themselves(redis_client):
    other = hold(3)
    bulkhead = Bulkhead("test", 3)
    with pytest.raises(BulkheadFullError):
        bulkhead.place("mine", in_a_minute()).__enter__()

    other.kill()
    other.communicate()

    def all_places() -> bool:
        with ExitStack() as held:
            try:
                for number in range(3):
                    held.enter_context(bulkhead.place(str(number), in_a_minute()))
            except BulkheadFullError:
                return False
            return True

    wait_until(all_places, 8, what="the places to be free")


def test_a_place_is_given_back_when_its_holder_fails(redis_client):
    bulkhead = Bulkhead("test", 1)
    with pytest.raises(ZeroDivisionError), bulkhead.place("one", in_a_minute()):
        raise ZeroDivisionError

    with bulkhead.place("two", in_a_minute()):
        assert get_redis().zcard("igw:waiting:test") == 1
    assert get_redis().zcard("igw:waiting:test") == 0


def test_who_asks_again_because_the_answer_was_lost_has_the_same_place(redis_client):
    bulkhead = Bulkhead("test", 1)
    bulkhead.take("one", in_a_minute())

    with bulkhead.place("one", in_a_minute()):
        assert get_redis().zcard("igw:waiting:test") == 1


def test_nothing_stays_in_redis_when_nobody_waits(redis_client):
    with Bulkhead("test", 1).place("one", time.monotonic() + 0.2):
        pass
    wait_until(lambda: not redis_client.exists("igw:waiting:test"), 3, what="the key to go")


def test_a_process_counts_for_itself_without_asking_redis(settings_env):
    settings_env.setenv("IGW_REDIS_URL", "redis://127.0.0.1:1/0")
    get_settings.cache_clear()
    bulkhead = Bulkhead("test", 1)

    with bulkhead.admitted(), pytest.raises(BulkheadFullError):
        bulkhead.admitted().__enter__()
    with bulkhead.admitted():
        pass
