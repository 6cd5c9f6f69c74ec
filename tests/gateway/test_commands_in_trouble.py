"""Callers who wait while signals, Redis or the broker are lost."""

from __future__ import annotations

import signal
import time

from core import replies
from core.answering import answer
from tests.gateway.commanding import settle, stored, timed


def test_one_caller_more_than_may_wait_is_sent_away_at_once(office, asking):
    desk = office(command_callers=3, command_seconds=10)
    waiting = [asking.submit(desk.ask) for _ in range(3)]
    ids = [desk.awaited() for _ in range(3)]

    refused, seconds = timed(desk.ask)

    assert (refused.status, refused.json["error"]) == (503, "too_many_waiting")
    assert int(refused.headers["Retry-After"]) >= 1
    assert seconds < 0.5
    assert len(stored()) == 3, "nothing is kept of a caller who was sent away"

    for request_id in ids:
        answer(request_id, lambda _: "now")
    assert [one.result().status for one in waiting] == [200] * 3
    desk.work(lambda _: "again")
    assert desk.ask().status == 200, "the places are free again"


def test_a_reply_whose_signal_was_lost_is_found_at_the_end_of_the_wait(office, asking):
    desk = office(command_seconds=1.5)
    waiting = asking.submit(timed, desk.ask)

    settle(desk.awaited(), {"found": True})

    given, seconds = waiting.result()
    assert (given.status, given.json["result"]) == (200, {"found": True})
    assert 1.3 < seconds <= 1.55


def test_a_reply_whose_signal_was_lost_is_found_by_looking_now_and_then(
    office, asking, monkeypatch
):
    monkeypatch.setattr(replies, "LOOK_EVERY", 0.3)
    desk = office()
    waiting = asking.submit(timed, desk.ask)

    settle(desk.awaited(), {"found": True})

    given, seconds = waiting.result()
    assert (given.status, seconds < 2) == (200, True)


def test_a_restart_of_redis_while_callers_wait_costs_them_a_moment(
    office, asking, own_redis, monkeypatch
):
    monkeypatch.setattr(replies, "LOOK_EVERY", 60.0)  # Only the new connection makes them look.
    desk = office(redis_url=own_redis.url)
    waiting = [asking.submit(desk.ask) for _ in range(4)]
    ids = [desk.awaited() for _ in range(4)]

    own_redis.stop()
    for request_id in ids:
        answer(request_id, lambda _: {"answered": "while Redis was away"})
    own_redis.start()
    started = time.monotonic()

    assert [one.result().status for one in waiting] == [200] * 4
    assert time.monotonic() - started < 4
    desk.work(lambda _: "after it")
    assert desk.ask().status == 200


def test_without_redis_nobody_waits(office, own_redis):
    desk = office(redis_url=own_redis.url)
    own_redis.stop()

    given, seconds = timed(desk.ask)

    assert (given.status, given.json["error"]) == (503, "unavailable")
    assert int(given.headers["Retry-After"]) >= 1
    assert seconds < 3
    assert stored() == []


def test_a_redis_that_hangs_hangs_nobody(office, own_redis):
    desk = office(redis_url=own_redis.url)
    desk.work(lambda _: "before")
    assert desk.ask().status == 200
    desk.close()
    own_redis.process.send_signal(signal.SIGSTOP)

    given, seconds = timed(desk.ask)

    assert (given.status, given.json["error"]) == (503, "unavailable")
    assert seconds < 3.5


def test_what_the_broker_does_not_take_is_taken_back(office, redis_server):
    desk = office(broker_url="redis://127.0.0.1:1/0", redis_url=redis_server)

    given, seconds = timed(desk.ask)

    assert (given.status, given.json["error"]) == (503, "unavailable")
    assert seconds < 5
    assert stored() == []
