"""Issues that were deleted in Jira while no webhook told of it."""

from __future__ import annotations

import pytest

from core.alerts import latest
from core.database import reading
from core.models import LinkState
from tasks.pf_jira import alarms, lost_deletions
from tasks.pf_jira.lost_deletions import too_many

FETCH = "POST /rest/api/3/issue/bulkfetch"
READ = "GET /rest/api/3/issue/<id_or_key>"


def test_a_deletion_whose_webhook_was_lost_is_found_at_night(world):
    deleted, kept = world.has_synced_tasks(2)
    world.delete_issue(deleted)
    world.sweep()
    assert world.link(deleted).state is LinkState.SYNCED, "no search shows what is gone"

    world.find_deleted()
    world.work()

    assert world.link(deleted).state is LinkState.ISSUE_DELETED
    assert world.story(deleted)[:2] == ["created", "issue_deleted"]
    assert "Jira no longer shows HR-" in world.summaries(deleted)
    assert world.link(kept).state is LinkState.SYNCED
    assert not world.task(deleted)["completed"]


def test_it_is_made_anew_where_the_rule_says_so(world):
    [task_id] = world.has_synced_tasks(1)
    world.change_rule(recreate_deleted=True)
    old = world.issue(task_id)["key"]
    world.delete_issue(task_id)

    world.find_deleted()
    world.work()

    assert world.issue(task_id)["key"] != old
    assert world.link(task_id).state is LinkState.SYNCED


def test_nothing_deleted_is_one_call_for_a_hundred_issues(world):
    ids = world.has_synced_tasks(102)
    world.complete(ids[0])
    world.complete(ids[1])
    world.poll_and_work()
    world.forget_calls()
    before = world.everything_written()

    world.find_deleted()

    assert world.jira.calls() == {FETCH: 1}
    assert world.everything_written() == before


def test_many_issues_are_asked_for_in_several_short_tasks(world, monkeypatch):
    monkeypatch.setattr(lost_deletions, "AT_ONCE", 2)
    ids = world.has_synced_tasks(5)
    for task_id in ids:
        if task_id != ids[0]:
            world.delete_issue(task_id)

    world.find_deleted()
    for _ in ids:
        world.pass_time(lost_deletions.PAUSE_SECONDS)
        world.work()

    states = [world.link(task_id).state for task_id in ids]
    assert states == [LinkState.SYNCED, *[LinkState.ISSUE_DELETED] * 4]


def test_issues_out_of_sight_all_at_once_are_left_to_people(world):
    ids = world.has_synced_tasks(25)
    for task_id in ids:
        world.delete_issue(task_id)

    world.find_deleted()
    world.work()

    assert {world.link(task_id).state for task_id in ids} == {LinkState.SYNCED}
    with reading() as session:
        assert [alert.cause for alert in latest(session)] == [alarms.OUT_OF_SIGHT]


def test_while_jira_is_down_nothing_is_taken_for_deleted(world):
    [task_id] = world.has_synced_tasks(1)
    world.jira.control("POST", "faults", {"kind": "status", "status": 503, "times": 9})

    world.find_deleted()

    assert world.link(task_id).state is LinkState.SYNCED
    assert world.link(task_id).claimed_by is None


@pytest.mark.parametrize(
    ("missing", "asked", "verdict"),
    [(20, 20, False), (21, 21, True), (100, 1000, False), (101, 1000, True), (0, 0, False)],
)
def test_a_few_may_be_deleted_by_hand(missing, asked, verdict):
    assert too_many(missing, asked) is verdict
