"""A lock lasts as long as its holder lives, and little longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from core import locks
from core.redis_client import NAMESPACE
from core.settings import ROOT
from tests.conftest import wait_until

NAME = "test.work"
KEY = f"{NAMESPACE}lock:{NAME}"

HOLD_FOR_EVER = f"""
import time
from core import locks
locks.LEASE_SECONDS, locks.RENEW_SECONDS = 1.0, 0.2
with locks.held({NAME!r}) as lock:
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def short_leases(monkeypatch):
    monkeypatch.setattr(locks, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(locks, "RENEW_SECONDS", 0.2)


def is_free() -> bool:
    with locks.held(NAME) as lock:
        return lock is not None


@pytest.mark.usefixtures("redis_client")
def test_one_at_a_time_holds_it_and_gives_it_back():
    with locks.held(NAME) as lock:
        assert lock is not None
        lock.check()
        assert not is_free()
    assert is_free()


@pytest.mark.usefixtures("redis_client")
def test_it_is_kept_for_longer_than_its_lease_while_its_holder_works():
    with locks.held(NAME) as lock:
        assert lock is not None
        time.sleep(1.5)
        lock.check()
        assert not is_free()


@pytest.mark.usefixtures("redis_client")
def test_it_is_free_a_lease_after_its_holder_was_killed():
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_FOR_EVER], cwd=ROOT, stdout=subprocess.PIPE, env=os.environ
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    time.sleep(1.5)
    assert not is_free()

    holder.send_signal(signal.SIGKILL)
    holder.wait()

    wait_until(is_free, 10)


def test_a_holder_whose_lock_was_taken_over_is_told_and_does_not_release_it(redis_client):
    with locks.held(NAME) as lock:
        assert lock is not None
        redis_client.set(KEY, "somebody else")
        wait_until(lambda: lock._lost, 5)
        with pytest.raises(locks.LockLostError):
            lock.check()
    assert redis_client.get(KEY) == "somebody else"


@pytest.mark.usefixtures("redis_client")
def test_a_holder_that_could_not_renew_for_a_lease_does_not_rely_on_it(monkeypatch):
    # As after a standstill of the machine, or of Redis.
    monkeypatch.setattr(locks.Holding, "keep", lambda _self: None)
    with locks.held(NAME) as lock:
        assert lock is not None
        lock.check()
        time.sleep(1.1)
        with pytest.raises(locks.LockLostError):
            lock.check()
