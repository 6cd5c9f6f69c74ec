"""Examples of a rule: how they are written, and what is said where the rule does something else."""

from __future__ import annotations

from typing import Any

import pytest

from core.mapping.document import dump, parse
from core.mapping.errors import RuleDocumentError
from core.mapping.schema import FieldKind, TargetField, TargetSchema
from core.mapping.trying import lookups_of_examples, need_schema, try_examples
from core.mapping.values import AllowedValue

OFFICES = (AllowedValue("10", "Kyiv"), AllowedValue("11", "Lviv"))
PLACES = (AllowedValue("20", "Ukraine", (AllowedValue("21", "Kyiv"), AllowedValue("22", "Lviv"))),)
FIELDS = [
    TargetField("summary", "Summary", FieldKind.LINE, required=True, max_length=30),
    TargetField("cf_1", "Office", FieldKind.OPTION, allowed=OFFICES),
    TargetField("cf_2", "Offices", FieldKind.OPTIONS, allowed=OFFICES),
    TargetField("cf_3", "Place", FieldKind.CASCADE, allowed=PLACES),
    TargetField("assignee", "Assignee", FieldKind.USER),
    TargetField("description", "Description", FieldKind.RICH_TEXT),
    TargetField("duedate", "Due date", FieldKind.DATE),
    TargetField("cf_4", "Budget", FieldKind.NUMBER),
    TargetField("cf_5", "Window", FieldKind.DATETIME),
    TargetField("cf_6", "Notes", FieldKind.TEXT),
    TargetField("labels", "Labels", FieldKind.LABELS),
]
SCHEMA = TargetSchema("IT, Task", {field.id: field for field in FIELDS})
PEOPLE = {"iryna@acme.example": "acc-1", "oleh@acme.example": "acc-2"}
DOCUMENT: dict[str, Any] = {
    "id": 1,
    "name": "Laptops to IT",
    "priority": 10,
    "action": "sync",
    "project": "IT",
    "issue_type": "Task",
    "time_zone": "Europe/Kyiv",
    "conditions": [{"path": "$.title", "operator": "contains", "value": "laptop"}],
    "fields": [{"field": "summary", "sources": [{"path": "$.title"}]}],
}
RECORD = {"title": "A laptop"}
RULE = "Rule 'Laptops to IT', example"


class AsItIs:
    """A target whose JSON is the neutral value."""

    def shape(self, _target, value):
        return value


def rule_with(*examples, **changes):
    return parse({**DOCUMENT, **changes, "examples": list(examples)})


def failures(rule, schema: TargetSchema | None = SCHEMA) -> list[str]:
    return [str(failure) for failure in try_examples(rule, schema, PEOPLE, AsItIs())]


def tried(source, expect, *, field="cf_1", record=RECORD, **mapping):
    """Give the failures of one example, in which one field besides the summary is mapped."""
    fields = [*DOCUMENT["fields"], {"field": field, "sources": [source], **mapping}]
    example = {"name": "one", "record": record, "expect": expect}
    return failures(rule_with(example, fields=fields))


def test_examples_are_read_and_written_again_word_for_word():
    examples = [
        {"name": "fields", "record": RECORD, "expect": {"cf_1": "Lviv", "duedate": None}},
        {"name": "taken", "record": RECORD, "expect": {}},
        {"name": "refused", "record": RECORD, "expect": "refused"},
        {"name": "because", "record": RECORD, "expect": {"refused": "cf_1"}},
        {"name": "not its own", "record": {}, "expect": "passed over"},
    ]

    assert dump(rule_with(*examples))["examples"] == examples


def test_a_rule_without_examples_does_not_mention_them():
    assert "examples" not in dump(rule_with())


@pytest.mark.parametrize(
    ("changes", "part", "says"),
    [
        ({"name": None}, "examples[0].name", "missing"),
        ({"name": ""}, "examples[0].name", "give it one"),
        ({"record": "x"}, "examples[0].record", "not a table of keys"),
        ({"record": {"a": {1: "x"}}}, "examples[0].record", "quotation marks"),
        ({"expect": "refuse"}, "examples[0].expect", "passed over"),
        ({"expect": None}, "examples[0].expect", "passed over"),
        ({"expect": {5: "x"}}, "examples[0].expect", "quotation marks"),
        ({"expects": {}}, "examples[0].expects", "use name, record, expect"),
    ],
)
def test_what_is_wrong_with_an_example_is_said_with_its_place(changes, part, says):
    with pytest.raises(RuleDocumentError) as raised:
        rule_with({"name": "one", "record": RECORD, "expect": {}, **changes})

    [error] = raised.value.errors
    assert error.part == part
    assert says in str(error)
    assert "rule 'Laptops to IT'" in str(error)


def test_an_example_without_an_expectation_is_refused():
    with pytest.raises(RuleDocumentError, match=r"examples\[0\].expect: it is missing"):
        rule_with({"name": "one", "record": RECORD})


def test_two_examples_of_one_name_are_refused():
    example = {"name": "one", "record": RECORD, "expect": {}}

    with pytest.raises(RuleDocumentError, match=r"examples\[1\].name.*two examples 'one'"):
        rule_with(example, example)


@pytest.mark.parametrize("expect", [{"summary": "A laptop"}, "refused", {"refused": "cf_1"}])
def test_a_rule_that_leaves_records_out_has_no_fields_to_expect(expect):
    with pytest.raises(RuleDocumentError, match=r"examples\[0\].expect"):
        rule_with({"name": "one", "record": RECORD, "expect": expect}, action="drop")


def test_a_rule_that_leaves_records_out_is_tried_on_what_it_takes():
    rule = rule_with(
        {"name": "taken", "record": RECORD, "expect": {}},
        {"name": "wrongly taken", "record": RECORD, "expect": "passed over"},
        {"name": "wrongly passed over", "record": {"title": "A desk"}, "expect": {}},
        action="drop",
    )

    assert not need_schema(rule)
    assert failures(rule, None) == [
        (f"{RULE} 'wrongly taken': the rule was to pass it over, and takes it."),
        (
            f"{RULE} 'wrongly passed over': the rule was to take it, and passes "
            "it over: not $.title contains 'laptop'."
        ),
    ]


def test_what_a_rule_passes_over_needs_no_schema():
    passed_over = {"name": "one", "record": {"title": "A desk"}, "expect": "passed over"}

    assert not need_schema(rule_with(passed_over))
    assert need_schema(rule_with(passed_over, {"name": "two", "record": RECORD, "expect": {}}))
    assert failures(rule_with(passed_over), None) == []


@pytest.mark.parametrize(
    ("field", "static", "expect"),
    [
        ("cf_1", "Lviv", "Lviv"),
        ("cf_1", "Lviv", "11"),
        ("cf_1", "Lviv", 11),
        ("cf_2", ["Kyiv", "Lviv"], ["Lviv", "Kyiv"]),
        ("cf_2", "Kyiv", "Kyiv"),
        ("cf_3", "20/22", "Ukraine / Lviv"),
        ("cf_3", "Ukraine", "Ukraine"),
        ("assignee", "Iryna@acme.example", "iryna@acme.example"),
        ("description", "<p>Lap<b>top</b></p><p>A &amp; B</p>", "Laptop A & B"),
        ("duedate", "2026-10-05T23:30:00Z", "2026-10-06"),
        ("cf_4", "250.0", 250),
        ("cf_5", "2026-10-05T09:30:00+03:00", "2026-10-05T06:30:00Z"),
        ("cf_6", "one\ntwo", "one\ntwo\n"),
        ("labels", ["two words", "one"], ["one", "two_words"]),
        ("cf_1", None, None),
        ("cf_2", None, []),
    ],
)
def test_what_is_expected_is_written_as_people_write_it(field, static, expect):
    assert tried({"static": static}, {field: expect}, field=field) == []


@pytest.mark.parametrize(
    ("field", "static", "expect", "says"),
    [
        ("cf_1", "Lviv", "Kyiv", '"Kyiv" was expected, and "Lviv" came.'),
        ("cf_1", "Lviv", None, 'nothing was expected, and "Lviv" came.'),
        ("cf_1", None, "Lviv", '"Lviv" was expected, and nothing came.'),
        (
            "cf_1",
            "Lviv",
            "Lvov",
            '"Lvov" was expected, but it is not among the allowed values. Nearest: Lviv.',
        ),
        ("cf_2", ["Lviv"], ["Lviv", "Kyiv"], '["Lviv", "Kyiv"] was expected, and ["Lviv"] came.'),
        ("cf_3", "Ukraine / Lviv", "Ukraine", '"Ukraine" was expected, and "Ukraine / Lviv" came.'),
        (
            "assignee",
            "oleh@acme.example",
            "iryna@acme.example",
            '"iryna@acme.example" was expected, and "oleh@acme.example" came.',
        ),
        ("description", "<p>One</p>", "Two", '"Two" was expected, and "One" came.'),
        (
            "duedate",
            "2026-10-05",
            "2026-10-06",
            '"2026-10-06" was expected, and "2026-10-05" came.',
        ),
        ("cf_4", 250, 251, "251 was expected, and 250 came."),
    ],
)
def test_what_came_instead_is_said_in_the_same_words(field, static, expect, says):
    name = SCHEMA.fields[field].name

    assert tried({"static": static}, {field: expect}, field=field) == [
        f"Rule 'Laptops to IT', example 'one', field {name} ({field}): {says}"
    ]


def test_fields_that_are_not_named_are_not_compared():
    assert tried({"static": "Lviv"}, {"summary": "A laptop"}) == []


def test_a_field_that_the_target_does_not_have_is_said():
    assert tried({"static": "Lviv"}, {"cf_9": "x"}) == [
        (f"{RULE} 'one', field cf_9: IT, Task does not have this field, or not on its screen.")
    ]


def test_each_reason_of_a_refusal_that_was_not_expected_is_told():
    [failure] = tried({"static": "Odesa"}, {"summary": "A laptop"})

    assert failure.startswith(
        "Rule 'Laptops to IT', example 'one', field Office (cf_1): it is refused. "
        '"Odesa" was offered, but it is not among the allowed values. Allowed: Kyiv, Lviv.'
    )
    assert "To mend it:" in failure


@pytest.mark.parametrize("expect", ["refused", {"refused": "cf_1"}])
def test_a_refusal_that_was_expected_is_no_failure(expect):
    assert tried({"static": "Odesa"}, expect) == []


def test_a_refusal_because_of_another_field_is_told():
    [failure] = tried({"static": "Odesa"}, {"refused": "summary"})

    assert "field Summary (summary): it was to be refused because of this field" in failure
    assert "Odesa" in failure


def test_a_refusal_that_does_not_come_is_told():
    assert tried({"static": "Lviv"}, {"refused": "cf_1"}) == [
        (f"{RULE} 'one', field Office (cf_1): it was to be refused, and it fits.")
    ]


def test_the_people_of_records_and_of_expectations_are_looked_up():
    fields = [*DOCUMENT["fields"], {"field": "assignee", "sources": [{"path": "$.who"}]}]
    record = {**RECORD, "who": "A@x.example"}
    rule = rule_with(
        {"name": "one", "record": record, "expect": {"assignee": "B@x.example"}},
        {"name": "two", "record": RECORD, "expect": {"summary": "c@x.example"}},
        fields=fields,
    )

    assert lookups_of_examples(rule, SCHEMA) == {"a@x.example", "b@x.example"}
