"""The mapping engine: which rule takes a record, and what the target's fields become."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.mapping.fields import UnknownCastError, build_fields, changed_fields
from core.mapping.rules import FieldMapping, RoutingRule, first_match, matches, value_at

RECORD = {
    "title": "Order a laptop",
    "ends_on": None,
    "note": "",
    "count": 0,
    "assigned_to": {"email": "ihor@acme.example", "team": {"name": "IT"}},
}
RULE = RoutingRule(
    id=1,
    name="IT",
    conditions=(),
    drop=False,
    project="IT",
    issue_type="Task",
    recreate_deleted=False,
    fields=(),
)
CASTS = {"text": str, "shout": lambda value: str(value).upper()}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "Order a laptop"),
        ("assigned_to.email", "ihor@acme.example"),
        ("assigned_to.team.name", "IT"),
        ("ends_on", None),
        ("associated_to.email", None),
        ("title.length", None),
        ("", None),
    ],
)
def test_a_dotted_path_gives_its_value_or_none_where_a_step_is_missing(path, value):
    assert value_at(RECORD, path) == value


@pytest.mark.parametrize(
    ("conditions", "taken"),
    [
        ((), True),
        (({"path": "assigned_to.team.name", "equals": "IT"},), True),
        (({"path": "title", "equals": "order a laptop"},), False),
        (({"path": "nowhere", "equals": None},), True),
        (({"path": "title", "equals": "Order a laptop"}, {"path": "count", "equals": 1}), False),
    ],
)
def test_a_rule_takes_a_record_when_all_its_conditions_hold(conditions, taken):
    assert matches(replace(RULE, conditions=conditions), RECORD) is taken


def test_the_first_rule_that_matches_wins():
    other = replace(RULE, id=2, conditions=({"path": "title", "equals": "Another"},))
    last = replace(RULE, id=3)

    assert first_match([other, RULE, last], RECORD) is RULE
    assert first_match([other], RECORD) is None
    assert first_match([], RECORD) is None


def mapped(**fields):
    return replace(
        RULE, fields=tuple(FieldMapping(target, *rest) for target, rest in fields.items())
    )


def test_fields_are_built_from_paths_and_fixed_values():
    rule = mapped(summary=("path", "title", "shout"), team=("static", "People", "text"))

    assert build_fields(rule, RECORD, CASTS) == {"summary": "ORDER A LAPTOP", "team": "People"}


def test_an_empty_source_clears_its_field():
    rule = mapped(
        duedate=("path", "ends_on", "text"),
        note=("path", "note", "text"),
        person=("path", "associated_to.email", "text"),
    )

    assert build_fields(rule, RECORD, CASTS) == {"duedate": None, "note": None, "person": None}


def test_zero_is_a_value_and_not_empty():
    assert build_fields(mapped(n=("path", "count", "text")), RECORD, CASTS) == {"n": "0"}


def test_a_conversion_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(UnknownCastError, match=r"rule 'IT', field x: .*'wish'.*shout, text"):
        build_fields(mapped(x=("path", "title", "wish")), RECORD, CASTS)


@pytest.mark.parametrize(
    ("desired", "written", "changed"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": 2}),
        ({"a": None}, {}, {}),
        ({"a": None}, {"a": 1}, {"a": None}),
        ({}, {"a": 1}, {}),
    ],
)
def test_only_what_differs_from_the_last_write_is_written(desired, written, changed):
    assert changed_fields(desired, written) == changed
