"""What one link asks of Jira, and which rule it follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.clock import now
from core.mapping import document
from core.mapping.routing import Action, Rule
from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.violations import Blame
from core.models import Link, LinkState
from tasks.pf_jira.planning import (
    Create,
    Hold,
    Leave,
    Refuse,
    Update,
    fields_hash,
    needs_schema,
    plan,
    plan_held,
    rule_for,
)

RULE = document.parse(
    {
        "id": 1,
        "name": "Default",
        "priority": 10,
        "project": "HR",
        "issue_type": "Task",
        "fields": [
            {"field": "summary", "sources": [{"path": "$.title"}]},
            {"field": "duedate", "sources": [{"path": "$.ends_on"}], "when_empty": "clear"},
        ],
    }
)
OTHER = replace(RULE, id=2, name="Other")
DROP = replace(RULE, action=Action.DROP)
RECREATE = replace(RULE, recreate_deleted=True)
SCHEMA = TargetSchema(
    "HR, Task",
    {
        field.id: field
        for field in (
            TargetField("summary", "Summary", FieldKind.LINE, required=True, max_length=254),
            TargetField("duedate", "Due date", FieldKind.DATE),
            TargetField("labels", "Labels", FieldKind.LABELS),
        )
    },
)
FIELDS = document.dump(RULE)["fields"]
LABELS = ["PeopleForce"]


def link(*, task_completed: bool = False, **values: Any) -> Link:
    """A link as the ledger gives it; without an issue unless told otherwise."""
    snapshot = {"title": "Laptop", "ends_on": None, "completed": task_completed}
    usual: dict[str, Any] = {"source_id": "11", "state": LinkState.PENDING, "completed": False}
    return Link(**{**usual, "written": {}, "snapshot": snapshot, **values})


def linked(**values: Any) -> Link:
    """A link whose issue has what the task has."""
    written = {"summary": "Laptop", "duedate": None, "labels": LABELS}
    usual: dict[str, Any] = {
        "issue_id": "10001",
        "state": LinkState.SYNCED,
        "rule_id": 1,
        "written": written,
    }
    return link(**{**usual, **values})


def planned_for(
    of: Link, rule: Rule | None, schema: TargetSchema = SCHEMA
) -> Leave | Create | Update | Hold | Refuse:
    """What is planned when rules see just the stored snapshot."""
    return plan(of, of.snapshot, rule, schema, {})


def followed_by(of: Link, rules: list[Rule]) -> Rule | None:
    return rule_for(of, of.snapshot, rules)


def test_a_new_task_asks_for_an_issue_with_the_fields_that_have_a_value():
    assert planned_for(link(), RULE) == Create(
        RULE, {"summary": "Laptop", "labels": LABELS}, SCHEMA
    )


def test_our_label_is_on_every_issue_beside_those_of_the_rule():
    labels = {"field": "labels", "sources": [{"static": ["onboarding"]}]}
    rule = document.parse({**document.dump(RULE), "fields": [*FIELDS, labels]})
    made = planned_for(link(), rule)

    assert isinstance(made, Create)
    assert made.fields["labels"] == ["PeopleForce", "onboarding"]


def test_what_does_not_fit_the_schema_is_refused_in_words():
    office = TargetField("customfield_10041", "Office", FieldKind.OPTION, required=True)
    schema = TargetSchema("IT, Task", {**SCHEMA.fields, office.id: office})

    planned = planned_for(link(), RULE, schema)

    assert isinstance(planned, Refuse)
    assert planned.violations.blame is Blame.RULE
    assert "Office (customfield_10041)" in str(planned.violations)


@pytest.mark.parametrize(
    ("values", "rule", "needed"),
    [
        ({}, RULE, True),
        ({"issue_id": "10001"}, RULE, True),
        ({"issue_id": "10001"}, DROP, False),
        ({}, None, False),
        ({"task_completed": True}, RULE, False),
    ],
)
def test_the_schema_is_asked_for_only_where_fields_may_be_written(values, rule, needed):
    assert needs_schema(link(**values), rule) is needed


def test_an_issue_that_has_everything_asks_nothing():
    planned = planned_for(linked(), RULE)

    assert isinstance(planned, Update)
    assert (planned.changed, planned.move_to_done) == ({}, None)


def test_only_what_changed_is_written():
    snapshot = {"title": "Laptop", "ends_on": "2026-12-24", "completed": False}

    planned = planned_for(linked(snapshot=snapshot), RULE)

    assert isinstance(planned, Update)
    assert planned.changed == {"duedate": "2026-12-24"}


@pytest.mark.parametrize(
    ("task", "agreed", "move"),
    [(False, False, None), (True, False, True), (False, True, False), (True, True, None)],
)
def test_an_issue_moves_when_its_task_is_not_where_both_sides_last_were(task, agreed, move):
    planned = planned_for(linked(task_completed=task, completed=agreed), RULE)

    assert isinstance(planned, Update)
    assert planned.move_to_done is move


@pytest.mark.parametrize("rule", [None, DROP], ids=["no rule", "a rule that drops"])
def test_an_issue_that_exists_is_finished_whatever_the_rules_say_now(rule):
    planned = planned_for(linked(task_completed=True), rule)

    assert isinstance(planned, Update)
    assert (planned.changed, planned.move_to_done) == ({}, True)


def test_what_a_tripped_rule_takes_waits_for_it():
    held = plan_held(link(), RULE, "Jira demands Office.")

    assert isinstance(held, Hold)
    assert "Jira demands Office." in held.reason
    assert "igw rules enable 'Default' --replay" in held.reason


def test_an_issue_is_finished_although_its_rule_is_tripped_and_its_fields_wait():
    held = plan_held(linked(task_completed=True), RULE, "Jira demands Office.")

    assert isinstance(held, Update)
    assert (held.changed, held.move_to_done, held.held) == ({}, True, True)


def test_what_asks_for_no_field_does_not_wait_for_a_tripped_rule():
    assert isinstance(plan_held(link(task_completed=True), RULE, "?"), Leave)


DELETED: dict[str, Any] = {"state": LinkState.ISSUE_DELETED}


@pytest.mark.parametrize(
    ("values", "rule", "state", "why"),
    [
        ({"task_completed": True}, RULE, LinkState.DROPPED, "completed before"),
        ({"task_completed": True}, None, LinkState.DROPPED, "completed before"),
        ({}, None, LinkState.UNROUTED, "no active rule"),
        ({}, DROP, LinkState.DROPPED, "'Default' leaves it out"),
        (DELETED, RULE, LinkState.ISSUE_DELETED, "was deleted in Jira"),
        (DELETED | {"task_completed": True}, RECREATE, LinkState.ISSUE_DELETED, "was deleted"),
        (DELETED, None, LinkState.ISSUE_DELETED, "was deleted in Jira"),
    ],
)
def test_a_task_that_needs_no_issue_is_left_with_the_reason(values, rule, state, why):
    planned = planned_for(link(**values), rule)

    assert isinstance(planned, Leave)
    assert planned.state is state
    assert why in planned.reason


def test_a_deleted_issue_is_made_anew_where_the_rule_says_so():
    assert isinstance(planned_for(link(**DELETED), RECREATE), Create)


def test_a_completed_task_whose_create_is_unanswered_is_still_looked_for():
    assert isinstance(planned_for(link(task_completed=True, intent_at=now()), RULE), Create)


@pytest.mark.parametrize(
    "values",
    [{"issue_id": "10001"}, {"intent_at": now()}, DELETED],
    ids=["an issue", "an intent", "a deleted issue"],
)
def test_what_a_rule_began_stays_with_it(values):
    assert followed_by(link(rule_id=2, **values), [RULE, OTHER]) is OTHER


def test_what_nobody_began_goes_to_the_first_rule_that_matches():
    assert followed_by(link(rule_id=2), [RULE, OTHER]) is RULE


def test_a_rule_that_is_no_longer_in_force_is_followed_by_the_next_match():
    assert followed_by(linked(rule_id=7), [RULE, OTHER]) is RULE
    assert followed_by(linked(rule_id=7), []) is None


def test_the_hash_of_fields_depends_on_what_they_say_and_not_on_their_order():
    assert fields_hash({"a": 1, "b": "\u00e9"}) == fields_hash({"b": "\u00e9", "a": 1})
    assert fields_hash({"a": 1}) != fields_hash({"a": "1"})
