"""Shipping to a Seq that is down, slow, full or fussy, over real HTTP."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest
from seq import Seq

from core import log_seq
from core.log_clef import ClefFormatter
from core.log_lines import Line, LineFormatter
from core.log_redaction import Redact
from core.log_seq import SeqSink
from core.log_spool import Spool
from tests.conftest import wait_until


@pytest.fixture
def seq() -> Iterator[Seq]:
    one = Seq()
    yield one
    one.gate.set()
    one.down()


@pytest.fixture
def ship(seq, tmp_path, monkeypatch):
    """Make sinks to this Seq; small waits, so that an outage of minutes takes a moment."""
    monkeypatch.setattr(log_seq, "GATHER_SECONDS", 0.01)
    monkeypatch.setattr(log_seq, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(log_seq, "LONGEST_PAUSE", 0.05)
    made = []

    def make(buffer_bytes: int = 10_000_000) -> SeqSink:
        spool = Spool(tmp_path / "spool", 1_000_000)
        made.append(SeqSink(seq.url, "the-key", ClefFormatter(), spool, buffer_bytes))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


def line(number: int, message: str = "polled", **extra: object) -> Line:
    record = logging.LogRecord("tests", logging.WARNING, __file__, 1, message, None, None)
    vars(record).update({"request_id": "0af7651916cd43dd8448eb211c80319c", "number": number})
    vars(record).update(extra)
    return LineFormatter("worker", Redact()).line(record)


def test_a_line_arrives_as_an_event(seq, ship):
    seq.up()
    ship().write([line(7, exc_text="Traceback: it", **{"@odd": 1})])

    [event] = wait_until(lambda: seq.events, every=0.01)
    path, headers, _ = seq.requests[0]
    assert path == "/seq/ingest/clef"
    assert headers["X-Seq-ApiKey"] == "the-key"
    assert headers["Content-Type"] == "application/vnd.serilog.clef"
    assert event["@t"].startswith("20")
    assert (event["@l"], event["@mt"], event["@x"]) == ("WARNING", "polled", "Traceback: it")
    assert event["@tr"] == event["request_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert (event["number"], event["process"], event["@@odd"]) == (7, "worker", 1)
    assert "@r" not in event


def test_a_message_with_braces_is_no_template(seq, ship):
    seq.up()
    ship().write([line(1, "set {a:000}")])

    [event] = wait_until(lambda: seq.events, every=0.01)
    assert event["@m"] == "set {a:000}"
    assert "@mt" not in event


def test_nothing_is_lost_while_seq_is_down_and_all_of_it_is_caught_up_in_order(seq, ship):
    sink = ship()
    notes = []
    for number in range(1200):
        notes += sink.write([line(number)])
        time.sleep(0.0002)

    seq.up()
    wait_until(lambda: len(seq.events) == 1200, every=0.01)
    assert seq.numbers == list(range(1200))
    assert [event for event, _ in notes] == ["seq_takes_no_events"]
    wait_until(lambda: [one for one, _ in sink.write([])] == ["seq_takes_events_again"])


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 408, 429, 500, 502, 503])
def test_what_may_pass_is_waited_for(seq, ship, status):
    seq.up()
    seq.status = status
    seq.headers = {"Location": f"http://127.0.0.1:{seq.port}/elsewhere", "Retry-After": "0"}
    ship().write([line(1)])
    wait_until(lambda: len(seq.requests) > 2, every=0.01)
    assert not seq.events

    seq.status = 201

    wait_until(lambda: seq.numbers == [1], every=0.01)
    assert {path for path, _, _ in seq.requests} == {"/seq/ingest/clef"}, "a redirect was followed"


def test_an_event_that_seq_refuses_keeps_no_other_from_it(seq, ship):
    seq.up()
    seq.poison = "poison"
    sink = ship()
    sink.write([line(n, "poison" if n in (13, 77) else "fine") for n in range(100)])

    wait_until(lambda: len(seq.events) == 98, every=0.01)
    assert seq.numbers == [n for n in range(100) if n not in (13, 77)]
    notes = wait_until(lambda: sink.write([]))
    assert notes == [("seq_events_left_out", {"events": 2})]


def test_a_batch_that_is_too_large_for_seq_is_sent_in_parts(seq, ship):
    seq.up()
    seq.most_bytes = 2000
    ship().write([line(n) for n in range(100)] + [line(100, text="x" * 1999)])

    wait_until(lambda: len(seq.events) == 100, every=0.01)
    assert seq.numbers == list(range(100))


def test_a_slow_seq_keeps_nobody_waiting_and_is_given_up_on(seq, ship, monkeypatch):
    monkeypatch.setattr(log_seq, "CONNECT_AND_READ_SECONDS", 0.1)
    seq.up()
    seq.gate.clear()
    sink = ship()
    sink.write([line(1)])
    wait_until(lambda: len(seq.requests) > 1, every=0.01, what="the first attempt to be given up")

    longest = 0.0
    for number in range(100):
        began = time.monotonic()
        sink.write([line(number)])
        longest = max(longest, time.monotonic() - began)

    # Not how fast it is, but that it does not wait for Seq, which does not answer at all.
    assert longest < log_seq.CONNECT_AND_READ_SECONDS


def test_the_oldest_make_room_and_are_counted(seq, ship):
    sink = ship(buffer_bytes=10_000)
    sink.write([line(n) for n in range(1000)])
    seq.up()

    wait_until(lambda: 999 in seq.numbers, every=0.01)
    assert seq.numbers == list(range(1000 - len(seq.events), 1000))
    notes = dict(wait_until(lambda: sink.write([])))
    assert notes["seq_events_left_out"] == {"events": 1000 - len(seq.events)}


def test_what_an_ending_process_could_not_ship_is_shipped_by_the_next(seq, ship, tmp_path):
    ending = ship()
    ending.write([line(n) for n in range(10)])
    ending.close()
    assert len(list((tmp_path / "spool").iterdir())) == 1

    seq.up()
    ship().write([line(10)])

    wait_until(lambda: len(seq.events) == 11, every=0.01)
    assert sorted(seq.numbers) == list(range(11))
    wait_until(lambda: not list((tmp_path / "spool").iterdir()), every=0.01)


def test_an_orderly_end_ships_what_there_is(seq, ship, monkeypatch):
    monkeypatch.setattr(log_seq, "GATHER_SECONDS", 30)
    seq.up()
    sink = ship()
    sink.write([line(n) for n in range(1200)])

    sink.close()

    assert seq.numbers == list(range(1200))


def test_a_spool_is_read_by_one_at_a_time_and_kept_until_it_was_shipped(tmp_path):
    spool = Spool(tmp_path, 1000)
    spool.leave([b"one", b"two"])

    def fail_in_the_middle() -> None:
        with spool.found() as mine, spool.found() as others:
            assert (mine, others) == ([b"one", b"two"], [])
            raise OSError("down")

    with pytest.raises(OSError, match="down"):
        fail_in_the_middle()
    with spool.found() as again:
        assert again == [b"one", b"two"]
    with spool.found() as nothing:
        assert nothing == []


def test_a_spool_has_room_for_so_much_and_keeps_the_newest(tmp_path):
    spool = Spool(tmp_path, 10)

    assert spool.leave([b"old", b"1234", b"5678"]) == 2
    assert spool.leave([b"more"]) == 0
    with spool.found() as kept:
        assert kept == [b"1234", b"5678"]
