"""Commands over real HTTP, Redis and database; a thread does what a worker does."""

from __future__ import annotations

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from core import replies
from core.models import CommandState
from core.redis_client import get_redis
from tests.conftest import wait_until
from tests.gateway.commanding import LOOK_UP, RECORD, settle, stored, subscribers, timed


def test_a_caller_gets_the_answer_of_the_worker(office):
    desk = office()
    desk.work(lambda arguments: {"asked": arguments["record"]})

    given, seconds = timed(desk.ask)

    assert given.status == 200
    assert given.json["result"] == {"asked": "7309041"}
    assert seconds < replies.LOOK_EVERY / 2, "the signal brought it, not a look"
    assert given.json["request_id"] == given.headers["X-Request-Id"]
    assert given.headers["Cache-Control"] == "no-store"


def test_what_curl_sends_without_a_content_type_of_its_own_is_understood(office):
    desk = office()
    desk.work(lambda arguments: arguments)
    headers = [
        ("Authorization", f"Bearer {desk.key}"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]

    given = desk.caller.send("POST", LOOK_UP, headers, json.dumps(RECORD).encode())

    assert given.json["result"] == RECORD


def test_the_message_carries_the_id_alone_and_expires_with_the_deadline(office, asking):
    desk = office(command_seconds=5)
    waiting = asking.submit(desk.ask)
    raw = wait_until(lambda: get_redis().lrange("igw:pf_jira.commands", 0, 0), every=0.005)
    message = json.loads(raw[0])

    settle(desk.awaited(), {})

    assert b"7309041" not in base64.b64decode(message["body"])
    assert "7309041" not in raw[0]
    assert message["headers"]["expires"] is not None
    assert waiting.result().status == 200


def test_the_subscription_is_confirmed_before_the_message_leaves(office, own_redis):
    desk = office(redis_url=own_redis.url)
    seen: list[str] = []
    with redis.Redis.from_url(own_redis.url) as client, client.monitor() as monitor:
        desk.work(lambda _: "yes")
        assert desk.ask().status == 200
        while not any(line.startswith("LPUSH igw:pf_jira.commands") for line in seen):
            seen.append(str(monitor.next_command()["command"]))

    assert "PSUBSCRIBE igw:result:*" in seen


def test_an_answer_that_cannot_be_stored_is_told_as_such(office):
    desk = office()
    desk.work(lambda _: {"no": object()})

    given = desk.ask()

    assert (given.status, given.json["error"]) == (502, "command_failed")
    assert "cannot store the answer" in given.json["message"]


def test_fifty_callers_share_one_connection_to_redis_and_each_gets_the_own_answer(office):
    desk = office(command_callers=50)
    desk.work(lambda arguments: arguments["record"])
    before = subscribers()

    with ThreadPoolExecutor(50) as pool:
        records = [str(number) for number in range(1, 51)]
        answers = list(pool.map(lambda record: desk.ask({"record": record}), records))

    assert [one.status for one in answers] == [200] * 50
    assert [one.json["result"] for one in answers] == records
    assert len(subscribers() - before) == 1, "one connection subscribes for all"


def test_who_waits_too_long_is_told_where_the_answer_will_be(office, asking):
    desk = office(command_seconds=1)
    late = threading.Event()
    desk.work(lambda _: late.wait(20) and {"late": True})

    given, seconds = timed(desk.ask)

    assert given.status == 504
    assert 0.85 < seconds <= 1.05
    assert given.json["error"] == "timeout"
    request_id = given.json["request_id"]
    assert given.json["result_url"].endswith(f"/commands/results/{request_id}")
    running = desk.result(request_id)
    assert (running.status, running.json["state"]) == (202, "running")

    late.set()
    found = wait_until(lambda: (one := desk.result(request_id)).status == 200 and one)
    assert found.json == {"request_id": request_id, "result": {"late": True}}


def test_a_command_that_no_worker_took_in_time_is_never_run(office, asking):
    desk = office(command_seconds=0.5)

    given = desk.ask()
    request_id = given.json["request_id"]
    time.sleep(0.1)
    assert desk.result(request_id).json["error"] == "expired"

    desk.work(lambda _: pytest.fail("it was run although nobody waits"))
    wait_until(lambda: stored()[0].state is CommandState.EXPIRED)
    gone = desk.result(request_id)
    assert (gone.status, gone.json["error"]) == (504, "expired")
    assert "was not run" in gone.json["message"]
