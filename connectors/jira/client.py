"""Jira's endpoints, one method each. Ids are strings, as Jira writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors import answers
from connectors.jira.models import (
    PROPERTY,
    CreateField,
    Issue,
    IssueType,
    Project,
    Transition,
    mapping,
    text,
)
from connectors.jira.session import VENDOR, JiraSession
from connectors.session import Effect
from core.breaker import Breaker
from core.errors import PayloadError, VendorUnavailableError
from core.rate_limit import RateLimit
from core.settings import JiraAccess

MAX_BULK = 50
"""Issues that one bulk create may hold."""

MAX_FETCH = 100
"""Issues that may be asked for at once."""

_PAGE = 100  # Issues that a search gives at most when it is asked for fields.
_METADATA_PAGE = 200  # Asking for more create metadata is refused.
_PROJECT_PAGE = 100
_MAX_PAGES = 1000
_BAD_REQUEST = 400


class JiraClient:
    """Calls to one Jira site. Every method raises the errors of `VendorSession.call`.

    An answer of an unexpected shape raises `PayloadError`: never is it taken for "nothing there".
    """

    def __init__(
        self,
        access: JiraAccess,
        rate_limit: RateLimit,
        breaker: Breaker | None = None,
        *,
        read_timeout: float = 30.0,
    ) -> None:
        self.base_url = access.base_url
        self._session = JiraSession(access, rate_limit, breaker, read_timeout=read_timeout)

    def create_issue(self, issue: Mapping[str, Any]) -> object:
        """Make one issue of `{"fields", "properties"}`; the answer has its `id` and `key`.

        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post
        """
        return self._session.call("create_issue", "POST", "/issue", json=issue)

    def create_issues(self, issues: Sequence[Mapping[str, Any]]) -> object:
        """Make up to `MAX_BULK` issues; the answer has `issues`, and `errors` for those refused.

        Jira answers 400 when it refused every one of them; that, too, is an answer here. A 400
        about the request as a whole raises `VendorRejectedError`, and nothing was made.
        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulk-post
        """
        payload = self._session.call(
            "create_issues",
            "POST",
            "/issue/bulk",
            json={"issueUpdates": list(issues)},
            also_accept=(_BAD_REQUEST,),
        )
        answer = mapping(payload)
        if "issues" not in answer and not isinstance(answer.get("errors"), list):
            raise answers.refusal(VENDOR, "create_issues", _BAD_REQUEST, payload)
        return payload

    def get_issue(self, id_or_key: str, fields: Sequence[str]) -> Issue:
        """Give one issue with some of its fields and our property.

        An issue that moved is found by its old key as well.
        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-get
        """
        payload = self._session.call(
            "get_issue",
            "GET",
            f"/issue/{quote(id_or_key, safe='')}",
            params={"fields": ",".join(fields), "properties": PROPERTY},
        )
        return Issue.from_payload(payload)

    def which_exist(self, issue_ids: Sequence[str]) -> set[str]:
        """Give those of up to `MAX_FETCH` issues that Jira shows.

        What was deleted, or may not be seen, is left out of the answer or named among its errors;
        so is what could not be read this time. One that is missing here is to be looked at alone.
        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post
        """
        payload = self._session.call(
            "fetch_issues",
            "POST",
            "/issue/bulkfetch",
            json={"issueIdsOrKeys": list(issue_ids), "fields": ["status"]},
            effect=Effect.READ,
        )
        issues = mapping(payload).get("issues")
        if not isinstance(issues, list):
            raise PayloadError("Jira's answer to fetch_issues has no list of issues")
        return {text(mapping(issue).get("id")) or "" for issue in issues}

    def edit_issue(self, issue_id: str, fields: Mapping[str, Any]) -> None:
        """Set fields of an issue; the others stay.

        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
        """
        self._session.call(
            "edit_issue",
            "PUT",
            f"/issue/{quote(issue_id, safe='')}",
            json={"fields": fields},
            expect_json=False,
        )

    def get_transitions(self, issue_id: str) -> list[Transition]:
        """Give the ways out of an issue's present status, with the fields of their screens.

        Without the right to transition issues the list is empty.
        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-get
        """
        payload = self._session.call(
            "get_transitions",
            "GET",
            f"/issue/{quote(issue_id, safe='')}/transitions",
            params={"expand": "transitions.fields"},
        )
        return [Transition.from_payload(item) for item in _list(payload, "transitions")]

    def do_transition(
        self, issue_id: str, transition_id: str, fields: Mapping[str, Any] | None = None
    ) -> None:
        """Take a transition. Taken twice by mistake, the second is refused.

        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-post
        """
        body: dict[str, Any] = {"transition": {"id": transition_id}}
        if fields:
            body["fields"] = dict(fields)
        self._session.call(
            "do_transition",
            "POST",
            f"/issue/{quote(issue_id, safe='')}/transitions",
            json=body,
            effect=Effect.REPEATABLE,
            expect_json=False,
        )

    def search(self, jql: str, fields: Sequence[str]) -> Iterator[Issue]:
        """Give all issues that a query finds, page by page, with some fields and our property.

        The index lags behind by seconds to minutes, and a query that names an unknown project may
        find nothing without an error: an empty result proves nothing.
        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/#api-rest-api-3-search-jql-post
        """
        body: dict[str, Any] = {
            "jql": jql,
            "maxResults": _PAGE,
            "fields": list(fields),
            "properties": [PROPERTY],
        }
        for _ in range(_MAX_PAGES):
            payload = self._session.call(
                "search", "POST", "/search/jql", json=body, effect=Effect.READ
            )
            yield from (Issue.from_payload(item) for item in _list(payload, "issues"))
            # A short page does not end the list; only a missing token does.
            token = text(mapping(payload).get("nextPageToken"))
            if not token:
                return
            body["nextPageToken"] = token
        raise _endless("search")

    def find_users(self, query: str) -> list[Mapping[str, Any]]:
        """Give the users whose name or e-mail begins with `query`.

        Without the right to browse users the list is empty.
        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-search/#api-rest-api-3-user-search-get
        """
        payload = self._session.call(
            "find_users", "GET", "/user/search", params={"query": query, "maxResults": 50}
        )
        if not isinstance(payload, list):
            raise PayloadError("Jira's answer to find_users is not a list")
        return [mapping(user) for user in payload]

    def get_myself(self) -> Mapping[str, Any]:
        """Give the account that Jira takes us for; unlike most, this call refuses strangers.

        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-myself/#api-rest-api-3-myself-get
        """
        return mapping(self._session.call("get_myself", "GET", "/myself"))

    def get_permissions(self, project: str, names: Sequence[str]) -> dict[str, bool]:
        """Say which of the named permissions we have in a project.

        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/#api-rest-api-3-mypermissions-get
        """
        payload = self._session.call(
            "get_permissions",
            "GET",
            "/mypermissions",
            params={"projectKey": project, "permissions": ",".join(names)},
        )
        given = mapping(mapping(payload).get("permissions"))
        return {name: mapping(given.get(name)).get("havePermission") is True for name in names}

    def get_projects(self) -> list[Project]:
        """Give the projects in which we can create issues.

        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/#api-rest-api-3-project-search-get
        """
        found: list[Project] = []
        for _ in range(_MAX_PAGES):
            payload = self._session.call(
                "get_projects",
                "GET",
                "/project/search",
                params={
                    "startAt": len(found),
                    "maxResults": _PROJECT_PAGE,
                    "action": "create",
                    "orderBy": "key",
                },
            )
            items = _list(payload, "values")
            found.extend(Project.from_payload(item) for item in items)
            if not items or mapping(payload).get("isLast") is not False:
                return found
        raise _endless("get_projects")

    def get_issue_types(self, project: str) -> list[IssueType]:
        """Give the issue types that we can create in a project.

        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-createmeta-projectidorkey-issuetypes-get
        """
        path = f"/issue/createmeta/{quote(project, safe='')}/issuetypes"
        types = []
        for item in self._metadata("get_issue_types", path, "issueTypes"):
            type_id = text(mapping(item).get("id"))
            if not type_id:
                raise PayloadError("an issue type of Jira has no id")
            types.append(
                IssueType(
                    id=type_id,
                    name=text(mapping(item).get("name")) or type_id,
                    is_subtask=mapping(item).get("subtask") is True,
                )
            )
        return types

    def get_create_fields(self, project: str, issue_type_id: str) -> list[CreateField]:
        """Give the fields of the create screen of an issue type, as far as we may set them.

        Source:
        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-createmeta-projectidorkey-issuetypes-issuetypeid-get
        """
        project, issue_type_id = quote(project, safe=""), quote(issue_type_id, safe="")
        path = f"/issue/createmeta/{project}/issuetypes/{issue_type_id}"
        return [
            CreateField.from_payload(item)
            for item in self._metadata("get_create_fields", path, "fields")
        ]

    def _metadata(self, operation: str, path: str, key: str) -> Iterator[object]:
        """Page through create metadata, which counts from `startAt` and has no last-page mark."""
        start = 0
        for _ in range(_MAX_PAGES):
            payload = self._session.call(
                operation, "GET", path, params={"startAt": start, "maxResults": _METADATA_PAGE}
            )
            items = _list(payload, key)
            yield from items
            start += len(items)
            total = mapping(payload).get("total")
            if not items or (isinstance(total, int) and start >= total):
                return
        raise _endless(operation)


def _list(payload: object, key: str) -> list[Any]:
    items = mapping(payload).get(key)
    if not isinstance(items, list):
        raise PayloadError(f"Jira's answer has no list of {key}")
    return items


def _endless(operation: str) -> VendorUnavailableError:
    return VendorUnavailableError(
        VENDOR, operation, None, f"the list did not end after {_MAX_PAGES} pages"
    )
