"""Commands asked of the gateway and answered by the domain's tasks, with both vendors behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select, update

from core import credentials, rules
from core.clock import now
from core.commands import Question, ask
from core.database import reading, writing
from core.logs import new_request_id
from core.mapping import document
from core.models import Command, CommandFailure, CommandState, Role, Rule, RuleState
from tasks import app
from tests.conftest import wait_until
from tests.tasks.world import EDIT, TASK_LIST

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OFFICE = "customfield_10041"


def answered(name: str, arguments: dict[str, str], seconds: float = 25) -> Command:
    """Ask a command, let the worker do it, and give its row."""
    request_id = new_request_id()
    deadline = now() + timedelta(seconds=seconds)
    with writing() as session:
        ask(session, Question(request_id, "pf_jira", name, arguments, "a test", deadline))
    app.tasks[f"pf_jira.{name}"].apply(args=(request_id,), throw=True)
    with reading() as session:
        return session.scalars(select(Command).where(Command.request_id == request_id)).one()


def reply(name: str, **arguments: str) -> Any:
    row = answered(name, arguments)
    assert (row.state, row.error) == (CommandState.DONE, "")
    return row.reply


def refusal(name: str, **arguments: str) -> str:
    row = answered(name, arguments)
    assert (row.state, row.failure) == (CommandState.FAILED, CommandFailure.REFUSED)
    return row.error


def in_force(name: str, *fields: dict[str, Any], **parts: object) -> None:
    usual = {"name": name, "priority": 10, "project": "IT", "issue_type": "Task"}
    with writing() as session:
        rules.save(session, document.parse({**usual, **parts, "fields": list(fields)}), "a test")


SUMMARY = {"field": "summary", "sources": [{"template": "IT: {{ title }}"}]}
LVIV = {"field": OFFICE, "name": "Office", "sources": [{"static": "Lviv"}]}
PARIS = {"field": OFFICE, "name": "Office", "sources": [{"static": "Paris"}]}


def test_a_task_is_looked_up_with_its_issue_as_jira_has_it_now(world):
    [task_id] = world.has_synced_tasks(1)
    key = world.issue(task_id)["key"]
    world.move_issue(task_id, "In Progress")

    by_task, by_issue = reply("look_up", record=task_id), reply("look_up", record=key.lower())

    assert by_task == by_issue
    assert by_task["task"]["id"] == task_id
    assert by_task["link"]["state"] == "synced"
    assert (by_task["issue"]["key"], by_task["issue"]["status"]) == (key, "In Progress")
    assert by_task["note"] == ""


def test_a_task_without_an_issue_is_shown_with_the_reason(world):
    world.change_rule(state=RuleState.DISABLED)
    [task_id] = world.has_tasks(1)
    world.poll_and_work()

    found = reply("look_up", record=task_id)

    assert found["issue"] is None
    assert "no active rule takes it" in found["note"]


def test_an_issue_that_jira_no_longer_has_is_named(world):
    [task_id] = world.has_synced_tasks(1)
    key = world.issue(task_id)["key"]
    world.delete_issue(task_id)

    found = reply("look_up", record=task_id)

    assert found["issue"] is None
    assert found["note"].startswith(f"Jira does not show {key}")


def test_what_nobody_knows_is_refused_in_words(world):
    assert "knows no task 999" in refusal("look_up", record="999")
    assert "knows no issue HR-999" in refusal("look_up", record="HR-999")
    assert "igw poll" in refusal("preview", task="999")
    assert "'Default'" in refusal_of_a_rule(world)
    assert "Jira refused" in refusal("list_fields", project="NOPE", issue_type="Task")
    assert "has no issue type 'Nope'" in refusal("list_fields", project="HR", issue_type="Nope")


def refusal_of_a_rule(world) -> str:
    [task_id] = world.has_synced_tasks(1)
    return refusal("preview", task=task_id, rule="Nobody's rule")


def test_a_vendor_that_is_down_is_no_fault_of_the_question(world):
    [task_id] = world.has_synced_tasks(1)
    world.jira.control("POST", "faults", {"kind": "status", "path": "/rest/*", "status": 503})

    row = answered("look_up", {"record": task_id})

    assert (row.state, row.failure) == (CommandState.FAILED, CommandFailure.VENDOR)
    assert "jira did not get issue (status 503)" in row.error


def test_a_preview_shows_the_fields_of_a_create_and_sends_none(world):
    [task_id] = world.has_tasks(1)
    world.poll()
    in_force("Laptops to IT", SUMMARY, LVIV)
    before = world.rows()

    found = reply("preview", task=task_id)

    assert found["action"] == "create"
    assert found["rule"]["name"] == "Laptops to IT"
    values = {field["id"]: (field["name"], field["value"]) for field in found["fields"]}
    title = world.task(task_id)["title"]
    assert values["summary"] == ("Summary", f"IT: {' '.join(title.split())}")
    assert values[OFFICE][0] == "Office"
    assert set(values[OFFICE][1]) == {"id"}
    assert found["violations"] == []
    assert world.issues() == []
    assert world.rows() == before


def test_a_preview_shows_only_what_an_update_would_change(world):
    [task_id] = world.has_synced_tasks(1)
    assert reply("preview", task=task_id)["action"] == "nothing"
    world.edit(task_id, title="A new title")
    world.poll()
    world.redis.delete("igw:pf_jira")

    found = reply("preview", task=task_id)

    assert found["action"] == "update"
    assert [(field["id"], field["value"]) for field in found["fields"]] == [
        ("summary", "A new title")
    ]
    assert not any(EDIT in str(call) for call in world.jira.control("GET", "calls")["calls"])


def test_a_preview_tells_in_words_why_a_record_does_not_fit(world):
    [task_id] = world.has_tasks(1)
    world.poll()
    in_force("Laptops to IT", SUMMARY, PARIS)

    found = reply("preview", task=task_id)

    assert (found["action"], found["fields"]) == ("refused", [])
    [violation] = found["violations"]
    assert '"Paris" was offered' in violation
    with reading() as session:
        rule = rules.find_rule(session, "Laptops to IT")
        assert rule is not None
        assert rule.state is RuleState.ACTIVE, "a preview takes no rule out of force"


def test_a_rule_can_be_tried_by_name_whatever_its_state_and_conditions(world):
    [task_id] = world.has_synced_tasks(1)
    never = {"path": "$.title", "operator": "equals", "value": "no such title"}
    in_force("Laptops to IT", SUMMARY, LVIV, conditions=[never])
    with writing() as session:
        session.execute(
            update(Rule).where(Rule.name == "Laptops to IT").values(state=RuleState.DISABLED)
        )

    found = reply("preview", task=task_id, rule="Laptops to IT")

    assert found["rule"]["name"] == "Laptops to IT"
    assert found["out_of_force"] == "it is disabled"
    assert "'Laptops to IT' does not take it" in found["why"]
    assert found["fields"]


def test_an_issue_keeps_its_rule_and_the_preview_says_so(world):
    [task_id] = world.has_synced_tasks(1)
    in_force("Laptops to IT", SUMMARY, LVIV)

    assert reply("preview", task=task_id)["why"] == "'Default' made its issue and keeps it"


def test_the_fields_of_a_project_are_listed_with_what_they_take(world):
    found = reply("list_fields", project="it", issue_type="task")

    assert found["target"].casefold() == "it, task"
    by_id = {field["id"]: field for field in found["fields"]}
    assert by_id["summary"]["required"] is True
    assert by_id["summary"]["kind"] == "line"
    assert by_id["summary"]["allowed"] is None
    office = by_id[OFFICE]
    assert office["name"] == "Office"
    assert "Lviv" in [value["name"] for value in office["allowed"]]
    assert office["allowed_count"] == len(office["allowed"])


def test_a_long_list_of_values_is_cut_and_counted(world):
    path = f"schema/projects/IT/types/Task/fields/{OFFICE}"
    desks = [f"Desk {number}" for number in range(120)]
    world.jira.control("PATCH", path, {"add_options": desks})

    office = next(
        field
        for field in reply("list_fields", project="IT", issue_type="Task")["fields"]
        if field["id"] == OFFICE
    )

    assert len(office["allowed"]) == 50
    assert office["allowed_count"] > 120


def test_a_command_whose_caller_has_gone_is_not_run(world):
    [task_id] = world.has_synced_tasks(1)

    row = answered("look_up", {"record": task_id}, seconds=-1)

    assert row.state is CommandState.EXPIRED
    assert world.jira.control("GET", "calls")["total"] == 0


@pytest.fixture
def http(world) -> Iterator[Callable[..., requests.Response]]:
    """Ask over HTTP, while the test's own hands do the worker's work."""
    with writing() as session:
        key = credentials.create(session, "a test", Role.VIEWER, "pytest")
    base = world.webhook.url.removesuffix("/webhooks/jira")

    with ThreadPoolExecutor(1) as pool:

        def call(name: str, **arguments: str) -> requests.Response:
            asked = pool.submit(
                requests.post,
                f"{base}/commands/pf_jira/{name}",
                json=arguments,
                headers={"Authorization": f"Bearer {key}"},
                timeout=30,
            )

            def done() -> bool:
                world.work()
                return asked.done()

            wait_until(done, every=0.01, what="an answer")
            return asked.result()

        yield call


def test_all_three_are_answered_over_http(world, http):
    [task_id] = world.has_synced_tasks(1)

    looked_up = http("look_up", record=task_id)
    previewed = http("preview", task=task_id)
    listed = http("list_fields", project="HR", issue_type="Task")
    refused = http("look_up", record="HR-4711")

    assert [looked_up.status_code, previewed.status_code, listed.status_code] == [200] * 3
    assert looked_up.json()["result"]["task"]["id"] == task_id
    assert previewed.json()["result"]["rule"]["name"] == "Default"
    assert "summary" in [field["id"] for field in listed.json()["result"]["fields"]]
    assert (refused.status_code, refused.json()["error"]) == (422, "refused")
    assert world.errors == []
    assert world.peopleforce.control("GET", "calls")["total"] == 0, TASK_LIST
