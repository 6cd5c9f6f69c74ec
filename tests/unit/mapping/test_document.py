"""A rule as a document: read, written, and refused with everything that is wrong."""

from __future__ import annotations

import json
import pickle

import pytest

from core.mapping.document import dump, parse
from core.mapping.errors import RuleDocumentError, RuleError
from core.mapping.sources import REFUSE, ValueMap

DOCUMENT = {
    "id": 7,
    "name": "IT onboarding",
    "priority": 10,
    "action": "sync",
    "project": "IT",
    "issue_type": "Task",
    "time_zone": "Europe/Kyiv",
    "recreate_deleted": True,
    "conditions": [
        {"path": "$.department.name", "operator": "one_of", "value": ["IT", "Ops"]},
        {"path": "$.ends_on", "operator": "exists"},
        {"path": "$.urgent", "operator": "equals", "value": False},
    ],
    "fields": [
        {
            "field": "summary",
            "name": "Summary",
            "sources": [
                {"template": "Onboard {{ who.name }}", "strict": True},
                {"path": "$.title"},
                {"static": "Onboard"},
            ],
            "when_empty": "violation",
        },
        {
            "field": "cf_1",
            "sources": [
                {"path": "$.office", "table": {"Lviv": "11", "Remote": None}},
                {"template": "{{ a }}", "table": {"x": ["y"]}, "otherwise": None},
            ],
            "when_empty": "clear",
            "format": "plain",
        },
    ],
}


def test_a_document_is_read_and_written_again_word_for_word():
    assert dump(parse(DOCUMENT)) == DOCUMENT
    assert parse(json.loads(json.dumps(dump(parse(DOCUMENT))))) == parse(DOCUMENT)


def test_what_has_its_usual_value_may_be_left_out():
    document = {"name": "All", "priority": 1, "project": "HR", "issue_type": "Task"}

    assert dump(parse(document)) == {
        "id": 0, "action": "sync", "conditions": [], "fields": [], **document,
    }  # fmt: skip


def test_a_table_without_otherwise_is_told_from_one_that_leaves_the_rest_empty():
    first, second = parse(DOCUMENT).fields[1].sources

    assert isinstance(first, ValueMap)
    assert first.otherwise is REFUSE
    assert isinstance(second, ValueMap)
    assert second.otherwise is None


def errors_of(**changes):
    with pytest.raises(RuleDocumentError) as raised:
        parse({**DOCUMENT, **changes})
    return {error.part: str(error) for error in raised.value.errors}


def test_everything_that_is_wrong_is_said_with_its_place():
    errors = errors_of(
        prio=1,
        priority="high",
        action="copy",
        conditions=[
            {"path": "team", "operator": "equals", "value": "IT"},
            {"path": "$.a", "operator": "is"},
            {"path": "$.a", "operator": "regex", "value": "(a"},
            "x",
        ],
        fields=[
            {"field": "a", "sources": [{"template": "{{ a() }}"}]},
            {"field": "b", "sources": []},
            {"sources": [{"path": "$.a", "static": 1}], "when_empty": "never", "format": "md"},
            {
                "field": "c",
                "sources": [{"path": "$.a", "table": {}}, {"path": "$", "otherwise": 1}],
            },
            {"field": "d", "sources": [{"path": "$.a", "table": {1: 2}}, {"template": 5}]},
        ],
    )

    assert set(errors) == {
        "prio",
        "priority",
        "action",
        "conditions[0].path",
        "conditions[1].operator",
        "conditions[2].value",
        "conditions[3]",
        "fields[0].sources[0].template",
        "fields[1].sources",
        "fields[2].field",
        "fields[2].sources[0]",
        "fields[2].when_empty",
        "fields[2].format",
        "fields[3].sources[0].table",
        "fields[3].sources[1]",
        "fields[4].sources[0]",
        "fields[4].sources[1].template",
    }
    assert errors["priority"] == (
        "rule 'IT onboarding', priority: 'high' is not a whole number; write a whole number"
    )


@pytest.mark.parametrize(
    ("changes", "part", "says"),
    [
        ({"priority": True}, "priority", "not a whole number"),
        ({"name": ""}, "name", "give it one"),
        ({"name": None}, "name", "missing"),
        ({"name": 5}, "name", "not a text"),
        ({"project": ""}, "project", "choose the project"),
        ({"conditions": {}}, "conditions", "not a list"),
        ({"recreate_deleted": "yes"}, "recreate_deleted", "true or false"),
        ({"time_zone": "Kyiv"}, "time_zone", "IANA"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(changes, part, says):
    errors = errors_of(**changes)

    assert says in errors[part]


@pytest.mark.parametrize("document", [None, [], "rule", 5])
def test_what_is_not_a_table_is_refused(document):
    with pytest.raises(RuleDocumentError, match="table of keys"):
        parse(document)


def test_an_error_survives_being_sent_to_another_process():
    error = RuleError("problem", "remedy", "part", "rule")

    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes
