"""Commands in the database: asked, begun once, answered once, and gone after ten minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from core import commands
from core.clock import now
from core.commands import KEEP, LONGEST_RUN, Failure, Question
from core.database import reading, writing
from core.models import Command, CommandFailure, CommandState
from core.schedule import turn_key
from tasks.ops import forgetting
from tasks.ops.forgetting import forget_commands
from tests.store.conftest import ago, at_once


def asked(request_id: str = "r-1", seconds: float = 25) -> str:
    deadline = now() + timedelta(seconds=seconds)
    question = Question(request_id, "pf_jira", "look_up", {"record": "7"}, "a test", deadline)
    with writing() as session:
        commands.ask(session, question)
    return request_id


def begun(request_id: str):
    with writing() as session:
        return commands.begin(session, request_id)


def finished(request_id: str, outcome: object) -> bool:
    with writing() as session:
        return commands.finish(session, request_id, outcome)


def found(request_id: str) -> Command | None:
    with reading() as session:
        return commands.find(session, request_id)


def change(request_id: str, **values: object) -> None:
    with writing() as session:
        where = Command.request_id == request_id
        session.execute(update(Command).where(where).values(**values))


def left() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Command.request_id).order_by(Command.id)))


def test_a_command_is_asked_begun_and_answered(database):
    request_id = asked()

    assert begun(request_id) == {"record": "7"}
    assert finished(request_id, {"key": "HR-7", "names": ["Зоряна", None]})

    row = found(request_id)
    assert row is not None
    assert row.state is CommandState.DONE
    assert row.reply == {"key": "HR-7", "names": ["Зоряна", None]}
    moments = [row.created_at, row.started_at, row.finished_at]
    assert None not in moments
    assert moments == sorted(filter(None, moments))


def test_a_failure_is_kept_in_words(database):
    request_id = asked()
    begun(request_id)

    finished(request_id, Failure(CommandFailure.VENDOR, "Jira is down."))

    row = found(request_id)
    assert row is not None
    assert (row.state, row.failure, row.error, row.reply) == (
        CommandState.FAILED,
        CommandFailure.VENDOR,
        "Jira is down.",
        None,
    )


def test_what_is_answered_is_not_begun_again_and_keeps_its_first_answer(database):
    request_id = asked()
    begun(request_id)
    finished(request_id, "first")

    assert begun(request_id) is None
    assert not finished(request_id, "second")

    row = found(request_id)
    assert row is not None
    assert row.reply == "first"


def test_a_run_that_was_cut_off_begins_again(database):
    request_id = asked()
    assert begun(request_id) == begun(request_id) == {"record": "7"}


def test_a_command_whose_caller_has_gone_expires_and_is_not_begun(database):
    request_id = asked(seconds=-0.01)

    assert begun(request_id) is None

    row = found(request_id)
    assert row is not None
    assert (row.state, row.started_at) == (CommandState.EXPIRED, None)


def test_a_command_that_was_taken_back_is_not_there(database):
    request_id = asked()
    with writing() as session:
        commands.withdraw(session, request_id)

    assert found(request_id) is None
    assert begun(request_id) is None
    assert not finished(request_id, "answer")


def test_of_many_answers_at_once_one_stays(database):
    request_id = asked()
    begun(request_id)

    outcomes = at_once(lambda number: finished(request_id, number), 8)

    assert outcomes.count(True) == 1
    row = found(request_id)
    assert row is not None
    assert row.reply == outcomes.index(True)


NOON = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "started", "moment", "expected"),
    [
        (CommandState.WAITING, None, NOON - SECOND, CommandState.WAITING),
        (CommandState.WAITING, None, NOON, CommandState.EXPIRED),
        (CommandState.RUNNING, NOON - SECOND, NOON + SECOND, CommandState.RUNNING),
        (CommandState.RUNNING, NOON - SECOND, NOON + LONGEST_RUN, CommandState.EXPIRED),
        (CommandState.DONE, NOON - SECOND, NOON + LONGEST_RUN, CommandState.DONE),
    ],
)
def test_what_nobody_works_on_any_more_counts_as_expired(state, started, moment, expected):
    done = NOON if state is CommandState.DONE else None
    row = Command(state=state, deadline_at=NOON, started_at=started, finished_at=done)

    assert commands.standing(row, moment) is expected


@pytest.mark.parametrize(("age", "there"), [(KEEP - SECOND, True), (KEEP + SECOND, False)])
def test_an_answer_can_be_read_for_ten_minutes(database, age, there):
    answered, lost = asked("answered"), asked("lost")
    begun(answered)
    finished(answered, "answer")
    change(answered, finished_at=now() - age)
    change(lost, deadline_at=now() - age)

    assert (found(answered) is not None) == there
    assert (found(lost) is not None) == there


def test_what_can_no_longer_be_read_is_removed(database, redis_client, monkeypatch):
    monkeypatch.setattr(forgetting, "CHUNK", 3)
    for number in range(8):
        asked(f"old-{number}")
        change(f"old-{number}", created_at=ago(minutes=11), finished_at=ago(minutes=10.5))
    asked("lost")
    change("lost", created_at=ago(minutes=30), deadline_at=ago(minutes=29))
    asked("readable")
    change("readable", created_at=ago(minutes=10.5), finished_at=ago(minutes=9.5))
    asked("young")

    redis_client.delete(turn_key("ops.forget_commands"))
    forget_commands.apply(throw=True)

    assert left() == ["readable", "young"]
