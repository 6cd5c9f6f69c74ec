"""Jira's create screen as the mapping engine's neutral schema, and its values as Jira's JSON.

Source of the value shapes: https://developer.atlassian.com/server/jira/platform/
jira-rest-api-examples/ and, for Cloud, https://developer.atlassian.com/cloud/jira/platform/rest/v3/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from connectors.jira.adf import html_to_adf, text_to_adf
from connectors.jira.models import CreateField, text
from core.mapping.schema import MANY, FieldKind, TargetField, TargetSchema
from core.mapping.values import Account, AllowedValue, Cascade, RichText, Value

NOT_MAPPED = frozenset({"project", "issuetype", "issuelinks", "attachment"})
"""Fields of every create screen that a rule's target says, or that no create takes."""

SUMMARY_LENGTH = 254
LINE_LENGTH = 255

_SYSTEM_KINDS = {
    "summary": FieldKind.LINE,
    "description": FieldKind.RICH_TEXT,
    "environment": FieldKind.RICH_TEXT,
    "priority": FieldKind.PRIORITY,
    "labels": FieldKind.LABELS,
    "assignee": FieldKind.USER,
    "reporter": FieldKind.USER,
    "duedate": FieldKind.DATE,
    "parent": FieldKind.PARENT,
    "components": FieldKind.COMPONENTS,
    "versions": FieldKind.VERSIONS,
    "fixVersions": FieldKind.VERSIONS,
}

_CUSTOM_KINDS = {
    "select": FieldKind.OPTION,
    "radiobuttons": FieldKind.OPTION,
    "multiselect": FieldKind.OPTIONS,
    "multicheckboxes": FieldKind.OPTIONS,
    "cascadingselect": FieldKind.CASCADE,
    "userpicker": FieldKind.USER,
    "people": FieldKind.USERS,
    "multiuserpicker": FieldKind.USERS,
    "float": FieldKind.NUMBER,
    "datepicker": FieldKind.DATE,
    "datetime": FieldKind.DATETIME,
    "textfield": FieldKind.LINE,
    "readonlyfield": FieldKind.LINE,
    "textarea": FieldKind.RICH_TEXT,
    "url": FieldKind.URL,
    "labels": FieldKind.LABELS,
    "grouppicker": FieldKind.GROUP,
    "multigrouppicker": FieldKind.GROUPS,
}

# For fields of apps, whose own type says nothing to us.
_TYPE_KINDS = {
    "string": FieldKind.LINE,
    "number": FieldKind.NUMBER,
    "date": FieldKind.DATE,
    "datetime": FieldKind.DATETIME,
    "option": FieldKind.OPTION,
    "option-with-child": FieldKind.CASCADE,
    "user": FieldKind.USER,
    "group": FieldKind.GROUP,
    "priority": FieldKind.PRIORITY,
}
_ITEM_KINDS = {
    "string": FieldKind.LABELS,
    "option": FieldKind.OPTIONS,
    "user": FieldKind.USERS,
    "group": FieldKind.GROUPS,
    "component": FieldKind.COMPONENTS,
    "version": FieldKind.VERSIONS,
}


def target_schema(project: str, issue_type: str, fields: Sequence[CreateField]) -> TargetSchema:
    """Give what the engine needs to know of a project's create screen for an issue type."""
    targets = [_target_field(field) for field in fields if field.id not in NOT_MAPPED]
    return TargetSchema(f"{project}, {issue_type}", {target.id: target for target in targets})


def kind_of(field: CreateField) -> FieldKind:
    """Say what a field holds.

    The custom type goes before the plain one: a text area calls itself a string and takes a
    document.
    """
    if field.system in _SYSTEM_KINDS:
        return _SYSTEM_KINDS[field.system]
    custom = (field.custom or "").rpartition(":")[2]
    if custom in _CUSTOM_KINDS:
        return _CUSTOM_KINDS[custom]
    if field.type == "array":
        return _ITEM_KINDS.get(field.items or "", FieldKind.UNKNOWN)
    return _TYPE_KINDS.get(field.type, FieldKind.UNKNOWN)


def _target_field(field: CreateField) -> TargetField:
    kind = kind_of(field)
    lengths = {FieldKind.LINE: LINE_LENGTH, FieldKind.LABELS: LINE_LENGTH}
    return TargetField(
        id=field.id,
        name=field.name,
        kind=kind,
        required=field.required,
        has_default=field.has_default,
        settable="set" in field.operations or "add" in field.operations,
        allowed=_allowed(field.allowed_values),
        max_length=SUMMARY_LENGTH if field.system == "summary" else lengths.get(kind),
    )


def _allowed(values: Sequence[Mapping[str, Any]] | None) -> tuple[AllowedValue, ...] | None:
    if values is None:
        return None
    return tuple(
        AllowedValue(
            text(value.get("id")) or "",
            text(value.get("value")) or text(value.get("name")) or "",
            _allowed(value["children"]) or () if isinstance(value.get("children"), list) else (),
        )
        for value in values
        if isinstance(value, Mapping) and not value.get("disabled") and not value.get("archived")
    )


class JiraShapes:
    """Writes neutral values as Jira's REST API v3 takes them."""

    def shape(self, target: TargetField, value: Value) -> Any:  # noqa: ANN401, PLR0911 - one line for each kind
        """Give the JSON of a field's value; None clears a field, and [] one of several values."""
        if value is None:
            return [] if target.kind in MANY else None
        if target.kind is FieldKind.LINE and target.max_length is not None:
            return cut_to_units(value, target.max_length)
        if target.kind is FieldKind.LABELS:
            return sorted(set(value))
        if target.kind is FieldKind.PARENT:
            return {"id" if value.isdigit() else "key": value}
        if target.kind is FieldKind.GROUP:
            return {"name": value.name}
        if target.kind is FieldKind.GROUPS:
            return [{"name": group.name} for group in value]
        return _shape(value)


def cut_to_units(line: str, length: int) -> str:
    """Cut a line to what Jira counts: UTF-16 units, of which an emoji takes two."""
    units = line.encode("utf-16-le", errors="replace")
    if len(units) <= 2 * length:
        return line
    return units[: 2 * (length - 1)].decode("utf-16-le", errors="ignore") + "…"


def _shape(value: Value) -> Any:  # noqa: ANN401, PLR0911 - one line for each type there is
    match value:
        case RichText(content, html):
            return html_to_adf(content) if html else text_to_adf(content)
        case AllowedValue(id, name):
            return {"id": id} if id else {"name": name}
        case Cascade(parent, None):
            return {"id": parent.id}
        case Cascade(parent, child):
            return {"id": parent.id, "child": {"id": child.id}}
        case Account(id):
            return {"accountId": id}
        case datetime():
            # Jira wants milliseconds, and an offset without a colon.
            return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}{value:%z}"
        case date():
            return value.isoformat()
        case tuple():
            return [_shape(item) for item in value]
    return value
