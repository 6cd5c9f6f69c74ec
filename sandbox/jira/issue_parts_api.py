"""The calls on what hangs on an issue: comments, entity properties, links to other systems.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.jira.context import (
    act,
    json_body,
    page,
    site,
    view,
    visible_issue,
)
from sandbox.jira.errors import BrokenJsonError, JiraError, PlainError, invalid_payload
from sandbox.jira.events import Event
from sandbox.jira.model import Comment, Issue, Json, RemoteLink
from sandbox.jira.rate import may_write
from sandbox.jira.remarks import add_comment, check_property, read_comment

issue_parts_api = Blueprint("issue_parts", __name__, url_prefix="/issue/<id_or_key>")


@issue_parts_api.get("/comment")
def list_comments(id_or_key: str) -> ResponseReturnValue:
    """Return the comments of an issue, oldest first unless `orderBy=-created`."""
    issue = visible_issue(id_or_key)
    order = request.args.get("orderBy", "created")
    if order.lstrip("+- ") != "created":
        raise JiraError(400, f"The field '{order}' cannot be used to order comments.")
    comments = list(issue.comments)
    if order.startswith("-"):
        comments.reverse()
    start, size, part = page(comments, default=100, limit=5000)
    return {
        "startAt": start,
        "maxResults": size,
        "total": len(comments),
        "comments": [view().comment(issue, comment) for comment in part],
    }


@issue_parts_api.post("/comment")
def create_comment(id_or_key: str) -> ResponseReturnValue:
    """Add a comment."""
    issue, comment = add_comment(act(), may_write(id_or_key), _object())
    return view().comment(issue, comment), 201


def _object() -> dict[str, Json]:
    body = json_body()
    if not isinstance(body, dict):
        raise invalid_payload()
    return body


def _find_comment(issue: Issue, comment_id: str) -> Comment:
    for comment in issue.comments:
        if comment.id == comment_id:
            return comment
    raise JiraError(404, f"Can not find a comment for the id: {comment_id}.")


@issue_parts_api.get("/comment/<comment_id>")
def get_comment(id_or_key: str, comment_id: str) -> ResponseReturnValue:
    """Return one comment."""
    issue = visible_issue(id_or_key)
    return view().comment(issue, _find_comment(issue, comment_id))


@issue_parts_api.put("/comment/<comment_id>")
def edit_comment(id_or_key: str, comment_id: str) -> ResponseReturnValue:
    """Change the text of a comment."""
    issue = may_write(id_or_key)
    old = _find_comment(issue, comment_id)
    editor = act()
    new = replace(
        old,
        body=read_comment(editor, _object().get("body")),
        updated=site().now(),
        update_author=editor.user.account_id,
    )
    comments = tuple(new if one is old else one for one in issue.comments)
    issue = replace(issue, comments=comments, updated=max(site().now(), issue.updated + 1))
    site().save_issue(issue)
    editor.tell(Event("comment_updated", issue, editor.user, comment=new))
    return view().comment(issue, new)


@issue_parts_api.delete("/comment/<comment_id>")
def delete_comment(id_or_key: str, comment_id: str) -> ResponseReturnValue:
    """Delete a comment."""
    issue = may_write(id_or_key)
    old = _find_comment(issue, comment_id)
    comments = tuple(one for one in issue.comments if one is not old)
    issue = replace(issue, comments=comments, updated=max(site().now(), issue.updated + 1))
    site().save_issue(issue)
    editor = act()
    editor.tell(Event("comment_deleted", issue, editor.user, comment=old))
    return "", 204


@issue_parts_api.get("/properties")
def list_properties(id_or_key: str) -> ResponseReturnValue:
    """Return the keys of the issue's entity properties."""
    issue = visible_issue(id_or_key)
    return {"keys": [{"self": _property_url(issue, key), "key": key} for key in issue.properties]}


def _property_url(issue: Issue, key: str) -> str:
    return view().url(f"issue/{issue.id}/properties/{key}")


@issue_parts_api.get("/properties/<key>")
def get_property(id_or_key: str, key: str) -> ResponseReturnValue:
    """Return one entity property."""
    issue = visible_issue(id_or_key)
    if key not in issue.properties:
        raise _no_such_property(key)
    return {"key": key, "value": issue.properties[key]}


def _no_such_property(key: str) -> JiraError:
    return JiraError(404, f"The property with key '{key}' does not exist.")


@issue_parts_api.put("/properties/<key>")
def set_property(id_or_key: str, key: str) -> ResponseReturnValue:
    """Set one entity property to the body; neither history nor `updated` shows it.

    That `updated` stays is a decision: Jira's documentation does not say.
    """
    issue = may_write(id_or_key)
    if not request.get_data():
        raise BrokenJsonError
    value = json_body()
    check_property(key, value)
    is_new = key not in issue.properties
    issue = replace(issue, properties=issue.properties | {key: value})
    site().save_issue(issue)
    _tell_of_property("issue_property_set", issue, {"key": key, "value": value})
    return {"self": _property_url(issue, key), "key": key}, 201 if is_new else 200


def _tell_of_property(name: str, issue: Issue, entry: dict[str, Json]) -> None:
    editor = act()
    editor.tell(Event(name, issue, editor.user, property=entry))


@issue_parts_api.delete("/properties/<key>")
def delete_property(id_or_key: str, key: str) -> ResponseReturnValue:
    """Delete one entity property."""
    issue = may_write(id_or_key)
    if key not in issue.properties:
        raise _no_such_property(key)
    rest = {name: value for name, value in issue.properties.items() if name != key}
    issue = replace(issue, properties=rest)
    site().save_issue(issue)
    _tell_of_property("issue_property_deleted", issue, {"key": key})
    return "", 204


def _show_link(issue: Issue, link: RemoteLink) -> dict[str, Json]:
    shown = {"id": link.id, "self": view().url(f"issue/{issue.key}/remotelink/{link.id}")}
    return shown | ({"globalId": link.global_id} if link.global_id else {}) | link.body


@issue_parts_api.get("/remotelink")
def list_links(id_or_key: str) -> ResponseReturnValue:
    """Return all links to other systems as a list, or the one with a global id as an object."""
    issue = visible_issue(id_or_key)
    wanted = request.args.get("globalId")
    if wanted is None:
        return [_show_link(issue, link) for link in issue.remote_links]
    for link in issue.remote_links:
        if link.global_id == wanted:
            return _show_link(issue, link)
    raise JiraError(404, f"No remote link with global id '{wanted}' was found.")


@issue_parts_api.post("/remotelink")
def put_link(id_or_key: str) -> ResponseReturnValue:
    """Add a link to another system, or replace the one with the same global id."""
    issue = may_write(id_or_key)
    body = _object()
    target = body.get("object")
    target = target if isinstance(target, dict) else {}
    errors = {name: f"'{name}' is required." for name in ("title", "url") if not target.get(name)}
    if errors:
        raise JiraError(400, fields=errors)
    global_id = body.pop("globalId", None)
    old = next(
        (one for one in issue.remote_links if global_id and one.global_id == global_id), None
    )
    link = RemoteLink(
        id=old.id if old else site().next_number("remote link", 10500),
        global_id=global_id,
        body=body,
    )
    others = tuple(one for one in issue.remote_links if one is not old)
    site().save_issue(replace(issue, remote_links=(*others, link)))
    shown = _show_link(issue, link)
    return {"id": link.id, "self": shown["self"]}, 200 if old else 201


@issue_parts_api.delete("/remotelink")
@issue_parts_api.delete("/remotelink/<int:link_id>")
def delete_link(id_or_key: str, link_id: int | None = None) -> ResponseReturnValue:
    """Delete a link by its id or by its global id."""
    if not request.content_type:
        # Seen on real sites: a DELETE without a body needs a content type here.
        raise PlainError(415)
    issue = may_write(id_or_key)
    global_id = request.args.get("globalId")
    rest = tuple(
        link for link in issue.remote_links if link.id != link_id and link.global_id != global_id
    )
    if len(rest) == len(issue.remote_links):
        raise JiraError(404, "The remote link does not exist.")
    site().save_issue(replace(issue, remote_links=rest))
    return "", 204
