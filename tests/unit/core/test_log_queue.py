"""Nobody waits for the log: not when it is stuck, not when it is full, not after a fork."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from core import log_queue
from core.log_lines import LineFormatter
from core.log_queue import BackgroundHandler, _pieces
from core.log_redaction import Redact
from core.settings import ROOT
from tests.conftest import wait_until


class Sink:
    """Keeps what is written; stuck while `gate` is shut."""

    def __init__(self) -> None:
        self.lines: list = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.closed = False
        self.error: Exception | None = None

    def write(self, lines):
        self.entered.set()
        self.gate.wait(30)
        if self.error:
            raise self.error
        self.lines += lines
        return ()

    def forked(self) -> None:
        self.lines = []

    def close(self) -> None:
        self.closed = True

    @property
    def events(self) -> list[str]:
        return [line.fields["event"] for line in self.lines]


@pytest.fixture
def sinks() -> list[Sink]:
    return [Sink(), Sink()]


@pytest.fixture
def handler(sinks):
    one = BackgroundHandler(LineFormatter("test", Redact()), sinks, capacity=10)
    yield one
    sinks[0].gate.set()
    one.close()


@pytest.fixture
def log(handler) -> Iterator[logging.Logger]:
    one = logging.getLogger("tests.queue")
    one.setLevel(logging.INFO)
    one.addHandler(handler)
    yield one
    one.removeHandler(handler)


def test_a_line_goes_to_all_sinks(log, handler, sinks):
    log.info("one")
    handler.flush()

    assert [sink.events for sink in sinks] == [["one"], ["one"]]


def test_nobody_waits_for_a_log_that_is_stuck_and_what_was_left_out_is_counted(log, handler, sinks):
    sinks[0].gate.clear()
    log.info("first")
    assert sinks[0].entered.wait(20), "the thread to be stuck"

    for number in range(25):
        log.info("line %d", number)
    sinks[0].gate.set()
    wait_until(lambda: len(sinks[1].events) == 12)

    [told] = [one.fields for one in sinks[1].lines if one.fields["event"] == "log_lines_left_out"]
    rest = [event for event in sinks[1].events if event != told["event"]]
    assert rest == ["first", *(f"line {number}" for number in range(10))]
    assert (told["lines"], told["level"]) == (15, "WARNING")


def test_a_sink_that_fails_keeps_no_line_from_the_others(log, handler, sinks):
    sinks[0].error = OSError("no space left")

    log.info("one")
    handler.flush()

    assert sinks[1].events == ["one", "log_not_written"]
    assert sinks[1].lines[1].fields["error"] == "OSError"


def test_everything_is_written_when_the_process_ends_in_order(log, handler, sinks):
    for number in range(10):
        log.info("line %d", number)
    handler.close()

    assert len(sinks[0].events) == 10
    assert sinks[0].closed


def test_a_process_whose_log_is_stuck_ends_all_the_same(log, handler, sinks, monkeypatch):
    monkeypatch.setattr(log_queue, "CLOSE_SECONDS", 0.05)
    sinks[0].gate.clear()
    log.info("one")
    assert sinks[0].entered.wait(20)

    ending = threading.Thread(target=handler.close, daemon=True)
    ending.start()
    ending.join(10)

    assert not ending.is_alive()


def test_two_forks_at_once_leave_the_log_going(log, handler, sinks, monkeypatch):
    monkeypatch.setattr(log_queue, "LONGEST_HOLD_SECONDS", 0.01)

    handler.hold()
    handler.hold()
    handler.go_on()
    handler.go_on()
    log.info("one")
    handler.flush()

    assert sinks[0].events == ["one"]


def test_what_is_logged_after_that_is_written_at_once(log, handler, sinks):
    handler.close()

    log.info("late")

    assert sinks[0].events == ["late"]


def test_a_fork_waits_until_the_thread_is_in_the_middle_of_nothing(log, handler, sinks):
    sinks[0].gate.clear()
    log.info("one")
    assert sinks[0].entered.wait(20), "the thread to be stuck"
    forking = threading.Thread(target=handler.hold)
    forking.start()
    forking.join(0.05)
    assert forking.is_alive()

    sinks[0].gate.set()
    forking.join()

    log.info("two")
    assert sinks[0].events == ["one"]
    handler.go_on()
    handler.flush()
    assert sinks[0].events == ["one", "two"]


FORK = """
import logging, os, sys, threading, time
from core.logs import configure_logging, finish_logging, new_request_id
from core.settings import get_settings
configure_logging("forking", get_settings())
log = logging.getLogger("tests")
for number in range(50):
    log.info("parent", extra={"number": number})
children = []
for child in range(4):
    pid = os.fork()
    if pid == 0:
        for number in range(50):
            log.info("child", extra={"child": child, "number": number})
        finish_logging()
        os._exit(0)
    children.append(pid)
    log.info("forked")
for pid in children:
    os.waitpid(pid, 0)
"""


def test_after_a_fork_each_process_writes_its_own_lines_once(redis_client, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FORK],
        cwd=ROOT,
        env={**os.environ, "IGW_SEQ_URL": "http://127.0.0.1:9"},
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    lines = [line for line in lines if line["name"] == "tests"]
    seen = [(line["event"], line.get("child"), line.get("number")) for line in lines]
    expected: list[tuple[object, ...]] = [
        ("child", child, number) for child in range(4) for number in range(50)
    ]
    expected += [("parent", None, number) for number in range(50)] + [("forked", None, None)] * 4
    assert sorted(seen, key=str) == sorted(expected, key=str)
    assert len({line["pid"] for line in lines}) == 5
    assert redis_client.xlen("igw:log") >= len(lines)
    spooled = list((tmp_path / "data" / "logs" / "seq").glob("*.clef"))
    assert sum(len(file.read_bytes().splitlines()) for file in spooled) >= len(lines)


def test_lines_are_torn_by_nobody_who_shares_the_pipe():
    pieces = list(_pieces([f"{'x' * length}\n" for length in (100, 4000, 200, 9000, 5)]))

    assert b"".join(pieces).count(b"\n") == 5
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert [len(piece) for piece in pieces] == [101, 4001, 201, 9001, 6]
