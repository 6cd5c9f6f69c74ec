"""Logs: a line per event, with the id of the work that it belongs to."""

from __future__ import annotations

import json
import logging
import threading

import pytest
from seq import Seq

from core.log_stream import KEY
from core.logs import (
    NOISY,
    bind_request_id,
    configure_logging,
    current_request_id,
    new_request_id,
    request_id_bound,
)
from core.settings import get_settings
from tests.conftest import wait_until

log = logging.getLogger("tests.logs")


@pytest.fixture
def configured(capfd, settings_env):
    """Configure the log; keyword arguments are settings. Gives the lines written since."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in NOISY}

    def configure(**settings):
        for name, value in settings.items():
            settings_env.setenv(f"IGW_{name.upper()}", str(value))
        get_settings.cache_clear()
        configure_logging("worker", get_settings())
        return lines

    def lines():
        for handler in root.handlers:
            handler.flush()
        return capfd.readouterr().err.splitlines()

    yield configure
    for handler in set(root.handlers) - set(before[0]):
        handler.close()
    root.handlers[:], level = before
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def test_a_json_line_has_event_fields_process_and_request_id(configured):
    lines = configured()

    with request_id_bound("r-1"):
        log.info("issue_synced", extra={"issue": "HR-7", "attempt": 2})

    [line] = map(json.loads, lines())
    assert line["event"] == "issue_synced"
    assert (line["issue"], line["attempt"]) == ("HR-7", 2)
    assert (line["process"], line["level"], line["name"]) == ("worker", "INFO", "tests.logs")
    assert line["request_id"] == "r-1"
    assert line["at"]


def test_an_exception_stays_on_its_line(configured):
    lines = configured()

    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        log.exception("it_failed")

    [line] = map(json.loads, lines())
    assert "RuntimeError: first\nsecond" in line["exc_info"]


def test_a_line_for_people_has_the_event_and_its_fields(configured):
    lines = configured(log_format="text")

    with request_id_bound("r-2"):
        log.warning("work_postponed", extra={"seconds": 4})

    [line] = lines()
    assert line.endswith("WARNING work_postponed seconds=4 request_id=r-2")


def test_what_a_stranger_sent_cannot_forge_a_line_or_steer_a_terminal(configured):
    lines = configured(log_format="text")

    log.warning("request_refused", extra={"path": "/x\n12:00:00 INFO all_is_well\x1b[2J"})

    [line] = lines()
    assert "\x1b" not in line
    assert r"path=/x\n12:00:00 INFO all_is_well\x1b[2J" in line


def test_what_is_below_the_level_is_not_written(configured):
    lines = configured(log_level="WARNING")

    log.info("quiet")

    assert lines() == []


def test_libraries_that_talk_a_lot_are_heard_from_warnings_on(configured):
    lines = configured(log_level="DEBUG")

    for name in NOISY:
        logging.getLogger(name).info("chatter")

    assert lines() == []


def test_a_request_id_ends_with_its_block_and_the_outer_one_comes_back():
    with request_id_bound("outer"):
        with request_id_bound("inner"):
            assert current_request_id() == "inner"
        assert current_request_id() == "outer"
    assert current_request_id() == ""


def test_each_thread_has_its_own_request_id():
    seen = []
    bind_request_id("mine")
    try:
        thread = threading.Thread(target=lambda: seen.append(current_request_id()))
        thread.start()
        thread.join()
    finally:
        bind_request_id("")

    assert seen == [""]


def test_two_pieces_of_work_never_share_an_id():
    assert len({new_request_id() for _ in range(1000)}) == 1000


PLANTED = {
    "a secret of the settings": "peopleforce-key-of-the-settings",
    "a password within an address": "database-password",
    "an e-mail": "olena.bondar@acme.example",
    "a name": "Olena Bondar",
    "a title": "Laptop for Olena",
    "a token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "a bearer": "abcdef0123456789bearer",
}


@pytest.fixture
def seq():
    stand_in = Seq()
    stand_in.up()
    yield stand_in
    stand_in.down()


def test_what_was_planted_comes_out_of_no_handler(configured, redis_client, seq):
    lines = configured(
        log_format="json",
        seq_url=seq.url,
        peopleforce_api_key=PLANTED["a secret of the settings"],
        jira_base_url="https://acme.example",
        jira_email="bot@acme.example",
        jira_api_token="jira-token-of-the-settings",
        jira_webhook_secrets="webhook-secret-of-the-settings",
        redis_url=get_settings().resolved_redis_url,
        broker_url=f"redis://:{PLANTED['a password within an address']}@127.0.0.1:1/0",
    )

    for value in PLANTED.values():
        if " " not in value:  # Names are known by their field, not by how they look.
            log.warning("got %s", value if "." in value else f"token={value}")
            log.warning("got", extra={"note": f"Authorization: Bearer {value}"})
        for name in ("title", "full_name", "payload", "api_key"):
            log.warning("got", extra={name: value, "nested": {name: [value]}})
    try:
        raise ValueError(f"{PLANTED['an e-mail']} and {PLANTED['a secret of the settings']}")
    except ValueError:
        log.exception("failed")

    log.warning("the last one")

    written: list[str] = []

    def file() -> str:
        written.extend(lines())
        return "\n".join(written)

    def live() -> str:
        return "\n".join(fields["line"] for _, fields in redis_client.xrange(KEY))

    for way in (file, live, lambda: json.dumps(seq.events)):
        wait_until(lambda: "the last one" in way(), every=0.02, what="the last line")  # noqa: B023
        text = way()
        assert text.count('"got"') > 20
        assert {what for what, value in PLANTED.items() if value in text} == set()
