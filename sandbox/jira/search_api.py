"""Search by JQL over an index that lags behind.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.jira import jql
from sandbox.jira.context import (
    caller,
    integer,
    json_body,
    site,
    view,
    words,
)
from sandbox.jira.errors import JiraError, invalid_payload
from sandbox.jira.issue_view import show_issue
from sandbox.jira.model import Issue, Json
from sandbox.jira.query import Asker, compare, compile_where, in_order, sort_key

_LARGEST_PAGE = 5000
_LARGEST_PAGE_WITH_FIELDS = 100
_DEFAULT_PAGE = 50
_PROPERTIES = 5
_RECONCILED = 50
_KEYS = frozenset(
    {"jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys",
     "reconcileIssues"}
)  # fmt: skip
_TOKEN_SECONDS = 7 * 86_400

search_api = Blueprint("search", __name__, url_prefix="/search")


@search_api.route("", methods=["GET", "POST"])
def old_search() -> ResponseReturnValue:
    """Say that the old search is gone."""
    raise JiraError(
        410,
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A"
        " full migration guideline is available at"
        " https://developer.atlassian.com/changelog/#CHANGE-2046",
    )


@search_api.get("/jql")
def search_by_get() -> ResponseReturnValue:
    """Return one page of the issues that a query finds."""
    return _search(
        {
            "jql": request.args.get("jql", ""),
            "nextPageToken": request.args.get("nextPageToken"),
            "maxResults": integer("maxResults", _DEFAULT_PAGE),
            "fields": words("fields"),
            "expand": request.args.get("expand"),
            "properties": words("properties"),
            "reconcileIssues": words("reconcileIssues"),
        }
    )


@search_api.post("/jql")
def search_by_post() -> ResponseReturnValue:
    """Return one page of the issues that a query finds."""
    payload = json_body()
    if not isinstance(payload, dict) or payload.keys() - _KEYS:
        raise invalid_payload()
    if isinstance(payload.get("properties"), str):
        raise invalid_payload()
    return _search(payload)


def _search(asked: dict[str, Json]) -> dict[str, Json]:
    fields = asked.get("fields") or ["id"]
    properties = asked.get("properties") or []
    if len(properties) > _PROPERTIES:
        raise JiraError(400, f"At most {_PROPERTIES} properties can be asked for.")
    key, descending, found = _find(asked.get("jql"), asked.get("reconcileIssues") or [])
    ordered = in_order(found, key, descending)
    fingerprint = _fingerprint(asked)
    token = asked.get("nextPageToken")
    if token:
        after = _read_token(token, fingerprint)
        ordered = [one for one in ordered if compare(one[0], after, descending) > 0]
    size = _page_size(asked.get("maxResults"), fields, properties)
    part = ordered[:size]
    expand = [word.strip() for word in (asked.get("expand") or "").split(",")]
    answer: dict[str, Json] = {
        "issues": [_show(issue, fields, properties, expand) for _, issue in part],
        "isLast": len(ordered) <= size,
    }
    if len(ordered) > size:
        answer["nextPageToken"] = _make_token(part[-1][0], fingerprint)
    return answer


def _page_size(wanted: Json, fields: Iterable[str], properties: list[str]) -> int:
    size = _DEFAULT_PAGE if wanted is None else wanted
    if not isinstance(size, int) or not 1 <= size <= _LARGEST_PAGE:
        raise JiraError(400, "The max results parameter has to be between 1 and 5,000.")
    only_ids = not properties and set(fields) <= {"id", "key"}
    return size if only_ids else min(size, _LARGEST_PAGE_WITH_FIELDS)


def _show(
    issue: Issue, fields: list[str], properties: list[str], expand: list[str]
) -> dict[str, Json]:
    shown = show_issue(view(), issue, fields, properties=properties, expand=expand)
    if set(fields) <= {"id", "key"}:
        shown.pop("fields")
        if "key" not in fields and not properties:
            return {"id": issue.id}
    return shown


def _find(text: Json, reconcile: list[Json]) -> tuple:
    """Return what to sort by, in which directions, and the issues that the query finds."""
    query = jql.parse(text if isinstance(text, str) else "")
    if query.where is None:
        raise JiraError(
            400,
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your"
            " query.",
        )
    user = caller()
    asker = Asker(
        site(),
        user.account_id if user else "",
        user.time_zone if user else site().settings.time_zone,
        site().now(),
    )
    test = compile_where(query.where, asker)
    key, descending = sort_key(query)
    known = _reconciled(reconcile)
    archived = {project.id for project in site().projects.values() if project.archived}
    found = [one for one in known.values() if one.project_id not in archived and test(one)]
    return key, descending, found if user else []


def _reconciled(wanted: list[Json]) -> dict[str, Issue]:
    """Return what search knows, made fresh for the issues whose ids are named."""
    known = site().findable()
    if not wanted:
        return known
    if len(wanted) > _RECONCILED:
        raise JiraError(400, f"At most {_RECONCILED} issues can be reconciled.")
    known = dict(known)
    for number in wanted:
        if not str(number).isdigit():
            raise invalid_payload()
        known.pop(str(number), None)
        fresh = site().issues.get(str(number))
        if fresh is not None:
            known[fresh.id] = fresh
    return known


def _fingerprint(asked: dict[str, Json]) -> str:
    """Return what binds a page token to its query."""
    return hashlib.sha256(str(asked.get("jql")).encode()).hexdigest()[:16]


def _make_token(after: list[Json], fingerprint: str) -> str:
    content = json.dumps([after, fingerprint, site().clock()])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _read_token(token: Json, fingerprint: str) -> list[Json]:
    try:
        after, belongs_to, made = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError):
        after, belongs_to, made = [], "", 0.0
    if belongs_to != fingerprint or site().clock() - made > _TOKEN_SECONDS:
        raise JiraError(400, "The provided next page token is invalid or expired.")
    return after


@search_api.post("/approximate-count")
def count() -> ResponseReturnValue:
    """Return how many issues a query finds."""
    payload = json_body()
    if not isinstance(payload, dict):
        raise invalid_payload()
    return {"count": len(_find(payload.get("jql"), [])[2])}
