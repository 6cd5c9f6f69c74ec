"""Webhooks while all else is taken: the places of callers, the live pages, and no broker."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest
import redis

from tests.conftest import RedisServer, wait_until
from tests.gateway.browsing import Browser
from tests.gateway.conftest import Answer, Gunicorn

CALLERS, STREAMS = 32, 64
"""What the settings say where nobody has changed them."""

WEBHOOKS, SENDERS = 60, 8


class Crowd:
    """All who wait for something at one gateway."""

    def __init__(self, gateway: Gunicorn, pool: ThreadPoolExecutor, held: ExitStack) -> None:
        self._gateway = gateway
        key = json.loads(gateway.igw("keys", "create", "crowd", "--json"))["key"]
        self._headers = [("Authorization", f"Bearer {key}"), ("Content-Type", "application/json")]
        browser = Browser(gateway)
        browser.log_in("viewer")
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        self.streams = [self._open(held, cookies) for _ in range(STREAMS)]
        self.callers = [pool.submit(self.ask) for _ in range(CALLERS)]

    def _open(self, held: ExitStack, cookies: str) -> int:
        connection = HTTPConnection("127.0.0.1", self._gateway.port, timeout=30)
        held.enter_context(closing(connection))
        connection.request("GET", "/log/stream?level=ERROR", headers={"Cookie": cookies})
        return connection.getresponse().status

    def ask(self) -> Answer:
        body = json.dumps({"record": "7309041"}).encode()
        return self._gateway.send("POST", "/commands/pf_jira/look_up", self._headers, body)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CALLERS + SENDERS) as pool:
        yield pool


@pytest.fixture(params=["a broker of its own", "one Redis for all"])
def gateway(request, tmp_path, own_redis, redis_client, redis_server) -> Iterator[Gunicorn]:
    """A gateway whose broker is `own_redis`."""
    shared = request.param == "one Redis for all"
    gateway = Gunicorn(
        tmp_path,
        own_redis.url if shared else redis_server,
        broker_url=own_redis.url,
        gateway_workers=2,
        dev_login="true",
        command_seconds=15,
    )
    gateway.start()
    yield gateway
    gateway.stop()


def queued(server: RedisServer) -> int:
    with closing(redis.Redis.from_url(server.url)) as client:
        return client.llen("igw:pf_jira.commands")


@pytest.mark.parametrize("trouble", [signal.SIGKILL, signal.SIGSTOP], ids=["dead", "hanging"])
def test_webhooks_are_taken_while_all_places_are_full_and_the_broker_is_away(
    gateway, own_redis, pool, trouble
):
    with ExitStack() as held:
        crowd = Crowd(gateway, pool, held)
        assert set(crowd.streams) == {200}
        wait_until(lambda: queued(own_redis) == CALLERS, what="all callers to wait")
        # Answers leave Redis after each round; asked once more, it has told all that they are in.
        queued(own_redis)
        own_redis.process.send_signal(trouble)

        one_more = pool.submit(crowd.ask)
        names = [f"delivery-{number}" for number in range(WEBHOOKS)]
        taken = list(pool.map(lambda name: gateway.deliver(identifier=name), names))

        assert [answer.status for answer in taken] == [202] * WEBHOOKS
        assert one_more.result().status == 503
        assert not any(caller.done() for caller in crowd.callers), "nobody gave up meanwhile"
        assert {name for (name,) in gateway.rows("external_id")} == set(names)
        # Nobody answers them, and in the end each is told so.
        assert {caller.result().status for caller in crowd.callers} == {504}
