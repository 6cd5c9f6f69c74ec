"""Nothing leaves that does not fit Jira's schema, and Jira is asked for it once."""

from __future__ import annotations

from typing import Any

import pytest

from core import rules
from core.database import writing
from core.mapping import document
from tasks.pf_jira import schemas

OFFICE = "customfield_10041"
RULE: dict[str, Any] = {
    "name": "Laptops to IT",
    "priority": 10,
    "project": "IT",
    "issue_type": "Task",
    "fields": [
        {"field": "summary", "sources": [{"template": "IT: {{ title }}"}]},
        {"field": OFFICE, "name": "Office", "sources": [{"static": "lviv"}]},
    ],
}


def in_force(world, **changes) -> None:
    with writing() as session:
        rules.save(session, document.parse({**RULE, **changes}), "a test")


def change_office(world, **change) -> None:
    world.jira.control("PATCH", f"schema/projects/IT/types/Task/fields/{OFFICE}", change)


def test_a_rule_fills_a_required_option_by_its_name(world):
    in_force(world)
    [task_id] = world.has_tasks(1)

    world.poll_and_work()

    issue = world.issue(task_id)
    assert issue["project"] == "IT"
    assert issue["fields"][OFFICE]["value"] == "Lviv"
    assert "lviv" in world.summaries(task_id), "what was done to make it fit is told"


def test_a_required_field_without_a_mapping_is_refused_in_words_before_any_create(world):
    in_force(world, fields=RULE["fields"][:1])
    ids = world.has_tasks(3)

    world.poll_and_work()

    assert world.issues() == []
    for task_id in ids:
        assert "Office (customfield_10041)" in world.letters()[task_id]
        assert "Laptops to IT" in world.letters()[task_id]
        assert "igw rules enable 'Laptops to IT' --replay" in world.letters()[task_id]
    assert not [call for call in world.jira.control("GET", "calls")["calls"] if "POST" in str(call)]


def test_what_the_known_schema_allowed_and_jira_refuses_is_mapped_again(world, monkeypatch):
    in_force(world)
    schemas.schema_of("IT", "Task")
    monkeypatch.setattr(schemas, "FRESH_SECONDS", 0.0)
    change_office(world, delete_options=["Lviv"])
    change_office(world, add_options=["Lviv"])
    [task_id] = world.has_tasks(1)

    world.poll_and_work()
    for _ in range(3):
        world.later()

    assert world.issue(task_id)["fields"][OFFICE]["value"] == "Lviv"


@pytest.mark.parametrize("count", [1, 60])
def test_the_schema_is_read_once_for_many_records(world, count):
    in_force(world)
    world.has_tasks(count)

    world.poll_and_work()

    calls = str(world.jira.control("GET", "calls")["calls"])
    assert calls.count("createmeta/<project>/issuetypes/<type_id>") == 1


def test_a_field_that_jira_demands_since_does_not_hold_up_an_issue_that_exists(world):
    [task_id] = world.has_synced_tasks(1)
    demand_a_field_of_hr(world)

    world.edit(task_id, title="A better laptop")
    world.poll_and_work()
    assert world.issue(task_id)["summary"] == "A better laptop"

    world.complete(task_id)
    world.poll_and_work()
    assert world.issue(task_id)["statusCategory"] == "done"
    assert world.letters() == {}


def test_a_completion_reaches_its_issue_although_a_field_does_not_fit_any_more(world):
    [task_id] = world.has_synced_tasks(1)
    world.take_due_dates_away()
    world.forget_schema()

    world.complete(task_id)
    world.poll_and_work()

    assert world.issue(task_id)["statusCategory"] == "done"
    assert world.link(task_id).completed
    assert "duedate" in world.link(task_id).reason


def test_a_completion_reaches_its_issue_although_its_type_is_no_longer_offered(world):
    [task_id] = world.has_synced_tasks(1)
    world.jira.control("DELETE", "schema/projects/HR/types/Task")
    world.forget_schema()

    world.complete(task_id)
    world.poll_and_work()

    assert world.issue(task_id)["statusCategory"] == "done"
    assert "issue type" in world.link(task_id).reason


def demand_a_field_of_hr(world) -> None:
    path = "schema/projects/HR/types/Task/fields"
    field = {"name": "Cost centre", "kind": "line", "required": True}
    world.jira.control("POST", path, field)
    world.forget_schema()
