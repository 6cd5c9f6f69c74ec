"""What goes wrong with one record stays with that record, and what both sides agreed on is true."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from core import dead_letters
from core.database import reading, writing
from core.mapping.schema import TargetSchema
from core.models import Link, LinkState, RuleState
from core.rules import active_rules
from tasks.pf_jira import poll as polling
from tasks.pf_jira import wiring
from tasks.pf_jira.claims import claimed
from tasks.pf_jira.creating import create_issues
from tasks.pf_jira.planning import Create
from tasks.pf_jira.rule_watch import RuleWatch
from tests.tasks.world import TASK_LIST


def set_link(task_id: str, **values: object) -> None:
    with writing() as session:
        session.execute(update(Link).where(Link.source_id == task_id).values(**values))


def test_an_issue_made_for_a_reopened_task_is_open_to_both_sides(world):
    [task_id] = world.has_tasks(1)
    world.poll()
    world.complete(task_id)
    world.poll_and_work()
    assert world.link(task_id).state is LinkState.DROPPED
    world.reopen(task_id)
    world.poll_and_work()
    world.listen()

    world.move_issue(task_id, "Done")
    world.webhooks_arrive()

    assert world.task(task_id)["completed"]


def test_one_record_that_does_not_fit_does_not_hold_up_the_others(world):
    ids = world.has_tasks(3)
    world.poll()
    set_link(ids[1], snapshot={**world.link(ids[1]).snapshot, "description": {"not": "a text"}})

    world.work()

    assert sorted(issue["task_id"] for issue in world.issues()) == [ids[0], ids[2]]
    assert "Description (description)" in world.letters()[ids[1]]
    assert [world.link(i).state for i in (ids[0], ids[2])] == [LinkState.SYNCED] * 2


def test_the_completion_of_a_task_that_was_given_up_reaches_its_issue(world):
    [task_id] = world.has_synced_tasks(1)
    set_link(task_id, state=LinkState.DEAD)

    world.complete(task_id)
    world.poll_and_work()

    assert world.issue(task_id)["status"] == "Done"
    assert world.link(task_id).state is LinkState.SYNCED


@pytest.mark.parametrize("state", [LinkState.DEAD, LinkState.UNROUTED, LinkState.DROPPED])
def test_a_task_that_was_left_out_and_deleted_is_not_looked_for_for_ever(world, state):
    [task_id] = world.has_synced_tasks(1)
    set_link(task_id, state=state)
    link_id = world.link(task_id).id
    with writing() as session:
        dead_letters.bury(
            session,
            domain="pf_jira",
            unit="link",
            unit_id=link_id,
            record=task_id,
            reason="refused",
            attempts=1,
        )
    world.delete_task(task_id)
    for _ in range(polling.SCANS_BEFORE_VANISHED):
        world.poll_and_work()
    world.forget_calls()

    world.poll_and_work()

    assert world.link(task_id).state is LinkState.VANISHED
    assert world.peopleforce.calls() == {TASK_LIST: 1}
    assert world.letters() == {}


def test_a_poll_that_read_before_our_own_change_does_not_undo_it(world):
    """The change happens between the comparison and the writing, while other pages are read."""
    edited, completed = world.has_synced_tasks(2)
    world.listen()
    world.edit(edited, title="Another title")
    world.complete(completed)

    def jira_finishes_it():
        world.move_issue(edited, "Done")
        world.webhooks_arrive()

    # Of the two reads of the list in this poll, the second asks for completed tasks.
    world.peopleforce_wire.after(
        "GET",
        "*/tasks",
        lambda: world.peopleforce_wire.after("GET", "*/tasks", jira_finishes_it),
    )
    world.poll_and_work()
    world.poll_and_work()

    assert world.task(edited)["completed"]
    assert world.issue(edited)["status"] == "Done"
    assert "issue_reopened" not in world.story(edited)


def test_a_long_list_of_completed_tasks_is_read_in_parts(world, monkeypatch):
    monkeypatch.setattr(polling, "MAX_COMPLETED_PAGES", 1)
    [old] = world.has_synced_tasks(1)
    for task_id in world.has_tasks(60):
        world.complete(task_id)
    world.complete(old)

    for _ in range(2):
        world.poll_and_work()

    assert world.issue(old)["status"] == "Done"
    assert world.link(old).missing_scans == 0


def test_an_issue_whose_rule_is_disabled_is_still_finished_with_its_task(world):
    [task_id] = world.has_synced_tasks(1)
    world.change_rule(state=RuleState.DISABLED)
    world.complete(task_id)

    world.poll_and_work()

    assert world.issue(task_id)["status"] == "Done"
    assert "no rule in force" in world.link(task_id).reason


def test_who_lost_the_lease_makes_no_issue(world):
    [task_id] = world.has_tasks(1)
    world.poll()
    link = world.link(task_id)
    with claimed([link.id], "slow") as claim:
        [held] = claim.held
        set_link(task_id, claimed_by="somebody-else")

        create_issues(wiring.jira(), claim, [(held, _create())], timedelta(0), RuleWatch())

    assert world.issues() == []
    assert world.link(task_id).claimed_by == "somebody-else"


def _create() -> Create:
    with reading() as session:
        [rule] = active_rules(session)
    return Create(rule, {"summary": "A task"}, TargetSchema("HR, Task", {}))
