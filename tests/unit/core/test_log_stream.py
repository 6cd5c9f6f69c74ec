"""The newest lines of all processes in Redis, for the live view."""

from __future__ import annotations

import logging

import pytest

from core import log_stream
from core.log_lines import Line, LineFormatter
from core.log_redaction import Redact
from core.log_stream import StreamSink
from core.settings import get_settings


def line(number: int, request_id: str = "r-1") -> Line:
    record = logging.LogRecord("tests", logging.INFO, __file__, 1, "event", None, None)
    vars(record).update({"request_id": request_id, "number": number})
    return LineFormatter("worker", Redact()).line(record)


@pytest.fixture
def sink(redis_client) -> StreamSink:
    return StreamSink(get_settings().resolved_redis_url)


def numbers(entries) -> list[int]:
    return [entry.fields["number"] for entry in entries]


def test_lines_are_followed_from_where_one_was(sink):
    sink.write([line(1), line(2)])
    first, second = log_stream.follow("0-0", 1)

    sink.write([line(3)])

    assert numbers([first, second]) == [1, 2]
    assert numbers(log_stream.follow(second.id, 1)) == [3]


def test_the_newest_that_are_wanted_come_oldest_first(sink, monkeypatch):
    monkeypatch.setattr(log_stream, "_PAGE", 3)
    sink.write([line(number) for number in range(20)])

    even = log_stream.newest(lambda one: one.fields["number"] % 2 == 0, 4)

    assert numbers(even) == [12, 14, 16, 18]
    since = log_stream.newest(lambda _: True, 100, after=even[2].id)
    assert numbers(since) == [17, 18, 19]


def test_the_lines_of_a_request_are_found(sink):
    sink.write([line(1), line(2, "r-2"), line(3, "r-22"), line(4, "r-2")])

    assert numbers(log_stream.of_request("r-2", 100)) == [2, 4]


def test_the_stream_is_bounded(sink, redis_client, monkeypatch):
    monkeypatch.setattr(log_stream, "KEPT", 100)
    for _ in range(10):
        sink.write([line(number) for number in range(100)])

    # Redis removes whole nodes, of a hundred entries each by default.
    assert redis_client.xlen(log_stream.KEY) <= 200


def test_a_redis_that_is_away_stops_no_line(redis_client):
    away = StreamSink("redis://127.0.0.1:9/0")

    assert away.write([line(1)]) == ()
    assert away.write([line(2)]) == ()


def test_an_id_of_a_strangers_is_known_by_its_form():
    assert log_stream.is_id("1795273395917-12")
    for wrong in ("", "$", "1", "1-", "-1", "1-1 ", "9" * 40 + "-1"):
        assert not log_stream.is_id(wrong)
    assert log_stream.position("10-9") > log_stream.position("9-10")
