"""Whose fault it is that Jira refuses an issue which its schema allowed."""

import pytest

from core.mapping import document
from tasks.pf_jira.refusals import rule_is_at_fault

RULE = document.parse(
    {
        "id": 1,
        "name": "To IT",
        "priority": 10,
        "project": "IT",
        "issue_type": "Task",
        "fields": [
            {"field": "summary", "sources": [{"path": "$.title"}]},
            {"field": "customfield_10041", "sources": [{"static": "Lviv"}]},
            {"field": "assignee", "sources": [{"path": "$.assigned_to.email"}]},
            {"field": "duedate", "sources": [{"path": "$.ends_on"}, {"static": "2026-01-01"}]},
        ],
    }
)
NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("project", "Specify a valid project ID or key"),
        ("issuetype", "Specify a valid issue type"),
        ("summary", NOT_ON_SCREEN.format("summary")),
        ("customfield_10099", "Cost centre is required."),
        ("priority", "You must specify a priority."),
        ("customfield_10041", "Option id '10401' is not valid"),
    ],
)
def test_the_rule_is_at_fault_for_what_other_records_would_meet_too(field, message):
    assert rule_is_at_fault(RULE, {field: message})


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("assignee", "User '5b10' cannot be assigned issues."),
        ("summary", "Summary is required."),
        ("duedate", "Due dates in that week are not accepted."),
        ("customfield_10099", "Something that nobody foresaw."),
    ],
)
def test_the_record_is_at_fault_for_its_own_values(field, message):
    assert not rule_is_at_fault(RULE, {field: message})


def test_one_field_that_is_the_rules_fault_is_enough():
    errors = {"assignee": "User '5b10' cannot be assigned issues.", "issuetype": "Not valid."}
    assert rule_is_at_fault(RULE, errors)
