"""The calls on people and on what the caller may do.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-search/
"""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.jira.context import (
    caller,
    page,
    site,
    view,
    visible_issue,
    visible_project,
    words,
)
from sandbox.jira.errors import JiraError, PlainError
from sandbox.jira.model import Json, User

_PERMISSIONS = {
    "BROWSE_PROJECTS": (10, "PROJECT"),
    "CREATE_ISSUES": (11, "PROJECT"),
    "EDIT_ISSUES": (12, "PROJECT"),
    "ASSIGN_ISSUES": (13, "PROJECT"),
    "RESOLVE_ISSUES": (14, "PROJECT"),
    "ADD_COMMENTS": (15, "PROJECT"),
    "DELETE_ISSUES": (16, "PROJECT"),
    "ASSIGNABLE_USER": (17, "PROJECT"),
    "CLOSE_ISSUES": (18, "PROJECT"),
    "ADMINISTER_PROJECTS": (23, "PROJECT"),
    "MODIFY_REPORTER": (30, "PROJECT"),
    "TRANSITION_ISSUES": (46, "PROJECT"),
    "USER_PICKER": (27, "GLOBAL"),
    "ADMINISTER": (0, "GLOBAL"),
}

users_api = Blueprint("users", __name__)


@users_api.get("/myself")
def myself() -> ResponseReturnValue:
    """Return the caller; this call alone refuses anonymous callers outright, in plain text."""
    user = caller()
    if user is None:
        raise PlainError(
            401,
            "Client must be authenticated to access this resource.",
            {"WWW-Authenticate": 'OAuth realm="http%3A%2F%2F127.0.0.1"'},
        )
    return view().profile(user, user)


def _shown(users: list[User]) -> list[dict[str, Json]]:
    _, _, part = page(users, default=50, limit=1000)
    return [view().profile(user, caller()) for user in part]


def _found(text: str) -> list[User]:
    """Return the people whose name, a word of it, or address begins with a text."""
    text = text.lower()
    hidden_too = site().settings.hidden_mail_is_searchable
    return [
        user
        for user in site().users.values()
        if user.name.lower().startswith(text)
        or any(word.startswith(text) for word in user.name.lower().split())
        or ((user.email_visible or hidden_too) and user.email.startswith(text))
    ]


@users_api.get("/user")
def get_user() -> ResponseReturnValue:
    """Return somebody by account id."""
    user = site().users.get(request.args.get("accountId", ""))
    if caller() is None or user is None:
        raise JiraError(
            404, "Specified user does not exist or you do not have required permissions"
        )
    return view().profile(user, caller())


@users_api.get("/user/search")
def search_users() -> ResponseReturnValue:
    """Return people by the beginning of name or address, inactive ones and apps too."""
    text, account_id = request.args.get("query"), request.args.get("accountId")
    if text is not None and account_id is not None:
        raise JiraError(400, "The query parameters 'query' and 'accountId' are mutually exclusive.")
    if text is None and account_id is None:
        raise JiraError(400, "The username or property query parameter must be provided")
    if caller() is None:
        return []
    if account_id is not None:
        return _shown([user for user in site().users.values() if user.account_id == account_id])
    return _shown(_found(text or ""))


@users_api.get("/user/assignable/search")
def search_assignable() -> ResponseReturnValue:
    """Return the people to whom issues of a project can be assigned."""
    project, issue = request.args.get("project"), request.args.get("issueKey")
    if project:
        visible_project(project)
    elif issue or request.args.get("issueId"):
        visible_issue(issue or request.args["issueId"])
    else:
        raise JiraError(400, "Either the project or the issue must be specified.")
    account_id = request.args.get("accountId")
    return _shown(
        [
            user
            for user in _found(request.args.get("query", ""))
            if user.active
            and user.account_type == "atlassian"
            and account_id in (None, user.account_id)
        ]
    )


@users_api.get("/mypermissions")
def my_permissions() -> ResponseReturnValue:
    """Return which of the named permissions the caller has; the gateway's account has all."""
    wanted = words("permissions")
    if not wanted:
        raise JiraError(400, "The 'permissions' query parameter is required.")
    unknown = [key for key in wanted if key not in _PERMISSIONS]
    if unknown:
        raise JiraError(400, f"Unrecognized permission: {unknown[0]}")
    project = request.args.get("projectKey") or request.args.get("projectId")
    if project:
        visible_project(project)
    issue = request.args.get("issueKey") or request.args.get("issueId")
    if issue:
        visible_issue(issue)
    shown = {}
    for key in wanted:
        number, kind = _PERMISSIONS[key]
        shown[key] = {
            "id": str(number),
            "key": key,
            "name": key.replace("_", " ").capitalize(),
            "type": kind,
            "description": "",
            "havePermission": caller() is not None,
        }
    return {"permissions": shown}
