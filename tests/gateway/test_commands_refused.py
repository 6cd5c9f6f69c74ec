"""Commands that fail, questions that are refused, and who may ask."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from core import commands, credentials
from core.answering import CommandRefusedError, answer
from core.clock import now
from core.commands import Failure
from core.database import writing
from core.errors import VendorUnavailableError
from core.models import Command, Role
from gateway.access import api_key_required
from tests.gateway.commanding import LOOK_UP, RECORD, stored


def _refuse(_: object) -> None:
    raise CommandRefusedError("There is no such task. Ask for another.")


def _vendor_down(_: object) -> None:
    raise VendorUnavailableError("jira", "get_issue", 503)


def _broken(_: object) -> None:
    raise ZeroDivisionError("the title of a task")


@pytest.mark.parametrize(
    ("work", "status", "code", "words"),
    [
        (_refuse, 422, "refused", "There is no such task. Ask for another."),
        (_vendor_down, 502, "vendor_failed", "jira did not get issue (status 503)"),
        (_broken, 502, "command_failed", "its log has it"),
    ],
)
def test_a_command_that_fails_is_answered_in_words(office, work, status, code, words):
    desk = office()
    desk.work(work)

    given = desk.ask()

    assert (given.status, given.json["error"]) == (status, code)
    assert words in given.json["message"]
    assert "title of a task" not in given.json["message"]
    assert desk.result(given.json["request_id"]).json == given.json


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "record is missing"),
        ([], "must be a JSON object"),
        ("x", "must be a JSON object"),
        ({"record": 7}, "record must be a text"),
        ({"record": "not a key"}, "record must be of the form 7309041 (a task) or HR-42"),
        ({"record": "HR-1\u0000"}, "record must be a text"),
        ({"record": "HR-1", "colour": "red"}, "'colour' is no argument of look_up"),
    ],
)
def test_arguments_that_do_not_fit_are_named_and_nothing_is_stored(office, body, problem):
    desk = office()

    given = desk.ask(body)

    assert (given.status, given.json["error"]) == (400, "bad_arguments")
    assert problem in given.json["message"]
    assert stored() == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 50_000, b'{"record": 1e999}'])
def test_a_body_that_is_no_json_object_is_refused(office, body):
    desk = office()
    given = desk._call("POST", LOOK_UP, None, body)
    assert given.status == 400


def test_a_body_that_is_too_large_is_refused(office):
    desk = office()
    given = desk.ask({"record": "x" * 70_000})
    assert (given.status, given.json["error"]) == (413, "request_entity_too_large")
    inside = desk.ask({"record": "x" * 60_000})
    assert inside.status == 400


def test_a_command_that_nobody_declares_is_not_found(office):
    desk = office()
    given = desk.ask(path="/commands/pf_jira/drop_all")
    assert (given.status, given.json["error"]) == (404, "unknown_command")
    assert "pf_jira/look_up" in given.json["message"]
    assert desk.caller.get(LOOK_UP).status == 405


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer igw_", f"Bearer igw_{'A' * 43}", "Basic aWd3Og==", "igw_x"],
)
def test_without_a_good_key_nobody_asks_not_even_from_this_machine(office, authorization):
    desk = office()
    headers = [] if authorization is None else [("Authorization", authorization)]

    given = desk.caller.send("POST", LOOK_UP, headers, json.dumps(RECORD).encode())

    assert (given.status, given.json["error"]) == (401, "unauthorized")
    assert given.headers["WWW-Authenticate"].startswith("Bearer")
    assert stored() == []
    assert desk.caller.get("/commands/results/x").status == 401


def test_a_revoked_key_opens_nothing_from_the_next_call_on(office):
    desk = office()
    desk.work(lambda _: "yes")
    assert desk.ask().status == 200

    with writing() as session:
        credentials.revoke(session, "a test", "pytest")

    assert desk.ask().status == 401


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.OPERATOR, 204), (Role.ADMIN, 204)]
)
def test_a_key_opens_what_its_role_may_do(office, role, status):
    office()
    app = Flask(__name__)
    app.add_url_rule("/pause", view_func=api_key_required(Role.OPERATOR)(lambda: ("", 204)))
    with writing() as session:
        key = credentials.create(session, "another", role, "pytest")

    given = app.test_client().get("/pause", headers={"Authorization": f"Bearer {key}"})

    assert given.status_code == status
    if status == 403:
        assert "igw keys create NAME --role operator" in given.get_json()["message"]


def test_an_answer_is_for_who_asked_alone(office):
    desk = office()
    desk.work(lambda _: "secret")
    request_id = desk.ask().json["request_id"]
    with writing() as session:
        other = credentials.create(session, "another", Role.ADMIN, "pytest")

    assert desk.result(request_id).json["result"] == "secret"
    assert desk.result(request_id, other).status == 404
    assert desk.result("0" * 32).status == 404


def test_an_answer_of_ten_minutes_ago_is_gone_also_before_it_is_cleared_out(office):
    desk = office()
    desk.work(lambda _: "old")
    request_id = desk.ask().json["request_id"]

    for seconds, status in ((590, 200), (610, 404)):
        with writing() as session:
            session.execute(update(Command).values(finished_at=now() - timedelta(seconds=seconds)))
        assert desk.result(request_id).status == status


def test_a_call_is_one_line_of_the_log_without_question_and_answer(office, caplog):
    desk = office()
    desk.work(lambda _: {"name": "Zoriana Klymenko"})
    caplog.set_level(logging.DEBUG)

    desk.ask()
    desk.ask({"record": "no record"})

    calls = [line for line in caplog.records if line.getMessage() == "command_call"]
    told = [(line.command, line.status, line.caller, line.error) for line in calls]
    assert told == [
        ("pf_jira.look_up", 200, "a test", None),
        ("pf_jira.look_up", 400, "a test", "bad_arguments"),
    ]
    assert all(line.duration_ms >= 0 for line in calls)
    everything = " ".join(str(vars(line)) for line in caplog.records)
    for secret in ("7309041", "no record", "Zoriana", desk.key):
        assert secret not in everything


def test_a_flood_of_bad_keys_is_logged_in_a_few_lines(office, caplog):
    desk = office()
    caplog.set_level(logging.WARNING)

    for _ in range(60):
        assert desk.ask(key="igw_" + "x" * 43).status == 401

    assert len([line for line in caplog.records if line.getMessage() == "login_refused"]) <= 10


def test_the_first_answer_stays(office):
    desk = office()
    desk.work(lambda _: "first")
    request_id = desk.ask().json["request_id"]

    answer(request_id, lambda _: pytest.fail("a message that came twice is not run again"))

    with writing() as session:
        assert not commands.finish(session, request_id, Failure(None, "second"))  # ty: ignore
    assert desk.result(request_id).json["result"] == "first"
