"""A rule that no longer fits Jira is taken out, holds what it takes, and loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core import rule_states, rules
from core.alerts import latest
from core.database import reading, writing
from core.dead_letters import Letters
from core.dispatch import LINKS_AT_ONCE, publish_batches
from core.mapping import document
from core.models import LinkState, Rule, RuleState
from core.replay import replay_letters
from tasks.pf_jira import schemas
from tests.tasks.world import BULK, EDIT, SINGLE

OFFICE = "customfield_10041"
SUMMARY = {"field": "summary", "sources": [{"path": "$.title"}]}
LABELS = {"field": "labels", "sources": [{"static": ["from-it"]}]}
OFFICE_FIELD = {"field": OFFICE, "name": "Office", "sources": [{"static": "Lviv"}]}
ASSIGNEE = {"field": "assignee", "sources": [{"path": "$.assigned_to.email"}]}
IT: dict[str, Any] = {
    "name": "To IT",
    "priority": 10,
    "project": "IT",
    "issue_type": "Task",
    "fields": [SUMMARY, OFFICE_FIELD],
}
AUTHOR = "a test"


def save(**changes: Any) -> None:
    with writing() as session:
        rules.save(session, document.parse({**IT, **changes}), AUTHOR)


def rule(name: str = "To IT") -> Rule:
    with reading() as session:
        return session.scalars(select(Rule).where(Rule.name == name)).one()


def enable(name: str = "To IT") -> None:
    rule_id = rule(name).id
    with writing() as session:
        rule_states.enable(session, session.get_one(Rule, rule_id), AUTHOR)


def disable(name: str) -> None:
    rule_id = rule(name).id
    with writing() as session:
        rule_states.disable(session, session.get_one(Rule, rule_id), AUTHOR)


def replay(name: str = "To IT") -> int:
    replayed = replay_letters(Letters(rule_id=rule(name).id))
    publish_batches("pf_jira.sync", replayed.links, LINKS_AT_ONCE)
    return len(replayed)


def change_screen(world, field_id: str, **change: Any) -> None:
    world.jira.control("PATCH", f"schema/projects/IT/types/Task/fields/{field_id}", change)


def demand_a_field(world) -> None:
    field = {"name": "Cost centre", "kind": "line", "required": True}
    world.jira.control("POST", "schema/projects/IT/types/Task/fields", field)


def alert_of(cause: str) -> str:
    with reading() as session:
        return next((it.text for it in latest(session) if it.cause == cause), "")


@pytest.mark.parametrize("fresh", [0.0, 10.0], ids=["known for long", "read a moment before"])
def test_a_field_that_jira_demands_since_trips_the_rule_and_the_calls_stay_few(
    world, monkeypatch, fresh
):
    monkeypatch.setattr(schemas, "FRESH_SECONDS", fresh)
    save()
    world.has_tasks(1)
    world.poll_and_work()
    world.forget_calls()
    ids = world.has_tasks(100)[-100:]
    # The first batch is on its way when the screen changes; its schema was read before.
    world.jira_wire.before("POST", "*/issue/bulk", lambda: demand_a_field(world))

    world.poll_and_work()
    for _ in range(5):
        world.later()

    assert rule().state is RuleState.TRIPPED
    assert "Cost centre" in rule().tripped_reason
    assert "demands this field" in rule().tripped_reason
    assert {world.link(one).state for one in ids} == {LinkState.HELD}
    assert world.letters().keys() == set(ids)
    calls = world.jira.calls()
    assert calls[BULK] <= 2, "one for each batch that was under way"
    assert sum(calls.values()) <= 8, calls

    save(fields=[*IT["fields"], {"field": demanded(world), "sources": [{"static": "CC-1"}]}])
    enable()
    assert replay() == 100
    world.work()

    assert sorted(issue["task_id"] for issue in world.issues()) == sorted(
        [*ids, *(str(link.source_id) for link in world.links() if link.source_id not in ids)]
    ), "each once"
    assert world.letters() == {}


def demanded(world) -> str:
    projects = world.jira.control("GET", "schema")["projects"]
    fields = [it for project in projects for type_ in project["types"] for it in type_["fields"]]
    return next(it["field_id"] for it in fields if it["name"] == "Cost centre")


def test_other_rules_go_on_while_one_is_tripped(world):
    save(fields=[SUMMARY], conditions=[{"path": "$.id", "operator": "equals", "value": 1}])
    first, *others = world.has_tasks(3)

    world.poll_and_work()

    assert rule().state is RuleState.TRIPPED
    assert world.link(first).state is LinkState.HELD
    assert sorted(issue["task_id"] for issue in world.issues()) == sorted(others)


def test_what_a_tripped_rule_takes_does_not_fall_to_the_next_rule(world):
    save(fields=[SUMMARY])
    world.has_tasks(1)
    world.poll_and_work()
    [late] = world.has_tasks(2)[-1:]

    world.poll_and_work()

    assert world.issues() == []
    assert world.link(late).state is LinkState.HELD


def test_people_are_told_once_what_jira_demands_and_what_to_do(world):
    save(fields=[SUMMARY])
    world.has_tasks(60)

    world.poll_and_work()

    told = alert_of(rule_states.cause(rule().id))
    assert f"Office ({OFFICE})" in told
    assert "igw rules enable 'To IT' --replay" in told
    with reading() as session:
        assert [alert.count for alert in latest(session)] == [1]


def test_an_option_that_is_gone_trips_a_rule_that_names_it_and_says_what_is_near(world):
    save()
    change_screen(world, OFFICE, rename_options=[{"value": "Lviv", "to": "Lviv (HQ)"}])
    [task_id] = world.has_tasks(1)

    world.poll_and_work()

    assert rule().state is RuleState.TRIPPED
    assert "Nearest: Lviv (HQ)" in rule().tripped_reason
    assert world.link(task_id).state is LinkState.HELD


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "schema/projects/IT/types/Task", None),
        ("PATCH", "schema/projects/IT", {"archived": True}),
    ],
    ids=["issue type removed", "project archived"],
)
def test_a_rule_whose_target_is_gone_is_tripped(world, method, path, body):
    save()
    world.jira.control(method, path, body)
    [task_id] = world.has_tasks(1)

    world.poll_and_work()

    assert rule().state is RuleState.TRIPPED
    assert "IT, Task" in rule().tripped_reason
    assert world.link(task_id).state is LinkState.HELD


def test_a_person_who_left_is_the_records_fault_and_the_rule_stays(world):
    save(fields=[SUMMARY, OFFICE_FIELD, ASSIGNEE])
    [task_id] = world.has_tasks(1)
    email = world.task(task_id)["assigned_to"]["email"]
    world.jira.control("PATCH", f"schema/users/{email}", {"active": False})

    world.poll_and_work()

    assert rule().state is RuleState.ACTIVE
    assert world.link(task_id).state is LinkState.DEAD
    assert email in world.letters()[task_id]


def test_what_only_a_workflow_demands_trips_the_rule_too(world):
    save()
    refusal = {"errorMessages": [], "errors": {"customfield_10050": "Cost centre is required."}}
    path = {"path": "*/issue", "method": "POST"}
    world.jira.fault("status", status=400, body=refusal, times=None, **path)
    [task_id] = world.has_tasks(1)

    world.poll_and_work()
    world.later()

    assert rule().state is RuleState.TRIPPED
    assert "Cost centre is required." in rule().tripped_reason
    assert world.link(task_id).state is LinkState.HELD
    assert world.link(task_id).intent_at is None, "nothing was made, so nothing is to be looked for"


def test_a_completion_goes_on_under_a_tripped_rule_and_its_fields_follow_later(world):
    save()
    [task_id] = world.has_synced_tasks(1)
    change_screen(world, OFFICE, on_screen=False)
    world.forget_schema()

    world.edit(task_id, title="A better laptop")
    world.complete(task_id)
    world.poll_and_work()

    assert world.issue(task_id)["statusCategory"] == "done"
    assert world.issue(task_id)["summary"] != "A better laptop"
    assert world.link(task_id).state is LinkState.HELD

    change_screen(world, OFFICE, on_screen=True)
    world.forget_schema()
    enable()
    replay()
    world.work()
    assert world.issue(task_id)["summary"] == "A better laptop"
    assert world.link(task_id).state is LinkState.SYNCED


def test_a_disabled_rule_lets_the_next_one_take_what_it_held(world):
    save(fields=[SUMMARY])
    [task_id] = world.has_tasks(1)
    world.poll_and_work()

    disable("To IT")
    world.resume()

    assert world.issue(task_id)["project"] == "HR"
    assert world.letters() == {}


def test_edits_made_while_a_rule_was_disabled_reach_jira_when_it_is_back(world):
    [task_id] = world.has_synced_tasks(1)
    disable("Default")
    world.edit(task_id, title="A better laptop")
    world.poll_and_work()
    assert world.issue(task_id)["summary"] != "A better laptop"

    enable("Default")
    world.resume()

    assert world.issue(task_id)["summary"] == "A better laptop"


def test_a_rule_tripped_in_the_middle_of_a_batch_writes_nothing_more(world):
    ids = world.has_synced_tasks(5)
    for task_id in ids:
        world.edit(task_id, title=f"Edited {task_id}")
    default = rule("Default")

    def trip() -> None:
        with writing() as session:
            assert rule_states.trip(session, default.id, default.version, "It does not fit.")

    world.jira_wire.after("PUT", "*/issue/*", trip)
    world.poll_and_work()

    assert world.jira.calls()[EDIT] == 1
    held = [one for one in ids if world.link(one).state is LinkState.HELD]
    assert len(held) == 4


def test_a_rule_that_was_changed_meanwhile_is_not_tripped_for_its_old_version(world):
    save(fields=[SUMMARY])
    [task_id] = world.has_tasks(1)
    # While its schema is being read, a person mends the rule.
    world.jira_wire.before("GET", "*/createmeta/*", save)

    world.poll_and_work()
    world.later()

    assert rule().state is RuleState.ACTIVE
    assert world.issue(task_id)["project"] == "IT"
    assert world.jira.calls()[SINGLE] == 1


def test_edits_of_what_is_held_do_not_pile_up(world):
    save(fields=[SUMMARY])
    [task_id] = world.has_tasks(1)
    world.poll_and_work()
    for number in range(3):
        world.edit(task_id, title=f"Edit {number}")
        world.poll_and_work()

    assert len(world.letters()) == 1
    assert world.story(task_id).count("held") == 1

    save()
    enable()
    assert replay() == 1
    world.work()
    assert world.issue(task_id)["summary"] == "Edit 2"
