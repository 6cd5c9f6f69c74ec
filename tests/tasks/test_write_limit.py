"""A record that two automations write in turn is left alone, and people hear of it."""

from __future__ import annotations

import pytest

from core.alerts import latest
from core.database import reading, writing
from core.domain_settings import set_setting
from core.models import LinkState
from core.replay import replay_link

LIMIT = 5


@pytest.fixture
def strict(world):
    with writing() as session:
        set_setting(session, "pf_jira", "writes_per_record", LIMIT, "a test")
    return world


def edit_and_work(world, task_id: str, number: int) -> None:
    world.edit(task_id, title=f"Edit {number}")
    world.poll_and_work()


def test_a_record_that_is_edited_without_end_is_left_alone_and_the_others_are_not(strict):
    looping, other = strict.has_synced_tasks(2)
    for number in range(LIMIT + 3):
        edit_and_work(strict, looping, number)
    edit_and_work(strict, other, 0)

    assert strict.issue(looping)["summary"] == f"Edit {LIMIT - 2}", "its create was a write, too"
    assert strict.issue(other)["summary"] == "Edit 0"
    assert strict.link(looping).state is LinkState.DEAD
    assert f"igw replay {looping}" in strict.letters()[looping]
    with reading() as session:
        assert "write_loop:pf_jira" in {alert.cause for alert in latest(session)}


def test_two_automations_that_answer_each_other_are_stopped(strict):
    [task_id] = strict.has_synced_tasks(1)
    strict.listen()
    for _ in range(LIMIT):
        # One automation finishes the issue, another reopens the task, and so on.
        strict.move_issue(task_id, "Done")
        strict.webhooks_arrive()
        strict.later(60)
        if strict.task(task_id)["completed"]:
            strict.reopen(task_id)
        strict.poll_and_work()

    assert strict.link(task_id).state is LinkState.DEAD
    assert "answering each other" in strict.letters()[task_id]


def test_a_replay_after_the_loop_was_ended_goes_on(strict):
    [task_id] = strict.has_synced_tasks(1)
    for number in range(LIMIT + 1):
        edit_and_work(strict, task_id, number)

    link = strict.link(task_id)
    with writing() as session:
        replay_link(session, "pf_jira", link)
    strict.resume()

    assert strict.issue(task_id)["summary"] == f"Edit {LIMIT}"
    assert strict.letters() == {}
