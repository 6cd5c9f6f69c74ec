"""Event streams: topics, those who listen, places, and what goes over the wire."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from flask import Flask

from core.bulkhead import Bulkhead
from gateway import live
from gateway.live import hub, response
from tests.conftest import wait_until


class Source:
    """A topic whose events the test decides."""

    def __init__(self, **options) -> None:
        self.topic = live.Topic("test", self._produce, **options)
        self.runs = 0
        self.ended = 0
        self._events: SimpleQueue = SimpleQueue()

    def send(self, *events) -> None:
        for event in events:
            self._events.put(event)

    def _produce(self, stop: threading.Event) -> Iterator[live.Event]:
        self.runs += 1
        while not stop.wait(0.005):
            while not self._events.empty():
                event = self._events.get()
                if isinstance(event, Exception):
                    raise event
                yield event
        self.ended += 1


class Reader:
    """A browser that reads an answer frame by frame."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.headers = answer.headers
        self._parts = answer.iter_encoded()

    def read(self) -> str:
        return next(self._parts).decode()

    def rest(self) -> list[str]:
        return [part.decode() for part in self._parts]

    def close(self) -> None:
        self.answer.close()


@pytest.fixture
def app(redis_client, monkeypatch) -> Flask:
    monkeypatch.setattr(response, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(response, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(hub, "_FIRST_PAUSE", 0.01)
    one = Flask(__name__)
    live.init_app(one, 2)
    return one


@pytest.fixture
def connect(app):
    """Open streams; all are closed in the end."""
    opened = []

    def start(topic, last_id="", allowed=lambda: True, **options) -> Reader:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with app.test_request_context("/", headers=headers):
            reader = Reader(live.stream(topic, still_allowed=allowed, **options))
        opened.append(reader)
        return reader

    yield start
    for reader in opened:
        reader.close()


def test_an_event_reaches_everybody_who_listens(connect):
    source = Source()
    readers = [connect(source.topic), connect(source.topic)]
    for reader in readers:
        reader.read()

    source.send(live.Event("one\r\ntwo", id="7", name="line"))

    for reader in readers:
        assert reader.read() == "id: 7\nevent: line\ndata: one\ndata: two\n\n"
    assert source.runs == 1


def test_an_answer_is_made_for_proxies_that_gather_and_caches_that_keep(connect):
    reader = connect(Source().topic)

    assert reader.headers["Content-Type"].startswith("text/event-stream")
    assert reader.headers["X-Accel-Buffering"] == "no"
    assert "no-store" in reader.headers["Cache-Control"]
    prologue = reader.read()
    assert len(prologue) > 2048
    assert prologue.startswith(": ")
    assert "\nretry: 2000\n\n" in prologue


def test_data_cannot_end_its_own_event(connect):
    source = Source()
    reader = connect(source.topic)
    reader.read()

    source.send(live.Event("a\n\nevent: forged\r\rid: 9"))

    lines = reader.read().split("\n")
    assert lines == ["data: a", "data: ", "data: event: forged", "data: ", "data: id: 9", "", ""]


def test_a_silent_stream_shows_that_it_lives(connect, monkeypatch):
    monkeypatch.setattr(response, "HEARTBEAT_SECONDS", 0.0)
    reader = connect(Source().topic)
    reader.read()

    assert reader.read() == ": still here\n\n"


def test_who_joins_a_state_gets_it_unless_it_is_known(connect):
    source = Source()
    first = connect(source.topic)
    first.read()
    source.send(live.Event("well", id="w"))
    first.read()

    assert "data: well" in connect(source.topic).read()
    first.close()
    source.send(live.Event("well", id="w"))


def test_a_state_that_the_browser_has_is_not_sent_again(connect):
    source = Source()
    first = connect(source.topic)
    first.read()
    source.send(live.Event("well", id="w"))
    first.read()

    assert "data" not in connect(source.topic, last_id="w").read()


def test_a_filter_is_each_readers_own(connect):
    source = Source()
    errors = connect(source.topic, accepts=lambda event: event.content == "error")
    everything = connect(source.topic)
    errors.read()
    everything.read()

    source.send(live.Event("fine", content="info"), live.Event("bad", content="error"))

    assert errors.read() == "data: bad\n\n"
    assert everything.read().startswith("data: fine\n\n")


def test_what_was_missed_comes_first_and_nothing_comes_twice(connect):
    past = [live.Event(f"e{n}", id=str(n), position=n) for n in range(1, 6)]

    def recall(last_id, accepts):
        return live.Recalled([e for e in past if e.position > int(last_id or 0)], 5)

    source = Source(recall=recall)
    source.send(*past[3:], live.Event("e6", id="6", position=6))
    reader = connect(source.topic, last_id="3")

    assert "id: 4\ndata: e4\n\nid: 5\ndata: e5\n\n" in reader.read()
    assert reader.read() == "id: 6\ndata: e6\n\n"


def test_one_too_many_is_told_when_to_come_back(connect):
    source = Source()
    first, _ = connect(source.topic), connect(source.topic)

    refused = connect(source.topic)

    assert refused.status == 503
    assert refused.headers["Retry-After"] == "15"
    assert "tries again" in refused.answer.get_json()["message"]
    first.close()
    assert connect(source.topic).status == 200


def test_places_are_counted_over_all_processes(connect, redis_client):
    other = Bulkhead("streams", 2)
    other.take("one", time.monotonic() + 60)
    other.take("two", time.monotonic() + 60)

    assert connect(Source().topic).status == 503


def test_a_stream_keeps_its_place_for_as_long_as_it_is_open(connect, monkeypatch, redis_client):
    monkeypatch.setattr(response, "HEARTBEAT_SECONDS", 0.0)
    monkeypatch.setattr(response, "LEASE_SECONDS", 0.5)
    reader = connect(Source().topic)
    for _ in range(50):
        reader.read()
        time.sleep(0.02)

    assert redis_client.zcard("igw:waiting:streams") == 1


def test_a_stream_whose_place_is_anothers_now_ends(connect, monkeypatch, redis_client):
    monkeypatch.setattr(response, "HEARTBEAT_SECONDS", 0.0)
    reader = connect(Source().topic)
    reader.read()
    redis_client.flushall()
    other = Bulkhead("streams", 2)
    other.take("one", time.monotonic() + 60)
    other.take("two", time.monotonic() + 60)

    assert reader.rest() == []


def test_a_stream_ends_with_the_session(connect):
    session = {"valid": True}
    reader = connect(Source().topic, allowed=lambda: session["valid"])
    reader.read()

    session["valid"] = False

    assert reader.rest() == []


def test_a_stream_whose_session_cannot_be_checked_ends(connect):
    def broken() -> bool:
        raise RuntimeError("the database is away")

    reader = connect(Source().topic, allowed=broken)
    reader.read()

    assert reader.rest() == []


def test_streams_end_when_the_process_stops(app, connect):
    readers = [connect(Source().topic), connect(Source().topic)]
    for reader in readers:
        reader.read()

    live.close_all(app)

    assert [reader.rest() for reader in readers] == [[], []]


def test_who_reads_too_slowly_is_sent_away(connect):
    source = Source()
    slow, quick = connect(source.topic), connect(source.topic)
    slow.read()
    quick.read()

    for number in range(hub.ROOM + 1):
        source.send(live.Event(str(number)))
        if number % 200 == 0:
            quick.read()
    wait_until(source._events.empty, what="all to be sent")
    source.send(live.Event("last"))

    assert slow.rest() == []
    assert wait_until(lambda: "data: last\n" in quick.read(), what="the other goes on")


def test_the_thread_of_a_topic_ends_with_its_last_reader(connect):
    source = Source()
    readers = [connect(source.topic), connect(source.topic)]

    readers[0].close()
    assert source.ended == 0
    readers[1].close()

    wait_until(lambda: source.ended == 1, what="the thread to end")


def test_a_reader_who_never_began_to_read_gives_its_place_back(connect, redis_client):
    connect(Source().topic).close()

    assert redis_client.zcard("igw:waiting:streams") == 0


def test_a_topic_that_failed_goes_on(connect):
    source = Source()
    reader = connect(source.topic)
    reader.read()

    source.send(RuntimeError("once"), live.Event("after"))

    assert reader.read() == "data: after\n\n"
    assert source.runs == 2


def test_a_state_is_sent_when_it_is_not_what_it_was(connect):
    texts = iter(["a", "a", "b", *["b"] * 10_000])
    topic = live.Topic("state", live.whenever_changed(lambda: next(texts), every=0.005))
    reader = connect(topic)

    read = reader.read()
    while "data: b" not in read:
        read += reader.read()

    assert read.count("data: a") == 1
