"""The calls on issues themselves: create, read, edit, delete, move along, assign.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
"""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.jira import editing, workflow
from sandbox.jira.context import (
    act,
    caller,
    flag,
    json_body,
    page_bean,
    site,
    view,
    visible_issue,
    words,
)
from sandbox.jira.errors import JiraError, invalid_payload
from sandbox.jira.issue_view import show_issue
from sandbox.jira.model import Issue, Json
from sandbox.jira.rate import may_write
from sandbox.jira.schema import edit_fields

_BULK_LIMIT = 50
_FETCH_LIMIT = 100

issues_api = Blueprint("issues", __name__, url_prefix="/issue")


def _created(issue: Issue) -> dict[str, Json]:
    return {"id": issue.id, "key": issue.key, "self": view().url(f"issue/{issue.id}")}


@issues_api.post("")
def create_issue() -> ResponseReturnValue:
    """Create one issue and, if asked, move it along at once."""
    return _create(json_body()), 201


def _create(payload: Json, *, flow: str = "Primary") -> dict[str, Json]:
    if caller() is None:
        # An anonymous caller sees no project, so none can be right.
        raise JiraError(400, fields={"project": "Specify a valid project ID or key"})
    issue = editing.create(act(flow=flow), payload)
    created = _created(issue)
    if payload.get("transition"):
        created["transition"] = _move_at_birth(issue, payload["transition"])
    return created


def _move_at_birth(issue: Issue, transition: Json) -> dict[str, Json]:
    """Move a new issue along; the issue stays even if that fails."""
    try:
        workflow.perform(act(), issue, {"transition": transition})
    except JiraError as error:
        return {"status": error.status, "errorCollection": error.body()}
    return {"status": 204, "errorCollection": {"errorMessages": [], "errors": {}}}


@issues_api.post("/bulk")
def create_issues() -> ResponseReturnValue:
    """Create up to 50 issues; those that are wrong do not keep the others from being made."""
    payload = json_body()
    updates = payload.get("issueUpdates") if isinstance(payload, dict) else None
    if not isinstance(updates, list) or not updates:
        raise invalid_payload()
    if len(updates) > _BULK_LIMIT:
        raise JiraError(400, f"The number of issues must not exceed the limit '{_BULK_LIMIT}'.")
    issues, errors = [], []
    for position, update in enumerate(updates):
        try:
            issues.append(_create(update, flow="Secondary"))
        except JiraError as error:
            errors.append(
                {
                    "status": error.status,
                    "elementErrors": error.body(),
                    "failedElementNumber": position,
                }
            )
    return {"issues": issues, "errors": errors}, 201 if issues else 400


@issues_api.post("/bulkfetch")
def fetch_issues() -> ResponseReturnValue:
    """Return up to 100 issues by id or key, and an entry for each that is not there."""
    payload = json_body()
    wanted = payload.get("issueIdsOrKeys") if isinstance(payload, dict) else None
    if not isinstance(wanted, list) or not wanted:
        raise invalid_payload()
    if len(wanted) > _FETCH_LIMIT:
        raise JiraError(400, f"No more than {_FETCH_LIMIT} issues can be fetched at once.")
    issues, errors = {}, []
    for id_or_key in wanted:
        try:
            issue = visible_issue(str(id_or_key))
        except JiraError as error:
            errors.append({"id": str(id_or_key), "errorMessage": error.messages[0]})
        else:
            issues[issue.id] = issue
    fields = payload.get("fields") or ["*navigable"]
    properties = payload.get("properties") or []
    shown = [
        show_issue(view(), issues[number], fields, properties=properties)
        for number in sorted(issues, key=int)
    ]
    return {"issues": shown, "issueErrors": errors}


@issues_api.get("/<id_or_key>")
def get_issue(id_or_key: str) -> ResponseReturnValue:
    """Return one issue as it is now; search may not know it yet."""
    return show_issue(
        view(),
        visible_issue(id_or_key),
        words("fields") or ["*all"],
        properties=words("properties"),
        expand=words("expand"),
    )


@issues_api.put("/<id_or_key>")
def edit_issue(id_or_key: str) -> ResponseReturnValue:
    """Change fields of an issue."""
    issue = editing.edit(act(), may_write(id_or_key), json_body() or {})
    if flag("returnIssue"):
        return show_issue(view(), issue, ["*all"], expand=words("expand"))
    return "", 204


@issues_api.delete("/<id_or_key>")
def delete_issue(id_or_key: str) -> ResponseReturnValue:
    """Delete an issue."""
    issue = may_write(id_or_key)
    editing.delete(act(), issue, with_subtasks=flag("deleteSubtasks"))
    return "", 204


@issues_api.get("/<id_or_key>/editmeta")
def get_edit_fields(id_or_key: str) -> ResponseReturnValue:
    """Return the fields of the edit screen by id."""
    return {"fields": edit_fields(visible_issue(id_or_key), view())}


@issues_api.get("/<id_or_key>/transitions")
def list_transitions(id_or_key: str) -> ResponseReturnValue:
    """Return the transitions that lead on from the issue's status."""
    issue = visible_issue(id_or_key)
    with_fields = "transitions.fields" in words("expand")
    only = request.args.get("transitionId")
    return {
        "expand": "transitions",
        "transitions": [
            workflow.show_transition(view(), issue, way, with_fields=with_fields)
            for way in workflow.available(site(), issue)
            if only in (None, way.id)
        ],
    }


@issues_api.post("/<id_or_key>/transitions")
def make_transition(id_or_key: str) -> ResponseReturnValue:
    """Move an issue along."""
    workflow.perform(act(), may_write(id_or_key), json_body() or {})
    return "", 204


@issues_api.put("/<id_or_key>/assignee")
def assign(id_or_key: str) -> ResponseReturnValue:
    """Assign an issue: to somebody, to nobody (null), or as the project does by default (-1)."""
    issue = may_write(id_or_key)
    payload = json_body()
    if not isinstance(payload, dict) or "accountId" not in payload:
        raise invalid_payload()
    who = payload["accountId"]
    if who in (None, "-1"):
        # These projects assign nobody by default.
        editing.edit(act(), issue, {"fields": {"assignee": None}})
    else:
        editing.edit(act(), issue, {"fields": {"assignee": {"accountId": who}}})
    return "", 204


@issues_api.get("/<id_or_key>/changelog")
def list_changes(id_or_key: str) -> ResponseReturnValue:
    """Return the issue's history, oldest first."""
    issue = visible_issue(id_or_key)
    return page_bean([view().change(change) for change in issue.history], default=100)
