"""Senders of webhooks, in processes of their own: as fast as the answers come, and cheap."""

from __future__ import annotations

import hashlib
import hmac
import json
import multiprocessing
import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from uuid import uuid4

from bench.gateway import SECRET


def event(size: int, issue_id: str = "10001") -> bytes:
    """Give an event as Jira sends it, of about so many bytes."""
    body = {
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": issue_id, "key": "HR-7", "fields": {"summary": "Prepare a laptop"}},
        "changelog": {"items": [{"field": "status", "fromString": "To Do", "toString": "Done"}]},
    }
    missing = max(0, size - len(json.dumps(body)) - 20)
    body["issue"]["fields"]["description"] = ("Prepare a laptop. " * (missing // 18 + 1))[:missing]
    return json.dumps(body).encode()


@dataclass(frozen=True)
class Sent:
    """What came of a load: how long each answer took, by when the last came, and the statuses."""

    seconds: Sequence[float]
    lasted: float
    statuses: frozenset[int]

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return len(self.seconds) / self.lasted

    def percentile(self, share: float) -> float:
        """Give the milliseconds within which this share of the answers came."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(frozen=True)
class Order:
    """What to send: for some seconds, or until so many were answered."""

    port: int
    connections: int
    seconds: float = 3600
    most: int = 10**9
    secret: str = SECRET
    size: int = 1_000
    issues: tuple[str, ...] = ("10001",)
    """Ids of the issues that the events are about, in turn."""


class Load:
    """Senders who each keep one connection, in one process, from now on until `result`."""

    def __init__(self, order: Order) -> None:
        """Connect, and begin to send."""
        context = multiprocessing.get_context("spawn")
        self._answers, child = context.Pipe(duplex=False)
        self._process = context.Process(target=_send_all, args=(child, order), daemon=True)
        self._process.start()
        self._answers.recv()

    def result(self) -> Sent:
        """Wait for the end."""
        sent = self._answers.recv()
        self._process.join()
        return sent


def _send_all(pipe: Connection, order: Order) -> None:
    requests = _requests(order)
    selector = selectors.DefaultSelector()
    senders = [_Sender(order.port) for _ in range(order.connections)]
    for sender in senders:
        selector.register(sender.socket, selectors.EVENT_READ, sender)
    pipe.send("connected")
    began = time.perf_counter()
    took: list[float] = []
    statuses: set[int] = set()
    waiting = len(senders)
    for sender in senders:
        sender.ask(next(requests))
    while waiting:
        for key, _ in selector.select():
            status = key.data.read()
            if status is None:
                continue
            moment = time.perf_counter()
            statuses.add(status)
            took.append(moment - key.data.asked)
            waiting -= 1
            if moment - began < order.seconds and len(took) + waiting < order.most:
                key.data.ask(next(requests))
                waiting += 1
    pipe.send(Sent(took, time.perf_counter() - began, frozenset(statuses)))


class _Sender:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.asked = 0.0
        self._answer = b""

    def ask(self, request: bytes) -> None:
        self._answer = b""
        self.asked = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> int | None:
        """Read what has come; give the status once it is the whole answer."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionResetError
        self._answer += part
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end:
            return None
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if length is None or len(body) < int(length[1]):
            return None
        return int(head[9:12])


def _requests(order: Order) -> Iterator[bytes]:
    secret = order.secret.encode()
    bodies = [event(order.size, issue) for issue in order.issues]
    digests = [hmac.new(secret, body, hashlib.sha256).hexdigest().encode() for body in bodies]
    run = uuid4().hex
    for number in count():
        body, digest = bodies[number % len(bodies)], digests[number % len(bodies)]
        yield (
            b"POST /webhooks/jira HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
            b"X-Hub-Signature: sha256=%b\r\nX-Atlassian-Webhook-Identifier: %b-%d\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (digest, run.encode(), number, len(body), body)
        )
