"""Read what a call wants done to fields, judge it by screens and kinds, and put it into effect.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.jira.act import Act
from sandbox.jira.errors import FieldValueError, JiraError, invalid_payload, not_on_screen
from sandbox.jira.kind import Reading
from sandbox.jira.kinds import KINDS
from sandbox.jira.model import Field, FieldRule, Issue, Json, Project
from sandbox.jira.remarks import read_comment
from sandbox.jira.site import JiraSite

NO_PARENT = "Issue type is a sub-task but parent issue key or id not specified."


@dataclass(frozen=True)
class Operation:
    """One step of an edit: `verb` is `set`, `add` or `remove`."""

    field_id: str
    verb: str
    value: Json


def operations_of(payload: dict[str, Json]) -> list[Operation]:
    """Return what `fields` and `update` ask for, as one list."""
    fields, update = payload.get("fields") or {}, payload.get("update") or {}
    both = sorted(fields.keys() & update.keys())
    if both:
        raise JiraError(
            400,
            fields={
                key: f"Field '{key}' cannot appear in both 'fields' and 'update'" for key in both
            },
        )
    operations = [Operation(key, "set", value) for key, value in fields.items()]
    for key, steps in update.items():
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            raise invalid_payload()
        operations += [
            Operation(key, verb, value) for step in steps for verb, value in step.items()
        ]
    return operations


def apply(
    act: Act,
    project: Project,
    rules: dict[str, FieldRule],
    before: dict[str, Json],
    operations: Iterable[Operation],
) -> tuple[dict[str, Json], dict[str, str]]:
    """Return the stored fields after the operations, and what is wrong with them by field id."""
    values, errors = dict(before), {}
    for operation in operations:
        field_id = operation.field_id
        if field_id == "comment":
            # Judged here, so that a bad comment does not leave half of an edit behind.
            read_comment(act, comment_body(operation))
            continue
        rule = rules.get(field_id)
        if rule is None or not rule.on_screen:
            errors[field_id] = not_on_screen(field_id)
            continue
        reading = Reading(act.site, project, act.site.fields[field_id], act.text_is_plain)
        try:
            value = _after(reading, values.get(field_id), operation)
        except FieldValueError as error:
            errors[field_id] = str(error)
            continue
        values.pop(field_id, None)
        if value is not None:
            values[field_id] = value
            if rule.veto:
                errors[field_id] = rule.veto
    return values, errors


def _after(reading: Reading, before: Json, operation: Operation) -> Json:
    kind = KINDS[reading.field.kind]
    if operation.verb not in kind.operations:
        raise FieldValueError(f"Field does not support update '{reading.field.id}'")
    if operation.verb == "set":
        return None if operation.value is None else kind.read(operation.value, reading)
    one = kind.read([operation.value], reading) or []
    old = before or []
    if operation.verb == "remove":
        return [value for value in old if value not in one] or None
    after = [*old, *(value for value in one if value not in old)]
    return sorted(after) if reading.field.kind == "labels" else after


def require(
    site: JiraSite,
    rules: dict[str, FieldRule],
    values: dict[str, Json],
    errors: dict[str, str],
) -> None:
    """Add what Jira says of each required field that is not set."""
    for field_id, rule in rules.items():
        if rule.required and field_id not in values:
            errors.setdefault(field_id, _missing(site.fields[field_id]))


def _missing(field: Field) -> str:
    if field.id == "summary":
        return "You must specify a summary of the issue."
    if field.id == "parent":
        return NO_PARENT
    return f"{field.name} is required."


def changes_of(site: JiraSite, issue: Issue, values: dict[str, Json]) -> list[dict[str, Json]]:
    """Return what new field values change, as items of the history."""
    items = []
    for field_id in sorted(issue.fields.keys() | values.keys()):
        before, after = issue.fields.get(field_id), values.get(field_id)
        if before == after:
            continue
        field = site.fields[field_id]
        kind = KINDS[field.kind]
        old, new = (
            (None, "" if field.kind == "labels" else None)
            if value is None
            else kind.describe(value, field, site)
            for value in (before, after)
        )
        if field.custom:
            items.append(history_item(field.name, "custom", field.id, old, new))
        else:
            items.append(history_item(field.id, "jira", field.id, old, new))
    return items


def history_item(
    name: str,
    origin: str,
    field_id: str,
    old: tuple[str | None, str | None],
    new: tuple[str | None, str | None],
) -> dict[str, Json]:
    """Return one change in the history's shape; `old` and `new` are pairs of id and text."""
    return {
        "field": name,
        "fieldtype": origin,
        "fieldId": field_id,
        "from": old[0],
        "fromString": old[1],
        "to": new[0],
        "toString": new[1],
    }


def comment_body(operation: Operation) -> Json:
    """Return the text of a comment that an edit or a transition brings along."""
    return operation.value.get("body") if isinstance(operation.value, dict) else None
