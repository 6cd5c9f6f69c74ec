"""Jira in the gateway's words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connectors.jira import accounts, creation, moves
from connectors.jira.client import MAX_FETCH, JiraClient
from connectors.jira.creation import Created, CreateOutcome, IssueDraft, Refused
from connectors.jira.models import LABEL, PROPERTY, CreateField, Issue, IssueType, Project, text
from connectors.jira.moves import STATUS_FIELDS, MoveOutcome
from connectors.jira.session import VENDOR
from core.breaker import Breaker
from core.errors import PayloadError, VendorRejectedError
from core.rate_limit import RateLimit
from core.redis_client import get_redis
from core.settings import get_settings

if TYPE_CHECKING:
    import redis

__all__ = [
    "LABEL",
    "PROPERTY",
    "CreateOutcome",
    "Created",
    "IssueDraft",
    "Jira",
    "MoveOutcome",
    "Refused",
    "connect",
]

_FIELDS = (*STATUS_FIELDS, "summary", "labels", "duedate")


class Jira:
    """One Jira site. Every method raises the errors of `core.errors`."""

    def __init__(self, client: JiraClient, cache: redis.Redis) -> None:
        self.client = client
        self._cache = cache

    def create(self, drafts: Sequence[IssueDraft]) -> list[CreateOutcome]:
        """Make issues and give one outcome per draft, in order.

        One draft is one call; more are made in bulk, fifty a call. Pass at most fifty: when an
        answer is lost, `VendorAmbiguousError` is raised for the whole call, and every draft of it
        has to be looked for with `find_created` before it is sent again. After any other error
        none of them exists.
        """
        return creation.create(self.client, drafts)

    def find_created(
        self, project: str | None, within_minutes: int, task_ids: Collection[str]
    ) -> dict[str, list[tuple[str, str]]]:
        """Give the issues that some tasks already have, as lists of id and key, newest first.

        Looks at issues with our label that were made within the last minutes, in one project or,
        for None, in all of them. The search index lags: a task that is missing here may have an
        issue all the same, until the intent is older than the index's lag.
        """
        where = f"project = {_quoted(project)} AND " if project is not None else ""
        jql = (
            f"{where}labels = {_quoted(LABEL)}"
            f" AND created >= -{within_minutes}m ORDER BY created DESC"
        )
        found: dict[str, list[tuple[str, str]]] = {}
        for issue in self.client.search(jql, STATUS_FIELDS):
            if issue.task_id is not None and issue.task_id in task_ids:
                found.setdefault(issue.task_id, []).append((issue.id, issue.key))
        return found

    def read(self, issue_id_or_key: str) -> Issue:
        """Give an issue as it is now. `VendorNotFoundError`: deleted, or no longer ours to see."""
        return self.client.get_issue(issue_id_or_key, _FIELDS)

    def missing_among(self, issue_ids: Sequence[str]) -> set[str]:
        """Give the issues that Jira does not show at the moment, a hundred per call."""
        missing: set[str] = set()
        for start in range(0, len(issue_ids), MAX_FETCH):
            asked = issue_ids[start : start + MAX_FETCH]
            missing |= set(asked) - self.client.which_exist(asked)
        return missing

    def update(self, issue_id: str, fields: Mapping[str, Any]) -> None:
        """Set some fields of an issue. Safe to repeat."""
        self.client.edit_issue(issue_id, fields)

    def move(self, issue_id: str, done: bool) -> MoveOutcome:
        """Bring an issue to a finished status, or back to an open one. Safe to repeat.

        Transitions are looked up each time. An issue that is there already is left alone, without
        a write. Raises `VendorRejectedError` when the workflow has no way.
        """
        return moves.move(self.client, issue_id, done=done)

    def changed_since(self, minutes: int, projects: Collection[str] = ()) -> Iterator[Issue]:
        """Give our issues that changed in the last minutes, the longest unchanged first.

        Without projects, of all of them. Relative times spare us the time zone of the account.
        """
        terms = [f"labels = {_quoted(LABEL)}", f"updated >= -{minutes}m"]
        if projects:
            terms.insert(0, f"project in ({', '.join(map(_quoted, sorted(projects)))})")
        return self.client.search(f"{' AND '.join(terms)} ORDER BY updated ASC", _FIELDS)

    def account_id_for(self, email: str) -> str | None:
        """Give the account of the active person with this e-mail, or None; cached."""
        return accounts.account_id_for(self.client, self._cache, email)

    def projects(self) -> list[Project]:
        """Give the projects in which issues can be created."""
        return self.client.get_projects()

    def issue_types(self, project: str) -> list[IssueType]:
        """Give the issue types that can be created in a project."""
        return self.client.get_issue_types(project)

    def issue_type_id(self, project: str, issue_type: str) -> str:
        """Give the id of an issue type that is named by id or by name, in any case.

        Raises `VendorRejectedError` when the project has none such.
        """
        types = self.issue_types(project)
        for one in types:
            if one.id == issue_type:
                return one.id
        for one in types:
            if one.name.casefold() == issue_type.casefold():
                return one.id
        raise VendorRejectedError(
            VENDOR,
            "find_issue_type",
            None,
            f"project {project} has no issue type {issue_type!r}; it has "
            + (", ".join(one.name for one in types) or "none that we may create"),
        )

    def create_fields(self, project: str, issue_type: str) -> list[CreateField]:
        """Give the create screen of an issue type, named by id or by name, as it is now."""
        return self.client.get_create_fields(project, self.issue_type_id(project, issue_type))

    def permissions(self, project: str, names: Sequence[str]) -> dict[str, bool]:
        """Say which permissions we have in a project, such as `CREATE_ISSUES`.

        A 404 may mean that an issue was deleted or that a permission was lost; this tells which.
        """
        return self.client.get_permissions(project, names)

    @cached_property
    def own_account(self) -> str:
        """Our own account id, asked for once; raises as `check_credentials` does."""
        return self.check_credentials()

    def check_credentials(self) -> str:
        """Give our own account id; raise `VendorCredentialsError` when the log-in is refused."""
        account_id = text(self.client.get_myself().get("accountId"))
        if not account_id:
            raise PayloadError("Jira's answer to get_myself has no accountId")
        return account_id


def connect() -> Jira:
    """Build the service from this process's settings; once per process keeps connections open."""
    access = get_settings().jira
    burst = max(1, round(access.requests_per_second))
    limit = RateLimit(get_redis(), VENDOR, access.requests_per_second, burst)
    return Jira(JiraClient(access, limit, Breaker(get_redis(), VENDOR)), get_redis())


def _quoted(word: str) -> str:
    """Quote a value for JQL.

    Source: https://support.atlassian.com/jira-software-cloud/docs/jql-fields/
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
