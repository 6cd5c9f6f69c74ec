"""Jira's schema changes under running workers: the right verdict each time, and nothing lost.

Each test has a rule of its own, which takes the tasks whose title begins with its name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml
from vendors import JiraControl, PeopleForceControl

pytestmark = pytest.mark.e2e

SECONDS = 60
IN_FLIGHT = 100
CREATES = ("POST /rest/api/3/issue", "POST /rest/api/3/issue/bulk")
OFFICE = "customfield_10041"
TASK_OF_IT = "projects/IT/types/Task"
OFFICE_OF_IT = f"{TASK_OF_IT}/fields/{OFFICE}"
SUMMARY = {"field": "summary", "sources": [{"path": "$.title"}]}
OFFICE_FIELD = {"field": OFFICE, "name": "Office", "sources": [{"static": "Lviv"}]}
ASSIGNEE = {"field": "assignee", "sources": [{"path": "$.assigned_to.email"}]}


def within(condition, what: str):
    deadline = time.monotonic() + SECONDS
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {SECONDS} s: {what}")
        time.sleep(0.2)
    return value


class Drift:
    """One gateway whose Jira changes, and what a person sees of it at the command line."""

    def __init__(self, stack, folder) -> None:
        self.stack, self.folder = stack, folder
        self.people = PeopleForceControl(stack.url("sandbox_peopleforce"))
        self.jira = JiraControl(stack.url("sandbox_jira"))

    def put_in_force(self, name: str, *fields: dict[str, Any], **changes: Any) -> None:
        """Import a rule for the tasks that are called like it."""
        rule = {
            "name": name,
            "priority": 10,
            "project": "IT",
            "issue_type": "Task",
            "conditions": [{"path": "$.title", "operator": "glob", "value": f"{name} *"}],
            "fields": list(fields) or [SUMMARY, OFFICE_FIELD],
            **changes,
        }
        file = self.folder / "rule.yaml"
        file.write_text(yaml.safe_dump([rule]), encoding="utf-8")
        self.command("rules", "import", str(file))

    def command(self, *words: str, ok: tuple[int, ...] = (0,)) -> str:
        done = self.stack.igw(*words)
        assert done.returncode in ok, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def rule(self, name: str) -> dict[str, Any]:
        listed = json.loads(self.command("rules", "list", "--json"))
        return next(rule for rule in listed if rule["rule"] == name)

    def new_tasks(self, name: str, count: int = 1, **more: Any) -> list[str]:
        """Make tasks that the rule takes; give their ids."""
        return [
            str(self.people.create(title=f"{name} {number}", **more)["id"])
            for number in range(count)
        ]

    def shadow(self, name: str) -> dict[str, Any]:
        """Have a worker try a rule, and give what it found."""
        return json.loads(self.command("rules", "shadow", name, "--json", ok=(0, 1)))

    def arrive(self, task_ids: list[str]) -> None:
        self.command("poll")
        within(lambda: self.made() >= {*task_ids}, f"issues of {len(task_ids)} tasks")

    def made(self) -> set[str]:
        return {issue["task_id"] for issue in self.jira.issues()}

    def creates(self) -> int:
        """Count the calls that were to make issues."""
        counts = self.jira.call_list()
        return sum(count for route, count in counts.items() if route in CREATES)

    def link(self, task_id: str) -> dict[str, Any]:
        done = self.stack.igw("why", task_id, "--json")
        return json.loads(done.stdout)["link"] or {} if done.returncode == 0 else {}

    def state_becomes(self, task_id: str, state: str) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            link = self.link(task_id)
            return link if link.get("state") == state else None

        self.command("poll")
        return within(reached, f"task {task_id} to be {state}")

    def is_held(self, name: str) -> None:
        """See a task of the rule be held, and the rule be tripped, by live work alone."""
        [task_id] = self.new_tasks(name)
        self.state_becomes(task_id, "held")
        assert self.rule(name)["state"] == "tripped"

    def goes_on(self, name: str) -> None:
        """Put the rule back, and see all that it held arrive."""
        before = self.made()
        held = self.rule(name)["held"]
        self.command("rules", "enable", name, "--replay")
        within(lambda: len(self.made() - before) >= held, f"the {held} held changes")
        assert self.rule(name)["held"] == 0

    @contextmanager
    def changed(self, path: str, change: dict[str, Any], back: dict[str, Any]) -> Generator[None]:
        """Have something in Jira be different for a while."""
        self.jira.ask("PATCH", f"/schema/{path}", change)
        try:
            yield
        finally:
            self.jira.ask("PATCH", f"/schema/{path}", back)


@pytest.fixture(scope="module")
def drift(stack, tmp_path_factory) -> Drift:
    drift = Drift(stack, tmp_path_factory.mktemp("rules"))
    within(lambda: len(drift.made()) >= len(drift.people.tasks()), "the first import to settle")
    return drift


@pytest.fixture(autouse=True)
def no_task_has_two_issues(drift) -> Iterator[None]:
    yield
    drift.jira.heal()
    assert drift.jira.doubled() == {}


def test_a_field_demanded_while_a_hundred_changes_are_in_flight(drift):
    drift.put_in_force("In flight")
    drift.arrive(drift.new_tasks("In flight"))
    drift.command("set", "pf_jira.poll_paused", "true")
    ids = drift.new_tasks("In flight", IN_FLIGHT)
    other = str(drift.people.create(title="Takes the usual way")["id"])
    drift.jira.fail("latency", path="*/issue/bulk", seconds=3)
    drift.jira.forget_calls()
    drift.command("set", "pf_jira.poll_paused", "false")
    # The first batch is on its way when Jira begins to demand the field.
    within(lambda: drift.jira.calls() > 0, "the first batch to be sent")
    field = drift.jira.ask(
        "POST",
        f"/schema/{TASK_OF_IT}/fields",
        {"name": "Cost centre", "kind": "line", "required": True},
    )["field_id"]

    within(lambda: drift.rule("In flight")["held"] == IN_FLIGHT, "all to be held")
    drift.arrive([other])

    rule = drift.rule("In flight")
    assert rule["state"] == "tripped"
    assert f"Cost centre ({field})" in rule["tripped_reason"]
    assert f"Cost centre ({field})" in drift.link(ids[0])["reason"]
    assert drift.creates() <= 8, "one for each batch that was under way, and one for the other task"
    assert "Cost centre" in drift.command("alerts")

    drift.jira.heal()
    cost_centre = {"field": field, "sources": [{"static": "CC-1"}]}
    drift.put_in_force("In flight", SUMMARY, OFFICE_FIELD, cost_centre)
    drift.goes_on("In flight")
    assert drift.made() >= {*ids}
    drift.jira.ask("DELETE", f"/schema/{TASK_OF_IT}/fields/{field}")


def test_an_option_that_the_rule_names_is_renamed(drift):
    drift.put_in_force("Renamed")
    drift.arrive(drift.new_tasks("Renamed", 2))
    rename = {"rename_options": [{"value": "Lviv", "to": "Lviv (HQ)"}]}
    back = {"rename_options": [{"value": "Lviv (HQ)", "to": "Lviv"}]}
    with drift.changed(OFFICE_OF_IT, rename, back):
        [found] = drift.shadow("Renamed")["rules"]

        assert found["verdict"] == "unfit"
        assert found["would_fail"] == found["records"] == 2
        assert "Lviv (HQ)" in str(found["mends"])
        assert drift.rule("Renamed")["strikes"] == 1, "people are warned, and work goes on"
        drift.command("rules", "mend", "Renamed", f"{OFFICE}:option", "--apply")
        assert drift.shadow("Renamed")["rules"][0]["verdict"] == "fits"
    drift.command("rules", "disable", "Renamed")


def test_an_option_that_the_rule_names_is_deleted(drift):
    drift.put_in_force("Deleted")
    drift.arrive(drift.new_tasks("Deleted"))
    with drift.changed(OFFICE_OF_IT, {"delete_options": ["Lviv"]}, {"add_options": ["Lviv"]}):
        drift.is_held("Deleted")
        assert "Office" in drift.rule("Deleted")["tripped_reason"]
    drift.goes_on("Deleted")


def test_a_field_is_moved_off_the_screen(drift):
    drift.put_in_force("Off screen")
    drift.arrive(drift.new_tasks("Off screen"))
    gone = {"on_screen": False, "required": False}
    with drift.changed(OFFICE_OF_IT, gone, {"on_screen": True, "required": True}):
        drift.is_held("Off screen")
        assert f"Office ({OFFICE})" in drift.rule("Off screen")["tripped_reason"]
        assert drift.shadow("Off screen")["rules"][0]["verdict"] == "unfit"
    drift.goes_on("Off screen")


def test_an_issue_type_is_removed(drift):
    drift.put_in_force("Type removed")
    drift.arrive(drift.new_tasks("Type removed"))
    drift.jira.ask("DELETE", f"/schema/{TASK_OF_IT}")
    try:
        drift.is_held("Type removed")
        assert "IT, Task" in drift.rule("Type removed")["tripped_reason"]
    finally:
        drift.jira.ask("POST", f"/schema/{TASK_OF_IT}/restore")
    drift.goes_on("Type removed")


def test_a_project_is_archived(drift):
    drift.put_in_force("Archived")
    drift.arrive(drift.new_tasks("Archived"))
    with drift.changed("projects/IT", {"archived": True}, {"archived": False}):
        drift.is_held("Archived")
        assert "IT, Task" in drift.rule("Archived")["tripped_reason"]
    drift.goes_on("Archived")


def test_a_person_is_deactivated(drift):
    drift.put_in_force("Left", SUMMARY, OFFICE_FIELD, ASSIGNEE)
    someone = next(task["assigned_to"] for task in drift.people.tasks() if task["assigned_to"])
    drift.arrive(drift.new_tasks("Left", assigned_to=someone["id"]))
    user = f"users/{someone['email']}"
    with drift.changed(user, {"active": False}, {"active": True}):
        [second] = drift.new_tasks("Left", assigned_to=someone["id"])
        drift.state_becomes(second, "dead")

        assert "assign" in drift.link(second)["reason"]
        assert drift.rule("Left")["state"] == "active", "the person's fault is not the rule's"
    drift.command("replay", second)
    drift.arrive([second])


def test_an_outage_of_jira_while_the_rules_are_tried_trips_nothing(drift):
    drift.put_in_force("Outage")
    drift.arrive(drift.new_tasks("Outage"))
    before = drift.command("rules", "list", "--json")
    drift.jira.fail("status", path="/rest/api/*", status=503)

    run = json.loads(drift.command("rules", "shadow", "--json", ok=(1,)))

    assert run["state"] == "failed"
    assert "503" in run["reason"]
    assert drift.command("rules", "list", "--json") == before
