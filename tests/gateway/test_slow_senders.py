"""Senders who keep their connection and say nothing do not keep the others out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gateway import deadline_worker
from tests.gateway.conftest import Gunicorn

MORE_THAN_THERE_ARE_THREADS = 44

POST = b"POST %b HTTP/1.1\r\nHost: x\r\n"
BEGUN = {
    "in the headers": POST % b"/webhooks/jira" + b"X-Hub-Sig",
    "in the body": POST % b"/webhooks/jira" + b"Content-Length: 500\r\n\r\n{",
    "in a chunk": POST % b"/webhooks/jira" + b"Transfer-Encoding: chunked\r\n\r\nff\r\n",
    "of a command": POST % b"/commands/pf_jira/look_up" + b"Content-Length: 99\r\n\r\n",
}


@pytest.fixture
def silent(gateway: Gunicorn, request) -> Iterator[list[socket.socket]]:
    """Connections that began a request and stopped."""
    with ExitStack() as stack:
        held = []
        for _ in range(MORE_THAN_THERE_ARE_THREADS):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port), 30))
            one.sendall(BEGUN[request.param])
            held.append(one)
        yield held


@pytest.mark.parametrize("silent", BEGUN, indirect=True)
def test_a_webhook_is_taken_although_silent_senders_hold_every_thread(gateway, silent):
    assert gateway.deliver().status == 202

    assert len(gateway.rows()) == 1
    assert not [line for line in gateway.new_lines() if line["level"] == "ERROR"]


@pytest.mark.parametrize("silent", ["in the body"], indirect=True)
def test_a_silent_sender_is_hung_up_on(gateway, silent):
    silent[0].settimeout(3 * deadline_worker.SILENCE_SECONDS)

    while silent[0].recv(4096):
        pass  # What it was told, if anything; then the connection ends.
