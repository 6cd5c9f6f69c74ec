"""Refusals in the log: some lines a minute for each cause, then their number."""

from __future__ import annotations

import logging

import pytest

from gateway import refusal_log
from gateway.refusal_log import LINES, RefusalLog
from tests.store.conftest import at_once


@pytest.fixture
def minute(monkeypatch):
    """What is to be done at the end of the minute."""
    waiting = []
    monkeypatch.setattr(
        refusal_log, "_after", lambda seconds, work: waiting.append((seconds, work))
    )
    return waiting


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_cause_has_some_lines_and_then_one_with_the_number_of_the_others(minute, told, caplog):
    notes = RefusalLog()

    at_once(lambda _: [notes.note("request_refused", "bad_signature") for _ in range(50)], 8)
    assert told() == ["request_refused"] * LINES

    [(seconds, end)] = minute
    end()
    assert seconds == refusal_log.SECONDS
    assert told()[LINES:] == ["more_refused"]
    last = vars(caplog.records[-1])
    assert (last["of"], last["cause"]) == ("request_refused", "bad_signature")
    assert last["unlogged"] == 400 - LINES


def test_the_next_minute_has_its_own_lines(minute, told):
    notes = RefusalLog()
    for _ in range(LINES + 1):
        notes.note("request_refused", "bad_signature")
    minute.pop()[1]()

    notes.note("request_refused", "bad_signature")

    assert told()[-1] == "request_refused"


def test_a_flood_of_one_cause_hides_no_other(minute, told):
    notes = RefusalLog()
    for _ in range(LINES * 2):
        notes.note("request_refused", "bad_signature")

    notes.note("login_refused", "login_refused")

    assert told()[-1] == "login_refused"


def test_few_refusals_need_no_number(minute, told):
    notes = RefusalLog()
    notes.note("request_refused", "bad_signature")

    minute.pop()[1]()

    assert told() == ["request_refused"]
