"""From a record and a rule to a payload, or to sentences that say what is in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.mapping.check import check
from core.mapping.resolve import Payload, Violations, needed_lookups, resolve
from core.mapping.routing import Rule
from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.sources import FieldMapping, Path, Static, Template, ValueMap, WhenEmpty
from core.mapping.values import Account, AllowedValue
from core.mapping.violations import Blame

OFFICES = (AllowedValue("10", "Kyiv"), AllowedValue("11", "Lviv"))
SUMMARY = TargetField("summary", "Summary", FieldKind.LINE, required=True, max_length=254)
OFFICE = TargetField("cf_1", "Office", FieldKind.OPTION, allowed=OFFICES)
ASSIGNEE = TargetField("assignee", "Assignee", FieldKind.USER)
DESCRIPTION = TargetField("description", "Description", FieldKind.RICH_TEXT)
RECORD = {
    "title": "Order a laptop",
    "office": "Lviv",
    "description": "<p></p>",
    "assigned_to": {"email": "Iryna@acme.example"},
}
TITLE = FieldMapping("summary", (Path("$.title"),), "Summary")


class ShapesOfATarget:
    """A target that writes choices and accounts as objects."""

    def shape(self, _target, value):
        match value:
            case AllowedValue(id=chosen):
                return {"id": chosen}
            case Account(id=account):
                return {"account": account}
            case _:
                return value


def outcome(*mappings, fields=(SUMMARY, OFFICE, ASSIGNEE, DESCRIPTION), record=RECORD):
    rule = Rule(1, "IT", 10, project="IT", issue_type="Task", fields=mappings)
    schema = TargetSchema("IT, Task", {field.id: field for field in fields})
    return resolve(record, rule, schema, {"iryna@acme.example": "acc-1"}, ShapesOfATarget())


def only_violation(result):
    assert isinstance(result, Violations), result
    assert len(result.violations) == 1, str(result)
    return result.violations[0]


def test_a_record_that_fits_becomes_a_payload_in_the_targets_shapes():
    result = outcome(
        TITLE,
        FieldMapping("cf_1", (Path("$.office"),)),
        FieldMapping("assignee", (Path("$.assigned_to.email"),)),
    )

    assert isinstance(result, Payload)
    assert result.fields == {
        "summary": "Order a laptop",
        "cf_1": {"id": "11"},
        "assignee": {"account": "acc-1"},
    }
    assert result.values["cf_1"] == OFFICES[1]
    assert result.notices == ()


def test_an_option_that_is_not_allowed_is_explained_to_who_wrote_the_rule():
    mapping = FieldMapping("cf_1", (Path("$.office"),))

    violation = only_violation(outcome(TITLE, mapping, record={**RECORD, "office": "Lvov"}))

    assert str(violation) == (
        "Rule 'IT', field Office (cf_1): \"Lvov\" was offered, but it is not among the allowed "
        "values. Allowed: Kyiv, Lviv. Nearest: Lviv. To mend it: correct the value, map it by a "
        "table, or add it in the target."
    )
    assert violation.blame is Blame.RECORD


@pytest.mark.parametrize("source", [Static("Lvov"), ValueMap(Path("$.office"), {"Lviv": "Lvov"})])
def test_a_wrong_value_that_is_written_in_the_rule_is_the_rules_fault(source):
    assert only_violation(outcome(TITLE, FieldMapping("cf_1", (source,)))).blame is Blame.RULE


def test_a_field_that_is_gone_is_found_again_by_its_name():
    violation = only_violation(outcome(TITLE, FieldMapping("cf_9", (Path("$.office"),), "office")))

    assert violation.nearest == "Office (cf_1)"
    assert "map cf_1 instead" in violation.remedy
    assert violation.blame is Blame.RULE


def test_a_field_that_is_gone_without_a_namesake_gets_the_nearest_name():
    violation = only_violation(outcome(TITLE, FieldMapping("cf_9", (Path("$.office"),), "Offices")))

    assert violation.nearest == "Office (cf_1)"
    assert "screen" in str(violation)


def test_a_field_that_is_gone_is_a_violation_even_for_a_record_without_a_value():
    mapping = FieldMapping("cf_9", (Path("$.missing"),), "Gone")

    assert only_violation(outcome(TITLE, mapping)).field_id == "cf_9"


def test_a_field_that_must_not_be_set_is_a_violation():
    locked = replace(OFFICE, settable=False)

    violation = only_violation(
        outcome(TITLE, FieldMapping("cf_1", (Path("$.office"),)), fields=(SUMMARY, locked))
    )

    assert "does not let it be set" in str(violation)


def test_a_demanded_field_that_the_rule_does_not_map_is_the_rules_fault():
    cost = TargetField("cf_2", "Cost centre", FieldKind.OPTION, required=True, allowed=OFFICES)

    violation = only_violation(outcome(TITLE, fields=(SUMMARY, cost)))

    assert str(violation) == (
        "Rule 'IT', field Cost centre (cf_2): IT, Task demands this field, and the rule does not "
        "fill it. Allowed: Kyiv, Lviv. To mend it: map the field in the rule, or make it optional "
        "in the target."
    )
    assert violation.blame is Blame.RULE


def test_a_demanded_field_with_a_default_may_be_left_out():
    cost = TargetField("cf_2", "Cost", FieldKind.NUMBER, required=True, has_default=True)

    assert isinstance(outcome(TITLE, fields=(SUMMARY, cost)), Payload)


def test_a_demanded_field_that_is_mapped_and_empty_is_the_records_fault():
    violation = only_violation(outcome(TITLE, record={"title": " "}))

    assert violation.blame is Blame.RECORD
    assert "the record has no value for it" in str(violation)


@pytest.mark.parametrize(
    ("when_empty", "fields"),
    [
        (WhenEmpty.LEAVE_UNSET, {"summary": "Order a laptop"}),
        (WhenEmpty.CLEAR, {"summary": "Order a laptop", "cf_1": None}),
    ],
)
def test_an_empty_field_is_left_out_or_cleared_as_the_rule_says(when_empty, fields):
    result = outcome(TITLE, FieldMapping("cf_1", (Path("$.x"),), when_empty=when_empty))

    assert isinstance(result, Payload)
    assert result.fields == fields


def test_an_empty_field_is_a_violation_where_the_rule_says_so():
    mapping = FieldMapping("cf_1", (Path("$.x"),), when_empty=WhenEmpty.VIOLATION)

    assert "The rule demands it" in str(only_violation(outcome(TITLE, mapping)))


def test_a_demanded_field_is_never_cleared():
    mapping = FieldMapping("summary", (Path("$.x"),), when_empty=WhenEmpty.CLEAR)

    assert only_violation(outcome(mapping)).field_id == "summary"


def test_html_without_a_text_counts_as_empty_and_the_next_source_is_taken():
    mapping = FieldMapping("description", (Path("$.description"), Static("none given")))

    result = outcome(TITLE, mapping)

    assert isinstance(result, Payload)
    assert result.values["description"].content == "none given"


def test_a_value_that_no_source_could_use_is_a_violation_and_not_an_empty_field():
    mapping = FieldMapping("cf_1", (ValueMap(Path("$.office"), {"Odesa": "10"}),))

    violation = only_violation(outcome(TITLE, mapping))

    assert "the table has no entry for 'Lviv'" in violation.problem
    assert violation.blame is Blame.RECORD


def test_everything_that_is_wrong_is_said_at_once():
    result = outcome(
        FieldMapping("cf_1", (Static("x"),)),
        FieldMapping("assignee", (Static("nobody@acme.example"),)),
        FieldMapping("cf_9", (Static("x"),)),
    )

    assert isinstance(result, Violations)
    assert {it.field_id for it in result.violations} == {"cf_1", "assignee", "cf_9", "summary"}
    assert result.blame is Blame.RULE


def test_notices_name_rule_and_field():
    result = outcome(TITLE, FieldMapping("cf_1", (Static("lviv"),)))

    assert isinstance(result, Payload)
    assert [str(notice) for notice in result.notices] == [
        "Rule 'IT', field Office (cf_1): 'lviv' was taken for 'Lviv'"
    ]


def test_the_e_mails_to_look_up_are_those_of_fields_that_hold_people():
    rule = Rule(
        1,
        "IT",
        10,
        project="IT",
        issue_type="Task",
        fields=(
            FieldMapping("assignee", (Path("$.x"), Template("{{ assigned_to.email }}"))),
            FieldMapping("summary", (Static("other@acme.example"),)),
            FieldMapping("gone", (Static("third@acme.example"),)),
        ),
    )
    schema = TargetSchema("IT", {"assignee": ASSIGNEE, "summary": SUMMARY})

    assert needed_lookups(rule, RECORD, schema) == {"iryna@acme.example"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"summary": "x", "gone": 1}, "does not have this field"),
        ({}, "demands this field"),
        ({"summary": None}, "must not be cleared"),
        ({"summary": "a\nb"}, "line breaks"),
        ({"summary": "x" * 255}, "longer than 254"),
        ({"summary": "x", "cf_1": AllowedValue("12", "Odesa")}, "not among the allowed"),
        ({"summary": "x", "cf_1": AllowedValue("10", "Renamed")}, "not among the allowed"),
        ({"summary": "x", "assignee": "acc-1"}, "not an account"),
    ],
)
def test_a_payload_is_checked_again_by_other_eyes(values, says):
    schema = TargetSchema("IT", {it.id: it for it in (SUMMARY, OFFICE, ASSIGNEE)})

    violations = check(values, schema, rule="IT")

    assert len(violations) == 1
    assert says in str(violations[0])
