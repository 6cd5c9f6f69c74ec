"""What hangs on an issue beside its fields: comments and entity properties.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.jira import adf
from sandbox.jira.act import Act
from sandbox.jira.errors import JiraError, invalid_payload
from sandbox.jira.events import Event
from sandbox.jira.model import Comment, Issue, Json

_PROPERTY_LIMIT = 32_768
_KEY_LIMIT = 255


def add_comment(act: Act, issue: Issue, body: dict[str, Json]) -> tuple[Issue, Comment]:
    """Add a comment; Jira then tells of the comment and of an updated issue."""
    document = read_comment(act, body.get("body"))
    now = act.site.now()
    added = Comment(
        id=str(act.site.next_number("comment", 10500)),
        author=act.user.account_id,
        body=document,
        created=now,
        updated=now,
        update_author=act.user.account_id,
        visibility=body.get("visibility"),
    )
    issue = replace(issue, comments=(*issue.comments, added), updated=max(now, issue.updated + 1))
    act.site.save_issue(issue)
    act.tell(Event("comment_created", issue, act.user, comment=added, flow=act.flow))
    act.tell(Event("jira:issue_updated", issue, act.user, "issue_commented", flow=act.flow))
    return issue, added


def read_comment(act: Act, body: Json) -> dict[str, Json]:
    """Return the text of a comment as a document, or refuse it."""
    refusal = JiraError(400, fields={"comment": "Comment body is not valid!"})
    if act.text_is_plain:
        if not isinstance(body, str) or not body.strip():
            raise refusal
        return adf.from_text(body)
    if not adf.looks_like_document(body):
        raise refusal
    try:
        adf.check(body)
    except adf.InvalidDocumentError as error:
        raise JiraError(400, "INVALID_INPUT") from error
    return body


def read_properties(given: list[Json]) -> dict[str, Json]:
    """Return the entity properties that a create or edit call brings along."""
    properties = {}
    for entry in given:
        if not isinstance(entry, dict) or entry.keys() != {"key", "value"}:
            raise invalid_payload()
        check_property(entry["key"], entry["value"])
        properties[entry["key"]] = entry["value"]
    return properties


def check_property(key: Json, value: Json) -> None:
    """Refuse an entity property whose key or value is too long, or whose value is missing."""
    if not isinstance(key, str) or not 0 < len(key) <= _KEY_LIMIT:
        raise JiraError(400, "The property key must be between 1 and 255 characters long.")
    if value is None or len(str(value)) > _PROPERTY_LIMIT:
        raise JiraError(400, "The property value must be valid JSON of at most 32768 characters.")
