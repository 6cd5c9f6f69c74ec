"""The state of the stand-in: everything that a restart must find again, behind one lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from pydantic import TypeAdapter

from sandbox.common.documents import Documents
from sandbox.jira import seed
from sandbox.jira.index import SearchIndex
from sandbox.jira.limits import WriteLimit
from sandbox.jira.model import (
    Field,
    Issue,
    IssueType,
    Project,
    Settings,
    User,
    Webhook,
    account_id_of,
)

_T = TypeVar("_T")


class JiraSite:
    """One Jira site: its people, projects, fields and issues, and the account of the gateway.

    Hold `lock` around everything that reads or writes; the application does so around each view.
    `clock` gives seconds since 1970 and is there for tests.
    """

    def __init__(
        self,
        documents: Documents,
        *,
        email: str,
        token: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.lock = threading.RLock()
        self.email, self.token = email, token
        self.clock = clock
        self.index = SearchIndex()
        self.write_limit = WriteLimit()
        self.documents = documents
        self._load()
        if not self.projects:
            self.reset()

    def _load(self) -> None:
        self.users = self._read("user", User)
        self.types = self._read("issue_type", IssueType)
        self.fields = self._read("field", Field)
        self.projects = self._read("project", Project)
        self.issues = self._read("issue", Issue)
        self.webhooks = self._read("webhook", Webhook)
        self.settings = self._read("settings", Settings).get("site", Settings())
        self._counters: dict[str, int] = self.documents.load("counters").get("site", {})
        self._keys = {key: one.id for one in self.issues.values() for key in one.old_keys}
        self._keys |= {one.key: one.id for one in self.issues.values()}
        self.index.load(self.issues.values())

    def _read(self, kind: str, shape: type[_T]) -> dict[str, _T]:
        read = TypeAdapter(shape).validate_python
        return {key: read(value) for key, value in self.documents.load(kind).items()}

    def reset(self) -> None:
        """Begin again with the seeded company; registered webhooks stay, and so does the lag."""
        webhooks, settings = self.webhooks, self.settings
        self.documents.clear()
        self._load()
        for webhook in webhooks.values():
            self.save_webhook(webhook)
        self.settings = settings
        self.save_settings()
        self.write_limit = WriteLimit()
        seed.fill(self)
        self.index.load(self.issues.values())

    def now(self) -> int:
        """Return the present in milliseconds since 1970."""
        return round(self.clock() * 1000)

    def next_number(self, counter: str, first: int) -> int:
        """Return the next number of a counter, which begins at `first`; none is given twice."""
        number = self._counters.get(counter, first)
        self._counters[counter] = number + 1
        self.documents.put("counters", "site", self._counters)
        return number

    @property
    def gateway(self) -> User:
        """Return the account whose token this is."""
        return self.users[account_id_of(self.email)]

    def find_issue(self, id_or_key: str) -> Issue | None:
        """Return an issue by id, by key, or by a key it had before it was moved."""
        found = self.issues.get(id_or_key)
        return found or self.issues.get(self._keys.get(id_or_key.upper(), ""))

    def find_project(self, id_or_key: str) -> Project | None:
        """Return a project by id or key, archived ones too."""
        wanted = id_or_key.upper()
        return next(
            (one for one in self.projects.values() if wanted in (one.id, one.key)),
            None,
        )

    def subtasks(self, issue: Issue) -> list[Issue]:
        """Return the issues below an issue."""
        return [one for one in self.issues.values() if one.fields.get("parent") == issue.id]

    def component_name(self, component_id: str) -> str | None:
        """Return the name of a component of any project."""
        for project in self.projects.values():
            if component_id in project.components:
                return project.components[component_id]
        return None

    def findable(self) -> dict[str, Issue]:
        """Return what search knows of every issue, by id: the state of a moment ago."""
        return self.index.issues(self.clock() - self.settings.index_lag_seconds)

    def save_issue(self, issue: Issue) -> None:
        """Keep an issue, new or changed; search learns of it when the lag has passed."""
        self.issues[issue.id] = issue
        self._keys[issue.key] = issue.id
        self.documents.put("issue", issue.id, asdict(issue))
        self.index.note(issue.id, issue, self.clock())

    def remove_issue(self, issue: Issue) -> None:
        """Forget an issue; search may go on finding it until the lag has passed."""
        del self.issues[issue.id]
        for key in (issue.key, *issue.old_keys):
            self._keys.pop(key, None)
        self.documents.delete("issue", issue.id)
        self.index.note(issue.id, None, self.clock())

    def save_user(self, user: User) -> None:
        """Keep an account, new or changed."""
        self.users[user.account_id] = user
        self.documents.put("user", user.account_id, asdict(user))

    def save_type(self, issue_type: IssueType) -> None:
        """Keep an issue type, new or changed."""
        self.types[issue_type.id] = issue_type
        self.documents.put("issue_type", issue_type.id, asdict(issue_type))

    def save_field(self, field: Field) -> None:
        """Keep a field, new or changed."""
        self.fields[field.id] = field
        self.documents.put("field", field.id, asdict(field))

    def save_project(self, project: Project) -> None:
        """Keep a project, new or changed."""
        self.projects[project.id] = project
        self.documents.put("project", project.id, asdict(project))

    def save_settings(self) -> None:
        """Keep the settings as they are now."""
        self.documents.put("settings", "site", asdict(self.settings))

    def save_webhook(self, webhook: Webhook) -> None:
        """Keep a webhook, new or changed."""
        self.webhooks[str(webhook.id)] = webhook
        self.documents.put("webhook", str(webhook.id), asdict(webhook))

    def remove_webhook(self, webhook: Webhook) -> None:
        """Forget a webhook; deliveries under way are still made."""
        del self.webhooks[str(webhook.id)]
        self.documents.delete("webhook", str(webhook.id))
