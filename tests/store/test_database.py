"""Sessions that make the right thing the easy thing."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from core.clock import now
from core.database import (
    NestedTransactionError,
    answer_promptly,
    get_engine,
    reading,
    transaction_open,
    writing,
)
from core.models import DomainSetting, Link
from tests.store.conftest import at_once, row

THREADS, ROUNDS = 4, 15


def counter(session):
    return session.get(DomainSetting, ("test", "counter"), with_for_update=True)


counters = select(func.count()).where(DomainSetting.domain == "test")


def test_writers_that_read_first_wait_for_each_other_and_lose_nothing(database):
    with writing() as session:
        session.add(DomainSetting(domain="test", key="counter", value=0))

    def count(_number):
        for _ in range(ROUNDS):
            with writing() as session:
                setting = counter(session)
                setting.value = setting.value + 1

    at_once(count, THREADS)

    with reading() as session:
        assert counter(session).value == THREADS * ROUNDS


def test_readers_are_not_held_up_by_a_writer(database):
    with writing() as session:
        session.add(DomainSetting(domain="test", key="counter", value=1))
        session.flush()

        def look(_number):
            with reading() as other:
                return other.scalar(counters)

        # The change is not committed, so others neither see it nor wait for it.
        assert at_once(look, 2) == [0, 0]


def test_an_error_rolls_everything_back(database):
    def fail_half_way():
        with writing() as session:
            session.add(DomainSetting(domain="test", key="counter", value=1))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()

    with reading() as session:
        assert session.scalar(counters) == 0


@pytest.mark.parametrize("outer", [reading, writing])
@pytest.mark.parametrize("inner", [reading, writing])
def test_a_transaction_inside_another_is_refused_with_the_remedy(database, outer, inner):
    with (
        outer(),
        pytest.raises(NestedTransactionError, match="pass its session on"),
        inner(),
    ):
        pass

    assert not transaction_open()
    with writing() as session:
        session.execute(text("SELECT 1"))


def test_whether_a_transaction_is_open_is_known_to_its_own_thread_alone(database):
    assert not transaction_open()
    with writing():
        assert transaction_open()
        assert at_once(lambda _: transaction_open(), 2) == [False, False]
    assert not transaction_open()


def test_what_was_read_can_be_used_after_the_session_is_closed(links):
    assert row(Link, links[0]).snapshot["title"] == "Task 11"
    assert row(Link, links[0]).created_at <= now()


def test_a_forked_child_gets_an_engine_of_its_own(database):
    mine = get_engine()
    read_end, write_end = os.pipe()

    child = os.fork()
    if child == 0:
        os.write(write_end, b"other" if get_engine() is not mine else b"same")
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(read_end, 10) == b"other"
    assert get_engine() is mine


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("busy_timeout", 30_000),
        ("foreign_keys", 1),
        ("auto_vacuum", 2),
    ],
)
def test_sqlite_is_set_up_as_the_promises_need_it(database, pragma, value):
    with reading() as session:
        assert session.scalar(text(f"PRAGMA {pragma}")) == value


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_gateway_waits_five_seconds_for_other_writers(database):
    answer_promptly()

    with reading() as session:
        assert session.scalar(text("PRAGMA busy_timeout")) == 5_000


def test_what_an_error_says_holds_no_data_of_people(database):
    with pytest.raises(SQLAlchemyError) as caught, writing() as session:
        session.execute(text("SELECT no_such_column WHERE :title = 1"), {"title": "Fire Jane"})

    assert "no_such_column" in str(caught.value)
    assert "Jane" not in str(caught.value)
