"""Create, change, move along and delete issues: the rules that hold for programs and people alike.

Every function takes an `Act`, which says who does it, and returns the issue as it is afterwards.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox.jira.act import Act
from sandbox.jira.catalogue import DEFAULT_PRIORITY, STATUSES, WORKFLOWS
from sandbox.jira.errors import JiraError, invalid_payload
from sandbox.jira.events import Event
from sandbox.jira.field_edits import (
    NO_PARENT,
    Operation,
    apply,
    changes_of,
    history_item,
    operations_of,
    require,
)
from sandbox.jira.model import Change, FieldRule, Issue, Json, Project
from sandbox.jira.remarks import add_comment, read_properties
from sandbox.jira.site import JiraSite

_PAYLOAD_KEYS = frozenset({"fields", "update", "transition", "properties", "historyMetadata"})


def check_payload(payload: Json) -> dict[str, Json]:
    """Return the body of a create or edit call, or refuse one that has the wrong form."""
    if not isinstance(payload, dict) or payload.keys() - _PAYLOAD_KEYS:
        raise invalid_payload()
    for key, shape in (("fields", dict), ("update", dict), ("properties", list)):
        if payload.get(key) is not None and not isinstance(payload[key], shape):
            raise invalid_payload()
    return payload


def create(act: Act, payload: Json) -> Issue:
    """Make an issue, or raise `JiraError` with every field that is wrong."""
    if not payload:
        raise JiraError(400, "No Issue Create payload supplied")
    payload = check_payload(payload)
    fields = dict(payload.get("fields") or {})
    project, type_id = _place(act.site, fields.pop("project", None), fields.pop("issuetype", None))
    rules = project.types[type_id]
    properties = read_properties(payload.get("properties") or [])
    operations = operations_of({"fields": fields, "update": payload.get("update")})
    values, errors = apply(act, project, rules, {}, operations)
    values.setdefault("reporter", act.user.account_id)
    if "priority" in rules:
        values.setdefault("priority", DEFAULT_PRIORITY)
    require(act.site, rules, values, errors)
    if act.site.types[type_id].subtask and "parent" not in values:
        errors["parent"] = NO_PARENT
    if errors:
        raise JiraError(400, fields=errors)
    issue = _new_issue(act, project, type_id, values, properties)
    act.site.save_issue(issue)
    act.tell(Event("jira:issue_created", issue, act.user, "issue_created", flow=act.flow))
    return add_comments(act, issue, operations)


def _place(site: JiraSite, project: Json, issue_type: Json) -> tuple[Project, str]:
    """Find project and issue type, or refuse: without them no other field can be judged."""
    errors = {}
    named = project if isinstance(project, dict) else {}
    found = site.find_project(str(named.get("id") or named.get("key") or ""))
    if found is None or found.archived:
        found = None
        errors["project"] = "Specify a valid project ID or key"
    type_id = None
    if not isinstance(issue_type, dict) or not {"id", "name"} & issue_type.keys():
        errors["issuetype"] = "Specify an issue type"
    elif found is not None:
        type_id = next(
            (
                one
                for one in found.types
                if one == str(issue_type.get("id"))
                or site.types[one].name == issue_type.get("name")
            ),
            None,
        )
        if type_id is None:
            errors["issuetype"] = "Specify a valid issue type"
    if errors or found is None or type_id is None:
        raise JiraError(400, fields=errors)
    return found, type_id


def _new_issue(
    act: Act,
    project: Project,
    type_id: str,
    values: dict[str, Json],
    properties: dict[str, Json],
) -> Issue:
    now = act.site.now()
    return Issue(
        id=str(act.site.next_number("issue", 10200)),
        key=f"{project.key}-{act.site.next_number(f'key {project.key}', 1)}",
        project_id=project.id,
        type_id=type_id,
        status_id=WORKFLOWS[project.workflow].statuses[0],
        creator=act.user.account_id,
        created=now,
        updated=now,
        status_since=now,
        fields=values,
        properties=properties,
    )


def edit(act: Act, issue: Issue, payload: Json) -> Issue:
    """Change fields of an issue; an edit that changes nothing leaves no trace at all.

    Jira's page on the call says that screens are not checked, its answers say otherwise; here they
    are checked.
    """
    payload = check_payload(payload)
    if not (payload.keys() & {"fields", "update", "properties"}):
        raise JiraError(400, "one of 'fields' or 'update' required")
    operations = operations_of(payload)
    properties = read_properties(payload.get("properties") or [])
    project = act.site.projects[issue.project_id]
    rules = project.types.get(issue.type_id, {})
    values, errors = apply(act, project, rules, issue.fields, operations)
    touched = {one.field_id for one in operations}
    require(act.site, {key: rules[key] for key in touched & rules.keys()}, values, errors)
    if errors:
        raise JiraError(400, fields=errors)
    if properties:
        issue = replace(issue, properties=issue.properties | properties)
        act.site.save_issue(issue)
    return add_comments(act, commit(act, issue, values), operations)


def commit(
    act: Act,
    issue: Issue,
    values: dict[str, Json],
    *,
    status_id: str | None = None,
    moved_from: Issue | None = None,
) -> Issue:
    """Keep new field values and a new status, with the history and the event that belong to it.

    `moved_from` is the issue as it was in another project.
    """
    now = act.site.now()
    items = changes_of(act.site, issue, values)
    if moved_from is not None:
        keys = (moved_from.id, moved_from.key), (issue.id, issue.key)
        items.append(history_item("Key", "jira", "issuekey", *keys))
    changed = replace(issue, fields=values)
    if status_id is not None and status_id != issue.status_id:
        items.append(
            history_item(
                "status",
                "jira",
                "status",
                (issue.status_id, STATUSES[issue.status_id].name),
                (status_id, STATUSES[status_id].name),
            )
        )
        changed = replace(changed, status_id=status_id, status_since=now)
    if not items:
        return issue
    resolved = None
    if "resolution" in values:
        resolved = issue.resolved if "resolution" in issue.fields else now
    entry = Change(
        str(act.site.next_number("change", 10900)), act.user.account_id, now, tuple(items)
    )
    changed = replace(
        changed,
        # Two writes within one millisecond must not look like one to whoever compares instants.
        updated=max(now, issue.updated + 1),
        resolved=resolved,
        history=(*issue.history, entry),
    )
    act.site.save_issue(changed)
    if status_id is not None:
        name = "issue_generic"
    elif [item["fieldId"] for item in items] == ["assignee"]:
        name = "issue_assigned"
    else:
        name = "issue_updated"
    act.tell(Event("jira:issue_updated", changed, act.user, name, change=entry, flow=act.flow))
    return changed


def apply_to_screen(
    act: Act, issue: Issue, screen: dict[str, bool], payload: dict[str, Json]
) -> tuple[dict[str, Json], list[Operation]]:
    """Return the field values after a transition, and the operations, which may hold comments."""
    operations = operations_of(payload)
    project = act.site.projects[issue.project_id]
    rules = {field_id: FieldRule(required=required) for field_id, required in screen.items()}
    values, errors = apply(act, project, rules, issue.fields, operations)
    require(act.site, rules, values, errors)
    if errors:
        raise JiraError(400, fields=errors)
    return values, operations


def add_comments(act: Act, issue: Issue, operations: Iterable[Operation]) -> Issue:
    """Add the comments that an edit or a transition brings along."""
    for operation in operations:
        if operation.field_id == "comment" and operation.verb == "add":
            issue, _ = add_comment(act, issue, operation.value)
    return issue


def delete(act: Act, issue: Issue, *, with_subtasks: bool) -> None:
    """Remove an issue, and its sub-tasks if that was said."""
    subtasks = act.site.subtasks(issue)
    if subtasks and not with_subtasks:
        raise JiraError(
            400,
            f"The issue '{issue.key}' has subtasks.  You must specify the 'deleteSubtasks'"
            " parameter to delete this issue and all its subtasks.",
        )
    for subtask in subtasks:
        delete(replace(act, flow="Secondary"), subtask, with_subtasks=True)
    act.site.remove_issue(issue)
    act.tell(Event("jira:issue_deleted", issue, act.user, flow=act.flow))
