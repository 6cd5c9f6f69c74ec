"""The live log through real gunicorn: streams, their number, their end, and the page."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import psutil
import pytest
import redis

from gateway import deadline_worker
from gateway.live import response
from tests.conftest import wait_until
from tests.gateway.browsing import Browser
from tests.gateway.conftest import Caller, Gunicorn
from tests.gateway.test_pages import Page

STREAMS = 4


class Stream:
    """An open event stream, read as a browser reads it."""

    def __init__(self, gateway: Caller, browser: Browser, query: str = "", last_id: str = ""):
        jar = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        headers = {"Cookie": jar, "Accept": "text/event-stream"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self.connection = HTTPConnection("127.0.0.1", gateway.port, timeout=30)
        self.connection.request("GET", f"/log/stream?{query}", headers=headers)
        self.answer: HTTPResponse = self.connection.getresponse()

    def frames(self) -> Iterator[dict[str, str]]:
        frame: dict[str, str] = {}
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if not line.strip():
                if frame:
                    yield frame
                frame = {}
            elif name:
                frame[name] = value

    def until(self, wanted: Callable[[dict], bool]) -> dict[str, str]:
        """Read on to the first line that is wanted, and give its frame."""
        for frame in self.frames():
            if "data" in frame and wanted(json.loads(frame["data"])):
                return frame
        pytest.fail("the stream ended")

    def close(self) -> None:
        if self.connection.sock is not None:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory, redis_server) -> Iterator[Gunicorn]:
    gateway = Gunicorn(tmp_path_factory.mktemp("live"), redis_server)
    gateway.env |= {"IGW_DEV_LOGIN": "true", "IGW_EVENT_STREAMS": str(STREAMS)}
    gateway.env |= {"IGW_GATEWAY_THREADS": "2", "IGW_COMMAND_CALLERS": "1"}
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def viewer(gateway) -> Browser:
    browser = Browser(gateway)
    browser.log_in("viewer")
    return browser


@pytest.fixture
def listen(gateway, viewer):
    with ExitStack() as stack:
        yield lambda *args, **kwargs: stack.enter_context(
            closing(Stream(gateway, viewer, *args, **kwargs))
        )


def say(gateway: Gunicorn, word: str) -> None:
    """Have a warning written with this word: gunicorn names a method that it cannot read."""
    with socket.create_connection(("127.0.0.1", gateway.port), 20) as connection:
        connection.sendall(f"said-{word} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.recv(100)


def said(word: str) -> Callable[[dict], bool]:
    return lambda line: f"said-{word}" in line["event"]


def test_a_line_reaches_the_page_and_who_was_away_gets_what_was_missed(gateway, listen):
    stream = listen()
    say(gateway, "one")
    seen = stream.until(said("one"))
    stream.close()
    say(gateway, "two")
    say(gateway, "three")

    again = listen(last_id=seen["id"])

    first = next(frame for frame in again.frames() if "data" in frame)
    assert said("two")(json.loads(first["data"]))
    again.until(said("three"))


@pytest.fixture
def gathering_proxy(gateway) -> Iterator[Caller]:
    """A proxy that passes on nothing before it has two kilobytes of an answer, as some do."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as opened:

        def carry() -> None:
            browser = opened.enter_context(server.accept()[0])
            behind = opened.enter_context(socket.create_connection(("127.0.0.1", gateway.port)))
            opened.callback(behind.shutdown, socket.SHUT_RDWR)  # Ends this thread.
            behind.sendall(browser.recv(65536))
            gathered = b""
            while len(gathered) < 2048 and (part := behind.recv(65536)):
                gathered += part
            browser.sendall(gathered)
            with suppress(OSError):  # One of the two hung up.
                while part := behind.recv(65536):
                    browser.sendall(part)

        threading.Thread(target=carry, daemon=True).start()
        yield Caller(server.getsockname()[1])


def test_a_page_behind_a_proxy_that_gathers_is_live_at_once(gateway, viewer, gathering_proxy):
    with closing(Stream(gathering_proxy, viewer, "text=said-through")) as stream:
        assert stream.answer.status == 200
        say(gateway, "through")
        stream.until(said("through"))


def test_a_filter_holds_for_what_was_and_for_what_comes(gateway, listen):
    say(gateway, "before")
    gateway.deliver(identifier="filtered")

    stream = listen("level=WARNING&text=SAID-&process=gateway")
    stream.until(said("before"))
    gateway.deliver(identifier="filtered-too")
    say(gateway, "after")

    for frame in stream.frames():
        if "data" in frame:
            line = json.loads(frame["data"])
            assert line["level"] == "WARNING"
            if said("after")(line):
                break


def test_the_trace_of_a_request_is_found_by_its_id(gateway, viewer):
    request_id = gateway.deliver(identifier="traced").headers["X-Request-Id"]

    told = wait_until(lambda: viewer.get(f"/log/trace/{request_id}").json["lines"], every=0.01)

    assert [json.loads(line)["event"] for line in told] == ["webhook_received"]


def places_taken(redis_server: str) -> int:
    with closing(redis.Redis.from_url(redis_server)) as client:
        taken: Any = client.zcard("igw:waiting:streams")
    return taken


def test_one_too_many_is_told_to_come_back_and_nobody_else_is_kept_waiting(
    gateway, listen, redis_server
):
    # The pages of the tests before were closed a moment ago.
    wait_until(lambda: places_taken(redis_server) == 0, what="all places to come free")
    open_streams = [listen() for _ in range(STREAMS)]

    refused = listen()

    assert [one.answer.status for one in open_streams] == [200] * STREAMS
    assert refused.answer.status == 503
    assert int(refused.answer.headers["Retry-After"]) > 0
    assert "tries again" in json.loads(refused.answer.read())["message"]
    assert gateway.deliver(identifier="beside the streams").status == 202


def test_a_page_that_was_closed_gives_its_place_back_although_nothing_is_written(
    listen, redis_server
):
    wait_until(lambda: places_taken(redis_server) == 0, what="the other pages to be gone")
    stream = listen("text=nothing-has-this")
    assert stream.answer.status == 200
    assert places_taken(redis_server) == 1

    stream.close()

    # Sooner than its next heartbeat would find that nobody is there.
    patience = response.HEARTBEAT_SECONDS / 2
    wait_until(lambda: places_taken(redis_server) == 0, patience, what="the place to come free")


def test_a_stream_ends_when_its_person_logs_out(gateway, viewer, listen):
    stream = listen("text=nothing-has-this")

    viewer.get("/log")
    assert viewer.post("/logout").status in (302, 303)

    assert not [frame for frame in stream.frames() if "data" in frame]
    answer = listen().answer
    assert answer.status != 200 or not answer.headers["Content-Type"].startswith("text/event")


def test_a_stream_outlives_the_time_that_a_request_may_take_to_arrive(gateway, listen):
    # The sender is silent for all this time, as a browser is.
    stream = listen("text=said-late")
    time.sleep(deadline_worker.SILENCE_SECONDS + 1)

    say(gateway, "late")

    stream.until(said("late"))


@pytest.mark.parametrize("query", ["level=nonsense", "request_id=%00", "text=" + "x" * 3000])
def test_a_filter_that_makes_no_sense_breaks_nothing(gateway, listen, query):
    assert listen(query, last_id="x\ufffd".encode().decode("latin-1")).answer.status == 200


def test_the_page_keeps_the_filter_of_its_address_and_writes_it_as_text(viewer):
    answer = viewer.get("/log?text=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&level=ERROR")

    page = Page(answer.body.decode())
    assert ("script", {}) not in page.elements
    assert '"><script>alert(1)</script>' in page.of("value")
    ids = page.of("id")
    assert len(ids) == len(set(ids))


def test_who_is_not_logged_in_gets_neither_page_nor_stream_nor_trace(gateway):
    for path in ("/log", "/log/stream", "/log/trace/0af7651916cd43dd8448eb211c80319c"):
        answer = gateway.get(path)
        assert answer.status in (302, 303, 401), path
        assert b"request_refused" not in answer.body


def test_open_streams_do_not_hold_up_the_end_of_the_gateway(own_gunicorn, redis_server):
    own_gunicorn.stop()
    own_gunicorn.env["IGW_DEV_LOGIN"] = "true"
    own_gunicorn.start()
    viewer = Browser(own_gunicorn)
    viewer.log_in("viewer")
    streams = [Stream(own_gunicorn, viewer, "text=nothing-has-this") for _ in range(3)]
    assert [one.answer.status for one in streams] == [200] * 3
    workers = own_gunicorn.processes()[1:]

    own_gunicorn._process.terminate()

    for one in streams:
        assert not [frame for frame in one.frames() if "data" in frame]
    # gunicorn would wait 30 s for them and then kill; they ended by themselves, so it need not.
    gone, _ = psutil.wait_procs(workers, timeout=20)
    assert len(gone) == len(workers)
    wait_until(lambda: places_taken(redis_server) == 0, what="all places to come free")
