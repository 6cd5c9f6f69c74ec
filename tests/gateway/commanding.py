"""Asking commands, and the hands of a worker that answers them."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from sqlalchemy import select

from core import commands
from core.answering import answer
from core.database import reading, writing
from core.models import Command
from core.redis_client import get_redis
from tests.conftest import wait_until
from tests.gateway.conftest import Answer, Caller

LOOK_UP = "/commands/pf_jira/look_up"
RECORD = {"record": "7309041"}


class Office:
    """The gateway, a key to it, and the hands of a worker."""

    def __init__(self, caller: Caller, key: str) -> None:
        self.caller, self.key = caller, key
        self._hands: list[threading.Thread] = []
        self._closing = threading.Event()

    def ask(self, body: Any = RECORD, path: str = LOOK_UP, key: str | None = None) -> Answer:
        return self._call("POST", path, key, json.dumps(body).encode())

    def result(self, request_id: str, key: str | None = None) -> Answer:
        return self._call("GET", f"/commands/results/{request_id}", key)

    def _call(self, method: str, path: str, key: str | None, body: bytes = b"") -> Answer:
        authorization = f"Bearer {self.key if key is None else key}"
        headers = [("Authorization", authorization), ("Content-Type", "application/json")]
        return self.caller.send(method, path, headers, body)

    def work(self, work: Callable[[Any], object]) -> None:
        """Answer every command from now on, each in a thread of its own."""
        self._start(lambda: self._answer_all(work))

    def _answer_all(self, work: Callable[[Any], object]) -> None:
        while not self._closing.is_set():
            request_id = self.take()
            if request_id is None:
                time.sleep(0.005)
            else:
                self._start(lambda one=request_id: answer(one, work))

    def take(self) -> str | None:
        """Take a message off the queue and give the id that it carries."""
        try:
            raw: Any = get_redis().rpop("igw:pf_jira.commands")
        except redis.RedisError:
            return None
        if raw is None:
            return None
        args, kwargs, _ = json.loads(base64.b64decode(json.loads(raw)["body"]))
        assert kwargs == {}
        [request_id] = args
        return request_id

    def awaited(self) -> str:
        """Wait for a message, and give the id that it carries."""
        return wait_until(self.take, every=0.005, what="a command in the queue")

    def _start(self, do: Callable[[], None]) -> None:
        thread = threading.Thread(target=do, daemon=True)
        self._hands.append(thread)
        thread.start()

    def close(self) -> None:
        self._closing.set()
        for thread in self._hands:
            thread.join(30)


def stored() -> list[Command]:
    with reading() as session:
        return list(session.scalars(select(Command)))


def settle(request_id: str, outcome: object) -> None:
    """Store an answer as a worker does whose signal is lost."""
    with writing() as session:
        assert commands.begin(session, request_id) is not None
        commands.finish(session, request_id, outcome)


def subscribers() -> set[str]:
    clients: Any = get_redis().client_list()
    return {one["id"] for one in clients if int(one["psub"])}


def timed(do: Callable[[], Answer]) -> tuple[Answer, float]:
    started = time.monotonic()
    return do(), time.monotonic() - started
