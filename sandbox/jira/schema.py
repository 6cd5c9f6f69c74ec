"""Which fields an issue type of a project has, and how the create and edit metadata show them.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

from urllib.parse import quote

from sandbox.jira.catalogue import DEFAULT_PRIORITY
from sandbox.jira.kinds import KINDS, schema_of
from sandbox.jira.model import Field, Issue, IssueType, Json, Project
from sandbox.jira.view import View


def create_fields(project: Project, issue_type: IssueType, view: View) -> list[dict[str, Json]]:
    """Return the fields of the create screen, project and issue type included.

    A required field that is not on the screen is not among them, as in Jira.
    """
    return [
        _project_field(project, view),
        _type_field(issue_type, view),
        *(
            field_metadata(view.site.fields[field_id], project, view, required=rule.required)
            for field_id, rule in project.types[issue_type.id].items()
            if rule.on_screen and view.site.fields[field_id].kind != "read_only"
        ),
    ]


def edit_fields(issue: Issue, view: View) -> dict[str, dict[str, Json]]:
    """Return the fields of the edit screen by id."""
    project = view.site.projects[issue.project_id]
    shown = {"issuetype": _type_field(view.site.types[issue.type_id], view)}
    for field_id, rule in project.types.get(issue.type_id, {}).items():
        if rule.on_screen and view.site.fields[field_id].kind != "read_only":
            field = view.site.fields[field_id]
            shown[field_id] = field_metadata(
                field, project, view, required=rule.required, issue=issue
            )
    shown = {field_id: without_id(metadata) for field_id, metadata in shown.items()}
    shown["comment"] = {
        "required": False,
        "schema": {"type": "comments-page", "system": "comment"},
        "name": "Comment",
        "key": "comment",
        "operations": ["add", "edit", "remove"],
    }
    return shown


def without_id(metadata: dict[str, Json]) -> dict[str, Json]:
    """Return a field as maps of fields hold it: in Jira's schema the map's key alone is the id."""
    return {key: value for key, value in metadata.items() if key != "fieldId"}


def field_metadata(
    field: Field, project: Project, view: View, *, required: bool, issue: Issue | None = None
) -> dict[str, Json]:
    """Return one field as metadata shows it: its schema, what may be done and what is allowed."""
    kind = KINDS[field.kind]
    shown: dict[str, Json] = {
        "required": required,
        "schema": schema_of(field),
        "name": field.name,
        "key": field.id,
        "fieldId": field.id,
        "hasDefaultValue": field.id in ("priority", "reporter"),
        "operations": list(kind.operations),
    }
    complete = _auto_complete(field, project, view, issue)
    if complete:
        shown["autoCompleteUrl"] = view.base + complete
    allowed = kind.allowed(field, project, view)
    if allowed is not None:
        shown["allowedValues"] = allowed
    if field.id == "priority":
        shown["defaultValue"] = kind.show(DEFAULT_PRIORITY, field, view)
    return shown


def _auto_complete(field: Field, project: Project, view: View, issue: Issue | None) -> str | None:
    if field.id == "assignee":
        where = f"issueKey={issue.key}" if issue else f"project={project.key}"
        return f"/rest/api/{view.version}/user/assignable/search?{where}&query="
    if field.id == "reporter":
        key = issue.key if issue else ""
        return f"/rest/api/{view.version}/user/recommend?context=Reporter&issueKey={key}"
    if field.kind in ("user", "users"):
        name = quote(field.id)
        return f"/rest/api/1.0/users/picker?fieldName={name}&showAvatar=true&query="
    if field.kind == "labels":
        custom = f"customFieldId={field.id.removeprefix('customfield_')}&" if field.custom else ""
        return f"/rest/api/1.0/labels/suggest?{custom}query="
    return None


def _project_field(project: Project, view: View) -> dict[str, Json]:
    return {
        "required": True,
        "schema": {"type": "project", "system": "project"},
        "name": "Project",
        "key": "project",
        "fieldId": "project",
        "hasDefaultValue": False,
        "operations": ["set"],
        "allowedValues": [view.project(project)],
    }


def _type_field(issue_type: IssueType, view: View) -> dict[str, Json]:
    return {
        "required": True,
        "schema": {"type": "issuetype", "system": "issuetype"},
        "name": "Issue Type",
        "key": "issuetype",
        "fieldId": "issuetype",
        "hasDefaultValue": False,
        "operations": [],
        "allowedValues": [view.issue_type(issue_type)],
    }
