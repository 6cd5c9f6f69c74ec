"""A database that is locked, full or away: nothing is accepted, nobody waits for long."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from core import database as database_access
from core import liveness
from core.database import get_engine
from core.inbox_writer import STALLED_SECONDS
from tests.conftest import wait_until
from tests.gateway.conftest import EVENT
from tests.store.conftest import at_once

MORE_THAN_THERE_ARE_THREADS = 60
JIRA_WAITS = 20.0
ROOM = 65_536
"""Bytes that a file may have: less than the store, more than the log."""
LARGE = {**EVENT, "padding": "x" * 15_000}


@contextmanager
def locked(path: Any) -> Generator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")


def assert_told_to_come_again(answer: Any) -> None:
    assert answer.status == 503
    assert answer.json["error"] == "database_unavailable"
    assert int(answer.headers["Retry-After"]) >= 1


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.monotonic()
    return call(), time.monotonic() - began


def test_while_another_holds_the_lock_every_sender_is_told_in_time_to_come_again(gateway):
    with locked(gateway.database):
        answers = at_once(
            lambda number: timed(lambda: gateway.deliver(identifier=str(number))),
            MORE_THAN_THERE_ARE_THREADS,
        )
        assert gateway.get("/healthz").status == 200

    for answer, seconds in answers:
        assert_told_to_come_again(answer)
        assert seconds < JIRA_WAITS
    assert gateway.rows() == []
    told = [line for line in gateway.new_lines() if line["event"] == "database_unavailable"]
    assert 1 <= len(told) <= 10
    assert "database is locked" in {line["why"] for line in told}
    assert gateway.deliver(identifier="0").status == 202
    assert len(gateway.rows()) == 1


def test_a_lock_that_is_given_up_soon_costs_a_moment_and_no_answer(gateway, asking):
    with locked(gateway.database):
        waiting = [asking.submit(gateway.deliver, identifier=str(number)) for number in range(8)]
        time.sleep(2 * STALLED_SECONDS)

    assert {one.result().status for one in waiting} == {202}
    assert len(gateway.rows()) == 8


@contextmanager
def full_disk(gateway: Any) -> Generator[None]:
    """Let no file of the gateway's grow any further."""
    for process in gateway.processes():
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
    yield
    for process in gateway.processes():
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)


def test_on_a_full_disk_nothing_is_accepted_that_was_not_written(own_gunicorn):
    assert own_gunicorn.deliver(LARGE, identifier="before").status == 202
    with full_disk(own_gunicorn):
        answers = [own_gunicorn.deliver(LARGE, identifier=str(number)) for number in range(12)]
        refused = [answer for answer in answers if answer.status != 202]
        assert refused, "the disk was not full"
        for answer in refused:
            assert_told_to_come_again(answer)
        accepted = len(answers) - len(refused)
        assert len(own_gunicorn.rows()) == 1 + accepted
        assert own_gunicorn.get("/healthz").status == 200

    told = [line for line in own_gunicorn.new_lines() if line["event"] == "database_unavailable"]
    assert {line["why"] for line in told} <= {"disk I/O error", "database or disk is full"}
    assert not [line for line in own_gunicorn.new_lines() if line["level"] == "ERROR"]
    assert own_gunicorn.deliver(LARGE, identifier="after").status == 202
    assert len(own_gunicorn.rows()) == 2 + accepted


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgresql
def test_a_table_that_is_locked_on_postgresql_is_no_different(database, serve, monkeypatch):
    monkeypatch.setattr(database_access, "PROMPT_SECONDS", 1.0)
    gateway = serve()
    with get_engine().connect() as holder:
        holder.execute(text("LOCK TABLE deliveries IN EXCLUSIVE MODE"))
        assert_told_to_come_again(gateway.deliver())
        holder.rollback()

    assert gateway.deliver().status == 202


def test_a_command_is_told_the_same(office, monkeypatch):
    monkeypatch.setattr(database_access, "PROMPT_SECONDS", 0.5)
    desk = office()
    path = get_engine().url.database
    with locked(path):
        answer, _ = timed(desk.ask)

    assert_told_to_come_again(answer)


def test_people_hear_of_it_from_whoever_can_write_again(
    database, serve, settings_env, redis_client
):
    assert liveness.store_refused() is None
    settings_env.setenv("IGW_DATABASE_URL", "sqlite:////no/such/folder/gateway.db")
    serve().deliver()

    trouble = wait_until(liveness.store_refused, what="the note")
    assert "unable to open database file" in trouble.text
