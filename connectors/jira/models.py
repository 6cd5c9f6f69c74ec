"""Jira's records as this gateway reads them: once, at the edge, tolerant of absent fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import PayloadError

LABEL = "PeopleForce"
"""The label that every issue of ours bears: JQL finds issues by it."""

PROPERTY = "pf_sync_metadata"
"""The entity property of an issue that names its task.

JQL cannot search it for a caller with an API token, but a search can return it.
Source: https://developer.atlassian.com/cloud/jira/platform/modules/entity-property/
"""

DONE = "done"


@dataclass(frozen=True)
class Issue:
    """One issue. `id` stays, `key` changes when the issue moves to another project.

    `status_category` is Jira's key: new, indeterminate, done or undefined. `task_id` is what our
    property says; None where the issue is not ours.
    """

    id: str
    key: str
    project_key: str
    issue_type_id: str | None
    status_id: str
    status_name: str
    status_category: str
    updated: str
    fields: dict[str, Any]
    task_id: str | None

    @property
    def done(self) -> bool:
        """Say whether the issue counts as finished, whatever its status is called."""
        return self.status_category == DONE

    @classmethod
    def from_payload(cls, payload: object) -> Issue:
        """Read an issue; raise `PayloadError` without an id, a key or a status."""
        issue = mapping(payload)
        fields = dict(mapping(issue.get("fields")))
        status = mapping(fields.get("status"))
        issue_id, key, status_id = (text(issue.get("id")), text(issue.get("key")), status.get("id"))
        if not issue_id or not key:
            raise PayloadError("an issue of Jira has no id or no key")
        if not isinstance(status_id, str):
            raise PayloadError(f"Jira's issue {key} has no status")
        project = text(mapping(fields.get("project")).get("key"))
        return cls(
            id=issue_id,
            key=key,
            project_key=project or key.rpartition("-")[0],
            issue_type_id=text(mapping(fields.get("issuetype")).get("id")),
            status_id=status_id,
            status_name=text(status.get("name")) or status_id,
            status_category=category_of(status),
            updated=text(fields.get("updated")) or "",
            fields=fields,
            task_id=task_id_of(issue),
        )


@dataclass(frozen=True)
class TransitionField:
    """One field of a transition's screen."""

    id: str
    name: str
    required: bool
    is_array: bool
    allowed_values: tuple[Mapping[str, Any], ...]
    default: object
    has_default: bool


@dataclass(frozen=True)
class Transition:
    """One way out of an issue's present status.

    A field that only a workflow's validator demands is not marked as required; the refusal tells.
    """

    id: str
    name: str
    to_id: str
    to_name: str
    to_category: str
    available: bool
    required_fields: tuple[TransitionField, ...]

    @classmethod
    def from_payload(cls, payload: object) -> Transition:
        """Read one transition; raise `PayloadError` without an id or a target status."""
        transition = mapping(payload)
        to = mapping(transition.get("to"))
        transition_id, to_id = text(transition.get("id")), text(to.get("id"))
        if not transition_id or not to_id:
            raise PayloadError("a transition of Jira has no id or no target status")
        return cls(
            id=transition_id,
            name=text(transition.get("name")) or transition_id,
            to_id=to_id,
            to_name=text(to.get("name")) or to_id,
            to_category=category_of(to),
            available=transition.get("isAvailable") is not False,
            required_fields=tuple(
                _transition_field(field_id, mapping(field))
                for field_id, field in mapping(transition.get("fields")).items()
                if mapping(field).get("required") is True
            ),
        )


@dataclass(frozen=True)
class IssueType:
    """One issue type that can be created in a project."""

    id: str
    name: str
    is_subtask: bool


@dataclass(frozen=True)
class Project:
    """One project, by the key that rules name it by."""

    key: str
    name: str

    @classmethod
    def from_payload(cls, payload: object) -> Project:
        """Read one project; raise `PayloadError` without a key."""
        key = text(mapping(payload).get("key"))
        if not key:
            raise PayloadError("a project of Jira has no key")
        return cls(key, text(mapping(payload).get("name")) or key)


@dataclass(frozen=True)
class CreateField:
    """One field of a project's create screen for an issue type.

    `allowed_values` is None where any value goes. Names are translated and not unique: use the id.
    Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
    """

    id: str
    name: str
    required: bool
    has_default: bool
    type: str
    items: str | None
    system: str | None
    custom: str | None
    operations: tuple[str, ...]
    allowed_values: tuple[Mapping[str, Any], ...] | None

    @property
    def must_be_sent(self) -> bool:
        """Say whether a create without this field is refused."""
        return self.required and not self.has_default

    @property
    def is_rich_text(self) -> bool:
        """Say whether the value is an Atlassian Document; the type says `string` all the same."""
        return self.system in {"description", "environment"} or (
            self.custom is not None and self.custom.endswith(":textarea")
        )

    @classmethod
    def from_payload(cls, payload: object) -> CreateField:
        """Read one field; raise `PayloadError` without an id."""
        field = mapping(payload)
        field_id = text(field.get("fieldId")) or text(field.get("key"))
        if not field_id:
            raise PayloadError("a field of Jira's create screen has no id")
        schema = mapping(field.get("schema"))
        operations = field.get("operations")
        return cls(
            id=field_id,
            name=text(field.get("name")) or field_id,
            required=field.get("required") is True,
            has_default=field.get("hasDefaultValue") is True,
            type=text(schema.get("type")) or "",
            items=text(schema.get("items")),
            system=text(schema.get("system")),
            custom=text(schema.get("custom")),
            operations=tuple(operations) if isinstance(operations, list) else (),
            allowed_values=_values(field["allowedValues"])
            if isinstance(field.get("allowedValues"), list)
            else None,
        )


def category_of(status: Mapping[str, Any]) -> str:
    """Give a status' category key; `undefined`, Jira's "No Category", where it is absent."""
    return text(mapping(status.get("statusCategory")).get("key")) or "undefined"


def task_id_of(issue: Mapping[str, Any]) -> str | None:
    """Give the task that our property on an issue names."""
    task_id = mapping(mapping(issue.get("properties")).get(PROPERTY)).get("task_id")
    return task_id if isinstance(task_id, str) and task_id else None


def mapping(value: object) -> Mapping[str, Any]:
    """Give an object of JSON, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str | None:
    """Give a string of JSON, or None in place of anything else."""
    return value if isinstance(value, str) else None


def _transition_field(field_id: str, field: Mapping[str, Any]) -> TransitionField:
    return TransitionField(
        id=field_id,
        name=text(field.get("name")) or field_id,
        required=True,
        is_array=mapping(field.get("schema")).get("type") == "array",
        allowed_values=_values(field.get("allowedValues")),
        default=field.get("defaultValue"),
        has_default=field.get("hasDefaultValue") is True,
    )


def _values(values: object) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(values, list):
        return ()
    return tuple(value for value in values if isinstance(value, Mapping))
