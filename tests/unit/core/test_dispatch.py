"""Publishing while the broker is away: who asks it, and who is told at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from kombu.exceptions import OperationalError

from core import dispatch
from core.dispatch import REFUSED_SECONDS, publish, publisher
from tests.conftest import wait_until

CONNECTIONS = 10
"""As many as Celery keeps, where nothing else is set."""


class Broker:
    """Stands in for sending: hangs until it is let go, then refuses as long as it is `away`."""

    def __init__(self) -> None:
        self.away = True
        self.asked = 0
        self.let_go = threading.Event()
        self._lock = threading.Lock()

    def send_task(self, *_: object, **__: object) -> None:
        with self._lock:
            self.asked += 1
        self.let_go.wait(20)
        if self.away:
            raise OperationalError


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def broker(monkeypatch):
    publisher.cache_clear()
    broker = Broker()
    monkeypatch.setattr(publisher(), "send_task", broker.send_task)
    yield broker
    broker.let_go.set()
    publisher.cache_clear()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(dispatch, "monotonic", clock)
    return clock


def test_a_broker_that_hangs_keeps_as_many_as_it_has_connections_and_nobody_else(broker, clock):
    with ThreadPoolExecutor(32) as pool:
        sent = [pool.submit(publish, "pf_jira.look_up", "x") for _ in range(32)]
        wait_until(lambda: broker.asked == CONNECTIONS, what="all connections to be taken")
        broker.let_go.set()

    assert [one.result() for one in sent] == [False] * 32
    assert broker.asked == CONNECTIONS


def test_a_broker_that_refused_is_left_alone_for_a_moment_and_then_asked_again(broker, clock):
    broker.let_go.set()
    assert publish("pf_jira.look_up", "x") is False
    broker.away = False

    clock.seconds += REFUSED_SECONDS / 2
    assert publish("pf_jira.look_up", "x") is False
    assert broker.asked == 1
    clock.seconds += REFUSED_SECONDS / 2
    assert publish("pf_jira.look_up", "x") is True
    assert broker.asked == 2
