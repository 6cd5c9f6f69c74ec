"""Jira's create screens in neutral words, and neutral values as Jira's JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.jira.models import CreateField
from connectors.jira.schema import JiraShapes, kind_of, target_schema
from core.mapping.schema import FieldKind, TargetField
from core.mapping.values import Account, AllowedValue, Cascade, RichText

CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes"


def described(schema: dict[str, Any], **rest: Any) -> CreateField:
    usual = {"fieldId": "f", "name": "F", "required": False, "operations": ["set"]}
    return CreateField.from_payload({**usual, "schema": schema, **rest})


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string", "system": "summary"}, FieldKind.LINE),
        ({"type": "string", "system": "description"}, FieldKind.RICH_TEXT),
        ({"type": "string", "custom": f"{CUSTOM}:textarea"}, FieldKind.RICH_TEXT),
        ({"type": "string", "custom": f"{CUSTOM}:textfield"}, FieldKind.LINE),
        ({"type": "string", "custom": f"{CUSTOM}:url"}, FieldKind.URL),
        ({"type": "option", "custom": f"{CUSTOM}:select"}, FieldKind.OPTION),
        ({"type": "option-with-child", "custom": f"{CUSTOM}:cascadingselect"}, FieldKind.CASCADE),
        (
            {"type": "array", "items": "option", "custom": f"{CUSTOM}:multicheckboxes"},
            FieldKind.OPTIONS,
        ),
        ({"type": "array", "items": "string", "system": "labels"}, FieldKind.LABELS),
        ({"type": "array", "items": "version", "system": "fixVersions"}, FieldKind.VERSIONS),
        ({"type": "user", "custom": f"{CUSTOM}:userpicker"}, FieldKind.USER),
        ({"type": "array", "items": "user", "custom": f"{CUSTOM}:people"}, FieldKind.USERS),
        ({"type": "issuelink", "system": "parent"}, FieldKind.PARENT),
        ({"type": "option", "custom": "com.example.app:colour"}, FieldKind.OPTION),
        ({"type": "array", "items": "group", "custom": "com.example.app:teams"}, FieldKind.GROUPS),
        ({"type": "sd-approvals", "custom": "com.example.app:approvals"}, FieldKind.UNKNOWN),
    ],
)
def test_the_custom_type_says_what_a_field_holds_and_the_plain_type_is_the_reserve(schema, kind):
    assert kind_of(described(schema)) is kind


def test_what_the_rules_target_says_is_no_field_of_the_schema():
    fields = [
        described({"type": "project", "system": "project"}, fieldId="project", required=True),
        described({"type": "issuetype", "system": "issuetype"}, fieldId="issuetype", required=True),
        described({"type": "string", "system": "summary"}, fieldId="summary", required=True),
    ]

    schema = target_schema("HR", "Task", fields)

    assert [field.id for field in schema.must_be_filled] == ["summary"]
    assert schema.target == "HR, Task"


def test_values_that_cannot_be_chosen_are_not_offered():
    field = described(
        {"type": "option-with-child", "custom": f"{CUSTOM}:cascadingselect"},
        allowedValues=[
            {"id": "1", "value": "Ukraine", "children": [{"id": "2", "value": "Lviv"}]},
            {"id": "3", "value": "Gone", "disabled": True},
            {"id": "4", "name": "Old", "archived": True},
        ],
    )

    [place] = target_schema("IT", "Task", [field]).fields.values()

    assert place.allowed == (AllowedValue("1", "Ukraine", (AllowedValue("2", "Lviv"),)),)


LVIV = AllowedValue("2", "Lviv")
UKRAINE = AllowedValue("1", "Ukraine", (LVIV,))


@pytest.mark.parametrize(
    ("kind", "value", "json"),
    [
        (FieldKind.LINE, "text", "text"),
        (FieldKind.NUMBER, 5, 5),
        (FieldKind.DATE, date(2026, 3, 1), "2026-03-01"),
        (
            FieldKind.DATETIME,
            datetime(2026, 3, 1, 10, 0, 0, 120_000, tzinfo=UTC),
            "2026-03-01T10:00:00.120+0000",
        ),
        (FieldKind.OPTION, LVIV, {"id": "2"}),
        (FieldKind.OPTION, AllowedValue("", "Lviv"), {"name": "Lviv"}),
        (FieldKind.OPTIONS, (LVIV, UKRAINE), [{"id": "2"}, {"id": "1"}]),
        (FieldKind.CASCADE, Cascade(UKRAINE, LVIV), {"id": "1", "child": {"id": "2"}}),
        (FieldKind.CASCADE, Cascade(UKRAINE), {"id": "1"}),
        (FieldKind.USER, Account("557058:a"), {"accountId": "557058:a"}),
        (FieldKind.USERS, (Account("a"), Account("b")), [{"accountId": "a"}, {"accountId": "b"}]),
        (FieldKind.GROUP, AllowedValue("", "hr"), {"name": "hr"}),
        (FieldKind.GROUPS, (AllowedValue("", "hr"),), [{"name": "hr"}]),
        (FieldKind.LABELS, ("b", "a", "b"), ["a", "b"]),
        (FieldKind.PARENT, "HR-1", {"key": "HR-1"}),
        (FieldKind.PARENT, "10001", {"id": "10001"}),
        (FieldKind.DATE, None, None),
        (FieldKind.LABELS, None, []),
    ],
)
def test_each_kind_is_written_as_jira_takes_it(kind, value, json):
    assert JiraShapes().shape(TargetField("f", "F", kind), value) == json


def test_a_formatted_text_becomes_a_document():
    target = TargetField("description", "Description", FieldKind.RICH_TEXT)

    html = JiraShapes().shape(target, RichText("<b>now</b>", html=True))
    plain = JiraShapes().shape(target, RichText("<b>", html=False))

    assert html["content"][0]["content"][0]["marks"] == [{"type": "strong"}]
    assert plain["content"][0]["content"][0]["text"] == "<b>"
