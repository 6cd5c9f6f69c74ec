"""Rules that route and fill by what PeopleForce knows of a task's people."""

from __future__ import annotations

from typing import Any

from core import rules
from core.database import writing
from core.mapping import document
from core.models import LinkState

LIST = "GET /api/public/v3/employees"
OFFICE = "customfield_10041"
BY_DEPARTMENT: dict[str, Any] = {
    "name": "IT's own",
    "priority": 10,
    "project": "IT",
    "issue_type": "Task",
    "conditions": [{"path": "$.assigned_to.department", "operator": "equals", "value": "IT"}],
    "fields": [
        {"field": "summary", "sources": [{"template": "{{ title }} ({{ assigned_to.location }})"}]},
        {"field": OFFICE, "sources": [{"static": "Lviv"}]},
    ],
}


def in_force(**changes: Any) -> None:
    with writing() as session:
        rules.save(session, document.parse({**BY_DEPARTMENT, **changes}), "a test")


def test_tasks_go_where_the_department_of_their_assignee_says(world):
    in_force()
    ids = world.has_tasks(60)
    assignee = world.task(ids[0])["assigned_to"]
    move = {"department": "IT", "location": "Lviv"}
    world.peopleforce.control("PATCH", f"people/{assignee['id']}", move)

    world.poll_and_work()

    issue = world.issue(ids[0])
    assert issue["project"] == "IT"
    assert issue["summary"] == f"{world.task(ids[0])['title']} (Lviv)"
    assert {world.issue(one)["project"] for one in ids} == {"IT", "HR"}
    assert world.peopleforce.calls()[LIST] <= 2, "fifty people in a call"


def test_nothing_is_mapped_by_half_while_people_cannot_be_read(world):
    in_force()
    [task_id] = world.has_tasks(1)
    world.poll()
    world.peopleforce.fault("status", status=503, path="*/employees*", times=None)

    world.work()

    assert world.issues() == []
    assert world.link(task_id).state is LinkState.PENDING
    world.peopleforce.control("DELETE", "faults")
    world.later()
    assert world.issue(task_id)


def test_a_person_who_cannot_be_read_does_not_hold_up_the_tasks_of_others(world):
    in_force(
        conditions=[],
        fields=[
            {"field": "summary", "sources": [{"path": "$.assigned_to.custom_fields.nickname"},
                                             {"path": "$.title"}]},
            BY_DEPARTMENT["fields"][1],
        ],
    )  # fmt: skip
    ids = world.has_tasks(4)
    unreadable = world.task(ids[0])["assigned_to"]["id"]
    path = f"*/employees/{unreadable}"
    world.peopleforce.fault("status", status=422, path=path, times=None, body={"errors": []})

    world.poll_and_work()

    others = {one for one in ids if world.task(one)["assigned_to"]["id"] != unreadable}
    assert others
    assert {issue["task_id"] for issue in world.issues()} == others
    assert world.link(ids[0]).state is LinkState.DEAD
