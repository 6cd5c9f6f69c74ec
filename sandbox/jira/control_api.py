"""The control API: do what a person does in the browser, and make webhooks misbehave.

What is done here is done in the name of a person, never of the gateway, so that it comes back to
the gateway as somebody else's change.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import TypeAdapter, ValidationError

from sandbox.jira import editing, workflow
from sandbox.jira.act import Act
from sandbox.jira.catalogue import STATUSES, WORKFLOWS
from sandbox.jira.context import act, base_url, json_body, services, site
from sandbox.jira.errors import JiraError, invalid_payload, no_such_issue, no_such_project
from sandbox.jira.issue_view import chosen_fields
from sandbox.jira.model import Issue, Json, Settings, User
from sandbox.jira.remarks import add_comment
from sandbox.jira.view import View

SYNC_PROPERTY = "pf_sync_metadata"

control_api = Blueprint("jira_control", __name__, url_prefix="/_control")


def person(body: dict[str, Json]) -> User:
    """Return who does it: `actor` is an address or account id, without it a project lead."""
    wanted = str(body.pop("actor", ""))
    for user in site().users.values():
        if wanted and wanted in (user.account_id, user.email):
            return user
    if wanted:
        raise JiraError(400, f"Nobody here is '{wanted}'.")
    return site().users[next(iter(site().projects.values())).lead]


def body() -> dict[str, Json]:
    """Return the request's JSON object, an empty one for an empty body."""
    given = json_body() or {}
    if not isinstance(given, dict):
        raise invalid_payload()
    return given


def _as_person(given: dict[str, Json]) -> Act:
    return act(user=person(given))


def find_issue(id_or_key: str) -> Issue:
    """Return an issue by id or key, of archived projects too."""
    issue = site().find_issue(id_or_key)
    if issue is None:
        raise no_such_issue()
    return issue


def show(issue: Issue) -> dict[str, Json]:
    """Return an issue briefly; `task_id` is what the gateway noted in its entity property."""
    status = STATUSES[issue.status_id]
    noted = issue.properties.get(SYNC_PROPERTY)
    shown = View(site(), base_url(), "2", site().settings.time_zone)
    return {
        "id": issue.id,
        "key": issue.key,
        "project": site().projects[issue.project_id].key,
        "summary": issue.fields.get("summary"),
        "status": status.name,
        "statusCategory": status.category,
        "task_id": noted.get("task_id") if isinstance(noted, dict) else None,
        "labels": issue.fields.get("labels", []),
        "updated": shown.instant(issue.updated),
        "moves": [STATUSES[way.to].name for way in workflow.available(site(), issue)],
        "properties": issue.properties,
        "fields": chosen_fields(shown, issue, _brief(issue)),
    }


def _brief(issue: Issue) -> list[str]:
    rules = site().projects[issue.project_id].types.get(issue.type_id, {})
    return [*rules, "resolution", "issuetype", "comment", *issue.fields]


@control_api.get("/issues")
def list_issues() -> ResponseReturnValue:
    """Return all issues, of one project or with one label if asked, oldest first."""
    project, label = request.args.get("project"), request.args.get("label")
    chosen = [
        issue
        for issue in site().issues.values()
        if (project is None or site().projects[issue.project_id].key == project.upper())
        and (label is None or label in issue.fields.get("labels", []))
    ]
    return {"total": len(chosen), "issues": [show(issue) for issue in chosen]}


@control_api.get("/issues/<id_or_key>")
def get_issue(id_or_key: str) -> ResponseReturnValue:
    """Return one issue."""
    return show(find_issue(id_or_key))


@control_api.post("/issues")
def create_issue() -> ResponseReturnValue:
    """Create an issue as a person would: `{"fields": {...}}`, text as plain strings."""
    given = body()
    return show(editing.create(_as_person(given), given)), 201


@control_api.patch("/issues/<id_or_key>")
def edit_issue(id_or_key: str) -> ResponseReturnValue:
    """Change fields as a person would: `{"fields": {...}}` or `{"update": {...}}`."""
    given = body()
    return show(editing.edit(_as_person(given), find_issue(id_or_key), given))


@control_api.post("/issues/<id_or_key>/move")
def move_issue(id_or_key: str) -> ResponseReturnValue:
    """Bring an issue to the status `to`, by name, id or category, along the workflow."""
    given = body()
    who = _as_person(given)
    return show(workflow.walk(who, find_issue(id_or_key), str(given.get("to", ""))))


@control_api.post("/issues/<id_or_key>/comment")
def comment_on_issue(id_or_key: str) -> ResponseReturnValue:
    """Comment as a person would: `{"body": "plain text"}`."""
    given = body()
    issue, _ = add_comment(_as_person(given), find_issue(id_or_key), given)
    return show(issue), 201


@control_api.post("/issues/<id_or_key>/relocate")
def relocate_issue(id_or_key: str) -> ResponseReturnValue:
    """Move an issue to another project: it gets a new key, and the old one still finds it."""
    given = body()
    issue = find_issue(id_or_key)
    project = site().find_project(str(given.get("project", "")))
    if project is None:
        raise no_such_project(str(given.get("project")))
    category = STATUSES[issue.status_id].category
    statuses = WORKFLOWS[project.workflow].statuses
    moved = replace(
        issue,
        key=f"{project.key}-{site().next_number(f'key {project.key}', 1)}",
        old_keys=(*issue.old_keys, issue.key),
        project_id=project.id,
        type_id=next(iter(project.types)),
        status_id=next(one for one in statuses if STATUSES[one].category == category),
    )
    who = _as_person(given)
    return show(editing.commit(who, moved, dict(moved.fields), moved_from=issue))


@control_api.delete("/issues/<id_or_key>")
def delete_issue(id_or_key: str) -> ResponseReturnValue:
    """Delete an issue and its sub-tasks, as a person would."""
    editing.delete(_as_person({}), find_issue(id_or_key), with_subtasks=True)
    return "", 204


@control_api.get("/settings")
def get_settings() -> ResponseReturnValue:
    """Return the settings of the site."""
    return asdict(site().settings)


@control_api.put("/settings")
def put_settings() -> ResponseReturnValue:
    """Change some settings of the site."""
    merged = asdict(site().settings) | body()
    try:
        site().settings = TypeAdapter(Settings).validate_python(merged, extra="forbid")
    except ValidationError as error:
        raise JiraError(400, str(error)) from error
    site().save_settings()
    return asdict(site().settings)


@control_api.get("/webhooks")
def get_webhooks() -> ResponseReturnValue:
    """Return the controls of the webhooks and what became of the latest deliveries."""
    dispatcher = services().dispatcher
    return {
        "controls": dispatcher.controls.model_dump(),
        "waiting": dispatcher.waiting(),
        "deliveries": dispatcher.log(),
    }


@control_api.put("/webhooks")
def put_webhooks() -> ResponseReturnValue:
    """Change some controls of the webhooks."""
    try:
        return services().dispatcher.configure(body()).model_dump()
    except ValidationError as error:
        raise JiraError(400, str(error)) from error


@control_api.post("/reset")
def reset() -> ResponseReturnValue:
    """Begin again: the seeded issues, people and fields; nothing waiting to be sent."""
    services().dispatcher.forget()
    site().reset()
    return "", 204
