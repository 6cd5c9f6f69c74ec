"""From PeopleForce to Jira: tasks become issues, and follow what people do to them."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import pytest

from core.clock import now
from core.models import LinkState, RuleAction, RuleState
from core.settings import get_settings
from tests.tasks.world import BULK, EDIT, SINGLE, TASK_LIST, on_sqlite


@on_sqlite
@pytest.mark.parametrize("count", [1, 2, 50, 51, 120])
def test_tasks_become_issues_in_as_few_creates_as_there_are_fifties(world, count):
    ids = world.has_tasks(count)

    world.poll_and_work()

    assert sorted(issue["task_id"] for issue in world.issues()) == sorted(ids)
    calls = world.jira.calls()
    assert calls.get(BULK, 0) + calls.get(SINGLE, 0) == ceil(count / 50)
    assert sum(calls.values()) == ceil(count / 50)
    assert {link.state for link in world.links()} == {LinkState.SYNCED}
    assert {link.due_at for link in world.links()} == {None}
    assert world.errors == []


def test_an_issue_has_what_the_task_has(world):
    [task_id] = world.has_tasks(1)
    description = "<p>Please <b>order</b> it.</p>"
    world.edit(task_id, title="  Order a\tlaptop ", ends_on="2026-12-24", description=description)

    world.poll_and_work()

    issue = world.issue(task_id)
    assert issue["project"] == "HR"
    assert issue["summary"] == "Order a laptop"
    assert issue["fields"]["duedate"] == "2026-12-24"
    assert issue["labels"] == ["PeopleForce"]
    assert "order" in issue["fields"]["description"]
    assert world.link(task_id).issue_key == issue["key"]
    assert world.story(task_id) == ["created"]


@on_sqlite
@pytest.mark.parametrize("count", [0, 1, 50, 51, 101])
def test_a_poll_without_changes_reads_the_open_pages_and_writes_nothing(world, count):
    if count:
        world.has_synced_tasks(count)
    before = world.everything_written()

    world.poll_and_work()

    assert world.peopleforce.calls() == {TASK_LIST: max(ceil(count / 50), 1)}
    assert world.jira.calls() == {}
    assert world.everything_written() == before


def test_an_edit_writes_the_fields_that_changed_and_no_others(world):
    edited, untouched = world.has_synced_tasks(2)
    other = world.issue(untouched)
    world.edit(edited, title="A new title")

    world.poll_and_work()

    assert world.jira_wire.sent("PUT") == [{"fields": {"summary": "A new title"}}]
    assert world.jira.calls() == {EDIT: 1}
    assert world.issue(edited)["summary"] == "A new title"
    assert world.issue(untouched) == other
    assert world.story(edited) == ["created", "updated"]


def test_an_emptied_field_is_emptied_in_jira(world):
    [task_id] = world.has_tasks(1)
    world.edit(task_id, ends_on="2026-12-24")
    world.poll_and_work()
    world.edit(task_id, ends_on=None, description=None)

    world.poll_and_work()

    fields = world.issue(task_id)["fields"]
    assert fields["duedate"] is None
    assert fields["description"] is None


def test_a_completed_task_finishes_its_issue(world):
    [task_id] = world.has_synced_tasks(1)
    world.complete(task_id)

    world.poll_and_work()

    assert world.issue(task_id)["statusCategory"] == "done"
    assert world.link(task_id).completed
    assert world.story(task_id) == ["created", "issue_completed"]
    assert world.peopleforce.calls() == {TASK_LIST: 2}


def test_a_reopened_task_opens_its_issue_again(world):
    [task_id] = world.has_synced_tasks(1)
    world.complete(task_id)
    world.poll_and_work()
    world.reopen(task_id)

    world.poll_and_work()

    assert world.issue(task_id)["statusCategory"] != "done"
    assert not world.link(task_id).completed
    assert world.story(task_id)[-1] == "issue_reopened"


def test_an_edit_and_a_completion_seen_together_are_both_done(world):
    [task_id] = world.has_synced_tasks(1)
    world.edit(task_id, title="Done and renamed")
    world.complete(task_id)

    world.poll_and_work()

    issue = world.issue(task_id)
    assert (issue["summary"], issue["statusCategory"]) == ("Done and renamed", "done")


def test_a_completed_task_costs_nothing_once_its_issue_is_finished(world):
    done, _ = world.has_synced_tasks(2)
    world.complete(done)
    world.poll_and_work()
    world.forget_calls()
    before = world.everything_written()

    world.poll_and_work()

    assert world.peopleforce.calls() == {TASK_LIST: 1}
    assert world.jira.calls() == {}
    assert world.everything_written() == before


def test_a_task_that_was_completed_before_the_first_poll_gets_no_issue(world):
    [task_id] = world.has_tasks(1)
    world.complete(task_id)

    world.poll_and_work()

    assert world.issues() == []
    assert world.links() == []


def test_a_task_that_was_completed_before_its_issue_was_made_gets_none(world):
    [task_id] = world.has_tasks(1)
    world.poll()
    world.complete(task_id)
    world.poll()

    world.work()

    assert world.issues() == []
    link = world.link(task_id)
    assert (link.state, link.completed, link.due_at) == (LinkState.DROPPED, True, None)
    assert "completed before" in link.reason


def test_a_task_that_was_left_out_as_completed_gets_an_issue_when_it_is_reopened(world):
    [task_id] = world.has_tasks(1)
    world.poll()
    world.complete(task_id)
    world.poll_and_work()
    world.reopen(task_id)

    world.poll_and_work()

    assert world.issue(task_id)["statusCategory"] != "done"
    assert world.link(task_id).state is LinkState.SYNCED


def test_an_issue_that_is_gone_is_made_anew_at_the_tasks_next_change(world):
    [task_id] = world.has_synced_tasks(1)
    gone = world.issue(task_id)["key"]
    world.delete_issue(task_id)
    world.edit(task_id, title="Still needed")

    world.poll_and_work()

    issue = world.issue(task_id)
    assert issue["key"] != gone
    assert issue["summary"] == "Still needed"
    assert world.link(task_id).issue_key == issue["key"]
    assert world.story(task_id) == ["created", "issue_gone", "created"]
    assert world.errors == []


def test_an_issue_that_is_gone_is_not_made_anew_for_a_completed_task(world):
    [task_id] = world.has_synced_tasks(1)
    world.delete_issue(task_id)
    world.complete(task_id)

    world.poll_and_work()

    assert world.issues() == []
    assert world.link(task_id).state is LinkState.ISSUE_DELETED


def test_an_issue_that_moved_to_another_project_stays_linked(world):
    [task_id] = world.has_synced_tasks(1)
    issue_id = world.issue(task_id)["id"]
    world.jira.control("POST", f"issues/{issue_id}/relocate", {"project": "FAC"})
    world.edit(task_id, title="Moved along")

    world.poll_and_work()

    assert world.issue(task_id)["summary"] == "Moved along"
    assert world.link(task_id).issue_id == issue_id


def test_without_a_rule_a_task_is_unrouted_and_not_lost(world):
    [task_id] = world.has_tasks(1)
    world.change_rule(state=RuleState.DISABLED)

    world.poll_and_work()

    link = world.link(task_id)
    assert (link.state, link.due_at) == (LinkState.UNROUTED, None)
    assert world.jira.calls() == {}
    assert world.story(task_id) == ["unrouted"]


def test_a_rule_can_leave_tasks_out(world):
    [task_id] = world.has_tasks(1)
    world.change_rule(action=RuleAction.DROP)

    world.poll_and_work()

    assert world.link(task_id).state is LinkState.DROPPED
    assert "'Default' leaves it out" in world.link(task_id).reason
    assert world.jira.calls() == {}


def test_tasks_from_before_the_first_day_are_left_alone(world, settings_env):
    ids = world.has_tasks(2)
    settings_env.setenv("IGW_SYNC_TASKS_FROM", (now() + timedelta(days=1)).date().isoformat())
    get_settings.cache_clear()
    world.poll_and_work()
    assert world.links() == []

    settings_env.setenv("IGW_SYNC_TASKS_FROM", (now() - timedelta(days=1)).date().isoformat())
    get_settings.cache_clear()
    world.poll_and_work()
    assert {link.source_id for link in world.links()} == set(ids)


@pytest.mark.parametrize("project", ["IT", "FAC"])
def test_a_workflow_with_detours_and_screens_is_walked_to_its_end_and_back(world, project):
    world.accept_plain_tasks(project)
    world.change_rule(target_project=project)
    [task_id] = world.has_synced_tasks(1)
    world.complete(task_id)
    world.poll_and_work()
    assert world.issue(task_id)["status"] == "Done"

    world.reopen(task_id)
    world.poll_and_work()
    assert world.issue(task_id)["statusCategory"] == "new"
