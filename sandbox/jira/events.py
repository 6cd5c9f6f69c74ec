"""What happened, and how Jira tells others of it: the bodies of webhooks.

A body is in the style of API v2 whatever the rest of the site speaks: text is a string, links say
`/rest/api/2`. Nobody's e-mail address is in it.

Source: https://developer.atlassian.com/cloud/jira/platform/webhooks/
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.jira.issue_view import chosen_fields
from sandbox.jira.model import Change, Comment, Issue, Json, User
from sandbox.jira.view import View

ISSUE_EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted")
COMMENT_EVENTS = ("comment_created", "comment_updated", "comment_deleted")
# Captured comment events show only these fields of the issue.
_OF_A_COMMENTED_ISSUE = ("summary", "issuetype", "project", "assignee", "priority", "status")


@dataclass(frozen=True)
class Event:
    """Something that happened to an issue; `kind` is the finer name that Jira gives to it."""

    name: str
    issue: Issue
    user: User
    kind: str | None = None
    change: Change | None = None
    comment: Comment | None = None
    property: dict[str, Json] | None = None
    flow: str = "Primary"


def payload(event: Event, view: View, now: int) -> dict[str, Json]:
    """Return the body of the webhook for an event at `now`, in milliseconds since 1970."""
    body: dict[str, Json] = {"timestamp": now, "webhookEvent": event.name}
    if event.comment is not None:
        # No user at the top: who did it is the comment's author.
        comment = view.comment(event.issue, event.comment)
        return body | {"comment": comment, "issue": _issue(event, view, _OF_A_COMMENTED_ISSUE)}
    if event.property is not None:
        return body | {"property": event.property, "user": view.user(event.user.account_id)}
    if event.kind:
        body["issue_event_type_name"] = event.kind
    body["user"] = view.user(event.user.account_id)
    wanted = ("*all",) if event.name == "jira:issue_deleted" else ("*all", "-comment", "-worklog")
    body["issue"] = _issue(event, view, wanted)
    if event.change is not None:
        body["changelog"] = {"id": event.change.id, "items": list(event.change.items)}
    return body


def _issue(event: Event, view: View, fields: tuple[str, ...]) -> dict[str, Json]:
    issue = event.issue
    return {
        "id": issue.id,
        # Captured bodies have this address, which leads nowhere: it lacks `/issue/`.
        "self": view.url(issue.id),
        "key": issue.key,
        "fields": chosen_fields(view, issue, fields),
    }
