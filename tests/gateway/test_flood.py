"""Many at once: the same delivery again and again, and a flood of forged ones."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from core import dispatch
from core.dispatch import BackgroundPublisher
from gateway import refusal_log
from tests.conftest import wait_until
from tests.gateway.conftest import EVENT, published, sign
from tests.store.conftest import at_once

FORGED = 10_000
CALLERS = 8
MINUTES = 4  # Far more than the flood takes.


def test_one_delivery_two_hundred_times_at_once_is_one_delivery_and_one_message(
    gateway, redis_client
):
    answers = at_once(lambda _: gateway.deliver().status, 200)

    assert answers == [202] * 200
    ((delivery_id,),) = gateway.rows("id")
    messages = wait_until(lambda: published(redis_client), what="the message")
    assert [message["args"] for message in messages] == [[[delivery_id]]]


def test_a_refusal_is_told_in_the_log_with_its_request(own_gunicorn):
    answer = own_gunicorn.deliver(secret="a guess")

    [line] = own_gunicorn.new_lines()
    assert (line["event"], line["status"], line["code"]) == (
        "request_refused",
        401,
        "bad_signature",
    )
    assert line["request_id"] == answer.headers["X-Request-Id"]


def test_a_flood_of_forged_deliveries_stores_nothing_and_keeps_nobody_out(gateway, redis_client):
    def forge(count: int) -> set[int]:
        body = json.dumps(EVENT).encode()
        headers = {"X-Hub-Signature": sign(body, "a guess")}
        connection = HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        statuses = set()
        for number in range(count):
            headers["X-Atlassian-Webhook-Identifier"] = f"forged-{number}"
            connection.request("POST", "/webhooks/jira", body, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.add(answer.status)
        connection.close()
        return statuses

    with ThreadPoolExecutor(CALLERS) as callers:
        forged = [callers.submit(forge, FORGED // CALLERS) for _ in range(CALLERS)]
        genuine = [gateway.deliver(identifier=f"genuine-{number}").status for number in range(20)]

    assert set().union(*(flood.result() for flood in forged)) == {401}
    assert genuine == [202] * 20
    assert len(gateway.rows("id")) == 20
    told = [line for line in gateway.new_lines() if line["event"] != "webhook_received"]
    assert {line["event"] for line in told} <= {"request_refused", "more_refused"}
    assert 0 < len(told) <= MINUTES * (refusal_log.LINES + 1)


@pytest.mark.parametrize("count", [1, 250])
def test_one_delivery_goes_alone_and_a_burst_travels_a_hundred_to_a_message(monkeypatch, count):
    sent, first = [], threading.Event()

    def publish_slowly(task, ids, *, bulk):
        sent.append(list(ids))
        first.wait(10)
        return True

    monkeypatch.setattr(dispatch, "publish", publish_slowly)
    publisher = BackgroundPublisher()
    publisher.offer("pf_jira.handle_deliveries", 0)
    wait_until(lambda: sent, what="the first message")
    for number in range(1, count):
        publisher.offer("pf_jira.handle_deliveries", number)
    first.set()

    wait_until(lambda: sum(map(len, sent)) == count, what="all of them")
    assert list(map(len, sent)) == ([1] if count == 1 else [1, 100, 100, 49])
    assert [one for ids in sent for one in ids] == list(range(count))


def test_a_broker_that_refuses_is_asked_once_a_second_and_not_by_every_delivery(monkeypatch):
    asked, pauses, over = [], [], threading.Event()

    def refuse(task, ids, *, bulk):
        asked.append(list(ids))
        return len(asked) > 1

    def pause(seconds):
        pauses.append(seconds)
        over.wait(10)

    monkeypatch.setattr(dispatch, "publish", refuse)
    monkeypatch.setattr(dispatch, "sleep", pause)
    publisher = BackgroundPublisher()
    publisher.offer("pf_jira.handle_deliveries", 0)
    wait_until(lambda: pauses, what="the broker to be left alone")
    for number in range(1, 351):
        publisher.offer("pf_jira.handle_deliveries", number)
    assert asked == [[0]], "asked again while the broker is left alone"
    over.set()

    wait_until(lambda: len(asked) == 2, what="the next try")
    assert asked[1:] == [list(range(251, 351))], "one message tries for all, the relay has the rest"
    assert pauses[0] == dispatch.REFUSED_SECONDS
