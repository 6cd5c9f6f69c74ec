"""The server of the stand-ins, seen from a client's side of the socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask, request

from sandbox.common.server import running, serve


@pytest.fixture
def app():
    app = Flask("tried")

    @app.route("/echo", methods=["POST", "HEAD"])
    def echo():
        return {"length": len(request.get_data()), "port": request.environ["REMOTE_PORT"]}

    @app.post("/unread")
    def unread():
        return {"port": request.environ["REMOTE_PORT"]}

    @app.get("/broken")
    def broken():
        app.config["PROPAGATE_EXCEPTIONS"] = True
        raise RuntimeError("on purpose")

    return app


def test_one_connection_carries_many_calls(app):
    with running(app) as url, requests.Session() as session:
        ports = {session.post(f"{url}/echo", data=b"x" * n).json()["port"] for n in (0, 5, 70_000)}

    assert len(ports) == 1


def test_a_body_that_nobody_reads_does_not_spoil_the_next_call(app):
    with running(app) as url, requests.Session() as session:
        first = session.post(f"{url}/unread", data=b"GET /broken HTTP/1.1\r\n\r\n")
        second = session.post(f"{url}/echo", data=b"12345")

    assert first.json()["port"] == second.json()["port"]
    assert second.json()["length"] == 5


def test_a_body_sent_in_chunks_is_read_whole(app):
    with running(app) as url:
        answer = requests.post(f"{url}/echo", data=iter([b"abc", b"defg"]), timeout=5)

    assert answer.json()["length"] == 7


def test_an_answer_to_head_has_no_body_and_leaves_the_connection_usable(app):
    with running(app) as url, requests.Session() as session:
        head = session.head(f"{url}/echo")
        after = session.post(f"{url}/echo", data=b"1")

    assert (head.status_code, head.content) == (200, b"")
    assert after.json()["length"] == 1


def test_an_exception_of_the_application_is_a_500(app, capsys):
    with running(app) as url:
        answer = requests.get(f"{url}/broken", timeout=5)

    assert answer.status_code == 500
    assert "on purpose" in capsys.readouterr().err


def test_a_malformed_length_is_refused(app):
    with (
        running(app) as url,
        socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as raw,
    ):
        raw.sendall(b"POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: many\r\n\r\n")

        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_stopped_server_no_longer_answers_on_open_connections(app):
    with requests.Session() as session:
        with running(app) as url:
            session.post(f"{url}/echo", data=b"1").raise_for_status()

        with pytest.raises(requests.ConnectionError):
            session.post(f"{url}/echo", data=b"1")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "example.com", ""])  # noqa: S104
def test_a_host_that_is_not_loopback_is_refused(app, host):
    with pytest.raises(ValueError, match="not a loopback address"):
        serve(app, host, 0)


SERVED = """
import time
from flask import Flask
from sandbox.common.server import serve
app = Flask("served")
@app.get("/slow")
def slow():
    print("busy", flush=True)
    time.sleep(0.4)
    return "finished"
print("ready", flush=True)
serve(app, "127.0.0.1", {port})
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_answer_under_way_finish(number):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-c", SERVED.format(port=port)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        raw = _connected(port)
        with raw:
            raw.sendall(b"GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert process.stdout.readline() == "busy\n"

            os.kill(process.pid, number)

            answer = b"".join(iter(lambda: raw.recv(4096), b""))
        assert answer.endswith(b"finished")
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(timeout=5) == 0


def _connected(port: int) -> socket.socket:
    """Connect as soon as the server listens."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the server never listened"
